"""The status of a run, judged from the run and the known facts of its surface. Every word is defined by numbers.

Let L* be the loss at the lowest known minimum. If no minimum is known, L* is the minimum of the quadratic approximation
at the last point; if that has none either, no run converges, and L* is the lowest loss of the run. Then

- the initial height is h = L₀ − L*, and the *unit* of heights is u = min(h, H), where H is the height of the surface's
  default start: without H, a start far outside the domain would make every valley look low;
- ε = 64 · 2⁻⁵² · max(H, |L*|) is the rounding of losses; a run with h ≤ ε starts at the lowest minimum, and has u = H;
- D is the diagonal of the surface's domain before any rotation;
- the *tail* is the last ⌈steps/5⌉ steps, but at least 10 (or all steps of a shorter run).

| word | definition |
| --- | --- |
| diverged | in that step the point or the loss is not finite |
| growing | L ends above L₀ + ε; in the second half, the peak of L − L* rises by 1.5 or more per quarter |
| converged | from that step on, for at least ⌈steps/10⌉ and two steps, L − L* ≤ max(10⁻⁴ u, ε); see below |
| stalled | not converged, but from that step on, for at least the tail, within 10⁻³ D and 10⁻³ u of the end |
| oscillating | over the tail, the first and last points are closer than a fifth of the path's length |
| moving | none of these |

A run is not converged if the listed critical point nearest to its end, within D/100, is none of the lowest minima. A
stalled run is there: "at" that point within D/1,000, and otherwise at a distance from it that is stated. If no point is
listed so near, gradient and Hessian at the end decide: the run is at an unlisted minimum if all eigenvalues exceed
u/(100 D²) and the Newton step is at most D/100. Otherwise, if the gradient is at most u/(100 D), it is at a saddle (an
eigenvalue below −u/(100 D²)), at a maximum (all of them below), or on a plateau. Otherwise it is on a slope.

The status stays the same if the loss or all coordinates are multiplied by a positive number, and under rotations.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from surfaces.calculus import expand
from surfaces.digits import percent, short
from surfaces.surface import LOWEST, CriticalPoint, Kind, Surface

Word = Literal["converged", "moving", "oscillating", "stalled", "growing", "diverged"]

CONVERGED = 1e-4
STILL = 1e-3
FLAT = 1e-2
RISE = 1.5
ROUND_TRIP = 0.2
ROUNDING = 64 * np.finfo(float).eps

NAMES: dict[Kind, str] = {
    "local minimum": "a local minimum that is not the lowest",
    "saddle": "a saddle",
    "degenerate": "a degenerate saddle, where one eigenvalue of the Hessian is zero",
    "maximum": "a maximum",
}


class Recorded(Protocol):
    """A single run that was recorded at every step: the attributes of `optimizers.engine.Trace` that a status needs."""

    @property
    def surface(self) -> Surface: ...
    @property
    def positions(self) -> Any: ...
    @property
    def losses(self) -> Any: ...
    @property
    def steps(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def diverged(self) -> Any: ...
    @property
    def last(self) -> int: ...
    @property
    def floor(self) -> float: ...


@dataclasses.dataclass(frozen=True)
class Status:
    """The status of a run.

    Args:
        kind: "converged", "moving", "oscillating", "stalled", "growing" or "diverged".
        step: the step since which it has this status; None for a status that has no such step.
        why: a sentence that gives the reason.
    """

    kind: Word
    step: int | None
    why: str

    def __str__(self) -> str:
        return self.kind if self.step is None else f"{self.kind} @ {self.step:,}"


class Scale(NamedTuple):
    """The scale of a run's landscape, with the letters of the module's docstring.

    Args:
        bottom: L*.
        height: h; infinite if the initial loss overflows.
        unit: u; 0 on a flat surface.
        rounding: ε.
        diagonal: D.
    """

    bottom: float
    height: float
    unit: float
    rounding: float
    diagonal: float

    @property
    def starts_lowest(self) -> bool:
        """Whether the run starts at the lowest minimum, up to rounding."""
        return self.height <= self.rounding

    @property
    def unit_name(self) -> str:
        """The unit of heights in words."""
        return "the initial height" if self.unit == self.height else "the height of the surface's default start"


def judge(run: Recorded) -> Status:
    """The status of a single run that was recorded at every step (stride 1).

    Raises:
        ValueError: if positions or losses were not recorded at every step.
    """
    if run.diverged.ndim or run.stride != 1 or run.positions is None or run.losses is None:
        raise ValueError("a status needs one run with positions and losses of every step; index a batch first")
    if run.diverged >= 0:
        k = int(run.diverged)
        return Status("diverged", k, f"At step {k:,} its position or its loss is no longer finite.")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _judge(run)


def scale(run: Recorded) -> Scale:
    """The scale of a single run's landscape."""
    start, _ = _levels(run.surface)
    bottom = run.floor if math.isfinite(run.floor) else float(run.losses[: run.last + 1].min())
    with np.errstate(over="ignore"):
        height, default_height = float(run.losses[0]) - bottom, start - bottom
    rounding = float(ROUNDING) * max(abs(bottom), default_height if math.isfinite(default_height) else 0.0)
    unit = min((h for h in (height, default_height) if rounding < h < math.inf), default=0.0)
    return Scale(bottom, height, unit, rounding, run.surface.diagonal)


def steps_to(run: Recorded, share: float = 1e-2) -> int | None:
    """The number of steps after which a run has come down to a share of its initial height.

    Args:
        run: a single run, recorded at every step.
        share: the share of the initial height above the lowest minimum.

    Returns:
        The first step at which the height is at most that share, or at most the rounding of losses; None if there is no
        such step, if no minimum is known, or if the initial loss overflows.
    """
    bottom, height, _, rounding, _ = scale(run)
    if not (math.isfinite(height) and math.isfinite(run.floor)):
        return None
    reached = np.flatnonzero(run.losses[: run.last + 1] - bottom <= max(share * height, rounding))
    return int(reached[0]) if len(reached) else None


def floor(run: Recorded) -> float:
    """The loss at the lowest known minimum, or else the minimum of the quadratic approximation at the last point.

    −∞ if no minimum is known and the approximation has none.
    """
    _, lowest = _levels(run.surface)
    if not math.isnan(lowest):
        return lowest
    _, gradient, hessian = expand(run.surface, run.positions[run.last])
    if np.isfinite(hessian).all() and np.linalg.eigvalsh(hessian)[0] > 0:
        return float(run.losses[run.last] - 0.5 * gradient @ np.linalg.solve(hessian, gradient))
    return float("-inf")


@functools.lru_cache(maxsize=32)
def _levels(surface: Surface) -> tuple[float, float]:
    """The loss at the surface's default start, and at its lowest minimum (NaN if none is known)."""
    return surface.levels(surface.minima())


def _since(holds: np.ndarray) -> int:
    """The first index from which `holds` is true to the end."""
    return len(holds) - int(np.argmin(holds[::-1])) if not holds.all() else 0


def _judge(run: Recorded) -> Status:
    losses, positions, steps = run.losses, run.positions, run.steps
    heights = scale(run)
    bottom, _, unit, rounding, diagonal = heights
    minimum_known = math.isfinite(run.floor)
    tail = min(max(math.ceil(steps / 5), 10), steps)

    quarters = np.array_split(losses[steps // 2 :] - min(bottom, losses.min()), 4)
    peaks = [float(q.max()) for q in quarters if len(q)]
    rising = len(peaks) == 4 and all(b >= RISE * a for a, b in itertools.pairwise(peaks))
    if rising and losses[-1] - losses[0] > rounding:
        return Status("growing", None, f"Its loss is above the initial loss and grows{_factor(peaks, steps)}.")

    low = losses - bottom <= max(CONVERGED * unit, rounding) if minimum_known else losses < -math.inf
    low_since = _since(low)
    stays_low = low[-1] and steps - low_since >= min(max(math.ceil(steps / 10), 2), steps)
    away = np.linalg.norm(positions - positions[-1], axis=1)
    still_since = _since((away <= STILL * diagonal) & (np.abs(losses - losses[-1]) <= STILL * unit))
    stays_still = steps - still_since >= tail
    near = _critical_point_near(run, diagonal) if stays_low or stays_still else None
    if stays_low and (near is None or near[0].kind in LOWEST):
        return Status("converged", low_since, _convergence(heights, low_since))
    if stays_still:
        place = _place(near, run, heights) if near else _unlisted_place(run, heights)
        return Status("stalled", still_since, f"It rests {place}. It has hardly moved since step {still_since:,}.")

    moves = np.linalg.norm(np.diff(positions[-tail - 1 :], axis=0), axis=1).sum()
    if moves > 0 and away[-tail - 1] < ROUND_TRIP * moves:
        why = "it moved back and forth: its path is more than five times as long as the distance between its ends."
        return Status("oscillating", None, f"Over the last {tail:,} steps {why}")
    zero = "the lowest minimum" if minimum_known else "its lowest loss"
    return Status("moving", None, _progress(heights, losses[-tail - 1 :], zero))


def _factor(peaks: list[float], steps: int) -> str:
    """The words for the factor by which a loss grows in each step, to two digits of its excess over 1.

    Empty if the factor is not above 1, or not finite.
    """
    factor = (peaks[-1] / peaks[0]) ** (8 / (3 * steps)) if peaks[0] > 0 else math.inf
    if not 1 < factor < math.inf:
        return ""
    digits = max(3, 2 - math.floor(math.log10(factor - 1)))
    return f" by a factor of {short(factor, digits)} per step"


def _convergence(heights: Scale, since: int) -> str:
    if heights.starts_lowest:
        return f"It starts at the lowest minimum, and from step {since:,} on its loss is that of the minimum."
    return f"From step {since:,} on, its height above the lowest minimum is at most 1/10,000 of {heights.unit_name}."


def _progress(heights: Scale, losses: np.ndarray, zero: str) -> str:
    """A sentence on the change of the loss: in percent of the initial height, or in numbers where that is no measure.

    Args:
        heights: the scale of the run.
        losses: the loss before the steps in question and after each of them.
        zero: where heights are measured from.
    """
    tail, before, after = len(losses) - 1, float(losses[0]), float(losses[-1])
    when = f"in the last {tail:,} steps" if tail > 1 else "in its only step"
    verb = "fell" if after < before else "rose"
    if after == before:
        returned = (losses != after).any()
        what = "its loss changed and returned to its value" if returned else "its loss did not change"
    else:
        what = f"its loss {verb} from {short(before, 3)} to {short(after, 3)}"
    if heights.starts_lowest:
        return f"It starts at the lowest minimum; {when} {what}."
    change = abs(after - before) / heights.height
    if not 0 < change < math.inf:  # no change, or an initial loss that overflows
        return f"{when.capitalize()} {what}."
    return f"{when.capitalize()} its loss {verb} by {percent(change, 2)} of the initial height above {zero}."


def _critical_point_near(run: Recorded, diagonal: float) -> tuple[CriticalPoint, float] | None:
    """The listed critical point nearest to the end, and its distance; None if none is within D/100."""
    nearest = run.surface.nearest_critical_point(run.positions[-1])
    return nearest if nearest is not None and nearest[1] <= FLAT * diagonal else None


def _place(near: tuple[CriticalPoint, float], run: Recorded, heights: Scale) -> str:
    """Words for the place of a run that ends near a listed critical point."""
    point, distance = near
    if point.kind in LOWEST:
        tip = ", a tip where steps do not shrink by themselves" if point.kind == "kink" else ""
        share = percent((run.losses[-1] - heights.bottom) / heights.unit, 2)
        height = f"its height above that minimum is {share} of {heights.unit_name}"
        return f"{short(distance, 2)} from the lowest minimum{tip}; {height}"
    return f"{'at' if distance <= STILL * heights.diagonal else f'{short(distance, 2)} from'} {NAMES[point.kind]}"


def _unlisted_place(run: Recorded, heights: Scale) -> str:
    """Words for the place of a run that ends at no listed critical point, from gradient and Hessian."""
    bottom, _, unit, _, diagonal = heights
    loss, gradient, hessian = expand(run.surface, run.positions[-1])
    eigenvalues = np.linalg.eigvalsh(hessian)
    flat = FLAT * unit / diagonal**2
    if eigenvalues[0] > flat:
        step = np.linalg.solve(hessian, gradient)
        if np.linalg.norm(step) <= FLAT * diagonal:
            higher = loss - 0.5 * gradient @ step - bottom > CONVERGED * unit
            return f"at a minimum that is not {'the lowest' if higher else 'listed'}"
    if np.linalg.norm(gradient) > FLAT * unit / diagonal:
        return "on a slope: its steps no longer lower the loss"
    if eigenvalues[-1] < -flat:
        return "at a maximum"
    if eigenvalues[0] < -flat:
        return "at a saddle"
    return "on a plateau"
