"""The shared vocabulary: a parameter is declared once, in the class that reads it.

The rule uses it, the slider is made from it, sweeps span it, the permalink spells it, the docs list it.
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
    """A range of real numbers, each end open or closed; NaN lies in none."""

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
    """What is known of one parameter: its symbol, default, range for sliders and sweeps, and meaning.

    `static` ones (choices, integers that set shapes) are compiled in.

    Args:
        name: of the field.
        symbol: the letter of formulas, such as η.
        default: its value unless given.
        low, high: the ends of sliders and sweeps, and no more than that.
        scale: how sliders and sweeps spread over the range: "linear", "log" or "one_minus_log".
        legal: what mathematics allows, and all that a constructor refuses.
        choices: the words to choose from, where it is no number.
        labels: what people call the choices, in their order.
        integer: whether it is a whole number.
        tuned: whether a fair comparison tunes it.
        doc: its meaning.
    """

    name: str
    symbol: str
    default: Any
    low: float
    high: float
    scale: Scale
    legal: Interval
    choices: tuple[str, ...]
    labels: tuple[str, ...]
    integer: bool
    tuned: bool
    doc: str

    @property
    def static(self) -> bool:
        return self.integer or bool(self.choices)

    @property
    def letter(self) -> str:
        """The symbol as an identifier of an equation: β₁ is written β1 there."""
        return self.symbol.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))

    def label(self, choice: str) -> str:
        """The word for one of the choices."""
        return self.labels[self.choices.index(choice)]

    def check(self, value: Any) -> None:
        """Refuse a concrete value that mathematics refuses; traced values pass.

        Raises:
            ValueError: naming the parameter, the value and what is allowed.
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
    tuned: bool = True,
    doc: str,
) -> Any:
    """Declare a field of a `Declared` class as a parameter.

    Args:
        symbol: the letter of formulas, such as η.
        default: its value unless given.
        low, high: the ends of sliders and sweeps.
        log: whether these spread evenly over the logarithm.
        one_minus_log: whether they spread evenly over log(1 − value), for what crowds against one.
        legal: what mathematics allows, and all that a constructor refuses.
        choices: what the code and a link call a choice, to what people call it.
        integer: whether it is a whole number, which is compiled in.
        tuned: whether a fair comparison tunes it.
        doc: its meaning.
    """
    scale: Scale = "log" if log else "one_minus_log" if one_minus_log else "linear"
    spec = Parameter(
        "", symbol, default, low, high, scale, legal, tuple(choices), tuple(choices.values()), integer, tuned, doc
    )
    return dataclasses.field(default=default, metadata={"parameter": spec})


Node = TypeVar("Node", bound="Declared")


@dataclass_transform(
    frozen_default=True,
    eq_default=False,
    field_specifiers=(parameter, dataclasses.field),
    kw_only_default=False,
)
class Declared:
    """A frozen record of parameters that is a JAX pytree: its fields are traced leaves, so a moved value
    compiles nothing. Subclassing is declaring; instances compare by identity.
    """

    prose: ClassVar[str] = ""
    """The docstring as it is written; `help` has the parameters besides."""
    _parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.prose = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        dataclasses.dataclass(frozen=True, eq=False)(cls)
        cls._parameters = MappingProxyType(
            {
                f.name: dataclasses.replace(f.metadata["parameter"], name=f.name)
                for f in dataclasses.fields(cls)  # type: ignore[arg-type]
                if "parameter" in f.metadata
            }
        )
        cls.__doc__ = "\n".join([cls.prose, *_listed(cls._parameters)])
        leaves = [f.name for f in dataclasses.fields(cls) if not _static(cls, f.name)]  # type: ignore[arg-type]
        fixed = [name for name, p in cls._parameters.items() if p.static]

        # Not `register_dataclass`: in jaxlib 0.10.0-0.10.2 two different classes with equally many fields
        # compare as equal tree structures, and `jit` may return the other class's program.
        def flatten(self: Any) -> tuple[Any, Any]:
            return [getattr(self, n) for n in leaves], tuple([getattr(self, n) for n in fixed])

        def named(self: Any) -> tuple[Any, Any]:
            children, aux = flatten(self)
            return [(jax.tree_util.GetAttrKey(n), child) for n, child in zip(leaves, children, strict=True)], aux

        def unflatten(aux: Any, children: Any) -> Any:
            self = object.__new__(cls)
            for name, value in zip(leaves + fixed, [*children, *aux], strict=True):
                object.__setattr__(self, name, value)
            return self

        jax.tree_util.register_pytree_with_keys(cls, named, unflatten, flatten)

    def __post_init__(self) -> None:
        for name, spec in self._parameters.items():
            spec.check(getattr(self, name))

    @classmethod
    def parameters(cls) -> Mapping[str, Parameter]:
        """The declared parameters by name, in the order of their declaration."""
        return cls._parameters

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new one."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


def _listed(parameters: Mapping[str, Parameter]) -> list[str]:
    """The parameters as a docstring lists them."""
    lines = ["", "Args:"] if parameters else []
    for name, p in parameters.items():
        span = f"one of {', '.join(p.choices)}" if p.choices else f"in {p.legal}, sliders from {p.low:g} to {p.high:g}"
        lines.append(f"    {name}: {p.symbol}, {span}; {p.default} unless given. {p.doc}")
    return lines


def _static(cls: type[Declared], name: str) -> bool:
    spec = cls._parameters.get(name)
    return spec is not None and spec.static


def map_parameters(change: Callable[[Any], Any], node: Node) -> Node:
    """Apply `change` to every traced parameter of `node` and of the records it wraps; data stay as they are."""
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
    """How many runs the parameters of `node` are a batch of (a leading axis), or None for a single run.

    Raises:
        ValueError: if a parameter has more than one axis, or two batches differ in length.
    """
    lengths: dict[int, None] = {}

    def see(value: Any) -> Any:
        shape = np.shape(value)
        if len(shape) > 1:
            raise ValueError(f"a batch of parameters has one axis, the runs; got shape {shape}")
        if shape:
            lengths[shape[0]] = None
        return value

    map_parameters(see, node)
    if len(lengths) > 1:
        raise ValueError(f"batches of parameters must be equally long; got {sorted(lengths)}")
    return next(iter(lengths), None)
