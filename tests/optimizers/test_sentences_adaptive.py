"""Checks of all sentences in the files of the adaptive rules; see `test_sentences.py`."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, Scheduled, Trace, overshoot, trace
from optimizers.borrowed import fields
from surfaces import SURFACES, Rotated, Surface
from tests.optimizers.oracles_adaptive import himmelblau
from tests.optimizers.sentences import Slope, checks

RAVINE, HIMMELBLAU, ROSENBROCK, BOOTH = (
    SURFACES[key] for key in ("quadratic_ravine", "himmelblau", "rosenbrock", "booth")
)
PLAIN = ("positions", "losses")
CONVENTIONS = ("textbook", "pytorch", "optax")
EPSILON = "Keeps the denominator away from zero."
OUTWEIGHS = "Where ε outweighs the root, the step is proportional to the gradient."
DECAY = "Decoupled weight decay: each step multiplies w by 1 − η λ."


@functools.cache
def _run(key: str, surface: str, steps: int, **values: Any) -> Trace:
    return trace(SURFACES[surface](), OPTIMIZERS[key](**values), steps=steps)


def _slope(key: str, steps: int = 300, p: float = 0.1, q: float = 10.0, **values: Any) -> np.ndarray:
    """The lengths of the steps (steps, 2) on constant slopes."""
    run = trace(Slope(p=p, q=q), OPTIMIZERS[key](**values), steps=steps, record=PLAIN)
    return np.abs(np.diff(run.positions, axis=0))


def _keras(moves: Callable[[np.ndarray, int], np.ndarray], steps: int) -> np.ndarray:
    """A path on Himmelblau's function with the moves of Keras 3.15."""
    w = np.array(HIMMELBLAU().start, dtype=float)
    path = [w]
    for t in range(1, steps + 1):
        w = w - moves(np.array(himmelblau(w)), t)
        path.append(w)
    return np.array(path)


def _all(*checks_of: Any) -> Callable[[Any], Any]:
    """Several `checks` in one decorator."""
    return lambda test: functools.reduce(lambda wrapped, check: check(wrapped), checks_of, test)


# Sentences of many rules on ε and on weight decay

DECOUPLED = [key for key, rule in OPTIMIZERS.items() if "weight_decay" in rule.parameters()]
WITH_EPSILON = [key for key, rule in OPTIMIZERS.items() if "epsilon" in rule.parameters() and key != "prodigy"]


@_all(*(checks(key, EPSILON, OUTWEIGHS) for key in WITH_EPSILON))
@pytest.mark.parametrize("key", WITH_EPSILON)
def test_epsilon_guards_the_denominator_and_outweighs_the_root(key: str) -> None:
    """Where the gradient is zero, the step is 0 and not 0/0. With ε = 10⁸ the steps have the ratio of the gradients."""
    rule = OPTIMIZERS[key](**({"weight_decay": 0.0} if key in DECOUPLED else {}))
    still = trace(Slope(p=0.0, q=0.0), rule, start=(1.0, 1.0), steps=3, record=PLAIN)
    assert (still.diverged == -1 and (still.positions == 1).all()) or key == "yogi"  # its mean starts at v₀
    step = _slope(key, steps=3, epsilon=1e8)[0]
    assert step[1] / step[0] == pytest.approx(100, rel=1e-3)


@_all(*(checks(key, DECAY) for key in DECOUPLED if key not in ("novograd", "schedule_free_adamw")))
@pytest.mark.parametrize("key", [key for key in DECOUPLED if key not in ("novograd", "schedule_free_adamw")])
def test_decoupled_decay_shrinks_by_eta_lambda(key: str) -> None:
    rule = OPTIMIZERS[key](learning_rate=0.1, weight_decay=0.5)
    run = trace(Slope(p=0.0, q=0.0), rule, start=(2.0, -1.0), steps=20, record=PLAIN)
    np.testing.assert_allclose(run.positions[1:], 0.95 * run.positions[:-1], rtol=1e-12)


@checks(
    "prodigy",
    "Keeps the denominator of the step away from zero.",
    "The denominator of d has no such guard: a run that starts at a stationary point diverges.",
)
def test_prodigy_diverges_from_a_stationary_start() -> None:
    one_flat = trace(Slope(p=0.0, q=1.0), OPTIMIZERS["prodigy"](), start=(1.0, 1.0), steps=3, record=PLAIN)
    assert one_flat.diverged == -1 and (one_flat.positions[:, 0] == 1).all()
    assert trace(RAVINE(), OPTIMIZERS["prodigy"](), start=(0.0, 0.0), steps=3, record=PLAIN).diverged == 1


@checks("novograd", "Weight decay: λ w is added to the normalised gradient, before the momentum.")
def test_novograd_decays_before_the_momentum() -> None:
    rule = OPTIMIZERS["novograd"](learning_rate=0.1, weight_decay=0.5, beta1=0.8)
    run = trace(Slope(p=0.0, q=0.0), rule, start=(2.0, -1.0), steps=20, record=PLAIN)
    w, a = run.positions[0], np.zeros(2)
    for point in run.positions[1:]:
        a = 0.8 * a + 0.5 * w
        w = w - 0.1 * a
        np.testing.assert_allclose(point, w, atol=1e-12)


@_all(*(checks(key, "ε bounds the effective learning rate by η/ε.") for key in ("adam", "amsgrad")))
@checks("nadam", "ε bounds the effective learning rate by η/ε, as in Adam.")
@checks("adamw", "ε bounds the effective learning rate by η/ε, as in Adam, and does not affect the decay.")
@pytest.mark.parametrize("key", ["adam", "adamw", "nadam", "amsgrad"])
def test_epsilon_bounds_the_rate(key: str) -> None:
    """On slopes of 10⁻¹² and 1; the smaller one reaches the bound."""
    for epsilon in (1e-8, 1e-2):
        values = {"learning_rate": 0.01, "epsilon": epsilon}
        run = trace(Slope(p=1e-12, q=1.0), OPTIMIZERS[key](**values), steps=50)
        assert (run.step.rate <= 0.01 / epsilon).all()
        np.testing.assert_allclose(run.step.rate[:, 0], 0.01 / epsilon, rtol=1e-3)
    if key == "adamw":
        small, large = (_run(key, "himmelblau", 40, learning_rate=0.01, epsilon=e) for e in (1e-8, 1.0))
        for run in (small, large):
            decay = -0.01 * 0.01 * run.positions[:-1]
            np.testing.assert_allclose(run.step.extras["decay"], decay, atol=1e-15)


# Adagrad, RMSprop, Adadelta


@checks(
    "adagrad",
    'Convention "optax" is `optax.adagrad(η, eps=ε)`, and Keras\'s: it starts at G₀ = 0.1, which is not '
    "scale-free, because 0.1 has the unit of a squared gradient.",
)
def test_adagrads_initial_sum_has_a_unit() -> None:
    """Keras 3: G ← G + g², w ← w − η g/√(G + ε) with G₀ = 0.1."""
    total = np.full(2, 0.1)

    def move(g: np.ndarray, t: int) -> np.ndarray:
        total[:] += g**2
        return 0.05 * g / np.sqrt(total + 1e-7)

    rule = OPTIMIZERS["adagrad"](learning_rate=0.05, epsilon=1e-7, convention="optax")
    np.testing.assert_allclose(trace(HIMMELBLAU(), rule, steps=60).positions, _keras(move, 60), atol=1e-12)
    for convention, free in (("textbook", True), ("pytorch", True), ("optax", False)):
        values = {"epsilon": 1e-12, "convention": convention}
        steps = [_slope("adagrad", steps=5, p=p, q=1.0, **values)[:, 0] for p in (0.01, 1.0)]
        assert np.allclose(*steps, rtol=1e-6) is free


@checks(
    "adagrad",
    "ε prevents 0/0 while all gradients so far are zero.",
    "The first step has length η if |g| is far above √ε (above ε, if ε is outside the root), and length η |g|/√ε "
    "(η |g|/ε) if |g| is far below.",
)
@pytest.mark.parametrize(("convention", "scale"), [("textbook", 1e-3), ("pytorch", 1e-6)])
def test_adagrads_first_step(convention: str, scale: float) -> None:
    values = {"learning_rate": 0.01, "epsilon": 1e-6, "convention": convention}
    steep, gentle = (_slope("adagrad", steps=1, p=p, q=0.0, **values)[0] for p in (1e3 * scale, 1e-3 * scale))
    assert steep[0] == pytest.approx(0.01, rel=2e-3) and gentle[0] == pytest.approx(1e-5, rel=2e-3)
    assert steep[1] == gentle[1] == 0


@checks(
    "adagrad",
    "G never falls, so the effective learning rate η/√(G + ε) never rises, and a steep start slows down the whole run.",
    "On a constant slope, step t has length η/√t.",
)
def test_adagrads_rate_never_rises() -> None:
    for convention in CONVENTIONS:
        values = {"learning_rate": 0.05, "convention": convention}
        run = trace(HIMMELBLAU(), OPTIMIZERS["adagrad"](**values), start=(5.0, 4.5), steps=300)
        assert (np.diff(run.step.rate, axis=0) <= 0).all()
        assert (run.step.rate <= 0.05 / np.abs(run.step.gradient[0])).all()
    np.testing.assert_allclose(
        _slope("adagrad", learning_rate=0.05) / 0.05, (np.arange(1, 301) ** -0.5)[:, None] * [1, 1], rtol=1e-5
    )


@checks(
    "rmsprop",
    'Conventions "textbook" and "optax" are `optax.rmsprop(η, decay=γ, eps=ε)`, and Keras\'s `RMSprop(η, rho=γ, '
    "epsilon=ε)`.",
    "The default γ is 0.99 in PyTorch and 0.9 in the others.",
)
def test_rmsprop_is_that_of_keras() -> None:
    """Keras 3: G ← γ G + (1 − γ) g², w ← w − η g/√(G + ε). test_conventions.py compares with optax and PyTorch."""
    mean = np.zeros(2)

    def move(g: np.ndarray, t: int) -> np.ndarray:
        mean[:] = 0.9 * mean + 0.1 * g**2
        return 0.01 * g / np.sqrt(mean + 1e-7)

    rule = OPTIMIZERS["rmsprop"](learning_rate=0.01, epsilon=1e-7)
    np.testing.assert_allclose(trace(HIMMELBLAU(), rule, steps=60).positions, _keras(move, 60), atol=1e-12)
    calls = dict(OPTIMIZERS["rmsprop"].libraries)
    assert "alpha=0.99" in calls["PyTorch"] and "decay=0.9," in calls["optax"] and "rho=0.9," in calls["Keras"]
    assert OPTIMIZERS["rmsprop"]().decay == 0.9  # type: ignore[attr-defined]


@checks(
    "rmsprop",
    "ε bounds the effective learning rate by η/√ε (by η/ε, if it is outside the root).",
    "Where ε dominates the root, the rule is gradient descent at this rate.",
)
def test_rmsprops_epsilon() -> None:
    for convention, bound in (("textbook", 0.01 / 1e-2), ("pytorch", 0.01 / 1e-4)):
        rule = OPTIMIZERS["rmsprop"](learning_rate=0.01, epsilon=1e-4, convention=convention)
        run = trace(Slope(p=1e-9, q=1.0), rule, steps=50)
        assert (run.step.rate <= bound).all()
        np.testing.assert_allclose(run.step.rate[:, 0], bound, rtol=1e-4)
    rule = OPTIMIZERS["rmsprop"](learning_rate=0.01 * 1e5, epsilon=1e10)
    plain = trace(HIMMELBLAU(), OPTIMIZERS["sgd"](learning_rate=0.01), steps=50, record=PLAIN)
    np.testing.assert_allclose(trace(HIMMELBLAU(), rule, steps=50).positions, plain.positions, rtol=1e-4)


@checks(
    "rmsprop",
    "It forgets old gradients, so its steps do not die out: near a minimum with a curvature far above 2 √ε/η it "
    "keeps jumping by about η in each coordinate.",
)
def test_rmsprop_keeps_jumping() -> None:
    for surface, rate in itertools.product(
        (RAVINE(30.0), HIMMELBLAU(), Rotated(RAVINE(30.0), angle=30.0)), (1e-2, 0.1)
    ):
        run = trace(surface, OPTIMIZERS["rmsprop"](learning_rate=rate), steps=8000, record=PLAIN)
        tail = run.positions[-1000:]
        assert surface.distance_to_minimum(tail).max() < 2 * rate
        jumps = np.abs(np.diff(tail, axis=0)) / rate
        assert (jumps.mean(axis=0) > 0.5).all() and (jumps.mean(axis=0) < 1.5).all()
    # between ±a, 2 a = η λ a/√(λ² a² + ε): a jump of η √(1 − s⁻²), s being the curvature over 2 √ε/η; none for s < 1
    share = np.array([0.9, 1.2, 10.0])
    rule = OPTIMIZERS["rmsprop"](learning_rate=0.01, epsilon=(0.01 / 2 / share) ** 2)
    tail = trace(RAVINE(1.0), rule, start=(0.0, 1.0), steps=8000, record=PLAIN).positions[:, -100:, 1]
    jumps = np.abs(np.diff(tail, axis=1)).mean(axis=1) / 0.01
    np.testing.assert_allclose(jumps, [0, math.sqrt(1 - 1.2**-2), math.sqrt(1 - 10.0**-2)], atol=1e-3)


@checks("adadelta", "Without a learning rate optax's version climbs, because it omits the minus sign.")
def test_optaxs_adadelta_climbs_without_a_rate() -> None:
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        rule, w = optax.adadelta(), jnp.array([0.5, 0.5])
        state = rule.init(w)
        heights = []
        for _ in range(5):
            value, g = jax.value_and_grad(HIMMELBLAU())(w)
            move, state = rule.update(g, state, w)
            w = optax.apply_updates(w, move)
            heights.append(float(value))
            assert (np.sign(move) == np.sign(g)).all()
    assert (np.diff(heights) > 0).all()


@checks(
    "adadelta",
    "ε starts the motion: with H = 0, each coordinate of the first step has length √(ε/(1 − γ)) if its gradient is "
    "far above this number.",
    "The larger ε is, the sooner the steps become long.",
    "Each coordinate of the first step is at most √(ε/(1 − γ)) long (0.003 with the default values), and on a "
    "constant slope the steps grow slowly from there: a slow start is normal.",
)
def test_adadeltas_slow_start() -> None:
    assert math.sqrt(1e-6 / 0.1) == pytest.approx(0.003, rel=0.06)
    reached = []
    for epsilon in (1e-8, 1e-6, 1e-4):
        first = math.sqrt(epsilon / 0.1)
        for slope, length in ((1e3 * first, first), (1.0 * first, first / math.sqrt(2)), (1e-3 * first, 1e-3 * first)):
            step = _slope("adadelta", steps=1, p=slope, q=0.0, epsilon=epsilon)[0, 0]
            assert step <= first and step == pytest.approx(length, rel=1e-5)
        steps = _slope("adadelta", epsilon=epsilon)
        assert (np.diff(steps, axis=0) > 0).all() and (steps[99] < 2 * steps[0]).all()
        reached.append(_slope("adadelta", steps=2000, epsilon=epsilon)[:, 1].cumsum().searchsorted(1.0))
        for surface in ("quadratic_ravine", "himmelblau", "rosenbrock"):
            run = _run("adadelta", surface, 40, epsilon=epsilon)
            assert (np.abs(run.positions[1] - run.positions[0]) <= first).all()
    assert reached[0] > reached[1] > reached[2] > 0


@checks(
    "adadelta",
    "It has no learning rate.",
    "As gradients and steps fade, its effective rate tends to 1, so it settles if the largest curvature is below 2 "
    "and keeps moving if it is above 2.",
)
def test_adadelta_settles_below_curvature_two() -> None:
    assert "learning_rate" not in OPTIMIZERS["adadelta"].parameters()
    for epsilon, angle in itertools.product((1e-6, 1e-4), (0.0, 30.0)):
        curvature = np.array([1.5, 1.9, 2.1, 10.0])
        surface = Rotated(RAVINE(curvature), angle=angle)
        run = trace(surface, OPTIMIZERS["adadelta"](epsilon=epsilon), start=(-0.5, 1.0), steps=8000)
        away = np.linalg.norm(run.positions[:, -500:], axis=-1).max(axis=-1)
        assert (away[:2] < 1e-12).all() and (away[2:] > math.sqrt(epsilon)).all()
        np.testing.assert_allclose(run.step.rate[:2, -1], 1.0, rtol=1e-6)


# Adam


@checks("adam", "Keras adds ε to √v, before the correction.")
@checks("amsgrad", "Keras's `Adam(amsgrad=True)` is PyTorch's with ε added to √v̂, before the correction.")
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_in_keras(amsgrad: bool) -> None:
    """Keras 3: w ← w − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) m/(√v + ε); the textbook's with ε/√(1 − β₂ᵗ) for ε."""
    m, v, highest = np.zeros(2), np.zeros(2), np.zeros(2)
    epsilon = 0.5

    def move(g: np.ndarray, t: int) -> np.ndarray:
        m[:], v[:] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        highest[:] = np.maximum(highest, v)
        alpha = 0.05 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return alpha * m / (np.sqrt(highest if amsgrad else v) + epsilon)

    theirs = _keras(move, 30)
    key = "amsgrad" if amsgrad else "adam"
    extra = {"convention": "pytorch"} if amsgrad else {}
    for k in (0, 1, 29):  # our rule with the ε that corresponds to Keras's in this step
        rule = OPTIMIZERS[key](learning_rate=0.05, epsilon=epsilon / math.sqrt(1 - 0.999 ** (k + 1)), **extra)
        if k == 0:
            run = trace(HIMMELBLAU(), rule, steps=1, record=PLAIN)
            np.testing.assert_allclose(run.positions[1], theirs[1], atol=1e-13)
    ours = trace(HIMMELBLAU(), OPTIMIZERS[key](learning_rate=0.05, epsilon=epsilon, **extra), steps=30).positions
    assert np.abs(ours - theirs).max() > 1e-3
    m[:], v[:], highest[:], epsilon = 0, 0, 0, 1e-12
    ours = trace(HIMMELBLAU(), OPTIMIZERS[key](learning_rate=0.05, epsilon=1e-12, **extra), steps=30).positions
    np.testing.assert_allclose(_keras(move, 30), ours, atol=1e-9)


@checks(
    "adam",
    "If ε is far below √v̂, it has no influence.",
    "If it is far above √v̂, the step is η m̂/ε: momentum, at a learning rate set by ε.",
)
def test_adams_epsilon() -> None:
    values = {"learning_rate": 0.01}
    small, smaller = (_run("adam", "himmelblau", 100, epsilon=e, **values).positions for e in (1e-6, 1e-12))
    np.testing.assert_allclose(small, smaller, atol=1e-6)
    run = trace(HIMMELBLAU(), OPTIMIZERS["adam"](learning_rate=1e6, epsilon=1e8), steps=60)
    np.testing.assert_allclose(np.diff(run.positions, axis=0), -0.01 * run.step.values["m_hat"], rtol=1e-5)


@checks(
    "adam",
    "The first step has length η in every coordinate, however steep the surface is.",
    "Near a minimum it settles, but v keeps fading there, and once the effective rate η/√v̂ is too large for the "
    "curvature, the steps grow again in a burst: on the ravine after about 10⁴ steps with the default β₂.",
)
def test_adam_settles_and_bursts() -> None:
    for p, q in ((1e-4, 1e4), (1.0, 30.0)):
        np.testing.assert_allclose(_slope("adam", steps=1, p=p, q=q, learning_rate=0.01), 0.01, rtol=2e-4)
    rates = np.array([0.01, 0.03, 0.05])
    run = trace(RAVINE(), OPTIMIZERS["adam"](learning_rate=rates), steps=20_000)
    away = np.linalg.norm(run.positions, axis=-1) / rates[:, None]
    assert (away[:, 4000:5000] < 1e-10).all()
    burst = 5000 + np.argmax(away[:, 5000:] > 0.1, axis=1)
    assert ((away[:, 5000:] > 0.1).any(axis=1)).all() and (burst > 7000).all() and (burst < 16_000).all()
    root = np.sqrt(run.states.v)[..., 1]  # the curvature along y is 30
    for k, rate in enumerate(rates):
        limit = OPTIMIZERS["adam"](learning_rate=rate).stability_limit()
        assert limit is not None and 30 / root[k, 4000] < limit < 30 / root[k, burst[k] - 100]
    many = trace(HIMMELBLAU(), OPTIMIZERS["adam"](learning_rate=rates), steps=5000, record=PLAIN)
    assert (HIMMELBLAU().distance_to_minimum(many.positions[:, -100:]) < 1e-8).all()


# AdamW


@checks("adamw", "The default λ is PyTorch's 0.01; optax's is 10⁻⁴.")
def test_adamws_default_decay() -> None:
    calls = dict(OPTIMIZERS["adamw"].libraries)
    assert "weight_decay=0.01" in calls["PyTorch"] and "weight_decay=0.0001" in calls["optax"]
    assert OPTIMIZERS["adamw"]().weight_decay == 0.01  # type: ignore[attr-defined]


@checks(
    "adamw",
    "The `weight_decay` of PyTorch's Adam is a different rule: it adds the gradient of the L2 penalty λ/2 ‖w‖² "
    "before the moments are updated.",
)
@pytest.mark.torch
@pytest.mark.xdist_group("torch")
def test_weight_decay_of_pytorchs_adam_is_an_l2_penalty() -> None:
    import torch

    class Penalised(Surface):
        """Himmelblau's function with λ/2 ‖w‖², λ = 0.3."""

        name, theme = "Penalised", "ravines"

        def __call__(self, w: Any) -> Any:
            return HIMMELBLAU()(w) + 0.15 * (w[0] ** 2 + w[1] ** 2)

        @property
        def domain(self) -> Any:
            return HIMMELBLAU().domain

        @property
        def start(self) -> tuple[float, ...]:
            return HIMMELBLAU().start

    w = torch.tensor(HIMMELBLAU().start, dtype=torch.float64, requires_grad=True)
    theirs, rule = [w.detach().numpy().copy()], torch.optim.Adam([w], lr=0.05, weight_decay=0.3)
    for _ in range(80):
        rule.zero_grad()
        ((w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2).backward()
        rule.step()
        theirs.append(w.detach().numpy().copy())
    ours = trace(Penalised(), OPTIMIZERS["adam"](learning_rate=0.05), steps=80, record=PLAIN).positions
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
    decoupled = _run("adamw", "himmelblau", 80, learning_rate=0.05, weight_decay=0.3).positions
    assert np.abs(decoupled - theirs).max() > 0.01


@checks(
    "adamw",
    "The decay pulls towards the origin, so for a while the run rests beside a minimum that lies elsewhere; this "
    "offset fades as v forgets the steep start.",
)
@pytest.mark.parametrize("surface", ["himmelblau", "booth"])
def test_adamws_offset_fades(surface: str) -> None:
    """At rest g ≈ −λ w √v̂, and √v̂ shrinks by a factor √β₂ in each step: by e in 2,000 steps."""
    run = _run("adamw", surface, 6000, learning_rate=0.05, weight_decay=0.1)
    away = run.surface.distance_to_minimum(run.positions)
    assert away[1000] > 0.02 > 0.01 > away[4000] > 1e-4
    assert np.ptp(run.positions[990:1010], axis=0).max() < 2e-2 * away[1000]
    for k in (2000, 4000):
        root = np.sqrt(run.states.v[k] / (1 - 0.999 ** (k + 1)))
        np.testing.assert_allclose(run.step.gradient[k], -0.1 * run.positions[k] * root, rtol=0.05)
        assert np.linalg.norm(run.positions[k]) < np.linalg.norm(run.surface.minima(), axis=1).max()
    assert away[4000] / away[2000] == pytest.approx(math.exp(-1), rel=0.15)
    adam = _run("adam", surface, 6000, learning_rate=0.05)
    assert run.surface.distance_to_minimum(adam.positions[4000]) < 1e-8


@checks("adamw", "A minimum with a coordinate beyond ±1/λ stays out of reach.")
def test_adamw_stays_within_one_over_lambda() -> None:
    decays = np.array([0.1, 0.5, 1.0])
    for surface in (HIMMELBLAU(), BOOTH()):
        run = trace(surface, OPTIMIZERS["adamw"](learning_rate=0.05, weight_decay=decays), steps=8000, record=PLAIN)
        assert (np.abs(run.positions[:, -500:]).max(axis=(1, 2)) < 1.01 / decays).all()
        # the minimum (3, 2) or (1, 3) is within 1/λ for the first alone
        assert list(surface.distance_to_minimum(run.positions[:, -1]) < 0.05) == [True, False, False]


# Nadam

KERAS_WARM_UP = "Keras has 0.96ᵗ instead of 0.96^{0.004 t}, and needs 96 steps for this."


@checks(
    "nadam",
    'Convention "pytorch" is `torch.optim.NAdam(lr=η, betas=(β₁, β₂), eps=ε)`: in m̂ it replaces β₁ by Dozat\'s warm-up '
    "of the momentum, μ_t = β₁(1 − ½·0.96^{0.004 t}), which rises from β₁/2 to within 1 % of β₁ in 24,000 steps.",
    "PyTorch raises the momentum from β₁/2 to within 1 % of β₁ in 24,000 steps.",
    KERAS_WARM_UP,
)
def test_nadams_warm_up() -> None:
    """test_conventions.py compares the path with PyTorch's."""
    t = np.arange(0, 30_000)
    for exponent, steps in ((0.004, 24_000), (1.0, 96)):
        share = 1 - 0.5 * 0.96 ** (exponent * t)
        assert share[0] == 0.5 and (np.diff(share) >= 0).all()
        assert np.argmax(share >= 0.99) == pytest.approx(steps, rel=5e-3)

    def path(exponent: float) -> np.ndarray:
        m, v, product = np.zeros(2), np.zeros(2), np.ones(1)

        def move(g: np.ndarray, t: int) -> np.ndarray:
            """`Nadam.update_step` of Keras 3 for an exponent of 1."""
            now, following = (0.9 * (1 - 0.5 * 0.96 ** (exponent * k)) for k in (t, t + 1))
            product[:] *= now
            m[:], v[:] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            m_hat = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
            return 0.02 * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)

        return _keras(move, 100)

    ours = _run("nadam", "himmelblau", 100, learning_rate=0.02, epsilon=1e-7, convention="pytorch").positions
    np.testing.assert_allclose(path(0.004), ours, atol=1e-10)
    assert np.abs(path(1.0) - ours).max() > 1e-2


@checks(
    "nadam",
    "After the first steps the current gradient has the weight 1 − β₁² in m̂, where Adam gives it 1 − β₁.",
    "On a ravine along an axis it overshoots less than Adam, as long as η is small compared with the distance to "
    "the minimum.",
)
def test_nadam_overshoots_less_than_adam() -> None:
    """The weight is m̂ after a single late step in which the gradient is 1, and 0 before."""
    for beta in (0.5, 0.9):
        late = 200
        with jax.enable_x64(True):
            weights = []
            for key in ("adam", "nadam"):
                rule = OPTIMIZERS[key](beta1=beta)
                zero = jnp.zeros(1)
                state = rule.init(zero)._replace(b1=jnp.full(1, beta ** (late - 1)), b2=jnp.full(1, 0.5))
                step = rule.step(lambda w: jnp.ones(1), zero, state, jnp.asarray(float(late)))[2]  # type: ignore[arg-type]
                weights.append(float(step.values["m_hat"][0]))
        assert weights == pytest.approx([1 - beta, 1 - beta**2], rel=1e-9)
    beta, rate = (a.ravel() for a in np.meshgrid([0.5, 0.8, 0.9, 0.95], np.geomspace(0.003, 0.1, 15)))
    beyond = []
    for key in ("adam", "nadam"):
        rule = OPTIMIZERS[key](learning_rate=rate, beta1=beta)
        run = trace(RAVINE(1.0), rule, start=(0.0, 1.0), steps=2000, record=PLAIN)
        beyond.append(np.maximum(-run.positions[..., 1], 0).max(axis=1))
    some = beyond[0] > 1e-6
    assert some.sum() > 10 and (beyond[1][some] < beyond[0][some]).all() and (beyond[1][~some] < 2e-6).all()
    for rate in (0.05, 0.1, 0.2):
        adam, nadam = (overshoot(_run(key, "quadratic_ravine", 1000, learning_rate=rate)) for key in ("adam", "nadam"))
        assert adam is not None and nadam is not None and nadam < adam


# AMSGrad, AdaMax, AdaBelief


@checks(
    "amsgrad",
    "Once a gradient g has occurred, √v̂ never falls below √(1 − β₂) |g|, and an ε far below this number has no "
    "influence.",
    "A single steep place slows down a coordinate for the rest of the run.",
    "The effective rate never rises, except in the PyTorch convention, where the correction lets it rise.",
)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_amsgrad_remembers_the_steepest_place(convention: str) -> None:
    values = {"learning_rate": 0.05, "convention": convention}
    run = trace(HIMMELBLAU(), OPTIMIZERS["amsgrad"](**values), start=(5.0, 4.5), steps=1000)
    floor = math.sqrt(1e-3) * np.maximum.accumulate(np.abs(run.step.gradient), axis=0)
    assert (np.sqrt(run.states.v_hat) >= floor * (1 - 1e-12)).all()
    assert (run.step.rate <= 0.05 / floor).all()
    rising = np.diff(run.step.rate, axis=0) > 0
    assert (rising.mean(axis=0) > 0.9).all() if convention == "pytorch" else not rising.any()
    other = trace(HIMMELBLAU(), OPTIMIZERS["amsgrad"](epsilon=1e-10, **values), start=(5.0, 4.5), steps=1000)
    np.testing.assert_allclose(other.positions, run.positions, atol=1e-6)


@checks("amsgrad", "Without the corrections the first step is √10 η with the default values.")
def test_amsgrads_first_step() -> None:
    for p, q in ((0.1, 10.0), (1.0, 1e4)):
        np.testing.assert_allclose(_slope("amsgrad", 1, p, q, learning_rate=0.01), 0.01 * math.sqrt(10), rtol=1e-5)
        np.testing.assert_allclose(_slope("amsgrad", 1, p, q, learning_rate=0.01, convention="optax"), 0.01, rtol=1e-5)


@checks(
    "adamax",
    "It divides by the largest recent gradient instead of the root mean square.",
    "After a steep place its effective rate grows by a factor of at most 1/β₂ in each step.",
)
def test_adamax_divides_by_the_largest_recent_slope() -> None:
    run = trace(HIMMELBLAU(), OPTIMIZERS["adamax"](learning_rate=0.05, beta2=0.9), start=(5.0, 4.5), steps=200)
    nu, slopes = fields(run.states)["nu"], np.abs(run.step.gradient) + 1e-8
    for k in (0, 3, 50, 199):
        faded = slopes[: k + 1] * 0.9 ** np.arange(k, -1, -1)[:, None]
        np.testing.assert_allclose(nu[k], faded.max(axis=0), rtol=1e-9)
    growth = nu[:-1] / nu[1:]  # of the rate η/ν
    assert growth.max() == pytest.approx(1 / 0.9, rel=1e-9) and (growth > 1.1).sum() > 50


@checks(
    "adabelief",
    "Equal to `optax.adabelief(η, β₁, β₂, eps=ε, eps_root=ε)`; PyTorch and Keras do not have it.",
)
@checks(
    "lion",
    "Equal to `optax.lion(η, β₁, β₂, weight_decay=λ)`, whose default λ is 10⁻³, and to Keras's `Lion(η, β₁, β₂, "
    "weight_decay=λ)`; PyTorch does not have it.",
)
@pytest.mark.torch
@pytest.mark.xdist_group("torch")
def test_pytorch_has_neither_adabelief_nor_lion() -> None:
    """test_conventions.py compares the paths with optax's. Keras 3 has Lion, whose decay comes before the step, and no
    AdaBelief.
    """
    import torch

    assert not {"AdaBelief", "Lion"} & set(dir(torch.optim))
    assert "weight_decay=0.001" in dict(OPTIMIZERS["lion"].libraries)["optax"]
    assert set(dict(OPTIMIZERS["adabelief"].libraries)) == {"optax"}
    assert set(dict(OPTIMIZERS["lion"].libraries)) == {"optax", "Keras"}


@checks(
    "adabelief",
    "In s it accumulates to ε/(1 − β₂), which bounds the effective learning rate by η √((1 − β₂)/ε).",
    "This bound, not the ε outside the root, ends the growth of the steps on a constant slope.",
    "It is 316 η for the paper's ε = 10⁻⁸, and 3.2 million η for 10⁻¹⁶, the default of the paper's code, of optax "
    "and of this rule.",
    "On a constant slope s fades and the steps grow far beyond η, until ε caps the effective rate at η √((1 − β₂)/ε).",
)
def test_adabelief_is_capped_by_epsilon() -> None:
    assert OPTIMIZERS["adabelief"]().epsilon == 1e-16  # type: ignore[attr-defined]
    for epsilon, cap in ((1e-8, 316), (1e-16, 3.2e6)):
        assert math.sqrt(1e-3 / epsilon) == pytest.approx(cap, rel=0.02)
        assert epsilon < 1e-3 * math.sqrt(epsilon / 1e-3)  # the ε outside the root is far below it
    rule = OPTIMIZERS["adabelief"](learning_rate=0.01, epsilon=1e-8, beta2=0.99)
    run = trace(Slope(p=0.1, q=1.0), rule, steps=3000)
    rate, cap = run.step.rate / 0.01, math.sqrt(1e-2 / 1e-8)
    assert (rate <= cap).all() and (np.diff(rate[50:], axis=0) >= -1e-9 * cap).all()
    np.testing.assert_allclose(rate[-1], cap, rtol=1e-3)
    steps = np.abs(np.diff(run.positions, axis=0))
    assert steps[0].max() < 2 * 0.01 and steps[-1, 1] > 900 * 0.01
    np.testing.assert_allclose(rule.stability_limit(), 3800, rtol=1e-12)


# RAdam


def _first_adapted_step(surface: str, convention: str, waits: int, rate: float, **options: Any) -> float:
    """The largest move of a coordinate in RAdam's first adapted step, in units of η."""
    rule = OPTIMIZERS["radam"](learning_rate=rate, convention=convention)
    positions = trace(SURFACES[surface](), rule, steps=waits + 1, **options).positions
    return float(np.abs(positions[-1] - positions[-2]).max()) / rate


@pytest.mark.thinned(3)
@checks("radam", "ε has no effect until the steps adapt, and then the same one as in Adam.")
@checks(
    "radam",
    "With the default β₂ the first four steps (five in the PyTorch and optax conventions) are η times the mean "
    "gradient.",
    "The next step adapts: with the default β₁ it moves each coordinate by at most 0.02 η (0.03 η in those "
    "conventions).",
)
@pytest.mark.parametrize(("convention", "waits"), [("textbook", 4), ("pytorch", 5), ("optax", 5)])
def test_radams_first_steps(convention: str, waits: int) -> None:
    for surface in ("himmelblau", "rosenbrock"):
        runs = [
            _run("radam", surface, 40, learning_rate=1e-4, epsilon=e, convention=convention) for e in (1e-8, 1e-4, 1e8)
        ]
        for k in range(waits):
            mean = np.average(runs[0].step.gradient[: k + 1], axis=0, weights=0.9 ** np.arange(k, -1, -1))
            np.testing.assert_allclose(runs[0].positions[k + 1] - runs[0].positions[k], -1e-4 * mean, rtol=1e-9)
        assert 0.01 < _first_adapted_step(surface, convention, waits, 1e-4) < 0.03
        most = 0.02 if convention == "textbook" else 0.03
        for rate, noise in itertools.product((1e-4, 1e-3, 0.1), (None, Isotropic(10.0))):
            assert _first_adapted_step("quadratic_ravine", convention, waits, rate, noise=noise) < most
        assert (runs[2].positions[: waits + 1] == runs[0].positions[: waits + 1]).all()
        assert np.abs(runs[2].step.rate[waits:]).max() < 1e-11  # at most η/ε, as in Adam


@checks(
    "radam",
    "For β₂ ≤ 0.6 (2/3 if the threshold is 5) ρ∞ does not exceed the threshold, and the rule remains momentum forever.",
)
@pytest.mark.parametrize(("convention", "edge"), [("textbook", 0.6), ("pytorch", 2 / 3), ("optax", 2 / 3)])
def test_radam_with_a_short_memory_remains_momentum(convention: str, edge: float) -> None:
    rule = OPTIMIZERS["radam"](
        learning_rate=1e-3, beta2=np.array([0.0, edge - 1e-3, edge + 0.05]), convention=convention
    )
    rate = trace(HIMMELBLAU(), rule, steps=200).step.rate
    assert (rate[:2] == 1e-3).all() and (rate[2] != 1e-3).any()


@checks(
    "radam",
    "It starts as momentum and turns into Adam as r rises towards 1.",
    "With the default β₂, r is 0.37 after 300 steps and 0.83 after 2,000.",
)
def test_radam_turns_into_adam() -> None:
    run = _run("radam", "himmelblau", 10_000, learning_rate=1e-3)
    r = run.step.values["r"][:, 0]
    assert r[299] == pytest.approx(0.37, abs=0.005) and r[1999] == pytest.approx(0.83, abs=0.005)
    assert (np.diff(r[4:]) > -1e-12).all() and 0.99 < r[-1] < 1
    adam = r[:, None] * 1e-3 / (np.sqrt(run.step.values["v_hat"]) + 1e-8)
    np.testing.assert_allclose(run.step.rate[4:], adam[4:], rtol=1e-9)


# Lion


@checks(
    "lion",
    "There is no ε, because there is no division.",
    "Its steps do not shrink with the gradient: near a minimum each coordinate keeps jumping by η, and only a "
    "schedule that lowers η lets it settle.",
)
def test_lion_jumps_by_eta() -> None:
    assert "epsilon" not in OPTIMIZERS["lion"].parameters()
    decay = SCHEDULES["exponential"](drop=0.1, every=1000.0)  # type: ignore[call-arg]
    for surface, rate in itertools.product(
        (RAVINE(30.0), HIMMELBLAU(), Rotated(RAVINE(30.0), angle=30.0)), (0.02, 0.05)
    ):
        rule = OPTIMIZERS["lion"](learning_rate=rate)
        run = trace(surface, rule, steps=3000, record=PLAIN)
        np.testing.assert_allclose(np.abs(np.diff(run.positions, axis=0)), rate, rtol=1e-9)
        away = surface.distance_to_minimum(run.positions[-300:])
        assert away.max() > 0.5 * rate and away.max() < 40 * rate
        faded = trace(surface, Scheduled(rule, decay), steps=6000, record=PLAIN)
        assert surface.distance_to_minimum(faded.positions[-1:])[0] < 1e-3 * rate


# Rules borrowed from optax


@checks(
    "adan",
    "It steps along m + (1 − β₂) v, the mean gradient plus a share of its mean change, divided by the root of n.",
)
def test_adans_step() -> None:
    run = trace(HIMMELBLAU(), OPTIMIZERS["adan"](learning_rate=0.02), steps=60)
    state, g, t = fields(run.states), run.step.gradient, np.arange(1, 61)[:, None]
    change = np.concatenate([np.zeros((1, 2)), np.diff(g, axis=0)])
    m, v, n = np.zeros(2), np.zeros(2), np.zeros(2)
    for k in range(60):
        m, v = 0.98 * m + 0.02 * g[k], 0.92 * v + 0.08 * change[k]
        n = 0.99 * n + 0.01 * (g[k] + 0.08 * change[k]) ** 2
        for name, value in (("m", m), ("v", v), ("n", n)):
            np.testing.assert_allclose(state[name][k], value, rtol=1e-9, atol=1e-10)
    m_hat, v_hat, n_hat = (state[x] / (1 - b**t) for x, b in (("m", 0.98), ("v", 0.92), ("n", 0.99)))
    expected = -0.02 * (m_hat + 0.08 * v_hat) / (np.sqrt(n_hat + 1e-8) + 1e-8)
    np.testing.assert_allclose(np.diff(run.positions, axis=0), expected, rtol=1e-8)


@checks(
    "ademamix",
    "On a constant slope g the slow mean adds α (1 − β₃ᵗ) g, which is only 0.15 g after 300 steps.",
    "Decay rate of the slow mean of gradients; 0.9999 averages over about ten thousand steps.",
)
def test_ademamixs_slow_mean() -> None:
    steps = _slope("ademamix", steps=300, learning_rate=0.01)
    np.testing.assert_allclose(steps / 0.01, 1 + 5 * (1 - 0.9999 ** np.arange(1, 301))[:, None] * [1, 1], rtol=1e-5)
    assert math.isclose(5 * (1 - 0.9999**300), 0.15, abs_tol=0.005)
    age = (
        np.arange(200_000) * 1e-4 * 0.9999 ** np.arange(200_000)
    ).sum()  # the mean age of the gradients in the average
    assert age == pytest.approx(1e4, rel=1e-2)


@checks("ademamix", "Over thousands of steps it carries the run past minima at which Adam stops.")
@pytest.mark.parametrize("surface", ["quadratic_ravine", "himmelblau"])
def test_ademamix_passes_minima(surface: str) -> None:
    for rate in (1e-3, 1e-2):
        slow, adam = (_run(key, surface, 4000, learning_rate=rate) for key in ("ademamix", "adam"))
        past, stops = overshoot(slow), overshoot(adam)
        assert past is not None and stops is not None and past > 0.015 and stops < 0.002


@checks(
    "novograd",
    "It divides by the norm of the whole gradient, not by that of each coordinate, so a rotation of the surface "
    "rotates the path.",
)
def test_novograd_turns_with_the_surface() -> None:
    """The rotation is about the origin, which is the centre of the ravine's domain."""
    flat = _run("novograd", "quadratic_ravine", 300, learning_rate=0.02).positions
    for angle in (30.0, 75.0):
        surface = Rotated(RAVINE(30.0), angle=angle)
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turned = trace(surface, OPTIMIZERS["novograd"](learning_rate=0.02), steps=300, record=PLAIN).positions
        np.testing.assert_allclose(turned, flat @ np.array([[c, s], [-s, c]]), atol=1e-9)
    adam = trace(surface, OPTIMIZERS["adam"](learning_rate=0.02), steps=300, record=PLAIN).positions
    assert (
        np.abs(adam - _run("adam", "quadratic_ravine", 300, learning_rate=0.02).positions @ [[c, s], [-s, c]]).max()
        > 0.1
    )


CONVEX: tuple[Surface, ...] = (RAVINE(30.0), Rotated(RAVINE(30.0), angle=30.0), BOOTH())


@functools.cache
def _prodigy(which: int) -> Trace:
    starts = np.random.default_rng(which).uniform(-3, 3, (12, 2))
    return trace(CONVEX[which], OPTIMIZERS["prodigy"](), start=starts, steps=1000)


@pytest.mark.thinned(3)
@checks(
    "prodigy",
    "Its learning rate is η d, where d (estim_lr) estimates the distance from the start to the minimum, not the "
    "remaining distance.",
    "The estimate never falls.",
    "On a convex surface without noise and for c = 1 it never exceeds that distance, unless d₀ does.",
)
@pytest.mark.parametrize("which", range(len(CONVEX)))
def test_prodigys_estimate(which: int) -> None:
    run = _prodigy(which)
    d = fields(run.states)["estim_lr"]
    distance = np.abs(run.positions[:, 0] - CONVEX[which].minima()[0])
    assert (np.diff(d, axis=1) >= 0).all()
    assert (d <= distance.max(axis=1, keepdims=True) * (1 + 1e-9)).all() and (
        d[:, -1] > 0.02 * distance.max(axis=1)
    ).all()
    far = trace(CONVEX[which], OPTIMIZERS["prodigy"](first_estimate=20.0), steps=100)
    assert (fields(far.states)["estim_lr"] == 20.0).all() and np.abs(
        far.positions[0] - CONVEX[which].minima()[0]
    ).max() < 20
    left = np.linalg.norm(run.positions[:, 1:] - CONVEX[which].minima()[0], axis=-1)
    assert np.mean(d > left) > 0.7
    state = fields(run.states)
    for k in (1, 30, 200):
        correction = math.sqrt(1 - 0.999 ** (k + 1)) / (1 - 0.9 ** (k + 1))
        root = np.sqrt(state["exp_avg_sq"][:, k]) + d[:, k, None] * 1e-8
        move = -d[:, k - 1, None] * correction * state["exp_avg"][:, k] / root
        np.testing.assert_allclose(run.positions[:, k + 1] - run.positions[:, k], move, rtol=1e-6, atol=1e-13)


@checks(
    "prodigy",
    "It hardly moves until d has grown from d₀, which takes a few dozen steps: a slow start is normal.",
)
@pytest.mark.parametrize("which", range(len(CONVEX)))
def test_prodigys_slow_start(which: int) -> None:
    run = _prodigy(which)
    d = fields(run.states)["estim_lr"]
    moved = np.linalg.norm(run.positions - run.positions[:, :1], axis=-1)
    assert (moved[:, 10] < 1e-4).all() and (moved[:, 100] > 0.1).all()
    grown = (d > 0.1 * d[:, -1:]).argmax(axis=1)
    assert (grown > 20).all() and (grown < 60).all()


@checks(
    "yogi",
    "The rule is scale-free only if v₀ and ε are negligible.",
    "Its second moment rises or falls by (1 − β₂) g² in each step, so after a steep place its effective rate "
    "recovers more slowly than Adam's.",
)
def test_yogis_second_moment() -> None:
    values = {"learning_rate": 0.05}
    yogi, adam = (trace(HIMMELBLAU(), OPTIMIZERS[k](**values), start=(5.0, 5.0), steps=600) for k in ("yogi", "adam"))
    v, g = fields(yogi.states)["nu"], yogi.step.gradient
    np.testing.assert_allclose(np.abs(np.diff(v, axis=0)), 1e-3 * g[1:] ** 2, rtol=1e-6, atol=1e-10)
    assert (np.diff(v, axis=0) > 0).any() and (np.diff(v, axis=0) < 0).any()
    late, steep = v[-1] / v.max(axis=0), adam.states.v[-1] / adam.states.v.max(axis=0)
    assert (late > 0.97).all() and (steep < 0.7).all()  # Adam's second moment has faded, Yogi's has not
    for epsilon, start, free in ((1e-12, 1e-16, True), (1e-3, 1e-16, False), (1e-12, 1e-2, False)):
        values = {"epsilon": epsilon, "initial_moment": start}
        steps = [_slope("yogi", 20, p, 1.0, **values)[:, 0] for p in (0.03, 3.0)]
        assert np.allclose(*steps, rtol=1e-3) is free
