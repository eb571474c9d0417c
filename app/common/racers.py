"""What every page's settings are made of: choices among declared records, racers, and the sentences that refuse."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from app.common.digits import MOST_DIGITS, parsed, short, shortened
from app.common.setting import declared, with_value
from optimizers import RULES, SCHEDULES, Optimizer, Scheduled
from surfaces import Declared, Parameter

MAX_RACERS = 16
Value = float | int | str


class Refused(ValueError):
    """A value that cannot be; the message says what is wrong and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One declared record by its key, with the values that differ from its defaults."""

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    def get(self, name: str, default: Value) -> Value:
        return dict(self.values).get(name, default)

    def having(self, name: str, value: Value) -> Choice:
        return Choice(self.key, tuple({**dict(self.values), name: value}.items()))


@dataclasses.dataclass(frozen=True)
class Racer:
    """One racer: its rule with values, its slot (colour, dash, shape), and whether it is hidden.

    `own` are settings of the page that this racer has for itself.
    """

    rule: Choice
    slot: int
    hidden: bool = False
    own: tuple[tuple[str, Value], ...] = ()

    @property
    def id(self) -> str:
        return f"racer-{self.slot}"

    def bare(self) -> Racer:
        """What a run depends on: the same record in every slot, shown or hidden."""
        return dataclasses.replace(self, hidden=False, slot=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lineup:
    """The settings that the record of every page declares: racers, their number of steps, schedule and seed."""

    racers: tuple[Racer, ...] = ()
    steps: int = 300
    schedule: Choice = Choice("constant")
    seed: int = 0

    def objection(self) -> str:
        """Why the server does not compute this, or an empty string."""
        return ""

    def rule(self, racer: Racer) -> Optimizer:
        """A racer's rule, under the schedule where it has a learning rate."""
        return self.scheduled(built(RULES, racer.rule))

    def scheduled(self, rule: Optimizer) -> Optimizer:
        """A rule under the schedule, where it has a learning rate."""
        if self.schedule.key == "constant" or "learning_rate" not in rule.parameters():
            return rule
        return Scheduled(rule, built(SCHEDULES, self.schedule))


L = TypeVar("L", bound=Lineup)


def built(registry: Mapping[str, type[Any]], choice: Choice) -> Any:
    """The record that a choice stands for."""
    return registry[choice.key](**dict(choice.values))


def accepted(settings: L) -> L:
    """The settings themselves.

    Raises:
        Refused: if they object.
    """
    if problem := settings.objection():
        raise Refused(problem)
    return settings


# Changes. Each takes settings and returns others, or raises `Refused` and leaves all as it was.


def join(settings: L, rule: Choice) -> L:
    """One more racer, in the first slot that is free."""
    if len(settings.racers) >= MAX_RACERS:
        raise Refused(f"A race has at most {MAX_RACERS} racers; remove one first.")
    taken = {r.slot for r in settings.racers}
    slot = next(k for k in range(MAX_RACERS) if k not in taken)
    return dataclasses.replace(settings, racers=(*settings.racers, Racer(rule, slot)))


def find(settings: Lineup, id: str) -> Racer:
    for racer in settings.racers:
        if racer.id == id:
            return racer
    raise Refused("That racer is no longer in the race.")


def put(settings: L, racer: Racer) -> L:
    """The racer in the place of the one with its id."""
    return dataclasses.replace(settings, racers=tuple(racer if r.id == racer.id else r for r in settings.racers))


def duplicate_racer(settings: L, id: str) -> L:
    """A second racer with the same rule and values, to be set apart by its sliders."""
    racer = find(settings, id)
    joined = join(settings, racer.rule)
    return put(joined, dataclasses.replace(joined.racers[-1], own=racer.own))


def remove_racer(settings: L, id: str) -> L:
    find(settings, id)
    return dataclasses.replace(settings, racers=tuple(r for r in settings.racers if r.id != id))


def hide_racer(settings: L, id: str, hidden: bool) -> L:
    return put(settings, dataclasses.replace(find(settings, id), hidden=hidden))


def set_racer(settings: L, id: str, name: str, value: Any) -> L:
    """A parameter of one racer's rule."""
    racer = find(settings, id)
    value = checked(RULES[racer.rule.key], name, value)
    return put(settings, dataclasses.replace(racer, rule=racer.rule.having(name, value)))


def set_steps(settings: L, value: Any) -> L:
    """Another number of steps; a schedule that ended with the run still does."""
    changed = set_declared(settings, "steps", value)
    if settings.schedule.get("horizon", 0) != settings.steps:
        return changed
    return dataclasses.replace(changed, schedule=settings.schedule.having("horizon", float(changed.steps)))


def set_seed(settings: L, value: Any) -> L:
    return set_declared(settings, "seed", value)


def set_declared(settings: L, name: str, value: Any) -> L:
    """Another value of a declared setting, and nothing else changed."""
    return with_value(settings, declared(type(settings))[name], value)


def choose_schedule(settings: L, key: str) -> L:
    """Another schedule, at its defaults, and ending with the run where it ends."""
    changed = set_declared(settings, "schedule", key)
    if "horizon" not in SCHEDULES[key].parameters():
        return changed
    return dataclasses.replace(changed, schedule=changed.schedule.having("horizon", float(settings.steps)))


def set_schedule(settings: L, name: str, value: Any) -> L:
    """A parameter of the schedule; its horizon may be the end of the run, however long that is."""
    cls = SCHEDULES[settings.schedule.key]
    if name == "horizon" and name in cls.parameters() and number(value, name) == settings.steps:
        found: Value = float(settings.steps)
    else:
        found = checked(cls, name, value)
    return dataclasses.replace(settings, schedule=settings.schedule.having(name, found))


def number(value: Any, what: str, example: str = "0.05 or 1e-3") -> float:
    """A finite number out of what a user typed, or a sentence that says why it is none."""
    if len(str(value)) > MOST_DIGITS:
        raise Refused(f"{what} must be a number of at most {MOST_DIGITS} characters; got {shortened(value)!r}.")
    try:
        found = parsed(str(value))
    except ValueError:
        raise Refused(f"{what} must be a number, such as {example}; got {str(value)!r}.") from None
    if not math.isfinite(found):
        raise Refused(f"{what} must be a finite number; got {value}.")
    return found


def whole(value: Any, what: str, low: int, high: int, example: str) -> int:
    """A whole number between two bounds, out of what a user typed."""
    found = number(value, what, example)
    if found != int(found) or not low <= found <= high:
        raise Refused(f"{what} must be a whole number from {low:,} to {high:,}; got {value}.")
    return int(found)


def checked(cls: type[Declared], name: str, value: Any) -> Value:
    """The value of a declared parameter as its record takes it."""
    spec = cls.parameters().get(name)
    if spec is None:
        raise Refused(
            f"{cls.__name__} has no parameter {shortened(name)!r}; it has {', '.join(cls.parameters()) or 'none'}."
        )
    return legal(spec, value)


def legal(spec: Parameter, value: Any) -> Value:
    """What the page allows is the declared range: what its sliders can show, it can set."""
    if spec.choices:
        found: Value = shortened(value)  # no choice is that long, and the refusal repeats it
    else:
        found = number(value, spec.name)
        if not spec.low <= found <= spec.high and found != spec.default:
            limits = f"from {short(spec.low)} to {short(spec.high)}"
            raise Refused(f"{spec.name} must lie in the range {limits}; got {short(found)}.")
    try:
        spec.check(found)
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    return int(found) if spec.integer else found


def sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
