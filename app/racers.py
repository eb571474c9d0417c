"""What every page's settings are made of: choices among declared records, racers, and the sentences that refuse."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from optimizers import RULES
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lineup:
    """Settings with racers in them."""

    racers: tuple[Racer, ...] = ()


L = TypeVar("L", bound=Lineup)


def built(registry: Mapping[str, type[Any]], choice: Choice) -> Any:
    """The record that a choice stands for."""
    return registry[choice.key](**dict(choice.values))


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
    raise Refused("That racer has left the race.")


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


def number(value: Any, what: str, example: str = "0.05 or 1e-3") -> float:
    """A finite number out of what a user typed, or a sentence that says why it is none."""
    text = str(value).strip().replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    try:
        found = float(text)
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
        raise Refused(f"{cls.__name__} has no parameter {name!r}; it has {', '.join(cls.parameters()) or 'none'}.")
    return legal(spec, value)


def legal(spec: Parameter, value: Any) -> Value:
    """What the page allows is the declared range: what its sliders can show, it can set."""
    if spec.choices:
        found: Value = str(value)
    else:
        found = number(value, spec.name)
        if not spec.low <= found <= spec.high and found != spec.default:
            raise Refused(f"{spec.name} must lie in [{spec.low:g}, {spec.high:g}]; got {found:g}.")
    try:
        spec.check(found)
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    return int(found) if spec.integer else found


def sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


# The address bar.


def spell(out: dict[str, list[str]], part: str, choice: Choice) -> None:
    """A choice's values as `part.name` of a query."""
    for name, value in choice.values:
        out[f"{part}.{name}"] = [text(value)]


def text(value: Value) -> str:
    return value if isinstance(value, str) else repr(int(value)) if float(value).is_integer() else repr(float(value))


def spell_racer(racer: Racer, position: int) -> str:
    values = [f"{name}={text(value)}" for name, value in (*racer.rule.values, *racer.own)]
    values += [f"slot={racer.slot}"] if racer.slot != position else []
    values += ["hidden=1"] if racer.hidden else []
    return ":".join([racer.rule.key, ",".join(values)]) if values else racer.rule.key


def read_racer(
    settings: L,
    spelled: str,
    notices: list[str],
    add: Callable[[L, str], L],
    set_value: Callable[[L, str, str, Any], L] = set_racer,
) -> L:
    """One more racer out of its spelling, such as adam:learning_rate=0.05,beta1=0.9; what cannot be is noticed."""
    key, _, rest = spelled.partition(":")
    settings = add(settings, key)
    position = len(settings.racers) - 1
    if position not in {r.slot for r in settings.racers[:-1]}:
        settings = _with_slot(settings, position)
    racer = settings.racers[-1]
    for item in filter(None, rest.split(",")):
        name, _, value = item.partition("=")
        try:
            if name == "hidden":
                settings = hide_racer(settings, racer.id, value == "1")
            elif name == "slot":
                settings = _with_slot(settings, _free_slot(settings, value))
                racer = settings.racers[-1]
            else:
                settings = set_value(settings, racer.id, name, value)
        except Refused as refusal:
            notices.append(f"Dropped from the link, racer {key}: {refusal}")
    return settings


def _with_slot(settings: L, slot: int) -> L:
    moved = dataclasses.replace(settings.racers[-1], slot=slot)
    return dataclasses.replace(settings, racers=(*settings.racers[:-1], moved))


def _free_slot(settings: Lineup, value: str) -> int:
    slot = number(value, "slot")
    if slot not in range(MAX_RACERS) or slot in {r.slot for r in settings.racers[:-1]}:
        raise Refused(f"slot must be a free one of 0 to {MAX_RACERS - 1}; got {value}.")
    return int(slot)
