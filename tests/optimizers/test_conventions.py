"""Every convention against its library and against plain NumPy: 250 steps, three surfaces, drawn parameters, 10⁻¹²."""

import dataclasses
import functools
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
FLOAT32_PRODUCT = 1e-9  # PyTorch's NAdam keeps the product of its momenta in float32
STARTS = {surface: SURFACES[surface]().start for surface in SLOPES}


ADAPTIVE = [pair for pair in PAIRS if pair.values[0] in ORACLES]


def _values(rule: Optimizer) -> dict[str, Any]:
    return {f.name: getattr(rule, f.name) for f in dataclasses.fields(rule)}  # type: ignore[arg-type]


def _draw(key: str, convention: str, surface: str, random: np.random.Generator) -> Optimizer:
    """Parameters from their ranges, off the upper ends; ε from 10⁻⁹ to 10⁻³, so that its place is seen."""
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
                values[name] = spec.default  # which optax.yogi does not take
        elif name == "beta2":
            values[name] = random.uniform(0.8, 0.999)
        else:
            values[name] = spec.low + random.uniform(0.0, 0.95) * (spec.high - spec.low)
    return kind(**values)


def _shaken(surface: str, random: np.random.Generator) -> Any:
    """Slopes off by 10⁻¹¹ of themselves and by 10⁻¹⁰ besides: near a minimum terms of some hundreds cancel."""

    def slope(w: Any) -> np.ndarray:
        relative, absolute = np.array([[1e-11], [1e-10]]) * random.uniform(-1, 1, (2, 2))
        return np.asarray(np.array(SLOPES[surface](w)) * (1 + relative) + absolute)

    return slope


@functools.cache
def _draws(key: str, convention: str, surface: str) -> tuple[Optimizer, ...]:
    """Draws at which 10⁻¹² means something: slopes off by a thousand times their rounding move the *oracle's* path
    by at most 10⁻¹⁰. A path that circles a minimum with a short memory magnifies the last bit of any
    two correct implementations without bound.
    """
    random = np.random.default_rng(zlib.crc32(f"{key}/{convention}/{surface}".encode()))
    found: list[Optimizer] = []
    for _ in range(300):
        rule = _draw(key, convention, surface, random)
        plain = numpy_path(key, _values(rule), SLOPES[surface], STARTS[surface], STEPS)
        shaken = numpy_path(key, _values(rule), _shaken(surface, random), STARTS[surface], STEPS)
        if np.abs(shaken - plain).max() <= 1e-10 and np.ptp(plain, axis=0).max() > 1e-3:
            found.append(rule)
        if len(found) == DRAWS:
            return tuple(found)
    raise AssertionError(f"{key} ({convention}) on {surface}: all but {len(found)} of 300 draws are chaotic")


@functools.cache
def _run(rule: Optimizer, surface: str) -> Trace:
    return trace(SURFACES[surface](), rule, steps=STEPS, record=("positions", "losses"))


def _close(rule: Optimizer, surface: str, theirs: np.ndarray, tolerance: float = TOLERANCE) -> None:
    run = _run(rule, surface)
    assert run.diverged == -1
    error = np.abs(run.positions - theirs) / (1 + np.abs(theirs))
    assert error.max() <= tolerance, f"{rule} on {surface} at step {error.max(axis=1).argmax()}: {error.max():.1e}"


@pytest.mark.parametrize(("key", "convention"), ADAPTIVE)
@pytest.mark.thinned(3)
def test_numpy_walks_the_same_path(key: str, convention: str) -> None:
    for surface in SLOPES:
        for rule in _draws(key, convention, surface):
            _close(rule, surface, numpy_path(key, _values(rule), SLOPES[surface], STARTS[surface], STEPS))


@pytest.mark.parametrize(("key", "convention"), [p for p in ADAPTIVE if p.values in OPTAX])
@pytest.mark.thinned(6)
def test_optax_walks_the_same_path(key: str, convention: str) -> None:
    draws = {surface: _draws(key, convention, surface) for surface in SLOPES}
    values = {surface: [_values(rule) for rule in rules] for surface, rules in draws.items()}
    theirs = optax_paths(key, convention, values, STARTS, STEPS)
    for surface, rules in draws.items():
        for rule, path in zip(rules, theirs[surface], strict=True):
            _close(rule, surface, path)


@pytest.mark.torch
@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in TORCH])
@pytest.mark.thinned(2)
def test_pytorch_walks_the_same_path(key: str) -> None:
    convention = "pytorch" if "pytorch" in conventions(key) else "textbook"
    for surface in SLOPES:
        for rule in _draws(key, convention, surface):
            theirs = torch_path(key, _values(rule), surface, STARTS[surface], STEPS)
            _close(rule, surface, theirs, FLOAT32_PRODUCT if key == "nadam" else TOLERANCE)


@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in CONVENTIONS])
@pytest.mark.thinned(2)
def test_conventions_part_where_their_formulas_do(key: str) -> None:
    """Paths differ just where the lines do, or where the sum starts elsewhere (Adagrad's in optax)."""
    kind = OPTIMIZERS[key]
    paths, written = {}, {}
    for convention in conventions(key):
        values = {"learning_rate": 0.01, "epsilon": 1e-2, "convention": convention}
        run = trace(SURFACES["quadratic_ravine"](), kind(**values), start=(0.3, 0.02), steps=STEPS)
        paths[convention] = run.positions
        written[convention] = (lines(kind, convention), float(_initial(kind, convention)))
    for one in paths:
        for other in paths:
            apart = np.abs(paths[one] - paths[other]).max()
            assert apart > 1e-5 if written[one] != written[other] else apart == 0, (one, other, apart)


def _initial(kind: type[Optimizer], convention: str) -> Any:
    return np.asarray(kind(convention=convention).init(np.zeros(2))[0])[0]  # type: ignore[call-arg]


def test_a_convention_is_compiled_in_and_offers_no_number() -> None:
    for key in CONVENTIONS:
        spec = OPTIMIZERS[key].parameters()["convention"]
        assert spec.static and not spec.tuned and spec.choices == ("textbook", "pytorch", "optax")
        with pytest.raises(ValueError, match="convention must be one of textbook, pytorch, optax; got 'keras'"):
            OPTIMIZERS[key](convention="keras")
