"""Schedules equal optax's, which count steps from 0, while the textbook counts from 1."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Scheduled, sharpnesses, stability_limits, trace
from optimizers.schedules import Schedule
from surfaces import SURFACES
from tests.optimizers.cases import RULES, STEPS, calm

Factor = Callable[[Any], Any]


def _ours(key: str, **parameters: float) -> Schedule:
    return SCHEDULES[key](**parameters)


CASES: list[tuple[str, dict[str, float], Factor]] = [
    ("constant", {}, optax.constant_schedule(1.0)),
    ("step_decay", {}, optax.exponential_decay(1.0, 100, 0.1, staircase=True)),
    ("step_decay", {"drop": 0.5, "every": 7.0}, optax.exponential_decay(1.0, 7, 0.5, staircase=True)),
    ("listed_decay", {}, optax.piecewise_constant_schedule(1.0, {100: 0.1})),
    (
        "listed_decay",
        {"drop": 0.3, "first": 20.0, "second": 50.0, "third": 170.0},
        optax.piecewise_constant_schedule(1.0, {20: 0.3, 50: 0.3, 170: 0.3}),
    ),
    ("exponential", {}, optax.exponential_decay(1.0, 100, 0.1)),
    ("exponential", {"drop": 0.9, "every": 1.0}, optax.exponential_decay(1.0, 1, 0.9)),
    ("cosine", {}, optax.cosine_decay_schedule(1.0, 200)),
    ("cosine", {"horizon": 150.0, "final": 0.1}, optax.cosine_decay_schedule(1.0, 150, alpha=0.1)),
    ("warm_up", {}, optax.linear_schedule(0.0, 1.0, 50)),
    ("warm_up", {"over": 30.0, "initial": 0.2}, optax.linear_schedule(0.2, 1.0, 30)),
    ("one_cycle", {}, optax.cosine_onecycle_schedule(200, 1.0)),
    (
        "one_cycle",
        {"horizon": 250.0, "rise": 0.4, "start_division": 10.0, "end_division": 100.0},
        optax.cosine_onecycle_schedule(250, 1.0, pct_start=0.4, div_factor=10.0, final_div_factor=100.0),
    ),
]
IDS = [f"{key}-{','.join(f'{n}={v:g}' for n, v in parameters.items())}" for key, parameters, _ in CASES]
cases = pytest.mark.parametrize(("key", "parameters", "theirs"), CASES, ids=IDS)


def _optax(theirs: Factor) -> np.ndarray:
    # optax mixes integer counts with floats, so it runs under the standard promotion
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        return np.asarray(jax.jit(jax.vmap(theirs))(jnp.arange(0.0, STEPS)))


def test_every_schedule_has_an_oracle() -> None:
    assert {key for key, _, _ in CASES} == set(SCHEDULES)


@cases
def test_the_factor_in_step_t_is_that_of_optax_at_t_minus_1(
    key: str, parameters: dict[str, float], theirs: Factor
) -> None:
    with jax.enable_x64(True):
        factor = jax.jit(jax.vmap(_ours(key, **parameters).factor))(jnp.arange(1.0, STEPS + 1))
    np.testing.assert_allclose(np.asarray(factor), _optax(theirs), rtol=1e-12, atol=1e-15)


@cases
def test_a_scheduled_run_follows_optaxs_factors(key: str, parameters: dict[str, float], theirs: Factor) -> None:
    """Gradient descent on the ravine has the closed form w_t = w₀ Π (1 − η f(s) h), with f from optax."""
    rate = 0.02
    run = trace(
        SURFACES["quadratic_ravine"](),
        Scheduled(OPTIMIZERS["sgd"](rate), _ours(key, **parameters)),
        start=(-2.8, 1.2),
        steps=STEPS,
    )
    factors = 1 - rate * _optax(theirs)[:, None] * np.array([1.0, 30.0])
    expected = np.array([-2.8, 1.2]) * np.cumprod(factors, axis=0)
    np.testing.assert_allclose(run.positions[1:], expected, rtol=1e-10, atol=1e-13)
    # the end of one-cycle, 1/(d₀ d₁), results from 1 − (1 − …), so it agrees to 10⁻¹⁶ of the largest factor
    np.testing.assert_allclose(run.step.rate[:, 0], rate * _optax(theirs), rtol=1e-12, atol=1e-15 * rate)


@pytest.mark.parametrize("key", ["momentum", "adam"])
def test_a_scheduled_run_is_that_of_optax(key: str) -> None:
    """100 steps in optax with its cosine schedule."""
    schedule = optax.cosine_decay_schedule(0.05, 80, alpha=0.2)
    theirs = {"momentum": optax.sgd(schedule, momentum=0.8), "adam": optax.adam(schedule)}[key]
    ours = {"momentum": OPTIMIZERS["momentum"](0.05, 0.8), "adam": OPTIMIZERS["adam"](0.05)}[key]

    def slope(w: Any) -> Any:
        return w * jnp.array([1.0, 30.0]) if key == "adam" else w * jnp.array([1.0, 3.0])

    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):

        def advance(carry: Any, _: None) -> Any:
            w, state = carry
            update, state = theirs.update(slope(w), state, w)
            w = optax.apply_updates(w, update)
            return (w, state), w

        w = jnp.array([-2.8, 1.2])
        path = np.asarray(jax.jit(lambda: jax.lax.scan(advance, (w, theirs.init(w)), None, length=100)[1])())
    surface = SURFACES["quadratic_ravine"](30.0 if key == "adam" else 3.0)
    cosine = SCHEDULES["cosine"](horizon=80.0, final=0.2)
    run = trace(surface, Scheduled(ours, cosine), start=(-2.8, 1.2), steps=100)
    np.testing.assert_allclose(run.positions[1:], path, rtol=1e-9, atol=1e-11)


def test_the_horizon_does_not_depend_on_the_number_of_steps() -> None:
    """More steps, in another bucket, begin with the same path."""
    rule = Scheduled(OPTIMIZERS["sgd"](0.02), SCHEDULES["cosine"](horizon=90.0))
    short, long = (trace(SURFACES["quadratic_ravine"](), rule, steps=n) for n in (60, STEPS))
    np.testing.assert_allclose(long.positions[:61], short.positions, rtol=1e-13)
    # from t − 1 = T on, the factor is `final` = 0, and the run stays where it is
    np.testing.assert_array_equal(long.positions[91:], np.tile(long.positions[91], (STEPS - 90, 1)))


def test_the_first_step_uses_the_first_factor() -> None:
    """Linear warm-up from 0 makes no first step, and a second step of η/k times the gradient."""
    rule = Scheduled(OPTIMIZERS["sgd"](0.1), SCHEDULES["warm_up"](over=10.0))
    path = trace(SURFACES["quadratic_ravine"](1.0), rule, start=(1.0, 0.0), steps=2).positions
    np.testing.assert_allclose(path, [[1.0, 0.0], [1.0, 0.0], [1.0 - 0.01, 0.0]], rtol=1e-14)


def test_listed_drops_may_be_in_any_order() -> None:
    a, b = (SCHEDULES["listed_decay"](first=x, second=y) for x, y in ((20.0, 50.0), (50.0, 20.0)))
    with jax.enable_x64(True):
        t = jnp.arange(1.0, 80.0)
        np.testing.assert_array_equal(jax.vmap(a.factor)(t), jax.vmap(b.factor)(t))


@pytest.mark.parametrize("key", RULES)
@pytest.mark.thinned(3)
def test_every_rule_with_a_learning_rate_can_be_scheduled(key: str) -> None:
    kind = OPTIMIZERS[key]
    if "learning_rate" not in kind.parameters():
        with pytest.raises(ValueError, match=f"{kind.name} has no learning rate to schedule"):
            Scheduled(kind(), SCHEDULES["constant"]())
        return
    surface = SURFACES["quadratic_ravine"]()
    rule = calm(key, surface)
    plain = trace(surface, rule, steps=STEPS)
    constant = trace(surface, Scheduled(rule, SCHEDULES["constant"]()), steps=STEPS, record=("positions",))
    np.testing.assert_allclose(constant.positions, plain.positions, rtol=1e-12, atol=1e-14)
    assert constant.optimizer.name == "Scheduled" and constant.optimizer.inner is rule  # type: ignore[attr-defined]


def test_only_adadelta_has_no_learning_rate() -> None:
    assert [k for k, r in OPTIMIZERS.items() if "learning_rate" not in r.parameters()] == ["adadelta"]


def test_factors_are_finite_at_the_ends_of_their_ranges() -> None:
    with jax.enable_x64(True):
        t = jnp.asarray([1.0, 2.0, 100.0, 20_000.0])
        for kind in SCHEDULES.values():
            ends = [{n: e for n, p in kind.parameters().items() for e in [getattr(p, end)]} for end in ("low", "high")]
            for parameters in ends:
                factor = np.asarray(jax.jit(jax.vmap(kind(**parameters).factor))(t))
                assert np.isfinite(factor).all() and (factor >= 0).all() and factor.max() <= 1 + 1e-12


@pytest.mark.parametrize("key", SCHEDULES)
def test_drops_are_listed_where_the_factor_falls_suddenly(key: str) -> None:
    """After each listed step the factor is a tenth; in no other step does it fall by half."""
    schedule = SCHEDULES[key]()
    steps = 350
    with jax.enable_x64(True):
        factors = np.asarray([float(schedule.factor(jnp.asarray(float(t)))) for t in range(1, steps + 1)])
    falls = [t for t in range(1, steps) if factors[t] < 0.5 * factors[t - 1] and factors[t - 1] > 1e-3]
    assert list(schedule.drops(steps)) == [t for t in falls if factors[t] == pytest.approx(0.1 * factors[t - 1])]
    if key in ("step_decay", "listed_decay"):
        assert schedule.drops(steps)[0] == 100 and schedule.drops(100) == ()


@cases
def test_a_scheduled_rule_has_the_limit_of_each_step(key: str, parameters: dict[str, float], theirs: Factor) -> None:
    """For SGD 2/η_t in the step from each point, with optax's factor; infinite if the rate is zero."""
    rule = Scheduled(OPTIMIZERS["sgd"](learning_rate=0.05), _ours(key, **parameters))
    limits = stability_limits(rule, STEPS - 1)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(limits, 2 / (0.05 * _optax(theirs)), rtol=1e-9)
    assert limits[7] == pytest.approx(float(np.asarray(rule.stability_limit(8.0))), rel=1e-6)


def test_a_rate_of_zero_is_stable_at_every_curvature() -> None:
    for rule in (OPTIMIZERS["sgd"](learning_rate=0.0), OPTIMIZERS["adamw"](learning_rate=0.0)):
        assert np.isposinf(stability_limits(rule, 3)).all()
    assert np.isnan(stability_limits(OPTIMIZERS["lion"](), 3)).all()


@pytest.mark.parametrize("key", sorted(key for key, rule in OPTIMIZERS.items() if rule.preconditioned))
@pytest.mark.thinned(3)
def test_a_constant_schedule_changes_no_preconditioner(key: str) -> None:
    """λmax(P⁻¹H) along the run, the limits and P are those of the rule without the schedule."""
    surface = SURFACES["himmelblau"]()
    rule = calm(key, surface)
    plain, scheduled = (
        trace(surface, optimizer, steps=30) for optimizer in (rule, Scheduled(rule, SCHEDULES["constant"]()))
    )
    assert scheduled.optimizer.preconditioned
    with jax.enable_x64(True):
        expected, wrapped = (np.asarray(run.optimizer.preconditioner(run.states)) for run in (plain, scheduled))
    np.testing.assert_allclose(wrapped, expected, rtol=1e-12)
    np.testing.assert_allclose(sharpnesses(scheduled), sharpnesses(plain), rtol=1e-9)
    limits = stability_limits(rule, 30)
    np.testing.assert_allclose(stability_limits(scheduled.optimizer, 30), limits, rtol=1e-12)


def test_adams_sharpness_under_a_schedule_is_that_of_the_scaled_hessian() -> None:
    """P = η_t / rate_t, and H = diag(1, κ) on the ravine."""
    rule = Scheduled(OPTIMIZERS["adam"](learning_rate=0.05), SCHEDULES["step_decay"](every=10.0))
    run = trace(SURFACES["quadratic_ravine"](condition_number=30.0), rule, steps=30)
    rates = 0.05 * 0.1 ** (np.arange(30) // 10)
    scales = rates[:, None] / run.step.rate
    np.testing.assert_allclose(sharpnesses(run)[:-1], np.max([1.0, 30.0] / scales, axis=1), rtol=1e-6)
    np.testing.assert_allclose(stability_limits(rule, 29), 3.8 / (0.1 * rates), rtol=1e-9)
