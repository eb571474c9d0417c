"""Shared by the tests of rules: all rules, a surface whose symmetries are parameters, seeded draws, and runs."""

from __future__ import annotations

import functools
import math
import zlib
from typing import Any

import numpy as np
import pytest
from jax import Array

from optimizers import OPTIMIZERS, Optimizer, Trace, starting_learning_rate, trace
from optimizers.equations import TEXTBOOK
from surfaces import SURFACES, CriticalPoint, Surface
from surfaces.parameter import parameter
from tests.surfaces.cases import pick

# all tests of a rule run in the same worker, which compiles its programs once
RULES = [pytest.param(key, id=key, marks=pytest.mark.xdist_group(key)) for key in OPTIMIZERS]
PLANE = ("quadratic_ravine", "rosenbrock", "himmelblau")


def conventions(key: str) -> tuple[str, ...]:
    """The conventions of a rule; "textbook" alone where it has no choice."""
    spec = OPTIMIZERS[key].parameters().get("convention")
    return spec.choices if spec else (TEXTBOOK,)


def rule_of(key: str, convention: str = TEXTBOOK, **values: Any) -> Optimizer:
    """The rule in one of its conventions."""
    choice = {"convention": convention} if len(conventions(key)) > 1 else {}
    return OPTIMIZERS[key](**choice, **values)


CONVENTIONS = [key for key in OPTIMIZERS if len(conventions(key)) > 1]
"""The rules that have a choice of conventions."""
PAIRS = [
    pytest.param(key, convention, id=f"{key}-{convention}", marks=pytest.mark.xdist_group(key))
    for key in OPTIMIZERS
    for convention in conventions(key)
]
STEPS = 300  # one bucket of the engine and the default record: one program per rule and surface


class Testbed(Surface):
    r"""A convex bowl with a parameter for every symmetry, so that one program serves the tests of all properties.

    L = s (a X²/2 + b Y²/2 + c X Y + p X⁴/4 + q Y⁴/4), X = x − u, Y = y − v. Swapping the coordinates swaps
    a with b, p with q, u with v; s scales; (u, v) moves.
    """

    __test__ = False
    name = "Testbed"
    theme = "ravines"

    s: float = parameter("s", default=1.0, doc="Scale.")
    a: float = parameter("a", default=1.0, doc="Curvature along x.")
    b: float = parameter("b", default=6.0, doc="Curvature along y.")
    c: float = parameter("c", default=1.2, doc="Coupling.")
    p: float = parameter("p", default=0.3, doc="Quartic along x.")
    q: float = parameter("q", default=0.1, doc="Quartic along y.")
    u: float = parameter("u", default=0.0, doc="Position of the minimum.")
    v: float = parameter("v", default=0.0, doc="Position of the minimum.")

    def __call__(self, w: Array) -> Array:
        x, y = w[0] - self.u, w[1] - self.v
        bowl = 0.5 * self.a * x**2 + 0.5 * self.b * y**2 + self.c * x * y
        return self.s * (bowl + 0.25 * self.p * x**4 + 0.25 * self.q * y**4)

    @property
    def domain(self) -> Any:
        return (-3.0, 3.0), (-2.0, 2.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.0, 1.5)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((float(self.u), float(self.v)), "minimum"),)


class Scaled(Surface):
    r"""A surface in other units: c L(w/s)."""

    name = "Scaled"
    theme = "wrapper"

    surface: Surface
    height: float = parameter("c", default=1.0, doc="Factor of the loss.")
    length: float = parameter("s", default=1.0, doc="Factor of the coordinates.")

    def __call__(self, w: Array) -> Array:
        return self.height * self.surface(w / self.length)

    @property
    def domain(self) -> Any:
        return tuple((float(self.length) * low, float(self.length) * high) for low, high in self.surface.domain)

    @property
    def diagonal(self) -> float:
        return float(self.length) * self.surface.diagonal

    @property
    def start(self) -> tuple[float, ...]:
        return tuple(float(self.length) * x for x in self.surface.start)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        known = self.surface.critical_points()
        return tuple(p._replace(position=tuple(float(self.length) * x for x in p.position)) for p in known)

    def curves(self) -> Any:
        return tuple(self.length * line for line in self.surface.curves())

    def nearest_on_curve(self, w: Any, k: int) -> Any:
        return self.length * self.surface.nearest_on_curve(np.asarray(w) / self.length, k)


def rng(*names: str) -> np.random.Generator:
    """A generator seeded by names, so that the draws of a test do not depend on the order of tests."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


def calm(key: str, surface: Surface, **changes: Any) -> Optimizer:
    """The rule with its starting learning rate on a surface: it moves, and is not chaotic."""
    kind = OPTIMIZERS[key]
    rate = starting_learning_rate(surface, kind)
    return kind(**({} if rate is None else {"learning_rate": rate}) | changes)


def drawn(key: str, surface: Surface, generator: np.random.Generator) -> Optimizer:
    """The rule with all parameters drawn from their ranges, and a learning rate of at most the starting one.

    The upper 5 % of the ranges are left out, because β near 1 swings for thousands of steps.
    """
    kind = OPTIMIZERS[key]
    values = {name: pick(spec, generator, margin=0.05) for name, spec in kind.parameters().items()}
    rate = starting_learning_rate(surface, kind)
    if rate is not None:
        smallest = 1e-3 if kind.rate_unit == "none" else 0.1  # a rate without a unit is not adapted to the surface
        values["learning_rate"] = rate * math.exp(generator.uniform(math.log(smallest), 0.0))
    return kind(**values)


@functools.cache
def calm_run(rule: str, surface: str) -> Trace:
    """The run of a rule on a surface from the surface's start, with the starting learning rate."""
    landscape = SURFACES[surface]()
    return trace(landscape, calm(rule, landscape), steps=STEPS)
