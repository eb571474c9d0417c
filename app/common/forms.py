"""The forms of settings, which define the legal values, and how links, fields and the command line write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from app.common.digits import short, shortened
from app.common.racers import Choice, Racer, Refused, Value, number, whole
from app.common.setting import Form, Query
from app.common.words import nearest, unknown
from surfaces import Declared


def text(value: Value) -> str:
    """The text of a value in a link: a number with all its digits, in as few characters as possible."""
    if isinstance(value, str):
        return value
    whole = float(value).is_integer() and abs(value) < 1e15
    return repr(int(value)) if whole else repr(float(value))


@dataclasses.dataclass(frozen=True)
class Whole(Form):
    """Whole numbers from `low` to `high`."""

    low: int
    high: int
    example: str
    metavar = "N"

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low:,} to {self.high:,}"

    def read(self, value: Any, name: str) -> int:
        return whole(value, name, self.low, self.high, self.example)


@dataclasses.dataclass(frozen=True)
class Number(Form):
    """Numbers from `low` to `high`, in a unit."""

    low: float
    high: float
    example: str
    unit: str = ""
    metavar = "NUMBER"

    @property
    def allowed(self) -> str:
        return f"a number from {short(self.low)} to {short(self.high)} {self.unit}".rstrip()

    def read(self, value: Any, name: str) -> float:
        result = number(value, name, self.example)
        if not self.low <= result <= self.high:
            limits = f"[{short(self.low)}, {short(self.high)}] {self.unit}".rstrip()
            raise Refused(f"{name} must lie in {limits}; got {value}.")
        return result

    def spell(self, value: float) -> str:
        return text(value)


@dataclasses.dataclass(frozen=True)
class OneOf(Form):
    """One of a few keys, each with a label."""

    choices: Mapping[str, str]
    metavar = "KEY"

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(filter(None, self.choices))}"

    def read(self, value: Any, name: str) -> str:
        if value not in self.choices:
            meant = nearest(str(value), filter(None, self.choices))
            guess = f" Did you mean {meant!r}?" if meant else ""
            raise Refused(f"{name} must be {self.allowed}; got {shortened(value)!r}.{guess}")
        return str(value)


@dataclasses.dataclass(frozen=True)
class OnePreset(OneOf):
    """The key of a preset. The command line has an option of its own for presets."""

    metavar = ""


@dataclasses.dataclass(frozen=True)
class SomeOf(Form):
    """Several different keys, at least `least` and at most `most`, separated by commas."""

    least: int
    most: int
    choices: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    metavar = "KEY,KEY"

    @property
    def allowed(self) -> str:
        count = f"{self.least}" if self.least == self.most else f"up to {self.most}"
        return f"{count} different keys out of {', '.join(self.choices)}, separated by commas"

    def read(self, value: Any, name: str) -> tuple[str, ...]:
        keys = tuple(filter(None, value.split(","))) if isinstance(value, str) else tuple(value)
        if not self.least <= len(keys) <= self.most or len({*keys} & {*self.choices}) < len(keys):
            raise Refused(f"{name} must be {self.allowed}; got {shortened(','.join(keys))!r}.")
        return keys

    def spell(self, value: tuple[str, ...]) -> str:
        return ",".join(value)


@dataclasses.dataclass(frozen=True)
class Flag(Form):
    """Yes or no. In a link, everything except 0 means yes."""

    metavar = "0|1"
    allowed = "1 for yes, 0 for no"

    def read(self, value: Any, name: str) -> bool:
        return value != "0" if isinstance(value, str) else bool(value)

    def spell(self, value: bool) -> str:
        return "1" if value else "0"


@dataclasses.dataclass(frozen=True)
class Point(Form):
    """Two finite numbers, separated by a comma. The form does not check whether the point lies on the map."""

    metavar = "X,Y"
    allowed = "two numbers separated by a comma; the point must lie on the map"

    def read(self, value: Any, name: str) -> tuple[float, float]:
        x, comma, y = value.strip().strip("()").partition(",") if isinstance(value, str) else (value[0], ",", value[1])
        if not comma or (isinstance(y, str) and "," in y):
            raise Refused(f"{name} must be two numbers separated by a comma, such as -1.5,2; got {shortened(value)!r}.")
        return number(x, f"x of the {name}", "-1.5"), number(y, f"y of the {name}", "2")

    def spell(self, value: tuple[float, float]) -> str:
        return ",".join(text(v) for v in value)

    def typed(self, value: tuple[float, float]) -> str:
        return ", ".join(short(v) for v in value)


@dataclasses.dataclass(frozen=True)
class Text(Form):
    """Any text."""

    allowed = "any text"

    def read(self, value: Any, name: str) -> str:
        return str(value)


@dataclasses.dataclass(frozen=True)
class OneRecord(Form):
    """A declared record of a registry, by its key and the parameters that differ from their defaults."""

    noun: str
    registry: Mapping[str, type[Declared]]
    metavar = "KEY[:NAME=VALUE,…]"

    @property
    def allowed(self) -> str:
        return f"the key of a {self.noun}, with its parameters"

    def read(self, value: Any, name: str) -> Choice:
        if value not in self.registry:
            raise Refused(unknown(self.noun, str(value), self.registry))
        return Choice(str(value))

    def spell(self, value: Choice) -> str:
        return value.key

    def write(self, value: Choice, key: str) -> Query:
        return {key: [value.key], **{f"{key}.{name}": [text(v)] for name, v in value.values}}

    def keys(self, key: str) -> str:
        return f"`{key}`, `{key}.NAME`"


@dataclasses.dataclass(frozen=True)
class Parameters(Form):
    """The parameters of a declared record, each with its own key in a link."""

    record: type[Declared]
    allowed = "as listed below"

    def spell(self, value: Choice) -> str:
        return ", ".join(f"{name}={text(v)}" for name, v in value.values) or "the defaults"

    def write(self, value: Choice, key: str) -> Query:
        return {name: [text(v)] for name, v in value.values}

    def keys(self, key: str) -> str:
        return ", ".join(f"`{name}`" for name in self.record.parameters())


@dataclasses.dataclass(frozen=True)
class Racers(Form):
    """Racers, each as a text such as adam:learning_rate=0.05,beta1=0.9."""

    metavar = "KEY[:NAME=VALUE,…]"
    allowed = (
        "the key of an optimizer with its parameters, such as `adam:learning_rate=0.05,beta1=0.9`, once for each "
        "racer; `hidden=1` hides it, and `slot` is the number of its colour"
    )

    def write(self, value: tuple[Racer, ...], key: str) -> Query:
        """The part of a link for all racers. Without racers it has an empty text, because none means the defaults."""
        return {key: [_spell_racer(racer, k) for k, racer in enumerate(value)] or [""]}


def _spell_racer(racer: Racer, position: int) -> str:
    values = [f"{name}={text(value)}" for name, value in (*racer.rule.values, *racer.own)]
    values += [f"slot={racer.slot}"] if racer.slot != position else []
    values += ["hidden=1"] if racer.hidden else []
    return ":".join([racer.rule.key, ",".join(values)]) if values else racer.rule.key
