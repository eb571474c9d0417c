"""The parts of the settings of every page: choices among declared records, racers, and changes that may be refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from app.common.digits import MOST_DIGITS, parsed, short, shortened
from app.common.setting import declared, with_value
from app.common.words import unknown
from optimizers import RULES, SCHEDULES, Optimizer, Scheduled
from surfaces import Declared, Parameter

MAX_RACERS = 16
Value = float | int | str


class Refused(ValueError):
    """Raised for a value that is not allowed; the message says what is wrong and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """A declared record, by its key and the values that differ from its defaults."""

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    def get(self, name: str, default: Value) -> Value:
        """The value of a parameter."""
        return dict(self.values).get(name, default)

    def having(self, name: str, value: Value) -> Choice:
        """A copy with another value of a parameter."""
        return Choice(self.key, tuple({**dict(self.values), name: value}.items()))


@dataclasses.dataclass(frozen=True)
class Racer:
    """A racer: its rule with values, its slot (colour, dash, shape), and whether it is hidden.

    `own` are settings of the page that this racer overrides.
    """

    rule: Choice
    slot: int
    hidden: bool = False
    own: tuple[tuple[str, Value], ...] = ()

    @property
    def id(self) -> str:
        """The id of its card and its marks."""
        return f"racer-{self.slot}"

    def bare(self) -> Racer:
        """The part of the racer on which its run depends: the same record in every slot, shown or hidden."""
        return dataclasses.replace(self, hidden=False, slot=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lineup:
    """The settings that every page has: racers, their number of steps, schedule and seed."""

    racers: tuple[Racer, ...] = ()
    steps: int = 300
    schedule: Choice = Choice("constant")
    seed: int = 0

    def objection(self) -> str:
        """The reason why the server does not compute this, or an empty string."""
        return ""

    def rule(self, racer: Racer) -> Optimizer:
        """The rule of a racer, with the schedule if it has a learning rate."""
        return self.scheduled(built(RULES, racer.rule))

    def scheduled(self, rule: Optimizer) -> Optimizer:
        """A rule with the schedule, if it has a learning rate."""
        if self.schedule.key == "constant" or "learning_rate" not in rule.parameters():
            return rule
        return Scheduled(rule, built(SCHEDULES, self.schedule))


L = TypeVar("L", bound=Lineup)


def built(registry: Mapping[str, type[Any]], choice: Choice) -> Any:
    """The record of a choice."""
    return registry[choice.key](**dict(choice.values))


def accepted(settings: L) -> L:
    """Return the settings unchanged.

    Raises:
        Refused: if they have an objection.
    """
    if problem := settings.objection():
        raise Refused(problem)
    return settings


# Changes. Each takes settings and returns changed ones, or raises `Refused`.


def join(settings: L, rule: Choice) -> L:
    """Add a racer in the first free slot."""
    if len(settings.racers) >= MAX_RACERS:
        raise Refused(f"A race has at most {MAX_RACERS} racers; remove one first.")
    taken = {r.slot for r in settings.racers}
    slot = next(k for k in range(MAX_RACERS) if k not in taken)
    return dataclasses.replace(settings, racers=(*settings.racers, Racer(rule, slot)))


def find(settings: Lineup, id: str) -> Racer:
    """The racer with an id."""
    for racer in settings.racers:
        if racer.id == id:
            return racer
    raise Refused("That racer is no longer in the race.")


def put(settings: L, racer: Racer) -> L:
    """Replace the racer that has the same id."""
    return dataclasses.replace(settings, racers=tuple(racer if r.id == racer.id else r for r in settings.racers))


def duplicate_racer(settings: L, id: str) -> L:
    """Add a racer with the same rule and values, so that its sliders can be changed."""
    racer = find(settings, id)
    joined = join(settings, racer.rule)
    return put(joined, dataclasses.replace(joined.racers[-1], own=racer.own))


def remove_racer(settings: L, id: str) -> L:
    """Remove a racer."""
    find(settings, id)
    return dataclasses.replace(settings, racers=tuple(r for r in settings.racers if r.id != id))


def hide_racer(settings: L, id: str, hidden: bool) -> L:
    """Hide or show a racer."""
    return put(settings, dataclasses.replace(find(settings, id), hidden=hidden))


def set_racer(settings: L, id: str, name: str, value: Any) -> L:
    """Set a parameter of a racer's rule."""
    racer = find(settings, id)
    value = checked(RULES[racer.rule.key], name, value)
    return put(settings, dataclasses.replace(racer, rule=racer.rule.having(name, value)))


def set_steps(settings: L, value: Any) -> L:
    """Set the number of steps. A schedule that ended with the run still does."""
    changed = set_declared(settings, "steps", value)
    if settings.schedule.get("horizon", 0) != settings.steps:
        return changed
    return dataclasses.replace(changed, schedule=settings.schedule.having("horizon", float(changed.steps)))


def set_seed(settings: L, value: Any) -> L:
    """Set the seed."""
    return set_declared(settings, "seed", value)


def set_declared(settings: L, name: str, value: Any) -> L:
    """Set a declared setting, without consequences for others."""
    return with_value(settings, declared(type(settings))[name], value)


def choose_schedule(settings: L, key: str) -> L:
    """Choose a schedule with its defaults. A schedule with a horizon ends with the run."""
    changed = set_declared(settings, "schedule", key)
    if "horizon" not in SCHEDULES[key].parameters():
        return changed
    return dataclasses.replace(changed, schedule=changed.schedule.having("horizon", float(settings.steps)))


def set_schedule(settings: L, name: str, value: Any) -> L:
    """Set a parameter of the schedule. The end of the run is always allowed as its horizon."""
    cls = SCHEDULES[settings.schedule.key]
    if name == "horizon" and name in cls.parameters() and number(value, name) == settings.steps:
        checked_value: Value = float(settings.steps)
    else:
        checked_value = checked(cls, name, value)
    return dataclasses.replace(settings, schedule=settings.schedule.having(name, checked_value))


def number(value: Any, what: str, example: str = "0.05 or 1e-3") -> float:
    """Convert what a user has typed to a finite number.

    Raises:
        Refused: if it is not a finite number.
    """
    if len(str(value)) > MOST_DIGITS:
        raise Refused(f"{what} must be a number of at most {MOST_DIGITS} characters; got {shortened(value)!r}.")
    try:
        result = parsed(str(value))
    except ValueError:
        raise Refused(f"{what} must be a number, such as {example}; got {str(value)!r}.") from None
    if not math.isfinite(result):
        raise Refused(f"{what} must be a finite number; got {value}.")
    return result


def whole(value: Any, what: str, low: int, high: int, example: str) -> int:
    """Convert what a user has typed to a whole number from `low` to `high`.

    Raises:
        Refused: if it is not such a number.
    """
    result = number(value, what, example)
    if result != int(result) or not low <= result <= high:
        raise Refused(f"{what} must be a whole number from {low:,} to {high:,}; got {value}.")
    return int(result)


def checked(cls: type[Declared], name: str, value: Any) -> Value:
    """Convert what a user has typed to a legal value of a declared parameter.

    Raises:
        Refused: if the record has no such parameter, or the value is not legal.
    """
    spec = cls.parameters().get(name)
    if spec is None:
        title = getattr(cls, "name", cls.__name__)
        if not cls.parameters():
            raise Refused(f"{title} has no parameters; got {shortened(name)!r}.")
        raise Refused(unknown(f"parameter of {title}", name, cls.parameters()))
    return legal(spec, value, widened=issubclass(cls, Optimizer) and not spec.integer)


def legal(spec: Parameter, value: Any, widened: bool = False) -> Value:
    """A value within the declared range, which sliders show; a `widened` one takes whatever the mathematics allows."""
    if spec.choices:
        found: Value = shortened(value)  # no choice is that long, and the refusal repeats it
    else:
        found = number(value, spec.name)
        if not widened and not spec.low <= found <= spec.high and found != spec.default:
            limits = f"from {short(spec.low)} to {short(spec.high)}"
            raise Refused(f"{spec.name} must lie in the range {limits}; got {short(found)}.")
    try:
        spec.check(found)
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    return int(found) if spec.integer else found


def sentence(text: str) -> str:
    """The text with a full stop at the end."""
    return text if text.endswith(".") else f"{text}."
