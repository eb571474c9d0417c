"""Where a run that stands still is: the thresholds, tested from both sides on a surface of known derivatives.

At a learning rate of zero a run stays at its start. The diagonal D of the domain is 10. The unit of heights u is the
height of the surface's default start above the lowest known loss.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from jax import Array

from optimizers import OPTIMIZERS, Status, Trace, steps_to, trace
from surfaces import CriticalPoint, Surface
from surfaces.parameter import parameter

D = 10.0


class Bowl(Surface):
    """o + ½(a x² + b y²) + g x + c x⁴, with a saddle and a minimum listed at places that a test chooses."""

    name = "Bowl"
    theme = "ravines"
    a: float = parameter("a", default=2.0, doc="Curvature along x at the origin.")
    b: float = parameter("b", default=2.0, doc="Curvature along y at the origin.")
    g: float = parameter("g", default=0.0, doc="Slope along x at the origin.")
    c: float = parameter("c", default=0.1, doc="Steepness far from the origin.")
    offset: float = parameter("o", default=-7.3, doc="Loss at the origin.")
    saddle: float = parameter("s", default=100.0, doc="Where a saddle is listed, on the x axis.")
    minimum: float = parameter("m", default=100.0, doc="Where a lowest minimum is listed, on the x axis.")

    def __call__(self, w: Array) -> Array:
        x, y = w
        return self.offset + 0.5 * (self.a * x**2 + self.b * y**2) + self.g * x + self.c * x**4

    @property
    def domain(self) -> Any:
        return (-3.0, 5.0), (-2.0, 4.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (4.0, 3.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        places = {"saddle": float(self.saddle), "minimum": float(self.minimum)}
        return tuple(CriticalPoint((x, 0.0), kind) for kind, x in places.items() if x < 100)  # type: ignore[arg-type]

    @property
    def unit(self) -> float:
        """The height of the start above the origin."""
        x, y = self.start
        return float(0.5 * (self.a * x**2 + self.b * y**2) + self.g * x + self.c * x**4)


def _status(surface: Surface, x: float = 0.0) -> Status:
    return trace(surface, OPTIMIZERS["sgd"](0.0), (x, 0.0), steps=25).status


FLAT = 0.01 * Bowl(a=0.0, b=0.0).unit / D**2
"""The curvature below which the ground counts as flat; it changes little with a and b of that size."""


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        (-1.1, -1.1, "maximum"),
        (-0.9, -1.1, "saddle"),
        (1.1, -1.1, "saddle"),
        (1.1, -0.9, "plateau"),
        (0.9, -0.9, "plateau"),
    ],
)
def test_curvatures_beyond_a_hundredth_of_u_over_d_squared_make_a_maximum_or_a_saddle(
    a: float, b: float, word: str
) -> None:
    surface = Bowl(a=a * FLAT, b=b * FLAT)
    assert 0.01 * surface.unit / D**2 == pytest.approx(FLAT, rel=0.05)
    status = _status(surface)
    assert status.kind == "stalled" and word in status.why


@pytest.mark.parametrize(("share", "word"), [(0.9, "plateau"), (1.1, "slope")])
def test_a_slope_beyond_a_hundredth_of_u_over_d_is_no_plateau(share: float, word: str) -> None:
    slope = share * 0.01 * Bowl(a=0.0, b=-0.5 * FLAT).unit / D
    surface = Bowl(a=0.0, b=-0.5 * FLAT, g=slope)
    # the slope itself raises the start by less than a hundredth
    assert surface.unit == pytest.approx(slope * 100 * D / share, rel=0.01)
    status = _status(surface)
    assert status.kind == "stalled" and word in status.why


@pytest.mark.parametrize(("x", "word"), [(0.09, "minimum"), (0.11, "slope")])
def test_an_unlisted_minimum_is_within_a_hundredth_of_the_diagonal_by_newtons_step(x: float, word: str) -> None:
    """Without the quartic term the step leads to the origin, which is x away."""
    status = _status(Bowl(c=0.0, b=3.0), x)
    assert status.kind == "stalled" and word in status.why


@pytest.mark.parametrize(
    ("share", "at", "near"),
    [(0.9e-3, True, True), (1.1e-3, False, True), (0.9e-2, False, True), (1.1e-2, False, False)],
)
def test_a_listed_point_is_at_within_a_thousandth_and_near_within_a_hundredth(
    share: float, at: bool, near: bool
) -> None:
    """The slope at that place is steep enough to be called one where the saddle is too far."""
    status = _status(Bowl(a=-30.0, b=3.0, c=10.0, saddle=0.0), share * D)
    assert status.kind == "stalled"
    assert ("at a saddle" in status.why, "from a saddle" in status.why) == (at, near and not at)
    assert ("slope" in status.why) is not near


def _down(surface: Surface, x: float) -> Trace:
    """A run from (x, 3) at η = ½, which is on the x axis after one step because b = 2, and then hardly moves."""
    run = trace(surface, OPTIMIZERS["sgd"](0.5), (x, 3.0), steps=25)
    assert run.positions[-1, 1] == 0.0 and run.positions[-1, 0] == pytest.approx(x, rel=0.02)
    return run


@pytest.mark.parametrize(("gap", "kind"), [(0.09, "stalled"), (0.11, "converged")])
def test_no_run_converges_within_a_hundredth_of_another_critical_point(gap: float, kind: str) -> None:
    """It ends near x = 0.3, lower than a ten-thousandth of u, and nearer to the saddle than to the minimum."""
    end = float(_down(Bowl(a=1e-3, c=0.0, minimum=0.0), 0.3).positions[-1, 0])
    surface = Bowl(a=1e-3, c=0.0, minimum=0.0, saddle=end + gap)
    assert 1e-4 * surface.unit > 0.5e-3 * 0.3**2
    assert _down(surface, 0.3).status.kind == kind


@pytest.mark.parametrize(("share", "kind"), [(0.95, "converged"), (1.05, "stalled")])
def test_a_run_converges_within_a_ten_thousandth_of_the_height(share: float, kind: str) -> None:
    """The floor is so flat that ½ a x² is small compared with u = 9 although the minimum is at a distance of 2."""
    run = _down(Bowl(a=share * 9e-4 / 2.0, c=0.0, minimum=0.0), 2.0)
    assert (run.losses[-1] + 7.3) / (run.losses[0] + 7.3) == pytest.approx(share * 1e-4, rel=0.02)
    assert run.status.kind == kind


def test_a_far_start_does_not_make_a_high_place_low() -> None:
    """From (2, 4000) the same place is low compared with the start, but not with the start of the surface."""
    surface = Bowl(a=0.1, c=0.0, minimum=0.0)
    run = trace(surface, OPTIMIZERS["sgd"](0.5), (2.0, 4000.0), steps=12)
    assert 0.05 < run.losses[-1] + 7.3 < 1e-7 * run.losses[0]
    assert run.status.kind != "converged"


@pytest.mark.parametrize("offset", [0.0, -7.3, 1e6])
@pytest.mark.parametrize(("share", "kind"), [(0.8, "converged"), (1.2, "stalled")])
def test_a_start_within_rounding_of_the_lowest_minimum_is_at_it(share: float, kind: str, offset: float) -> None:
    """Rounding is 64 units in the last place of the default start's height, or of the lowest loss if it is larger."""
    surface = Bowl(a=3.0, c=0.0, minimum=0.0, offset=offset)
    rounding = 64 * 2.0**-52 * max(surface.unit, abs(offset))
    status = _status(surface, (2 * share * rounding / 3.0) ** 0.5)
    assert status.kind == kind
    assert status.why.startswith("It starts at the lowest minimum") == (kind == "converged")


@pytest.mark.parametrize(("steps", "reached"), [(3, None), (4, 4), (9, 4)])
def test_steps_to_a_share_count_from_the_lowest_minimum(steps: int, reached: int | None) -> None:
    """At η = ¼ a step quarters the loss above the minimum, so that step 4 is the first below 0.9 · 4⁻³ of the start."""
    run = trace(Bowl(c=0.0, minimum=0.0), OPTIMIZERS["sgd"](0.25), (3.3, 1.7), steps=steps)
    np.testing.assert_allclose(run.losses + 7.3, (3.3**2 + 1.7**2) * 0.25 ** np.arange(steps + 1.0), rtol=1e-9)
    assert steps_to(run, 0.9 * 0.25**3) == reached


def test_the_bottom_of_the_parabola_stands_in_for_a_minimum_that_is_not_listed() -> None:
    """On a parabola it is exact, even if the run is still far away. A surface without a bottom has none."""
    run = trace(Bowl(a=3.0, b=1.0, c=0.0, g=2.4), OPTIMIZERS["sgd"](0.01), steps=3)
    assert run.losses[-1] > 5 and run.floor == pytest.approx(-7.3 - 2.4**2 / (2 * 3.0), rel=1e-12)
    assert trace(Bowl(a=3.0, b=-1.0), OPTIMIZERS["sgd"](0.01), steps=3).floor == -math.inf


@pytest.mark.parametrize(("factor", "kind"), [(1.45, "oscillating"), (1.55, "growing")])
def test_peaks_are_measured_from_the_lowest_loss(factor: float, kind: str) -> None:
    """The loss is always negative, and its height above the minimum grows by `factor` every six steps."""
    r = factor ** (1 / 12)
    run = trace(Bowl(b=30.0, c=0.0, minimum=0.0), OPTIMIZERS["sgd"]((1 + r) / 30.0), (0.0, 0.03), steps=48)
    assert run.losses.max() < 0 and (run.losses[48] + 7.3) / (run.losses[42] + 7.3) == pytest.approx(factor)
    assert run.status.kind == kind


def test_a_run_does_not_grow_unless_every_quarter_rises_and_it_ends_above_its_start() -> None:
    """y grows by 1.3 a step in y². Under a height of 1 along x the first two of the peaks are nearly the same; a start
    at a height of 400 stays above all of them.
    """
    rule = OPTIMIZERS["sgd"]((1 + 1.3**0.5) / 30.0)
    late = trace(Bowl(a=0.02, b=30.0, c=0.0, minimum=0.0), rule, (10.0, 1e-3), steps=48)
    peaks = [quarter.max() + 7.3 for quarter in np.array_split(late.losses[24:], 4)]
    assert late.losses[-1] > late.losses[0] and peaks[1] < 1.3 * peaks[0] and peaks[3] > 2 * peaks[2] > 3 * peaks[1]
    low = trace(Bowl(a=2.0, b=30.0, c=0.0, minimum=0.0), rule, (20.0, 0.005), steps=48)
    assert low.losses[-1] < low.losses[0] and low.losses[-1] + 7.3 > 3 * (low.losses[40] + 7.3)
    alone = trace(Bowl(a=2.0, b=30.0, c=0.0, minimum=0.0), rule, (0.0, 0.005), steps=48)
    assert [run.status.kind == "growing" for run in (late, low, alone)] == [False, False, True]


@pytest.mark.parametrize(("steps", "tail"), [(7, 7), (30, 10), (52, 11), (100, 20)])
def test_the_end_of_a_run_is_its_last_fifth_and_at_least_ten_steps(steps: int, tail: int) -> None:
    """At ηλ = 1.99 every step reverses the direction and is a hundredth shorter than the last."""
    run = trace(Bowl(b=2.0, c=0.0, minimum=0.0), OPTIMIZERS["sgd"](0.995), (0.0, 3.0), steps=steps)
    assert run.status.kind == "oscillating" and f" {tail} steps" in run.status.why
