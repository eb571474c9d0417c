"""Each status on a run for which theory gives it, with its numbers."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import Array

from optimizers import (
    OPTIMIZERS,
    Status,
    Trace,
    crossings,
    overshoot,
    starting_learning_rate,
    steps_on_flat_ground,
    steps_to,
    trace,
)
from surfaces import SURFACES, CriticalPoint, Rotated, Surface
from surfaces.digits import percent, short
from tests.optimizers.cases import STEPS, Scaled

SGD = OPTIMIZERS["sgd"]
RAVINE = SURFACES["quadratic_ravine"]


class Well(Surface):
    """1 − e^{−r²}: a well in an unbounded plateau of height 1."""

    name = "Well"
    theme = "ravines"

    def __call__(self, w: Array) -> Array:
        return 1.0 - jnp.exp(-(w[0] ** 2) - w[1] ** 2)

    @property
    def domain(self) -> Any:
        return (-8.0, 8.0), (-8.0, 8.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (5.0, 5.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0, 0.0), "minimum"),)


class Unknown(Surface):
    """x²/2 − y²/2, which has no minimum."""

    name = "Unknown"
    theme = "saddles"

    def __call__(self, w: Array) -> Array:
        return 0.5 * w[0] ** 2 - 0.5 * w[1] ** 2

    @property
    def domain(self) -> Any:
        return (-2.0, 2.0), (-2.0, 2.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (1.0, 0.01)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0, 0.0), "saddle"),)


class Unlisted(Surface):
    """A bowl with its bottom at −3, which is not listed."""

    name = "Unlisted"
    theme = "ravines"

    def __call__(self, w: Array) -> Array:
        return 0.5 * (w[0] ** 2 + 4.0 * w[1] ** 2) - 3.0

    @property
    def domain(self) -> Any:
        return (-2.0, 2.0), (-2.0, 2.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (1.0, 1.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return ()


def _sgd(surface: Surface, rate: float, start: Any = None, steps: int = STEPS) -> Trace:
    return trace(surface, SGD(rate), start=start, steps=steps)


def _first_low(run: Trace, lowest: float) -> int:
    """The step from which the height stays within 10⁻⁴ of the initial height, by a loop."""
    step = len(run.losses)
    while step > 0 and run.losses[step - 1] - lowest <= 1e-4 * (run.losses[0] - lowest):
        step -= 1
    return step


@pytest.mark.parametrize(
    ("surface", "rate", "lowest"),
    [(RAVINE(4.0), 0.1, 0.0), (SURFACES["saddle"](), 0.2, -0.25), (Rotated(RAVINE(4.0), 40.0), 0.1, 0.0)],
)
def test_converged_at_the_step_from_which_the_loss_stays_low(surface: Surface, rate: float, lowest: float) -> None:
    run = _sgd(surface, rate)
    assert run.status.kind == "converged"
    assert run.status.step == _first_low(run, lowest) > 0
    assert str(run.status) == f"converged @ {run.status.step}"


def test_a_status_is_written_with_its_step() -> None:
    assert str(Status("converged", 141, ".")) == "converged @ 141"
    assert str(Status("stalled", 12_573, ".")) == "stalled @ 12,573"
    assert str(Status("moving", None, ".")) == "moving"


def test_a_run_that_starts_at_the_minimum_has_converged() -> None:
    assert _sgd(RAVINE(4.0), 0.1, (0.0, 0.0)).status.kind == "converged"


def test_a_run_converges_to_a_minimum_that_is_not_listed() -> None:
    """L* is the minimum of the quadratic approximation at the last point, which is −3 for a quadratic surface."""
    run = _sgd(Unlisted(), 0.1)
    assert run.status.kind == "converged" and run.status.step == _first_low(run, -3.0)


def test_no_run_converges_on_a_surface_without_a_minimum() -> None:
    """From (1, 0.01) with η = 0.01, y grows by a factor of 1.01 in each step, to 0.2 after 300."""
    assert _sgd(Unknown(), 0.01).status.kind == "moving"
    # exactly on the ridge, the run comes to rest at the saddle
    run = _sgd(Unknown(), 0.2, (1.0, 0.0))
    assert run.status.kind == "stalled" and "saddle" in run.status.why


@pytest.mark.parametrize("above", [1.02, 1.05, 1.3])
def test_growing_just_above_the_stability_limit(above: float) -> None:
    """|1 − η κ| = 2·above − 1: y grows by this factor in each step, and the loss by its square."""
    run = _sgd(RAVINE(30.0), above * 2 / 30)
    assert run.diverged == -1
    assert run.status.kind == "growing" and run.status.step is None
    factor = float(run.status.why.split("by a factor of ")[1].split(" per step")[0])
    assert factor == pytest.approx((2 * above - 1) ** 2, rel=0.01)


def test_the_factor_of_slow_growth_is_not_rounded_to_1() -> None:
    """|1 − ηκ| = 1.0001, over 20,000 steps: once x² has faded, the loss grows by a factor of 1.0002 in each step."""
    run = _sgd(RAVINE(30.0), 2.0001 / 30, (0.1, 1.2), steps=20_000)
    assert run.status.kind == "growing" and run.status.why.endswith("grows by a factor of 1.0002 per step.")


def test_diverged_at_the_first_step_that_is_not_finite() -> None:
    """|y| = 1.2·59ᵗ and L = 15·1.44·59²ᵗ: the loop counts the steps until L exceeds 1.8·10³⁰⁸."""
    run = _sgd(RAVINE(30.0), 2.0)
    t, y = 0, 1.2
    with np.errstate(over="ignore"):
        while np.isfinite(0.5 * 30 * np.float64(y) ** 2):
            t, y = t + 1, y * -59.0
    assert run.status == Status("diverged", t, run.status.why)
    assert str(t) in run.status.why


def test_oscillating_in_a_two_cycle() -> None:
    """η κ = 2 exactly: y changes its sign in every step, while x comes to rest."""
    run = _sgd(RAVINE(32.0), 1 / 16)
    np.testing.assert_array_equal(run.positions[:, 1], 1.2 * (-1.0) ** np.arange(STEPS + 1))
    assert run.status.kind == "oscillating"


def test_oscillating_in_the_sharp_minimum() -> None:
    """η h₁/2 = 1.01 with h₁ = 200 and h₂ = 2: a bounded two-cycle in the sharp minimum."""
    run = _sgd(SURFACES["sharp_and_flat"](sharp_curvature=200.0), 0.0101, (1.26, 0.0), steps=1000)
    assert run.positions[-1, 0] > 0.5
    assert run.status.kind == "oscillating"


@pytest.mark.parametrize("angle", [0.0, 50.0])
def test_stalled_at_a_saddle(angle: float) -> None:
    """From the ridge y₀ = 0 gradient descent comes to rest at the saddle."""
    inner = SURFACES["saddle"]()
    surface = Rotated(inner, angle) if angle else inner
    # under rotation, rounding starts it 10⁻¹⁶ beside the ridge; its escape takes ln(10¹⁵)/ln(1.1) = 362 steps
    run = _sgd(surface, 0.1, surface.rotate((-1.8, 0.0)) if angle else (-1.8, 0.0), steps=200)  # type: ignore[attr-defined]
    assert run.status.kind == "stalled" and "at a saddle" in run.status.why
    assert run.status.step is not None and 50 < run.status.step < 120


def test_stalled_at_a_local_minimum() -> None:
    surface = SURFACES["sharp_and_flat"](flat_depth=1.0)
    run = _sgd(surface, 0.02)
    assert np.abs(run.positions[-1] - surface.minima(local=True)[0]).max() < 1e-3
    assert run.status.kind == "stalled" and "at a local minimum that is not the lowest" in run.status.why
    # in the deeper one it converges
    assert _sgd(surface, 0.02, (-1.0, 0.5)).status.kind == "converged"


@pytest.mark.parametrize(("decay", "near"), [(0.01, True), (1.0, False)])
def test_stalled_near_the_minimum_or_on_a_slope(decay: float, near: bool) -> None:
    """AdamW comes to rest where gradient and decay balance: near the lowest minimum, or far from it on the slope."""
    rule = OPTIMIZERS["adamw"](learning_rate=0.02, weight_decay=decay, epsilon=1.0)
    run = trace(SURFACES["rosenbrock"](1.0), rule, start=(0.0, 0.0), steps=4000)
    far = np.linalg.norm(run.positions[-1] - 1.0)
    assert run.status.kind == "stalled" and (far < 0.05) == near
    words = f"It rests {short(far, 2)} from the lowest minimum; its height" if near else "It rests on a slope"
    assert run.status.why.startswith(words), run.status.why


def test_stalled_on_a_plateau() -> None:
    run = _sgd(Well(), 0.5)
    assert run.status.kind == "stalled" and "on a plateau" in run.status.why and run.status.step == 0


def test_stalled_at_a_maximum() -> None:
    """From here Newton's method reaches the maximum of Himmelblau's function in a few steps."""
    run = trace(SURFACES["himmelblau"](), OPTIMIZERS["newton"](), start=(-0.2, -0.8), steps=30)
    assert run.status.kind == "stalled" and "at a maximum" in run.status.why


def test_stalled_on_a_slope() -> None:
    """With η = 10⁻⁸, y shrinks by 3·10⁻⁷ in each step and the loss by less than 1/1,000 in 300, on a slope of 36."""
    run = _sgd(RAVINE(30.0), 1e-8)
    assert run.status.kind == "stalled" and "on a slope: its steps no longer lower the loss" in run.status.why
    assert run.losses[-1] / run.losses[0] > 0.99


def test_moving_while_the_loss_falls() -> None:
    """x shrinks by a factor of 0.998 in each step: by half in 300 steps, and the loss by 0.998¹²⁰ over the last 60."""
    run = _sgd(RAVINE(30.0), 0.002)
    assert run.status.kind == "moving" and run.status.step is None
    fall = 100 * (run.losses[-61] - run.losses[-1]) / run.losses[0]
    assert run.status.why == (
        f"In the last 60 steps its loss fell by {fall:.2g} % of the initial height above the lowest minimum."
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rate=st.floats(-7, 1).map(lambda e: 10.0**e),
    kappa=st.floats(1.0, 1e4),
    x=st.floats(-3, 3),
    y=st.floats(-1.8, 1.8),
    steps=st.integers(1, 512),
)
def test_no_run_converges_far_above_the_minimum(rate: float, kappa: float, x: float, y: float, steps: int) -> None:
    run = _sgd(RAVINE(kappa), rate, (x, y), steps)
    with np.errstate(over="ignore"):  # the ratio of a growing loss to a small one may overflow
        share = run.losses[-1] / run.losses[0] if run.losses[0] > 0 else 0.0
    kind = run.status.kind
    # near the minimum, losses differ by rounding only: 64 eps of the height of the default start
    rounding = 64 * 2.0**-52 * 0.5 * (2.8**2 + kappa * 1.2**2)
    assert kind != "converged" or share <= 1e-4 or run.losses[-1] <= rounding
    assert kind != "growing" or run.losses[-1] > run.losses[0]
    assert (kind == "diverged") == (run.diverged >= 0)
    if share > 0.995 and run.losses[-1] > rounding:
        assert kind in ("stalled", "oscillating", "growing", "diverged", "moving")


def test_a_run_of_one_step_has_a_status() -> None:
    assert _sgd(RAVINE(4.0), 0.1, steps=1).status.kind in ("moving", "stalled")
    # one step leads to the bottom, and no further one shows that the run stays there
    assert _sgd(RAVINE(4.0), 1.0, (1.0, 0.0), steps=1).status.kind == "moving"
    assert _sgd(RAVINE(4.0), 0.1, (0.0, 0.0), steps=1).status.kind == "converged"


@pytest.mark.parametrize("steps", [2, 5, 9, 10, 11, 19, 20, 21, 30, 31])
def test_converged_means_low_for_a_tenth_of_the_run_and_two_steps_at_least(steps: int) -> None:
    """Along x, (1 − η)²ᵗ ≤ 10⁻⁴ from t on for η = 1 − 10^(−2/t); t − ½ in the exponent rounds up to step t."""
    needed = max(math.ceil(steps / 10), 2)
    for t, kind in ((steps - needed, "converged"), (steps - needed + 1, "moving")):
        if t > 0:
            rate = 1 - 10 ** (-2 / (t - 0.5))
            run = _sgd(RAVINE(1.0), rate, (1.0, 0.0), steps)
            assert int(np.argmax(run.losses <= 1e-4 * run.losses[0])) == t
            assert run.status.kind == kind, (steps, t)
            assert kind != "converged" or run.status.step == t


@pytest.mark.parametrize("key", ["sgd", "adam", "radam", "sam", "adadelta", "adagrad"])
def test_a_stall_on_the_ledge_is_at_a_degenerate_saddle(key: str) -> None:
    kind = OPTIMIZERS[key]
    # with η = 0.051 Adagrad still moves after 3,000 steps; with η = 0.5 it reaches the ledge
    rates = {"adadelta": {}, "adagrad": {"learning_rate": 0.5}}
    run = trace(SURFACES["degenerate_saddle"](), kind(**rates.get(key, {"learning_rate": 0.051})), steps=3000)
    assert run.status.kind == "stalled" and "degenerate saddle" in run.status.why, run.status


@pytest.mark.parametrize(("key", "rate"), [("adam", 0.01), ("adam", 0.05), ("adagrad", 0.1), ("adagrad", 0.05)])
def test_a_stall_at_ackley_s_tip_is_at_the_lowest_minimum(key: str, rate: float) -> None:
    run = trace(SURFACES["ackley"](), OPTIMIZERS[key](learning_rate=rate), start=(-0.3, 0.2), steps=300)
    far = np.linalg.norm(run.positions[-1])
    assert run.status.kind == "stalled", run.status
    assert f"{short(far, 2)} from the lowest minimum, a tip" in run.status.why
    assert f"above that minimum is {percent(run.losses[-1] / run.losses[0], 2)} of the initial height" in run.status.why


def test_a_run_from_a_lowest_minimum_has_converged_although_its_height_is_rounded() -> None:
    surface = SURFACES["himmelblau"]()
    for minimum in surface.minima():
        for angle in (0.0, 33.0):
            turned = Rotated(surface, angle) if angle else surface
            start = turned.rotate(tuple(minimum)) if angle else tuple(minimum)  # type: ignore[attr-defined]
            for key, values in (("sgd", {"learning_rate": 0.001}), ("momentum", {"learning_rate": 0.001})):
                run = trace(turned, OPTIMIZERS[key](**values), start, steps=300)
                assert run.status.kind == "converged" and run.status.step == 0, (minimum, angle, run.status)
                assert run.status.why.startswith("It starts at the lowest minimum")
                assert steps_to(run) == 0


def test_growth_below_rounding_does_not_count() -> None:
    """|1 − ηκ| = 1.1: y grows from 10⁻⁶⁰ to 10⁻⁴⁸ in 300 steps, where its loss equals that of the minimum."""
    run = _sgd(RAVINE(30.0), 1.05 * 2 / 30, (0.0, 1e-60))
    assert run.losses[-1] > 1e20 * run.losses[0] > 0 and run.status.kind == "converged"
    assert _sgd(RAVINE(30.0), 1.05 * 2 / 30, (0.0, 1e-6)).status.kind == "growing"


@pytest.mark.parametrize("depth", [1e-3, 1e-2, 0.1, 1.0])
def test_a_listed_local_minimum_counts_however_small_the_difference(depth: float) -> None:
    run = _sgd(SURFACES["sharp_and_flat"](flat_depth=depth), 0.02)
    assert run.status.kind == "stalled" and "at a local minimum that is not the lowest" in run.status.why


@pytest.mark.parametrize("start", [(-1e3, 0.0), (-1e6, 0.0), (-1e80, 0.0)])
@pytest.mark.parametrize("key", ["saddle", "himmelblau"])
def test_a_far_start_does_not_make_a_saddle_look_low(key: str, start: tuple[float, float]) -> None:
    """From a far start on a symmetry axis of the saddle, Newton's method ends at the saddle, whose height is less than
    10⁻⁴ of the initial height.
    """
    run = trace(SURFACES[key](), OPTIMIZERS["newton"](), start, steps=1500)
    point, far = run.surface.nearest_critical_point(run.positions[-1])
    if run.status.kind == "converged":
        assert point.kind == "minimum" and far < 0.05
    if key == "saddle":
        assert point.kind == "saddle" and far < 1e-9
        assert run.status.kind == ("stalled" if np.isfinite(run.losses[0]) else "diverged"), run.status


class HalfListed(SURFACES["tilted_wells"]):  # type: ignore[misc]
    """Two wells of different depths, of which only the deeper is listed."""

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return tuple(point for point in super().critical_points() if point.kind == "minimum")


@pytest.mark.parametrize("start", [(1.9, 1.1), (1e3, 0.5), (1e6, 0.5), (1e60, 0.5)])
def test_a_far_start_does_not_make_an_unlisted_minimum_look_low(start: tuple[float, float]) -> None:
    """Newton's method ends in the higher well on its side, whose height is less than 10⁻⁴ of the initial height."""
    run = trace(HalfListed(), OPTIMIZERS["newton"](), start, steps=800)
    assert np.linalg.norm(run.positions[-1] - SURFACES["tilted_wells"]().minima(local=True)[0]) < 1e-6
    assert run.status.kind == "stalled", run.status
    assert run.status.why.startswith("It rests at a minimum that is not the lowest.")


@pytest.mark.parametrize("start", [(3.0, 2.0), None])
def test_a_run_that_leaves_the_lowest_minimum_reports_how_its_loss_rose(start: Any) -> None:
    surface = SURFACES["himmelblau"]()
    rule = OPTIMIZERS["adamw"](weight_decay=1.0, learning_rate=1e-3)
    run = trace(surface, rule, surface.minima()[1] if start is None else start, steps=1000)
    before, after = run.losses[[-201, -1]]
    assert after > before > 1.0 and run.status.kind == "moving"
    change = f"in the last 200 steps its loss rose from {short(before, 3)} to {short(after, 3)}."
    assert run.status.why == f"It starts at the lowest minimum; {change}"


def test_a_loss_that_falls_and_rises_again_is_not_reported_as_unchanged() -> None:
    # Lion moves by 1/8 a step, from −5/8 over the minimum to 5/8
    rule = OPTIMIZERS["lion"](learning_rate=0.125, beta1=0.999)
    for surface in (RAVINE(1.0), SURFACES["saddle"]()):
        run = trace(surface, rule, start=(-0.625, 0.0), steps=10)
        assert run.losses[-1] == run.losses[0] != run.losses[5]
        assert run.status.why == "In the last 10 steps its loss changed and returned to its value."
    flat = trace(Well(), SGD(learning_rate=0.0), start=(1.0, 0.0), steps=1)
    assert flat.losses[0] == flat.losses[1]
    assert "changed and returned" not in flat.status.why


def test_a_loss_that_rises_is_reported_to_rise() -> None:
    """AdamW's decay moves a run from a start near the minimum uphill."""
    rule = OPTIMIZERS["adamw"](weight_decay=1.0, learning_rate=1e-3)
    run = trace(SURFACES["himmelblau"](), rule, start=(3.2, 2.1), steps=1000)
    assert run.losses[-1] > run.losses[-201] and run.status.kind == "moving"
    assert f"rose by {percent((run.losses[-1] - run.losses[-201]) / run.losses[0], 2)} of" in run.status.why


@pytest.mark.parametrize(
    "key", [pytest.param(k, marks=pytest.mark.xdist_group(k)) for k in SURFACES if k != "ravine_nd"]
)
@pytest.mark.thinned(12)
def test_status_and_measures_do_not_depend_on_rotation_or_units(key: str) -> None:
    """c L(w/s) with η s²/c has the same path in other units, exactly if c and s are powers of two; and the path of
    gradient descent, with and without momentum, turns with the surface.
    """
    inner = SURFACES[key]()
    learning_rate = starting_learning_rate(inner, SGD)
    assert learning_rate is not None
    for rule in ("sgd", "momentum"):
        results = {}
        for angle, c, s in ((0.0, 1.0, 1.0), (30.0, 1.0, 1.0), (77.0, 2.0**20, 2.0**-10), (-45.0, 2.0**-20, 2.0**10)):
            surface = Scaled(Rotated(inner, angle), c, s)
            run = trace(surface, OPTIMIZERS[rule](learning_rate=learning_rate * s**2 / c), steps=300)
            far = overshoot(run)
            results[angle] = (
                *(run.status.kind, run.status.step, crossings(run), steps_to(run), steps_on_flat_ground(run)),
                None if far is None else round(far, 9),
            )
        assert len(set(results.values())) == 1, (rule, results)


def test_steps_to_a_share_of_the_height() -> None:
    """Along x, (1 − η)²ᵗ ≤ share from t = ⌈ln share / (2 ln(1 − η))⌉ on."""
    run = _sgd(RAVINE(30.0), 0.05, (1.0, 0.0))
    for share in (0.5, 1e-2, 1e-4):
        assert steps_to(run, share) == int(np.ceil(np.log(share) / (2 * np.log(0.95))))
    assert steps_to(_sgd(RAVINE(30.0), 1e-6), 0.5) is None
    assert steps_to(_sgd(RAVINE(30.0), 2.0), 0.5) is None


def test_a_status_needs_every_step_of_a_single_run() -> None:
    for arguments in ({"stride": 5}, {"record": ("losses",)}, {"record": ("positions",)}):
        run = trace(RAVINE(4.0), SGD(0.1), steps=50, **arguments)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="a status needs one run with positions and losses of every step"):
            _ = run.status
