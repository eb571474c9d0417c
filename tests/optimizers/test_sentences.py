"""Every sentence in the file of a rule is checked by a computation, or listed with the reason why it is not.

This file has the list, and the checks of rules without a second moment; those of the adaptive rules are in
`test_sentences_adaptive.py`.
"""

from __future__ import annotations

import importlib
import itertools
import math
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import LAYERED, OPTIMIZERS, RULES, SCHEDULES, Gradient, Isotropic, Scheduled, Shifted, trace
from optimizers.borrowed import fields
from optimizers.engine import MOST_DENSE
from optimizers.equations import lines
from surfaces import SURFACES, Rotated
from tests.optimizers.oracles_adaptive import himmelblau
from tests.optimizers.sentences import CHECKED, Slope, checks, sentences, split

RAVINE, HIMMELBLAU, BOOTH = (SURFACES[key] for key in ("quadratic_ravine", "himmelblau", "booth"))
PLAIN = ("positions", "losses")


def _bowl(key: str, steps: int = 2000, curvature: float = 1.0, **values: Any) -> np.ndarray:
    """The path of y on ½ curvature y², from y = 1: (…, steps + 1)."""
    rule = OPTIMIZERS[key](**values)
    return trace(RAVINE(curvature), rule, start=(0.0, 1.0), steps=steps, record=PLAIN).positions[..., 1]


def _grid(*axes: Any) -> list[np.ndarray]:
    return [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]


# Sentences without a computation

DEFINITION = "defines the rule and names its authors; test_equations.py evaluates its equations"
MEANING = "defines a parameter; test_equations.py evaluates the equations that contain its letter"
COMPARED = "test_rules.py, test_conventions.py or test_layered.py compares the path with the library's"
HISTORY = "reports what authors, lectures or libraries do"
PARAMETERS = {
    "Learning rate: scales the step.",
    "Momentum: the share of the velocity that is kept in each step.",
    "Decay rate of the mean of squared gradients.",
    "Decay rate of the mean of gradients (first moment).",
    "Decay rate of the mean of squared gradients (second moment).",
}
NOT_COMPUTED: dict[str, dict[str, str]] = {
    "sgd": {
        "A step against the gradient (Cauchy 1847); stochastic if the gradient is a sample's (Robbins & Monro "
        "1951).": DEFINITION,
        "Equal to `optax.sgd(η)` and `torch.optim.SGD(lr=η)`.": COMPARED,
    },
    "momentum": {
        "The heavy ball: the velocity is a sum of past gradients, which fade by a factor β in each step (Polyak "
        "1964).": DEFINITION,
        "Equal to `optax.sgd(η, momentum=β)` and `torch.optim.SGD(lr=η, momentum=β)`.": COMPARED,
        "Lecture notes differ in letters (ρ or γ for β) and in signs.": HISTORY,
    },
    "nesterov": {
        "Momentum that looks ahead along the velocity and takes the gradient there (Nesterov 1983).": DEFINITION,
        "`optax.sgd(η, momentum=β, nesterov=True)` and `torch.optim.SGD(lr=η, momentum=β, nesterov=True)` return the "
        "look-ahead points w − η β a of this path.": COMPARED,
    },
    "nesterov_velocity": {
        "Nesterov's method written for the look-ahead point x (Bengio, Boulanger-Lewandowski & Pascanu "
        "2013).": DEFINITION,
        "Equal to `optax.sgd(η, momentum=ρ, nesterov=True)` and `torch.optim.SGD(lr=η, momentum=ρ, "
        "nesterov=True)`.": COMPARED,
    },
    "newton": {
        "A jump to the stationary point of the local quadratic approximation (Newton 1669, Simpson 1740).": DEFINITION
    },
    "sam": {
        "A climb of length ρ along the gradient, then a descent with the gradient found there (Foret et al. "
        "2021).": DEFINITION,
        "Equal to `optax.contrib.sam(sgd(η), normalize(ρ·sgd))` in opaque mode.": COMPARED,
        "Length of the climb.": MEANING,
    },
    "adagrad": {
        "Gradients divided by the root of the sum of their squares, per coordinate (Duchi, Hazan & Singer "
        "2011).": DEFINITION,
        "The textbook's formula is `optax.adagrad(η, initial_accumulator_value=0, eps=ε)`.": COMPARED,
        'Convention "pytorch" is `torch.optim.Adagrad(lr=η, eps=ε)`: √G + ε, with ε outside the root.': COMPARED,
        "PyTorch puts ε outside the root; optax and Keras start with G = 0.1.": COMPARED,
    },
    "adadelta": {
        "Gradients scaled by the root mean square of past steps over that of past gradients (Zeiler 2012).": DEFINITION,
        "Δ uses the H of the previous step.": DEFINITION,
        "Equal to `optax.adadelta(1.0, rho=γ, eps=ε)` and `torch.optim.Adadelta(lr=1)`.": COMPARED,
    },
    "rmsprop": {
        "Gradients divided by their recent root mean square, per coordinate (Tieleman & Hinton 2012).": DEFINITION,
        'Convention "pytorch" is `torch.optim.RMSprop(lr=η, alpha=γ, eps=ε)`: √G + ε, with ε outside the '
        "root.": COMPARED,
        "PyTorch puts ε outside the root.": COMPARED,
    },
    "adam": {
        "The mean gradient over the root mean square, both corrected for their start at zero (Kingma & Ba "
        "2015).": DEFINITION,
        "Equal to `optax.adam(η, β₁, β₂, eps=ε)` and `torch.optim.Adam`.": COMPARED,
        "Lectures that call ε unimportant mean the first case, those that call it important the second.": HISTORY,
    },
    "adamw": {
        "Adam with decoupled weight decay, which bypasses the moments (Loshchilov & Hutter 2019).": DEFINITION,
        "The moments m̂ and v̂ are Adam's.": DEFINITION,
        "Equal to `optax.adamw(η, β₁, β₂, eps=ε, weight_decay=λ)` and `torch.optim.AdamW`.": COMPARED,
    },
    "nadam": {
        "Adam with Nesterov's look-ahead in its mean of gradients (Dozat 2016).": DEFINITION,
        'Conventions "textbook" and "optax" are `optax.nadam(η, β₁, β₂, eps=ε)`.': COMPARED,
        "PyTorch computes the product of the μ in float32, so the paths agree to 10⁻⁹ only.": COMPARED,
    },
    "amsgrad": {
        "Adam that divides by the root of the largest second moment so far (Reddi, Kale & Kumar 2018).": DEFINITION,
        "The paper corrects neither moment: `optax.amsgrad(η, β₁, β₂, eps=ε, bias_correction_mu=False, "
        "bias_correction_nu=False)`.": COMPARED,
        'Convention "optax" is `optax.amsgrad(η, β₁, β₂, eps=ε)`: it corrects both moments, v before the maximum '
        "is taken.": COMPARED,
        'Convention "pytorch" is `torch.optim.Adam(lr=η, betas=(β₁, β₂), eps=ε, amsgrad=True)`: it corrects both '
        "moments, v̂ after the maximum is taken.": COMPARED,
        "The paper corrects neither moment; optax corrects v before the maximum is taken, PyTorch v̂ "
        "afterwards.": COMPARED,
    },
    "adabelief": {
        "Adam that divides by the deviation of the gradient from its mean, not by its size (Zhuang et al. "
        "2020).": DEFINITION,
        "ε appears twice.": DEFINITION,
    },
    "radam": {
        "Adam that starts as momentum, until its second moment averages over enough gradients (Liu et al. "
        "2020).": DEFINITION,
        "The moments m̂ and v̂ are Adam's.": DEFINITION,
        "The threshold 4 is the paper's: `optax.radam(η, β₁, β₂, eps=ε, threshold=4)`.": COMPARED,
        'Convention "optax" is `optax.radam(η, β₁, β₂, eps=ε)`, with threshold 5.': COMPARED,
        'Convention "pytorch" is `torch.optim.RAdam(lr=η, betas=(β₁, β₂), eps=ε)`, also with threshold 5, which '
        "adds ε before v is corrected: (√v + ε)/√(1 − β₂ᵗ).": COMPARED,
        "PyTorch and optax wait for ρ > 5; PyTorch adds ε before v is corrected.": COMPARED,
        "Keras does not have it.": HISTORY,
    },
    "lion": {
        "A step of η in every coordinate, against the sign of its mean gradient (Chen et al. 2023).": DEFINITION,
        "It was found by a search over programs, not derived.": HISTORY,
    },
    "adan": {
        "Decay rate of n, the mean square of g + (1 − β₂)(g − previous g).": MEANING,
        "Added to the mean square inside the root.": MEANING,
    },
    "ademamix": {"Weight of the slow mean.": MEANING},
    "novograd": {"Decay rate of the first moment.": MEANING, "Decay rate of the squared norm.": MEANING},
    "prodigy": {"The first estimate of d.": MEANING, "Factor on every later estimate of d.": MEANING},
    "yogi": {"Initial value of both moments.": MEANING},
}


@pytest.mark.parametrize("key", RULES)
def test_every_sentence_has_a_check_or_a_reason(key: str) -> None:
    importlib.import_module("tests.optimizers.test_sentences_adaptive")
    rule = RULES[key]
    stated = sentences(rule) - PARAMETERS
    if not rule.elementwise:  # whose first sentence is written by from_optax
        stated -= {split(rule.prose)[0]}
        assert split(rule.prose)[0].startswith(f"{rule.name}, as `optax")
    covered = CHECKED[key] | set(NOT_COMPUTED.get(key, {}))
    assert not CHECKED[key] & set(NOT_COMPUTED.get(key, {}))
    assert stated - covered == set(), "sentences without a check"
    assert covered - stated == set(), "checks of sentences that the rule does not state"


# SGD


@checks("sgd", "On a quadratic with largest curvature λ it diverges for η > 2/λ.")
def test_sgd_diverges_beyond_two_over_the_curvature() -> None:
    for angle in (0.0, 30.0):
        rates = np.array([1.98, 2.02]) / 30.0
        surface = Rotated(RAVINE(30.0), angle=angle)
        run = trace(surface, OPTIMIZERS["sgd"](learning_rate=rates), start=(-2.8, 1.2), steps=2000, record=PLAIN)
        below, above = run.losses
        assert below[-1] < 1e-12 * below[0] and above[-1] > 1e12 * above[0]


@checks("sgd", "Far below this limit, half the learning rate takes twice as many steps.")
def test_sgd_takes_twice_as_many_steps_at_half_the_rate() -> None:
    y = _bowl("sgd", learning_rate=np.array([0.02, 0.01, 0.005]))
    steps = (y > 0.01).sum(axis=-1)
    np.testing.assert_allclose(steps[1:] / steps[:-1], 2.0, rtol=0.01)


# Momentum and Nesterov


@checks("momentum", "There is no dampening, so on a constant slope g the steps grow to η g/(1 − β).")
def test_momentum_grows_on_a_constant_slope() -> None:
    for beta in (0.5, 0.9):
        run = trace(Slope(), OPTIMIZERS["momentum"](learning_rate=0.01, momentum=beta), steps=400)
        steps = np.abs(np.diff(run.positions, axis=0))
        assert (np.diff(steps, axis=0) > -1e-12).all()
        np.testing.assert_allclose(steps[-1], 0.01 * np.array([0.1, 10.0]) / (1 - beta), rtol=1e-9)


def _signs(velocity: int, move: int, steps: int = 60) -> np.ndarray:
    """The path of v ← γ v ± η g, w ← w ± v on Himmelblau's function, by NumPy."""
    w, v = np.array([0.5, 0.5]), np.zeros(2)
    path = [w]
    for _ in range(steps):
        v = 0.8 * v + velocity * 0.002 * np.array(himmelblau(w))
        w = w + move * v
        path.append(w)
    return np.array(path)


@checks(
    "momentum",
    "Keras's `SGD(η, momentum=β)` stores v = −η a, which gives the same path as long as η is constant.",
    "The update v ← γ v − η g goes with w ← w + v, and v ← γ v + η g goes with w ← w − v.",
)
def test_momentum_with_either_sign() -> None:
    rule = OPTIMIZERS["momentum"](learning_rate=0.002, momentum=0.8)
    ours = trace(HIMMELBLAU(), rule, start=(0.5, 0.5), steps=60).positions
    np.testing.assert_allclose(_signs(-1, +1), ours, atol=1e-12)
    np.testing.assert_allclose(_signs(+1, -1), ours, atol=1e-12)


@checks("momentum", "The mixture of v ← γ v − η g and w ← w − v climbs.")
def test_momentum_with_mixed_signs_climbs() -> None:
    def loss(w: np.ndarray) -> float:
        return float((w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2)

    heights = [loss(w) for w in _signs(-1, -1, steps=8)]
    assert (np.diff(heights) > 0).all() and heights[-1] > heights[0] + 10


BETAS = np.array([0.3, 0.5, 0.7, 0.9])


@checks("momentum", "It overshoots a minimum with curvature λ if η λ > (1 − √β)², and swings back.")
def test_momentum_overshoots_beyond_critical_damping() -> None:
    beta, share = _grid(BETAS, np.array([0.3, 0.9, 0.97, 1.03, 1.1, 3.0]))
    y = _bowl("momentum", learning_rate=share * (1 - np.sqrt(beta)) ** 2, momentum=beta)
    assert ((y < 0).any(axis=-1) == (share > 1)).all()
    for path in y[share > 1]:
        after = path[np.argmax(path < 0) :]
        assert (after[np.argmin(after) :] > 0).any()


@checks(
    "momentum",
    "Along the floor of a ravine, where η λ < 1, it is at most 2/(1 − β) times as fast as SGD with the same η.",
)
def test_momentum_is_at_most_2_over_1_minus_beta_times_as_fast() -> None:
    """At critical damping the ratio of −log √β to −log(1 − (1 − √β)²) is nearly 2/(1 − β); transients reduce it."""
    rates = np.geomspace(0.002, 0.95, 60)
    beta, rate = _grid(BETAS, rates)
    steps = {}
    for key, values in (("sgd", {}), ("momentum", {"momentum": beta})):
        y = np.abs(_bowl(key, steps=4096, learning_rate=rate, **values))
        steps[key] = y.shape[-1] - np.argmax(y[:, ::-1] > 1e-3, axis=-1)  # to stay within it
    factor = (steps["sgd"] / steps["momentum"]).reshape(len(BETAS), len(rates))
    assert (factor <= 2 / (1 - BETAS[:, None])).all()
    assert factor[-1].max() > 17 and factor[-1].min() < 1


@checks("nesterov", "The ball on the map is w; the gradient is taken ahead of it.")
def test_nesterov_takes_its_gradient_ahead() -> None:
    run = trace(HIMMELBLAU(), OPTIMIZERS["nesterov"](learning_rate=0.003, momentum=0.8), steps=100)
    velocity = np.concatenate([np.zeros((1, 2)), run.states.a[:-1]])
    ahead = run.positions[:-1] - 0.003 * 0.8 * velocity
    np.testing.assert_allclose(run.step.at, ahead, atol=1e-13)
    np.testing.assert_allclose(run.step.gradient, np.stack(himmelblau(ahead.T), axis=1), rtol=1e-9, atol=1e-9)


@checks(
    "nesterov",
    "The look-ahead brakes before the minimum: if the curvature is at most 1/η, it overshoots less than momentum "
    "with the same η and β.",
)
def test_nesterov_overshoots_less() -> None:
    beta, rate = _grid([*BETAS, 0.95, 0.99], np.geomspace(1e-3, 1.0, 40))
    beyond = {}
    for key in ("momentum", "nesterov"):
        beyond[key] = np.maximum(-_bowl(key, learning_rate=rate, momentum=beta), 0).max(axis=-1)
    some = beyond["momentum"] > 1e-9
    assert some.any() and (beyond["nesterov"][some] < beyond["momentum"][some]).all()
    assert (beyond["nesterov"][~some] <= 1e-9).all()


@checks(
    "nesterov_velocity",
    "For constant η and ρ = β it is the same method as `nesterov`: x is the look-ahead point of that rule, x = w − η β "
    "a = w + ρ v, and the gradient is taken at x itself.",
    "Keras's `SGD(η, momentum=ρ, nesterov=True)` has this form.",
    "It is Nesterov's method in another variable: with the same constant η and momentum its ball is ρ v ahead of "
    "Nesterov's, and if one of them settles, the other settles at the same point.",
)
@pytest.mark.parametrize("surface", ["quadratic_ravine", "himmelblau"])
def test_both_forms_of_nesterov(surface: str) -> None:
    values = {"learning_rate": {"quadratic_ravine": 0.02, "himmelblau": 0.003}[surface], "momentum": 0.85}
    ball, ahead = (
        trace(SURFACES[surface](), OPTIMIZERS[k](**values), steps=1000) for k in ("nesterov", "nesterov_velocity")
    )
    v = np.concatenate([np.zeros((1, 2)), ahead.states.v])
    np.testing.assert_allclose(ahead.positions - ball.positions, 0.85 * v, atol=1e-10)
    np.testing.assert_allclose(ahead.step.at, ahead.positions[:-1], atol=0)
    assert np.abs(ahead.positions[-1] - ball.positions[-1]).max() < 1e-9
    rise = SCHEDULES["warm_up"]()
    ball_then, ahead_then = (
        trace(SURFACES[surface](), Scheduled(OPTIMIZERS[k](**values), rise), steps=50)
        for k in ("nesterov", "nesterov_velocity")
    )
    gap = ahead_then.positions[1:] - ball_then.positions[1:] - 0.85 * fields(ahead_then.states)["v"]
    assert np.abs(gap).max() > 1e-3  # the forms differ if the rate is not constant
    # Keras 3: m ← ρ m − η g, w ← w + ρ m − η g
    w, m = ahead.positions[0], np.zeros(2)
    for k in range(50):
        g = ahead.step.gradient[k]
        m = 0.85 * m - values["learning_rate"] * g
        w = w + 0.85 * m - values["learning_rate"] * g
        np.testing.assert_allclose(w, ahead.positions[k + 1], atol=1e-11)


@checks("nesterov_velocity", "The equations call this point w.")
def test_the_velocity_form_calls_its_point_w() -> None:
    expressions = dict(lines(OPTIMIZERS["nesterov_velocity"]))
    assert expressions["g"] == "grad(w)" and "w" in expressions and "x" not in expressions


# Newton's method


@checks("newton", "With η = 1 it is undamped and solves a quadratic in one step.")
def test_newton_solves_a_quadratic_in_one_step() -> None:
    for surface in (RAVINE(1000.0), Rotated(RAVINE(1000.0), angle=40.0), BOOTH()):
        run = trace(surface, OPTIMIZERS["newton"](), start=(-2.0, 1.5), steps=2)
        assert run.losses[1] < 1e-20 * run.losses[0]


@checks("newton", "Where the Hessian is singular, the step is not finite and the run counts as diverged.")
def test_newton_diverges_at_a_singular_hessian() -> None:
    for surface, start in (("degenerate_saddle", (1.0, 0.0)), ("monkey_saddle", (0.0, 0.0))):
        run = trace(SURFACES[surface](), OPTIMIZERS["newton"](), start=start, steps=5)
        assert run.diverged == 1 and run.status.kind == "diverged"


@checks("newton", "A step counts as 1 + n gradient evaluations: the gradient and n columns of the Hessian.")
def test_newton_costs_one_plus_n() -> None:
    for dimension in (2, 7):
        surface = SURFACES["ravine_nd"](dimension=dimension)
        assert trace(surface, OPTIMIZERS["newton"](), steps=3).cost == 1 + dimension


@checks(
    "newton",
    "It converges to stationary points of any kind: saddles and maxima attract it as minima do.",
    "It does not always reach the nearest stationary point.",
)
@pytest.mark.parametrize("key", ["himmelblau", "six_hump_camel", "styblinski_tang"])
def test_newton_goes_to_any_stationary_point(key: str) -> None:
    """From 500 starts in the whole domain; the surfaces list all their stationary points."""
    surface = SURFACES[key]()
    random = np.random.default_rng(0)
    starts = random.uniform(*np.array(surface.domain).T, (500, 2))
    ends = trace(surface, OPTIMIZERS["newton"](), start=starts, steps=100, record=PLAIN).positions[:, -1]
    points = surface.critical_points()
    places = np.array([point.position for point in points])
    kinds = np.array([point.kind for point in points])
    away = np.linalg.norm(ends[:, None] - places, axis=2)
    assert (away.min(axis=1) < 1e-6).all()
    reached, nearest = away.argmin(axis=1), np.linalg.norm(starts[:, None] - places, axis=2).argmin(axis=1)
    for kind in ("saddle", "maximum"):
        assert np.mean(kinds[reached] == kind) > 0.03
    assert 0.1 < np.mean(reached != nearest) < 0.35


# SAM


@checks(
    "sam",
    "A step takes two gradients, both of the same mini-batch.",
    "A step costs two gradients, so compare it with other rules at equal numbers of evaluations.",
)
def test_sam_takes_two_gradients_of_one_batch() -> None:
    """With the same draw for both, g(u) − g(w) = H (u − w) on a quadratic: the shift of the landscape cancels."""
    run = trace(RAVINE(5.0), OPTIMIZERS["sam"](), steps=50, noise=Shifted(0.5))
    assert run.cost == 2
    difference = run.step.gradient - run.step.values["h"]
    expected = (run.step.values["u"] - run.positions[:-1]) * [1.0, 5.0]
    np.testing.assert_allclose(difference, expected, atol=1e-12)
    assert np.abs(run.step.values["h"] - run.positions[:-1] * [1.0, 5.0]).max() > 0.1  # there is noise


@checks("sam", "Where ∇L(w) = 0 there is no climb: a guard prevents 0/0, and acts nowhere else.")
def test_sam_does_not_climb_from_a_stationary_point() -> None:
    run = trace(RAVINE(5.0), OPTIMIZERS["sam"](), start=(0.0, 0.0), steps=5)
    assert (run.positions == 0).all() and (run.step.values["u"] == 0).all()
    tiny = trace(RAVINE(5.0), OPTIMIZERS["sam"](radius=0.05), start=(0.0, 1e-100), steps=1)
    assert np.linalg.norm(tiny.step.values["u"][0]) == pytest.approx(0.05, rel=1e-12)


@checks(
    "sam",
    "At a minimum with largest curvature λ < 2/η it keeps jumping from side to side, at a distance of η λ ρ/(2 − η λ).",
)
def test_sam_jumps_from_side_to_side_of_a_minimum() -> None:
    """Between two points ±d, d = −d + η λ (d + ρ)."""
    curvature, rate, radius = _grid([3.0, 30.0], [0.01, 0.06], [0.02, 0.1])
    rule = OPTIMIZERS["sam"](learning_rate=rate, radius=radius)
    run = trace(Rotated(RAVINE(curvature), angle=25.0), rule, start=(-0.4, 0.3), steps=4000, record=PLAIN)
    expected = rate * curvature * radius / (2 - rate * curvature)
    tail = run.positions[:, -40:]
    np.testing.assert_allclose(np.linalg.norm(tail, axis=-1), expected[:, None] * np.ones(40), rtol=1e-6)
    assert (np.einsum("rtk,rtk->rt", tail[:, 1:], tail[:, :-1]) < 0).all()  # from side to side


# Polyak's step


@checks(
    "polyak_sgd",
    "For c = 1 its learning rate is (L − f*)/‖g‖², but at most η.",
    "The largest learning rate allowed, for c = 1.",
    "Divides Polyak's learning rate, and multiplies its upper bound η.",
)
def test_polyaks_rate() -> None:
    capped = set()
    for c, cap in itertools.product((0.5, 1.0, 2.0), (0.002, 1.0)):
        run = trace(HIMMELBLAU(), OPTIMIZERS["polyak_sgd"](learning_rate=cap, scaling=c, lowest=-0.5), steps=40)
        square = (run.step.gradient**2).sum(axis=1)
        polyak = (run.losses[:-1] + 0.5) / square
        rate = np.minimum(polyak / c, c * cap)
        np.testing.assert_allclose(np.diff(run.positions, axis=0), -rate[:, None] * run.step.gradient, atol=1e-12)
        capped |= set(polyak / c > c * cap)
    assert capped == {True, False}


@checks("polyak_sgd", "If f* is too high, it stops at the height f*.", "The lowest loss, which must be known.")
@pytest.mark.parametrize("key", ["quadratic_ravine", "himmelblau", "rosenbrock"])
def test_polyaks_step_stops_at_a_lowest_loss_that_is_too_high(key: str) -> None:
    lowest = np.array([0.0, 0.01, 0.5])
    run = trace(SURFACES[key](), OPTIMIZERS["polyak_sgd"](lowest=lowest), steps=3000, record=PLAIN)
    np.testing.assert_allclose(run.losses[:, -1], lowest, atol=1e-9)
    assert (run.positions[:, -1] == run.positions[:, -100]).all()


@checks("polyak_sgd", "If f* is too low, it never settles where the largest curvature is above 2/η.")
def test_polyaks_step_does_not_settle_if_the_lowest_loss_is_too_low() -> None:
    for cap in (0.05, 1.0):
        curvature = np.array([1.05, 1.5]) * 2 / cap
        rule = OPTIMIZERS["polyak_sgd"](learning_rate=cap, lowest=-0.3)
        run = trace(RAVINE(curvature), rule, steps=5000, record=PLAIN)
        assert (run.losses[:, -500:].max(axis=1) > 0.01).all()
        gentle = trace(RAVINE(0.95 * 2 / cap), rule, steps=5000, record=PLAIN)
        assert gentle.losses[-1] < 1e-12


@checks("polyak_sgd", "Where ‖g‖² ≤ 2.2·10⁻¹⁶, optax takes no step.")
def test_polyaks_step_stops_at_tiny_gradients() -> None:
    starts = np.array([[1.4e-8, 0.0], [1.6e-8, 0.0]])
    run = trace(RAVINE(1.0), OPTIMIZERS["polyak_sgd"](), start=starts, steps=5, record=PLAIN)
    still, moving = run.positions
    assert (still == still[0]).all() and moving[1, 0] == pytest.approx(0.8e-8)


# Schedule-free rules


@checks(
    "schedule_free_sgd",
    "The ball on the map is x, the mean of z over all steps so far.",
    "While a schedule raises η, later values of z have more weight.",
    "The gradients that move z are taken at y = (1 − β) z + β x.",
    "Share of the average x in the point y where the gradient is taken.",
)
@checks(
    "schedule_free_adamw",
    "The ball on the map is x, the mean of z over all steps so far.",
    "While a schedule raises η, later values of z have more weight.",
    "Share of the average x in the point y where the gradient is taken.",
)
@pytest.mark.parametrize(("key", "beta"), [("schedule_free_sgd", "momentum"), ("schedule_free_adamw", "beta1")])
def test_schedule_free_rules_return_the_mean(key: str, beta: str) -> None:
    run = trace(HIMMELBLAU(), OPTIMIZERS[key](**{"learning_rate": 0.002, beta: 0.8}), steps=400)
    state = fields(run.states)
    x, y, z = run.positions[1:], state["y"], state["z"]
    np.testing.assert_allclose(x, np.cumsum(z, axis=0) / np.arange(1, 401)[:, None], atol=1e-10)
    np.testing.assert_allclose(y, 0.2 * z + 0.8 * x, atol=1e-12)
    np.testing.assert_allclose(run.step.at[1:], y[:-1], atol=0)
    for schedule in ("cosine", "warm_up"):
        scheduled = Scheduled(OPTIMIZERS[key](**{"learning_rate": 0.002, beta: 0.8}), SCHEDULES[schedule]())
        other = trace(HIMMELBLAU(), scheduled, steps=400)
        rates = np.maximum.accumulate([float(scheduled.in_step(k).learning_rate) for k in range(1, 401)]) ** 2
        z_then, sums = fields(other.states)["z"], np.cumsum(rates)[:, None]
        live = sums[:, 0] > 0
        mean = np.cumsum(rates[:, None] * z_then, axis=0)[live] / sums[live]
        np.testing.assert_allclose(other.positions[1:][live], mean, atol=1e-9)
        assert bool(np.ptp(rates) > 0) is (schedule == "warm_up")
    if key == "schedule_free_sgd":
        np.testing.assert_allclose(np.diff(z, axis=0), -0.002 * run.step.gradient[1:], atol=1e-12)


@checks(
    "schedule_free_adamw",
    "Under noise and at a constant η it comes ever closer to the minimum, while AdamW stays at a distance.",
)
def test_schedule_free_adamw_settles_under_noise() -> None:
    for surface, rate in ((RAVINE(30.0), 0.068), (HIMMELBLAU(), 0.11)):
        away = {}
        for key in ("schedule_free_adamw", "adamw"):
            rule = OPTIMIZERS[key](learning_rate=rate, weight_decay=0.0)
            run = trace(surface, rule, steps=10_000, noise=Isotropic(0.5), record=PLAIN)
            distance = surface.distance_to_minimum(run.positions)
            away[key] = [distance[k - 200 : k].mean() for k in (500, 2000, 10_000)]
        first, second, third = away["schedule_free_adamw"]
        assert first > 1.5 * second > 2 * third
        assert away["adamw"][2] > 0.5 * away["adamw"][1] and away["adamw"][2] > 5 * third


@checks("schedule_free_adamw", "Decoupled weight decay: each step also moves z by −η λ y.")
def test_schedule_free_adamw_decays_towards_the_origin() -> None:
    rule = OPTIMIZERS["schedule_free_adamw"](learning_rate=0.1, weight_decay=0.5)
    run = trace(Slope(p=0.0, q=0.0), rule, start=(2.0, -1.0), steps=30)
    state = fields(run.states)
    np.testing.assert_allclose(np.diff(state["z"], axis=0), -0.1 * 0.5 * state["y"][:-1], atol=1e-12)


# Muon


def _muon(gradients: list[Any], tree: Any, **values: float) -> list[Any]:
    """The moves of Muon on a tree of matrices and biases, one for each gradient."""
    moves = []
    with (
        jax.enable_x64(True),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        rule = LAYERED["muon"](**values)._transformation()  # type: ignore[attr-defined]
        tree = jax.tree.map(jnp.asarray, tree)
        state = rule.init(tree)
        update = jax.jit(rule.update)
        for g in gradients:
            move, state = update(jax.tree.map(jnp.asarray, g), state, tree)
            tree = optax.apply_updates(tree, move)
            moves.append(jax.tree.map(np.asarray, move))
    return moves


@checks(
    "muon",
    "The step of a weight matrix is its momentum with nearly equal singular values, at most 1.21 η √max(1, "
    "outputs/inputs).",
    "Directions that never had a gradient do not move.",
)
@pytest.mark.parametrize("shape", [(8, 6), (6, 24)])  # (inputs, outputs)
def test_muon_makes_singular_values_nearly_equal(shape: tuple[int, int]) -> None:
    """With gradients of rank 4 whose singular values range over a factor of 20. The Newton–Schulz polynomial of Jordan
    (2024), applied five times, maps all singular values in [0, 1] to at most 1.21.
    """
    value = np.linspace(0, 1, 10_001)
    for _ in range(5):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    assert 1.20 < value.max() < 1.21 and value.min() >= 0
    random = np.random.default_rng(3)
    left, right = (np.linalg.qr(random.normal(size=(n, n)))[0][:, :4] for n in shape)
    gradients = [left @ np.diag([1.0, 0.5, 0.2, 0.05]) @ (np.eye(4) + 0.1 * random.normal(size=(4, 4))) @ right.T]
    moves = _muon([{"W": gradients[0] * c} for c in (1.0, 0.5, 2.0)], {"W": np.zeros(shape)}, learning_rate=0.02)
    scale = 0.02 * math.sqrt(max(1, shape[1] / shape[0]))
    for move in moves:
        values = np.linalg.svd(move["W"] / scale, compute_uv=False)
        assert (values[:4] <= 1.21).all() and (values[:4] > 0.6).all()
        assert (values[4:] < 1e-12).all()
        assert np.abs(move["W"] - left @ left.T @ move["W"] @ right @ right.T).max() < 1e-12


@checks(
    "muon",
    "`torch.optim.Muon(lr=η, weight_decay=λ, momentum=β)` takes weight matrices only.",
    "It does not correct the momentum for its start at zero, so the first steps differ by about 10 %.",
    "It also computes in bfloat16, so the later steps agree to about 2 %.",
)
@pytest.mark.torch
@pytest.mark.xdist_group("torch")
@pytest.mark.parametrize("shape", [(8, 6), (6, 24)])  # (inputs, outputs)
def test_muon_differs_from_pytorchs_by_the_correction_and_bfloat16(shape: tuple[int, int]) -> None:
    """The same 100 gradients for both, and for both formulas in float64: five Newton–Schulz iterations on
    (1 − β) g + β m, whose terms are corrected as in Nadam, or not.
    """
    import torch

    with pytest.raises(ValueError, match="only supports 2D parameters"):
        torch.optim.Muon([torch.zeros(3, requires_grad=True)])
    rate, decay, beta, steps = 0.02, 0.1, 0.95, 100
    random = np.random.default_rng(5)
    mean = random.normal(size=shape)
    gradients = [0.5 * mean + random.normal(size=shape) for _ in range(steps)]
    ours = _muon([{"W": g} for g in gradients], {"W": np.ones(shape)}, learning_rate=rate, weight_decay=decay)
    w = torch.ones(shape[::-1], dtype=torch.float64, requires_grad=True)
    rule = torch.optim.Muon([w], lr=rate, weight_decay=decay, momentum=beta)
    m, points = np.zeros(shape), {True: np.ones(shape), False: np.ones(shape)}
    apart = []
    for t, g in enumerate(gradients, start=1):
        m = beta * m + (1 - beta) * g
        moves = {}
        for corrected in (True, False):
            a, b = (1 - beta**t, 1 - beta ** (t + 1)) if corrected else (1, 1)
            x = (1 - beta) * g / a + beta * m / b
            x = x / np.linalg.norm(x)
            for _ in range(5):
                square = x @ x.T
                x = 3.4445 * x - 4.7750 * square @ x + 2.0315 * square @ square @ x
            moves[corrected] = -rate * (math.sqrt(max(1, shape[1] / shape[0])) * x + decay * points[corrected])
            points[corrected] = points[corrected] + moves[corrected]
        before = w.detach().clone()
        w.grad = torch.tensor(g.T)
        rule.step()
        theirs = (w.detach() - before).numpy().T
        size = np.linalg.norm(moves[True])
        np.testing.assert_allclose(ours[t - 1]["W"], moves[True], atol=1e-7)
        assert np.linalg.norm(theirs - moves[False]) < 0.05 * size
        apart.append(np.linalg.norm(theirs - ours[t - 1]["W"]) / size)
    assert 0.08 < max(apart) < 0.15 and np.argmax(apart) < 5
    assert max(apart[50:]) < 0.05 and np.median(apart[50:]) == pytest.approx(0.02, abs=0.008)


@checks("muon", "Biases follow Nadam with the same η.")
def test_muon_moves_biases_by_nadam() -> None:
    random = np.random.default_rng(4)
    gradients = [{"W": random.normal(size=(4, 3)), "b": random.normal(size=3)} for _ in range(12)]
    moves = _muon(gradients, {"W": np.zeros((4, 3)), "b": np.zeros(3)}, learning_rate=0.02)
    m, v = np.zeros(3), np.zeros(3)
    for t, (g, move) in enumerate(zip(gradients, moves, strict=True), start=1):
        b = g["b"]
        m, v = 0.9 * m + 0.1 * b, 0.999 * v + 0.001 * b**2
        m_hat = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * b / (1 - 0.9**t)
        np.testing.assert_allclose(move["b"], -0.02 * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), rtol=1e-9)


@checks("muon", "Decoupled weight decay: each step multiplies the weight matrices by 1 − η λ.")
def test_muon_decays_only_matrices() -> None:
    tree = {"W": np.full((4, 3), 2.0), "b": np.ones(3)}
    (move,) = _muon([{"W": np.zeros((4, 3)), "b": np.zeros(3)}], tree, learning_rate=0.1, weight_decay=0.5)
    np.testing.assert_allclose(move["W"], -0.1 * 0.5 * 2.0, rtol=1e-12)
    assert (move["b"] == 0).all()


# Sentences of the README

README = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())


def _quoted(sentence: str) -> None:
    assert sentence in README, f"not in the README: {sentence}"


def test_the_readme_counts_the_rules() -> None:
    _quoted("SGD, momentum, Nesterov, Adagrad, Adadelta, RMSprop, Adam, RAdam and 17 others")
    assert len(OPTIMIZERS) == 8 + 17
    _quoted("Muon joins the rules here: it works on matrices, which a plane does not have.")
    assert set(LAYERED) == {"muon"}


def test_the_readme_says_what_a_step_costs() -> None:
    _quoted("Where a racer's step costs more than one gradient (SAM two, Newton's method on the plane three)")
    _quoted("(SAM costs two a step, Newton's method on the plane three")

    def step(rule: Any) -> Any:
        w = jnp.zeros(2)
        return rule.step(Gradient(BOOTH()), w, rule.init(w), jnp.ones(()))[2]

    costs = {key: jax.eval_shape(step, rule()).evaluations for key, rule in OPTIMIZERS.items()}
    assert {key: cost for key, cost in costs.items() if cost > 1} == {"sam": 2, "newton": 3}


def test_the_readme_says_where_newtons_method_runs() -> None:
    _quoted("Newton's method is absent: its Hessian would be too large.")
    _quoted("Newton's method solves with the whole Hessian, and runs on at most 100 coordinates.")
    assert MOST_DENSE == 100 and [key for key, rule in RULES.items() if rule.dense] == ["newton"]


def test_the_readme_names_the_limits_of_stability() -> None:
    _quoted("2/η for SGD, (2+2β)/η for momentum, with the η of each step under a schedule.")
    _quoted("For Adam and related rules it is that of the preconditioned Hessian.")
    assert OPTIMIZERS["sgd"](learning_rate=0.1).stability_limit() == pytest.approx(20)
    assert OPTIMIZERS["momentum"](learning_rate=0.1, momentum=0.9).stability_limit() == pytest.approx(38)
    halved = Scheduled(OPTIMIZERS["sgd"](learning_rate=0.1), SCHEDULES["step_decay"](drop=0.5, every=10))
    assert [halved.stability_limit(t) for t in (1, 11)] == pytest.approx([20, 40])
    assert OPTIMIZERS["adam"]().preconditioned and not OPTIMIZERS["momentum"]().preconditioned


def test_the_readme_names_the_rules_with_conventions() -> None:
    _quoted(
        "Where libraries disagree under one name (ε inside or outside the root, Adagrad's first accumulator, RAdam's "
        "threshold, Nadam's schedule, AMSGrad's maximum) the rule has a choice `convention`"
    )
    choosing = {key for key, rule in RULES.items() if "convention" in rule.parameters()}
    assert choosing == {"adagrad", "rmsprop", "radam", "nadam", "amsgrad"}


def test_the_readme_gives_adadeltas_first_step() -> None:
    _quoted("such as Adadelta's first step of at most √(ε/(1 − γ)) in each coordinate")
    assert "at most √(ε/(1 − γ)) long" in OPTIMIZERS["adadelta"].beginning


def test_ravines_along_the_axes_favour_rules_that_scale_each_coordinate() -> None:
    """By the steps to 10⁻⁴ of the initial loss with the best of 25 rates, with surface and starts rotated by 45°."""
    _quoted("Ravines along the axes flatter rules that scale each coordinate by itself: turn them, and compare again.")
    starts = np.random.default_rng(0).uniform(-2, 2, (8, 2))
    rates = np.geomspace(1e-3, 10.0, 25)

    def median(key: str, degrees: float) -> float:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        start, rate = np.repeat(starts @ np.array([[c, s], [-s, c]]), 25, axis=0), np.tile(rates, 8)
        surface = Rotated(RAVINE(100.0), angle=degrees)
        run = trace(surface, OPTIMIZERS[key](learning_rate=rate), start=start, steps=600, record=PLAIN)
        low = run.losses <= 1e-4 * run.losses[:, :1]
        return float(np.median(np.where(low.any(axis=1), low.argmax(axis=1), 600).reshape(8, 25).min(axis=1)))

    for key in ("adagrad", "rmsprop", "adam"):
        assert median(key, 45.0) > 1.15 * median(key, 0.0), key
    assert median("sgd", 45.0) == median("sgd", 0.0)
