"""The thresholds of statuses and measures, tested from both sides by runs that are known in closed form.

On L = ½(x² + κ y²) with ηκ = 1 + r a step turns y into −r y: the path zigzags across the valley, and everything about
it is a geometric series.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from jax import Array

from optimizers import OPTIMIZERS, Trace, crossings, overshoot, trace
from surfaces import SURFACES, CriticalPoint, Rotated, Surface
from surfaces.calculus import expand
from surfaces.parameter import parameter

KAPPA = 30.0
RAVINE = SURFACES["quadratic_ravine"](condition_number=KAPPA)
SGD = OPTIMIZERS["sgd"]


def _zigzag(r: float, steps: int, height: float = 1.2, surface: Surface = RAVINE) -> Trace:
    """A run whose y is height · (−r)ᵗ and whose x is 0."""
    run = trace(surface, SGD((1 + r) / KAPPA), (0.0, height), steps=steps)
    np.testing.assert_allclose(run.positions[:, 1], height * (-r) ** np.arange(steps + 1.0), rtol=1e-9)
    return run


@pytest.mark.parametrize(("share", "kind"), [(0.19, "oscillating"), (0.21, "moving")])
def test_a_run_oscillates_if_its_net_way_is_below_a_fifth_of_its_path(share: float, kind: str) -> None:
    """Over an even number n of steps the net way is (1 − rⁿ)|y| and the path (1 + r)(1 − rⁿ)/(1 − r)|y|.

    Their ratio is (1 − r)/(1 + r), from which r follows.
    """
    run = _zigzag((1 - share) / (1 + share), steps=10)
    moves = np.abs(np.diff(run.positions[:, 1])).sum()
    assert abs(run.positions[-1, 1] - run.positions[0, 1]) / moves == pytest.approx(share, rel=1e-9)
    assert run.status.kind == kind


@pytest.mark.parametrize("way", [0.4, 1.7, 3.3])
@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_an_overshoot_is_a_share_of_the_way_for_any_length_of_the_way(way: float, angle: float) -> None:
    """The first step ends at −0.6 times the start, whose distance from the minimum is `way`."""
    turned = math.radians(angle)
    start = (-way * math.sin(turned), way * math.cos(turned))
    run = trace(Rotated(RAVINE, angle=angle), SGD(1.6 / KAPPA), start, steps=20)
    assert overshoot(run) == pytest.approx(0.6, rel=1e-9)


@pytest.mark.parametrize(("beyond", "seen"), [(4e-4, False), (6e-4, True)])
def test_an_overshoot_below_a_twothousandth_is_none(beyond: float, seen: bool) -> None:
    run = trace(RAVINE, SGD((1 + beyond) / KAPPA), (0.0, 1.7), steps=20)
    assert overshoot(run) == pytest.approx(beyond if seen else 0.0, rel=1e-6)


@pytest.mark.parametrize(("factor", "kind"), [(1.45, "oscillating"), (1.55, "growing")])
def test_growing_means_that_peaks_rise_by_half_from_quarter_to_quarter(factor: float, kind: str) -> None:
    """In 48 steps the second half has quarters of six or seven losses; a step multiplies the loss by r².

    The quarters hold the losses of steps 24–30, 31–36, 37–42 and 43–48, whose peaks are their last: the factors
    between them are all (r²)⁶.
    """
    run = _zigzag(math.sqrt(factor ** (1 / 6)), steps=48, height=0.3)
    peaks = [quarter.max() for quarter in np.array_split(run.losses[24:], 4)]
    np.testing.assert_allclose(np.divide(peaks[1:], peaks[:-1]), factor, rtol=1e-6)
    assert run.status.kind == kind


class Channel(Surface):
    """50 y² − s x: gradient descent at η = 0.01 is on the floor after one step, and then moves by η s a step."""

    name = "Channel"
    theme = "ravines"
    slope: float = parameter("s", default=1.0, low=0.0, high=10.0, doc="Downhill along the floor.")
    half: float = parameter("b", default=3.0, low=0.1, high=1e3, doc="Half the width of the domain.")

    def __call__(self, w: Array) -> Array:
        return 50.0 * w[1] ** 2 - self.slope * w[0]

    @property
    def domain(self) -> Any:
        return (-self.half, self.half), (-2.0, 2.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (0.3, 1.3)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return ()


@pytest.mark.parametrize(("share", "kind"), [(0.95, "stalled"), (1.05, "moving")])
def test_a_run_stalls_if_it_stays_within_a_thousandth_of_the_diagonal(share: float, kind: str) -> None:
    """The tail of 100 steps has 20 steps, in which the run moves by 20 η s."""
    diagonal = math.hypot(6.0, 4.0)
    run = trace(Channel(slope=share * 1e-3 * diagonal / (20 * 0.01)), SGD(0.01), steps=100)
    assert run.positions[-1, 0] - run.positions[-21, 0] == pytest.approx(share * 1e-3 * diagonal)
    assert run.status.kind == kind


@pytest.mark.parametrize(("share", "kind"), [(0.95, "stalled"), (1.05, "moving")])
def test_a_run_stalls_if_its_loss_stays_within_a_thousandth_of_the_height(share: float, kind: str) -> None:
    """The domain is so wide that the distance does not matter. In the tail the loss falls by 20 η s².

    The height is that of the start above the end, where no minimum is known: 50 · 1.3² and what 99 more steps bring.
    """
    height = 50 * 1.3**2
    slope = math.sqrt(share * 1e-3 * height / (20 * 0.01))
    run = trace(Channel(slope=slope, half=1e3), SGD(0.01), steps=100)
    measured = run.losses[0] - run.losses[-1]
    assert (run.losses[-21] - run.losses[-1]) / measured == pytest.approx(share * 1e-3, rel=0.01)
    assert run.status.kind == kind


@pytest.mark.parametrize(("kappa", "valley"), [(1.008, False), (1.013, True)])
def test_a_valley_has_two_curvatures_that_differ_by_more_than_a_hundredth(kappa: float, valley: bool) -> None:
    run = trace(SURFACES["quadratic_ravine"](condition_number=kappa), SGD(1.5 / kappa), (1.7, 1.3), steps=9)
    assert (crossings(run) is not None) == valley


@pytest.mark.parametrize(("factor", "count"), [(1.2, 6), (0.8, 5)])
def test_a_side_counts_from_a_billionth_of_the_way_up_the_wall(factor: float, count: int) -> None:
    """After six steps |y| is `factor` times 10⁻⁹ of the height of the start, as a way up the wall: √(2h/κ).

    The seventh step is below in either case, and the run stays high along x, where it moves slowly.
    """
    x, y = 2.3, 1.1
    height = 0.5 * (x**2 + KAPPA * y**2)
    r = (factor * 1e-9 * math.sqrt(2 * height / KAPPA) / y) ** (1 / 6)
    run = trace(RAVINE, SGD((1 + r) / KAPPA), (x, y), steps=7)
    assert run.losses[-1] > 0.05 * height and 0 < r < 0.1
    assert crossings(run) == count


@pytest.mark.parametrize(("factor", "count"), [(1.1, 6), (0.9, 5)])
def test_a_side_counts_alike_in_many_dimensions(factor: float, count: int) -> None:
    """The same along the stiffest and the softest direction of six, whose curvatures are those of the Hessian."""
    surface = SURFACES["ravine_nd"](dimension=6)
    minimum = surface.minima()[0]
    curvatures, directions = np.linalg.eigh(expand(surface, minimum)[2])
    x, y, stiff = 2.3, 1.1, float(curvatures[-1])
    height = 0.5 * (curvatures[0] * x**2 + stiff * y**2)
    r = (factor * 1e-9 * math.sqrt(2 * height / stiff) / y) ** (1 / 6)
    start = minimum + x * directions[:, 0] + y * directions[:, -1]
    run = trace(surface, SGD((1 + r) / stiff), tuple(start), steps=7)
    assert run.losses[-1] - surface.lowest() > 0.02 * height and crossings(run) == count
