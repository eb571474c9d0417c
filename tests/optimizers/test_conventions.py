"""Every convention against its library and against plain NumPy: 250 steps, three surfaces, to 10⁻¹²."""

import dataclasses
import functools
import itertools
import math
import zlib
from typing import Any

import numpy as np
import pytest

from optimizers import OPTIMIZERS, Optimizer, Trace, starting_learning_rate, trace
from optimizers.equations import lines
from surfaces import SURFACES
from tests.optimizers.cases import CONVENTIONS, PAIRS, conventions
from tests.optimizers.oracles_adaptive import OPTAX, ORACLES, SLOPES, TORCH, numpy_path, optax_paths, torch_path

STEPS = 250
DRAWS = 3
TOLERANCE = 1e-12
FLOAT32_PRODUCT = 1e-9  # PyTorch's NAdam computes the product of its momenta in float32
STARTS = {surface: SURFACES[surface]().start for surface in SLOPES}


ADAPTIVE = [pair for pair in PAIRS if pair.values[0] in ORACLES]


def _values(rule: Optimizer) -> dict[str, Any]:
    return {f.name: getattr(rule, f.name) for f in dataclasses.fields(rule)}  # type: ignore[arg-type]


def _draw(key: str, convention: str, surface: str, random: np.random.Generator) -> Optimizer:
    """A rule with parameters from the lower 95 % of their ranges, and ε from 10⁻⁹ to 10⁻³, where its place matters."""
    kind = OPTIMIZERS[key]
    values: dict[str, Any] = {}
    for name, spec in kind.parameters().items():
        if name == "convention":
            values[name] = convention
        elif name == "learning_rate":
            rate = starting_learning_rate(SURFACES[surface](), kind)
            assert rate is not None
            values[name] = rate * math.exp(random.uniform(math.log(0.02), 0.0))
        elif spec.scale == "log":
            low, high = (1e-9, 1e-3) if name.startswith("epsilon") else (spec.low, spec.high)
            values[name] = math.exp(random.uniform(math.log(low), math.log(high)))
            if name == "initial_moment":
                values[name] = spec.default  # optax.yogi has no argument for it
        elif name == "beta2":
            values[name] = random.uniform(0.8, 0.999)
        else:
            values[name] = spec.low + random.uniform(0.0, 0.95) * (spec.high - spec.low)
    return kind(**values)


def _shaken(surface: str, random: np.random.Generator) -> Any:
    """Gradients with errors of 10⁻¹¹ relative and 10⁻¹⁰ absolute, because terms of some hundreds cancel near minima."""

    def slope(w: Any) -> np.ndarray:
        relative, absolute = np.array([[1e-11], [1e-10]]) * random.uniform(-1, 1, (2, 2))
        return np.asarray(np.array(SLOPES[surface](w)) * (1 + relative) + absolute)

    return slope


@functools.cache
def _draws(key: str, convention: str, surface: str) -> tuple[Optimizer, ...]:
    """Draws for which two correct implementations can agree to 10⁻¹².

    Gradients with a thousand times their rounding errors must move the oracle's path by at most 10⁻¹⁰. A path that
    circles around a minimum with a short memory magnifies the last bit without bound.
    """
    random = np.random.default_rng(zlib.crc32(f"{key}/{convention}/{surface}".encode()))
    draws: list[Optimizer] = []
    for _ in range(300):
        rule = _draw(key, convention, surface, random)
        plain = numpy_path(key, _values(rule), SLOPES[surface], STARTS[surface], STEPS)
        shaken = numpy_path(key, _values(rule), _shaken(surface, random), STARTS[surface], STEPS)
        if np.abs(shaken - plain).max() <= 1e-10 and np.ptp(plain, axis=0).max() > 1e-3:
            draws.append(rule)
        if len(draws) == DRAWS:
            return tuple(draws)
    raise AssertionError(f"{key} ({convention}) on {surface}: all but {len(draws)} of 300 draws are chaotic")


@functools.cache
def _run(rule: Optimizer, surface: str) -> Trace:
    return trace(SURFACES[surface](), rule, steps=STEPS, record=("positions", "losses"))


def _close(rule: Optimizer, surface: str, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    run = _run(rule, surface)
    assert run.diverged == -1
    error = np.abs(run.positions - expected) / (1 + np.abs(expected))
    assert error.max() <= tolerance, f"{rule} on {surface} at step {error.max(axis=1).argmax()}: {error.max():.1e}"


@pytest.mark.parametrize(("key", "convention"), ADAPTIVE)
@pytest.mark.thinned(6)
def test_numpy_walks_the_same_path(key: str, convention: str) -> None:
    for surface in SLOPES:
        for rule in _draws(key, convention, surface):
            _close(rule, surface, numpy_path(key, _values(rule), SLOPES[surface], STARTS[surface], STEPS))


@pytest.mark.parametrize(("key", "convention"), [p for p in ADAPTIVE if p.values in OPTAX])
@pytest.mark.thinned(6)
def test_optax_walks_the_same_path(key: str, convention: str) -> None:
    draws = {surface: _draws(key, convention, surface) for surface in SLOPES}
    values = {surface: [_values(rule) for rule in rules] for surface, rules in draws.items()}
    expected = optax_paths(key, convention, values, STARTS, STEPS)
    for surface, rules in draws.items():
        for rule, path in zip(rules, expected[surface], strict=True):
            _close(rule, surface, path)


@pytest.mark.torch
@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in TORCH])
@pytest.mark.thinned(4)
def test_pytorch_walks_the_same_path(key: str) -> None:
    convention = "pytorch" if "pytorch" in conventions(key) else "textbook"
    for surface in SLOPES:
        for rule in _draws(key, convention, surface):
            expected = torch_path(key, _values(rule), surface, STARTS[surface], STEPS)
            _close(rule, surface, expected, FLOAT32_PRODUCT if key == "nadam" else TOLERANCE)


@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in CONVENTIONS])
@pytest.mark.thinned(2)
def test_conventions_differ_exactly_where_their_formulas_do(key: str) -> None:
    """Paths differ if the lines differ, or if the sum has another initial value (Adagrad in optax)."""
    kind = OPTIMIZERS[key]
    paths, formulas = {}, {}
    for convention in conventions(key):
        values = {"learning_rate": 0.01, "epsilon": 1e-2, "convention": convention}
        run = trace(SURFACES["quadratic_ravine"](), kind(**values), start=(0.3, 0.02), steps=STEPS)
        paths[convention] = run.positions
        formulas[convention] = (lines(kind, convention), float(_initial(kind, convention)))
    for first, second in itertools.product(paths, repeat=2):
        gap = np.abs(paths[first] - paths[second]).max()
        assert gap > 1e-5 if formulas[first] != formulas[second] else gap == 0, (first, second, gap)


def _initial(kind: type[Optimizer], convention: str) -> Any:
    return np.asarray(kind(convention=convention).init(np.zeros(2))[0])[0]  # type: ignore[call-arg]


def test_a_convention_is_a_static_choice() -> None:
    for key in CONVENTIONS:
        spec = OPTIMIZERS[key].parameters()["convention"]
        assert spec.static and not spec.tuned and spec.choices == ("textbook", "pytorch", "optax")
        with pytest.raises(ValueError, match="convention must be one of textbook, pytorch, optax; got 'keras'"):
            OPTIMIZERS[key](convention="keras")
