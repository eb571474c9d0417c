"""Statements of the lectures on the rules (U1 to U8 and P7), and the facts that the rules declare."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Optimizer, Trace, trace
from optimizers.borrowed import Borrowed, fields
from surfaces import SURFACES
from tests.optimizers.cases import PAIRS, rule_of

RAVINE = SURFACES["quadratic_ravine"]
HIMMELBLAU = SURFACES["himmelblau"]
STEPS = 250


# U1 to U8; test_conventions.py compares the formulas of the lectures with NumPy and the libraries.


def test_u1_a_rate_beyond_two_over_the_curvature_diverges() -> None:
    grows = trace(RAVINE(30.0), rule_of("sgd", learning_rate=2.1 / 30), steps=STEPS)
    assert grows.status.kind in ("growing", "diverged")
    assert trace(RAVINE(30.0), rule_of("sgd", learning_rate=1.9 / 30), steps=STEPS).losses[-1] < 1e-3


def test_u2_mixed_signs_climb_and_consistent_ones_are_momentum() -> None:
    """v = γ v − η g with w ← w − v climbs; v = γ v + η g gives the path of the heavy ball, with v = η a."""
    gamma, eta, h = 0.9, 0.01, np.array([1.0, 30.0])
    start = np.array(RAVINE(30.0).start)
    w, v, slip, u = start, np.zeros(2), start, np.zeros(2)
    path = [w]
    for _ in range(STEPS):
        v = gamma * v + eta * h * w
        w = w - v
        path.append(w)
    for _ in range(20):
        u = gamma * u - eta * h * slip
        slip = slip - u
    run = trace(RAVINE(30.0), rule_of("momentum", learning_rate=eta, momentum=gamma), steps=STEPS)
    np.testing.assert_allclose(run.positions, path, rtol=1e-11, atol=1e-13)
    assert h @ slip**2 > 100 * (h @ start**2)
    note = OPTIMIZERS["momentum"].__doc__ or ""
    assert "w − v" in note and "climbs" in note


@pytest.mark.parametrize("surface", ["quadratic_ravine", "rosenbrock", "himmelblau"])
def test_u3_both_forms_of_nesterov_describe_the_same_path(surface: str) -> None:
    """x = w − η β a = w + ρ v and v = −η a in every step."""
    landscape = SURFACES[surface]()
    eta, beta = {"quadratic_ravine": 0.02, "rosenbrock": 2e-4, "himmelblau": 3e-3}[surface], 0.85
    ball = trace(landscape, rule_of("nesterov", learning_rate=eta, momentum=beta), steps=STEPS)
    ahead = trace(landscape, rule_of("nesterov_velocity", learning_rate=eta, momentum=beta), steps=STEPS)
    a = np.concatenate([np.zeros((1, 2)), ball.states.a])
    np.testing.assert_allclose(ahead.positions, ball.positions - eta * beta * a, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(ahead.states.v, -eta * ball.states.a, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(ahead.step.at, ball.step.at, rtol=1e-11, atol=1e-11)


def _effective(key: str, convention: str = "textbook") -> tuple[Trace, np.ndarray]:
    rate = {} if key == "adadelta" else {"learning_rate": 0.05}
    run = trace(HIMMELBLAU(), rule_of(key, convention, **rate), steps=STEPS)
    return run, np.diff(run.step.rate, axis=0)


@pytest.mark.parametrize("convention", ["textbook", "pytorch", "optax"])
def test_u4_p7_adagrads_effective_rate_only_shrinks(convention: str) -> None:
    run, change = _effective("adagrad", convention)
    assert (change <= 0).all() and (change[:50] < 0).all()
    assert run.step.rate[-1].max() < 0.5 * run.step.rate[0].max()


@pytest.mark.parametrize("key", ["rmsprop", "adadelta"])
def test_p7_the_effective_rates_of_rmsprop_and_adadelta_also_rise(key: str) -> None:
    run, change = _effective(key)
    assert (change > 0).sum() > STEPS // 4  # of 2 · 249 changes
    assert run.step.rate[-1].max() > run.step.rate[0].max()


def test_u5_adadelta_has_no_learning_rate() -> None:
    assert set(OPTIMIZERS["adadelta"].parameters()) == {"decay", "epsilon"}


def test_u7_epsilon_turns_adam_into_momentum() -> None:
    """If ε is far above the gradients, the step is η m̂/ε: η and ε times a thousand give almost the same path."""
    path, thousandfold = (
        trace(RAVINE(3.0), rule_of("adam", learning_rate=0.01 * e, epsilon=e), steps=100).positions for e in (1e3, 1e6)
    )
    np.testing.assert_allclose(path, thousandfold, rtol=2e-2, atol=2e-3)
    small = trace(RAVINE(3.0), rule_of("adam", learning_rate=0.01, epsilon=1e-8), steps=100).positions
    assert np.abs(small - path).max() > 0.1


@pytest.mark.parametrize(("convention", "waits"), [("textbook", 4), ("pytorch", 5), ("optax", 5)])
def test_u8_radam_is_momentum_until_rho_passes_the_threshold(convention: str, waits: int) -> None:
    """For β₂ = 0.999, ρ_t is a little below t: the steps are η m̂ up to t = 4 (or 5), and rectified from then on."""
    run = trace(HIMMELBLAU(), rule_of("radam", convention, learning_rate=1e-3), steps=STEPS)
    rho, r = run.states.ρ[:, 0], run.step.values["r"][:, 0]
    np.testing.assert_allclose(rho[:6], np.arange(1, 7), rtol=5e-3)
    assert (run.step.rate[:waits] == 1e-3).all() and (run.step.rate[waits] < 1e-3).all()
    assert (r[:waits] == 1).all() and r[waits] < 0.05 and (np.diff(r[waits:]) > 0).all() and r[-1] < 1


def test_u8_a_short_memory_never_adapts() -> None:
    """For β₂ ≤ 0.6, ρ∞ ≤ 4: all values stay finite, and the rule remains momentum."""
    for beta2 in (0.0, 0.5, 0.6):
        run = trace(HIMMELBLAU(), rule_of("radam", learning_rate=1e-3, beta2=beta2), steps=50)
        assert run.diverged == -1 and (run.step.rate == 1e-3).all()


# Stability


LIMITS = {
    "sgd": lambda p: 2 / p["η"],
    "momentum": lambda p: (2 + 2 * p["β"]) / p["η"],
    "nesterov": lambda p: (2 + 2 * p["β"]) / ((1 + 2 * p["β"]) * p["η"]),
    "nesterov_velocity": lambda p: (2 + 2 * p["ρ"]) / ((1 + 2 * p["ρ"]) * p["η"]),
    "adagrad": lambda p: 2 / p["η"],
    "rmsprop": lambda p: 2 / p["η"],
    "adam": lambda p: (2 + 2 * p["β1"]) / ((1 - p["β1"]) * p["η"]),
    # with decay: where 1 + trace + determinant of the step's matrix is zero
    "adamw": lambda p: (1 + p["β1"]) * (2 - p["η"] * p["λ"]) / ((1 - p["β1"]) * p["η"]),
    "radam": lambda p: (2 + 2 * p["β1"]) / ((1 - p["β1"]) * p["η"]),
    # Nesterov's limit with η(1 − β₁) in place of η, because m is a mean and not a sum
    "nadam": lambda p: (2 + 2 * p["β1"]) / ((1 + 2 * p["β1"]) * (1 - p["β1"]) * p["η"]),
    "amsgrad": lambda p: (2 + 2 * p["β1"]) / ((1 - p["β1"]) * p["η"]),
    "adabelief": lambda p: (2 + 2 * p["β1"]) / ((1 - p["β1"]) * p["η"]),
}


def test_every_limit_is_tested() -> None:
    assert set(LIMITS) == {key for key, rule in OPTIMIZERS.items() if rule().stability_limit() is not None}


@pytest.mark.parametrize("momentum", [0.5, 0.9])
@pytest.mark.parametrize(
    ("key", "convention"), [p for p in PAIRS if p.values[0] in LIMITS and p.values != ("nadam", "pytorch")]
)
@pytest.mark.thinned(4)
def test_a_stability_limit_holds_from_both_sides(key: str, convention: str, momentum: float) -> None:
    """On ½(x² + κ y²), y shrinks if κ is two percent below the limit, and grows if it is two percent above.

    For preconditioned rules ε = 1 is far above the gradients, so that P hardly changes.
    """
    kind = OPTIMIZERS[key]
    values = {"momentum": momentum, "beta1": momentum, "beta2": 0.9, "epsilon": 1.0}
    rule = rule_of(key, convention, learning_rate=0.02, **{n: v for n, v in values.items() if n in kind.parameters()})
    limit = rule.stability_limit()
    letters = {p.letter: getattr(rule, name) for name, p in kind.parameters().items()}
    assert limit == pytest.approx(LIMITS[key](letters), rel=1e-14)
    assert limit is not None
    below, above = (
        trace(RAVINE(limit * factor * _at_rest(rule)), rule, start=(0.0, 1e-80), steps=STEPS) for factor in (0.98, 1.02)
    )
    shrinks, grows = (np.abs(run.positions[:, 1]) for run in (below, above))
    assert shrinks[-20:].max() < 0.7 * shrinks[100:120].max()
    assert grows[-20:].max() > 1.2 * grows[100:120].max()


def _at_rest(rule: Optimizer) -> float:
    """P after many steps without a gradient."""
    if not rule.preconditioned:
        return 1.0
    run = trace(RAVINE(1.0), rule, start=(0.0, 0.0), steps=STEPS)
    with jax.enable_x64(True):
        return float(np.asarray(rule.preconditioner(jax.tree.map(lambda leaf: leaf[-1], run.states)))[0])


@pytest.mark.parametrize(("key", "convention"), PAIRS)
@pytest.mark.thinned(3)
def test_the_rate_is_eta_over_the_preconditioner(key: str, convention: str) -> None:
    kind = OPTIMIZERS[key]
    if not kind.preconditioned:
        assert rule_of(key, convention).preconditioner(None) == 1.0
        return
    run = trace(HIMMELBLAU(), rule_of(key, convention, learning_rate=0.01), steps=STEPS)
    with jax.enable_x64(True):
        p = np.asarray(run.optimizer.preconditioner(run.states))
    np.testing.assert_allclose(run.step.rate, 0.01 / p, rtol=1e-13)


def test_adagrads_sum_in_optax_has_a_unit() -> None:
    """The textbook's rule is scale-free; with the sum started at 0.1 it is not."""
    for convention, free in (("textbook", True), ("optax", False)):
        rule = rule_of("adagrad", convention, learning_rate=0.05, epsilon=1e-12)
        slopes = [trace(RAVINE(k), rule, start=(0.0, 1e-3), steps=20).positions[:, 1] for k in (10.0, 1000.0)]
        assert bool(np.abs(slopes[0] - slopes[1]).max() < 1e-6) is free


# States of borrowed rules, by the names of their fields

FIELDS = {
    "yogi": {"count", "mu", "nu"},
    "adamax": {"count", "mu", "nu"},
    "adan": {"m", "v", "n", "g", "t"},
    "prodigy": {"exp_avg", "exp_avg_sq", "grad_sum", "params0", "estim_lr", "numerator_weighted", "count"},
    "schedule_free_adamw": {"y", "b1", "weight_sum", "step_count", "max_lr", "count", "nu", "z"},
    "ademamix": {"count", "count_m2", "m1", "m2", "nu"},
}


@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in FIELDS])
@pytest.mark.thinned(2)
def test_a_borrowed_state_is_named_by_its_fields(key: str) -> None:
    rates = np.array([0.01, 0.02, 0.03])
    run = trace(HIMMELBLAU(), rule_of(key, learning_rate=0.02), steps=STEPS)
    runs = trace(HIMMELBLAU(), rule_of(key, learning_rate=rates), steps=STEPS)  # type: ignore[arg-type]
    assert issubclass(OPTIMIZERS[key], Borrowed)
    single, batch = fields(run.states), fields(runs.states)
    assert set(single) == set(batch) == FIELDS[key]
    for name, leaf in single.items():
        assert leaf.shape[0] == STEPS and batch[name].shape == (3, *leaf.shape)
        np.testing.assert_allclose(batch[name][1], leaf, rtol=1e-8, atol=1e-10, err_msg=name)


def test_equal_names_of_fields_get_the_index_of_their_part() -> None:
    import optax

    chain = optax.chain(optax.trace(0.9), optax.scale_by_adam(), optax.scale_by_rms(), optax.scale_by_schedule(abs))
    names = set(fields(chain.init(jnp.zeros(2))))
    assert names == {"trace", "1.count", "mu", "1.nu", "2.nu", "3.count"}
    assert set(fields(OPTIMIZERS["adam"]().init(jnp.zeros(2)))) == {"m", "v", "b1", "b2"}
