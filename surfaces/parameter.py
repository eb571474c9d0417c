"""Declarations of parameters, each in the class that uses it.

Sliders, sweeps, permalinks and documentation read the declaration; nothing about a parameter is stated twice.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypeVar, dataclass_transform

import jax
import numpy as np

Scale = Literal["linear", "log", "one_minus_log"]


@dataclasses.dataclass(frozen=True)
class Interval:
    """An interval of real numbers, each end of which is open or closed; it never contains NaN."""

    low: float
    high: float
    closed_low: bool = True
    closed_high: bool = True

    def __contains__(self, value: float) -> bool:
        above = self.low <= value if self.closed_low else self.low < value
        below = value <= self.high if self.closed_high else value < self.high
        return above and below

    def __str__(self) -> str:
        ends = ["∞" if e == math.inf else "−∞" if e == -math.inf else f"{e:g}" for e in (self.low, self.high)]
        return f"{'[('[not self.closed_low]}{ends[0]}, {ends[1]}{'])'[not self.closed_high]}"


REAL = Interval(-math.inf, math.inf, False, False)
POSITIVE = Interval(0.0, math.inf, False, False)
NON_NEGATIVE = Interval(0.0, math.inf, True, False)
UNIT = Interval(0.0, 1.0, True, False)
AT_LEAST_ONE = Interval(1.0, math.inf, True, False)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """The declaration of a parameter.

    Args:
        name: the name of the field.
        title: the name on the page.
        symbol: the letter in formulas, such as η.
        default: the value of the field unless another is passed.
        low, high: the range of sliders and sweeps, which does not limit the values that a constructor accepts.
        scale: the scale of sliders and sweeps over that range.
        legal: the values for which the mathematics holds; a constructor rejects all others.
        choices: the keys to choose from, if the value is not a number.
        labels: the names of the choices, in the same order.
        integer: whether the value is a whole number.
        counts: whether the value counts something, such as steps: sliders stop at whole numbers, but others are legal.
        tuned: whether a fair comparison tunes it.
        doc: what it means.
    """

    name: str
    title: str
    symbol: str
    default: Any
    low: float
    high: float
    scale: Scale
    legal: Interval
    choices: tuple[str, ...]
    labels: tuple[str, ...]
    integer: bool
    counts: bool
    tuned: bool
    doc: str

    @property
    def static(self) -> bool:
        """Whether the value is compiled in rather than traced, as choices and whole numbers are."""
        return self.integer or bool(self.choices)

    @property
    def labelled(self) -> str:
        """The title with the symbol, as in "Noise (σ)"; the title alone of a choice, or where the symbol repeats it."""
        alone = self.choices or self.symbol.lower() == self.title.lower()
        return self.title if alone else f"{self.title} ({self.symbol})"

    @property
    def letter(self) -> str:
        """The symbol as an identifier in equations: β1 for β₁."""
        return self.symbol.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))

    def label(self, choice: str) -> str:
        """The name of one of the choices."""
        return self.labels[self.choices.index(choice)]

    def check(self, value: Any) -> None:
        """Reject a concrete value for which the mathematics does not hold; traced values are not checked.

        Raises:
            ValueError: with the name of the parameter, the value and the legal values.
        """
        if isinstance(value, jax.core.Tracer):
            return
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}; got {value!r}")
            return
        try:
            numbers = np.asarray(value, dtype=float).ravel()
        except (TypeError, ValueError):
            raise ValueError(f"{self.name} must be a number in {self.legal}; got {value!r}") from None
        for number in numbers:
            if number not in self.legal or not math.isfinite(number):
                raise ValueError(f"{self.name} must lie in {self.legal}; got {number:g}")
            if self.integer and number != int(number):
                raise ValueError(f"{self.name} must be a whole number in {self.legal}; got {number:g}")


def parameter(
    symbol: str,
    *,
    default: Any,
    low: float = 0.0,
    high: float = 1.0,
    log: bool = False,
    one_minus_log: bool = False,
    legal: Interval = REAL,
    choices: Mapping[str, str] = MappingProxyType({}),
    integer: bool = False,
    counts: bool = False,
    tuned: bool = True,
    title: str = "",
    doc: str,
) -> Any:
    """Declare a field of a `Declared` class as a parameter.

    Args:
        symbol: the letter in formulas, such as η.
        default: the value of the field unless another is passed.
        low, high: the range of sliders and sweeps.
        log: whether sliders and sweeps are spaced evenly in log(value).
        one_minus_log: whether they are spaced evenly in log(1 − value), for values close to 1.
        legal: the values for which the mathematics holds; a constructor rejects all others.
        choices: a mapping from the keys of choices, as code and links spell them, to their names.
        integer: whether the value is a whole number, which is compiled in.
        counts: whether the value counts something, such as steps: sliders stop at whole numbers, but others are legal.
        tuned: whether a fair comparison tunes it.
        title: the name on the page, if it is not that of the field.
        doc: what it means.
    """
    scale: Scale = "log" if log else "one_minus_log" if one_minus_log else "linear"
    spec = Parameter(
        "",
        title,
        symbol,
        default,
        low,
        high,
        scale,
        legal,
        tuple(choices),
        tuple(choices.values()),
        integer,
        counts,
        tuned,
        doc,
    )
    return dataclasses.field(default=default, metadata={"parameter": spec})


def redeclared(spec: Parameter, **changes: Any) -> Any:
    """Declare a field of a `Declared` class as a parameter that another class has, with some attributes changed."""
    changed = dataclasses.replace(spec, **changes)
    return dataclasses.field(default=changed.default, metadata={"parameter": changed})


@jax.tree_util.register_pytree_node_class
@dataclasses.dataclass(frozen=True)
class Constant:
    """A hashable value of a record, such as a function, that is compiled in: a pytree without leaves."""

    value: Any

    def tree_flatten(self) -> tuple[Any, Any]:
        return (), self.value

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Constant:
        return cls(aux)


Node = TypeVar("Node", bound="Declared")


@dataclass_transform(
    frozen_default=True,
    eq_default=False,
    field_specifiers=(parameter, redeclared, dataclasses.field),
    kw_only_default=False,
)
class Declared:
    """The base class of frozen records of parameters that are JAX pytrees.

    Every subclass becomes a dataclass. Its fields are traced leaves, so that a changed value compiles nothing, except
    for static parameters. Instances compare by identity.
    """

    prose: ClassVar[str] = ""
    """The docstring as it stands in the source; `help` shows the parameters after it."""
    _parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.prose = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        dataclasses.dataclass(frozen=True, eq=False)(cls)
        cls._parameters = MappingProxyType(
            {
                f.name: _named(f.metadata["parameter"], f.name)
                for f in dataclasses.fields(cls)  # type: ignore[arg-type]
                if "parameter" in f.metadata
            }
        )
        cls.__doc__ = "\n".join([cls.prose, *_argument_lines(cls._parameters)])
        traced = [f.name for f in dataclasses.fields(cls) if not _static(cls, f.name)]  # type: ignore[arg-type]
        static = [name for name, p in cls._parameters.items() if p.static]

        # Not `register_dataclass`: in jaxlib 0.10.0-0.10.2 two different classes with the same number of fields
        # compare as equal tree structures, and `jit` can return the program of the other class.
        def flatten(self: Any) -> tuple[Any, Any]:
            return [getattr(self, n) for n in traced], tuple([getattr(self, n) for n in static])

        def flatten_with_keys(self: Any) -> tuple[Any, Any]:
            children, aux = flatten(self)
            return [(jax.tree_util.GetAttrKey(n), child) for n, child in zip(traced, children, strict=True)], aux

        def unflatten(aux: Any, children: Any) -> Any:
            self = object.__new__(cls)
            for name, value in zip(traced + static, [*children, *aux], strict=True):
                object.__setattr__(self, name, value)
            return self

        jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)

    def __post_init__(self) -> None:
        for name, spec in self._parameters.items():
            spec.check(getattr(self, name))

    @classmethod
    def parameters(cls) -> Mapping[str, Parameter]:
        """The declared parameters by name, in the order of declaration."""
        return cls._parameters

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, which is checked like a new record."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


def _named(spec: Parameter, name: str) -> Parameter:
    """The declaration of a field, with its name and, unless it has one, its title."""
    return dataclasses.replace(spec, name=name, title=spec.title or name.replace("_", " ").capitalize())


def _argument_lines(parameters: Mapping[str, Parameter]) -> list[str]:
    """The lines of a docstring that describe the parameters."""
    lines = ["", "Args:"] if parameters else []
    for name, p in parameters.items():
        span = f"one of {', '.join(p.choices)}" if p.choices else f"in {p.legal}, sliders from {p.low:g} to {p.high:g}"
        lines.append(f"    {name}: {p.symbol}, {span}; the default is {p.default}. {p.doc}")
    return lines


def _static(cls: type[Declared], name: str) -> bool:
    spec = cls._parameters.get(name)
    return spec is not None and spec.static


def map_parameters(change: Callable[[Any], Any], node: Node) -> Node:
    """A copy of `node` with `change` applied to its traced parameters and to those of wrapped records, not to data."""
    copy = object.__new__(type(node))
    for f in dataclasses.fields(node):  # type: ignore[arg-type]
        value = getattr(node, f.name)
        if isinstance(value, Declared):
            value = map_parameters(change, value)
        elif f.name in node._parameters and not node._parameters[f.name].static:
            value = change(value)
        object.__setattr__(copy, f.name, value)
    return copy


def runs_of(node: Declared) -> int | None:
    """The number of runs if parameters of `node` are batches, with one value for each run; None for a single run.

    Raises:
        ValueError: if a parameter has more than one axis, or if two batches differ in length.
    """
    lengths: dict[int, None] = {}

    def record_length(value: Any) -> Any:
        shape = np.shape(value)
        if len(shape) > 1:
            raise ValueError(f"a batch of parameters must have one axis, the runs; got shape {shape}")
        if shape:
            lengths[shape[0]] = None
        return value

    map_parameters(record_length, node)
    if len(lengths) > 1:
        raise ValueError(f"batches of parameters must have the same length; got {sorted(lengths)}")
    return next(iter(lengths), None)
