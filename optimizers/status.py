"""The status of a run, from the run and the facts of its surface; each word is defined by numbers.

With L* the loss at the lowest known minimum (where none is known, at the bottom of the parabola at the last point;
where that has none, no run converges, and L* is the lowest loss of the run):

- the start's height h = L₀ − L*, and the *unit* of heights u = min(h, H), where H is the height of the surface's own
  start, so that a start far outside the domain does not make every valley look low;
- ε = 64 · 2⁻⁵² · max(H, |L*|), the rounding of losses: of a run with h ≤ ε, which starts at the lowest minimum, u = H;
- D, the diagonal of the surface's domain before any rotation;
- the *tail*, the last ⌈steps/5⌉ steps (at least 10, or the whole of a shorter run).

| word | what holds |
| --- | --- |
| diverged | the point or the loss is not a finite number, at that step |
| growing | L ends above L₀ + ε, and the peaks of L − L* in the quarters of the second half rise by 1.5 each |
| converged | from that step on, and for ⌈steps/10⌉ steps and two, L − L* ≤ max(10⁻⁴ u, ε); see below |
| stalled | not converged, but from that step on, and for the tail, within 10⁻³ D and 10⁻³ u of the end |
| oscillating | over the tail the way from first to last point is less than a fifth of the path's length |
| moving | none of these |

A run is not converged where the listed critical point nearest to the end, within D/100, is none of the lowest minima.
Where it stalled is that point: "at" it within D/1,000, and with its distance beyond. Where none is listed so near,
gradient and Hessian at the end decide: it stands at a minimum that is not listed (all eigenvalues above u/(100 D²) and
the Newton step at most D/100); else, where the gradient is at most u/(100 D), at a saddle (an eigenvalue below
−u/(100 D²)), at a maximum (all below) or on a plateau; else on a slope.

No word changes where the loss or all coordinates are multiplied by a number, and none with a rotation.
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
from surfaces.surface import LOWEST, Kind, Surface

Word = Literal["converged", "moving", "oscillating", "stalled", "growing", "diverged"]

CONVERGED = 1e-4
STILL = 1e-3
FLAT = 1e-2
RISE = 1.5
ROUND_TRIP = 0.2
ROUNDING = 64 * np.finfo(float).eps

NAMES: dict[Kind, str] = {
    "local minimum": "a local minimum, which is not the lowest",
    "saddle": "a saddle",
    "degenerate": "a degenerate saddle, where the Hessian has an eigenvalue of zero",
    "maximum": "a maximum",
}


class Recorded(Protocol):
    """What a status is read from: a single run, recorded at every step (`optimizers.engine.Trace`)."""

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
    """What became of a run.

    Args:
        kind: "converged", "moving", "oscillating", "stalled", "growing" or "diverged".
        step: since when that holds; None where it is no matter of a step.
        why: a sentence.
    """

    kind: Word
    step: int | None
    why: str

    def __str__(self) -> str:
        return self.kind if self.step is None else f"{self.kind} @ {self.step}"


class Scale(NamedTuple):
    """The measures of a run's landscape, as the module's docstring defines them.

    Args:
        bottom: L*.
        height: h; not finite where the start's loss is beyond the numbers.
        unit: u; 0 on a surface that is flat.
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
        """Whether the run starts at the lowest minimum, but for rounding."""
        return self.height <= self.rounding

    @property
    def whose(self) -> str:
        """What the unit of heights is, in words."""
        return "the start's height" if self.unit == self.height else "the height of the surface's default start"


def judge(run: Recorded) -> Status:
    """The status of a single run recorded at every step (stride 1).

    Raises:
        ValueError: if positions or losses were not recorded at every step.
    """
    if run.diverged.ndim or run.stride != 1 or run.positions is None or run.losses is None:
        raise ValueError("a status needs one run with positions and losses of every step; index a batch first")
    if run.diverged >= 0:
        k = int(run.diverged)
        return Status("diverged", k, f"At step {k:,} its point or its loss is no longer a finite number.")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _judge(run)


def scale(run: Recorded) -> Scale:
    """The measures of a single run's landscape."""
    start, _ = _levels(run.surface)
    bottom = run.floor if math.isfinite(run.floor) else float(run.losses[: run.last + 1].min())
    with np.errstate(over="ignore"):
        height, own = float(run.losses[0]) - bottom, start - bottom
    rounding = float(ROUNDING) * max(abs(bottom), own if math.isfinite(own) else 0.0)
    unit = min((h for h in (height, own) if rounding < h < math.inf), default=0.0)
    return Scale(bottom, height, unit, rounding, run.surface.diagonal)


def steps_to(run: Recorded, share: float = 1e-2) -> int | None:
    """How many steps a run needed to come down.

    Args:
        run: a single one, recorded at every step.
        share: of the start's height above the lowest minimum.

    Returns:
        The first step whose loss is within that share, or within rounding of the lowest minimum's; None where
        there is no such step, or the start's loss is beyond the numbers.
    """
    bottom, height, _, rounding, _ = scale(run)
    if not (math.isfinite(height) and math.isfinite(run.floor)):
        return None
    reached = np.flatnonzero(run.losses[: run.last + 1] - bottom <= max(share * height, rounding))
    return int(reached[0]) if len(reached) else None


def floor(run: Recorded) -> float:
    """The lowest known minimum's loss; else the bottom of the parabola at the last point, if it has one."""
    known = _levels(run.surface)[1]
    if not math.isnan(known):
        return known
    _, gradient, hessian = expand(run.surface, run.positions[run.last])
    if np.isfinite(hessian).all() and np.linalg.eigvalsh(hessian)[0] > 0:
        return float(run.losses[run.last] - 0.5 * gradient @ np.linalg.solve(hessian, gradient))
    return float("-inf")


@functools.lru_cache(maxsize=32)
def _levels(surface: Surface) -> tuple[float, float]:
    """The loss at the surface's start and at its lowest minimum, which is NaN where none is known."""
    return surface.levels(surface.minima())


def _since(holds: np.ndarray) -> int:
    """The first index from which `holds` is true to the end."""
    return len(holds) - int(np.argmin(holds[::-1])) if not holds.all() else 0


def _judge(run: Recorded) -> Status:
    losses, positions, steps = run.losses, run.positions, run.steps
    measures = scale(run)
    bottom, _, unit, rounding, diagonal = measures
    tail = min(max(math.ceil(steps / 5), 10), steps)

    quarters = np.array_split(losses[steps // 2 :] - min(bottom, losses.min()), 4)
    peaks = [float(q.max()) for q in quarters if len(q)]
    rising = len(peaks) == 4 and all(b >= RISE * a for a, b in itertools.pairwise(peaks))
    if rising and losses[-1] - losses[0] > rounding:
        return Status("growing", None, f"Its loss is above the start's and grows{_factor(peaks, steps)}.")

    low = losses - bottom <= max(CONVERGED * unit, rounding) if math.isfinite(run.floor) else losses < -math.inf
    since = _since(low)
    needed = min(max(math.ceil(steps / 10), 2), steps)
    if low[-1] and steps - since >= needed and _lowest_is_nearest(run, diagonal):
        return Status("converged", since, _stays(measures, since))

    away = np.linalg.norm(positions - positions[-1], axis=1)
    still = (away <= STILL * diagonal) & (np.abs(losses - losses[-1]) <= STILL * unit)
    since = _since(still)
    if steps - since >= tail:
        return Status("stalled", since, f"{_where(run, measures)} It has hardly moved since step {since:,}.")

    moves = np.linalg.norm(np.diff(positions[-tail - 1 :], axis=0), axis=1).sum()
    if moves > 0 and away[-tail - 1] < ROUND_TRIP * moves:
        why = "it moved to and fro: its first and last point are less than a fifth of the path's length apart."
        return Status("oscillating", None, f"Over the last {tail:,} steps {why}")
    return Status("moving", None, _progress(measures, losses[-tail - 1 :]))


def _factor(peaks: list[float], steps: int) -> str:
    """By how much a growing loss grows each step, with two digits of what exceeds one; nothing where that is none."""
    factor = (peaks[-1] / peaks[0]) ** (8 / (3 * steps)) if peaks[0] > 0 else math.inf
    if not 1 < factor < math.inf:
        return ""
    digits = max(3, 2 - math.floor(math.log10(factor - 1)))
    return f" by a factor of {short(factor, digits)} a step"


def _stays(measures: Scale, since: int) -> str:
    if measures.starts_lowest:
        return f"It starts at the lowest minimum, and from step {since:,} on its loss is that minimum's, to rounding."
    return f"From step {since:,} on its loss stays within 1/10,000 of {measures.whose} above the lowest minimum."


def _progress(measures: Scale, losses: np.ndarray) -> str:
    """How the loss changed over the last steps: in percent of the start's height, or in numbers where it has none.

    Args:
        losses: before those steps and after each of them.
    """
    tail, before, after = len(losses) - 1, float(losses[0]), float(losses[-1])
    when = f"in the last {tail:,} steps" if tail > 1 else "in its only step"
    verb = "fell" if after < before else "rose"
    if after == before:
        returned = (losses != after).any()
        what = "its loss changed and returned to its value" if returned else "its loss did not change"
    else:
        what = f"its loss {verb} from {short(before, 3)} to {short(after, 3)}"
    if measures.starts_lowest:
        return f"It starts at the lowest minimum; {when} {what}."
    if after == before:
        return f"{when.capitalize()} {what}."
    change = abs(after - before) / measures.height
    if not 0 < change < math.inf:  # of a start's height that is beyond the numbers
        return f"{when.capitalize()} {what}."
    return f"{when.capitalize()} its loss {verb} by {percent(change, 2)} of the start's height."


def _lowest_is_nearest(run: Recorded, diagonal: float) -> bool:
    """Whether no other critical point than the lowest minimum is listed nearest to the end, within reach."""
    found = run.surface.nearest_critical_point(run.positions[-1])
    return found is None or found[1] > FLAT * diagonal or found[0].kind in LOWEST


def _where(run: Recorded, measures: Scale) -> str:
    """Where a run stands: by the listed critical points, and elsewhere by gradient and Hessian."""
    bottom, _, unit, _, diagonal = measures
    found = run.surface.nearest_critical_point(run.positions[-1])
    if found is not None and found[1] <= FLAT * diagonal:
        point, distance = found
        if point.kind in LOWEST:
            tip = ", a tip where steps do not shrink by themselves" if point.kind == "kink" else ""
            above = f"its loss is {percent((run.losses[-1] - bottom) / unit, 2)} of {measures.whose} above that minimum"
            return f"It stands {short(distance, 2)} from the lowest minimum{tip}; {above}."
        name = NAMES[point.kind]
        return f"It stands {'at' if distance <= STILL * diagonal else f'{short(distance, 2)} from'} {name}."
    loss, gradient, hessian = expand(run.surface, run.positions[-1])
    eigenvalues = np.linalg.eigvalsh(hessian)
    flat = FLAT * unit / diagonal**2
    if eigenvalues[0] > flat:
        step = np.linalg.solve(hessian, gradient)
        if np.linalg.norm(step) <= FLAT * diagonal:
            higher = loss - 0.5 * gradient @ step - bottom > CONVERGED * unit
            return f"It stands at a minimum that is not {'the lowest' if higher else 'listed'}."
    if np.linalg.norm(gradient) > FLAT * unit / diagonal:
        return "It stands on a slope: its steps no longer bring it down."
    if eigenvalues[-1] < -flat:
        return "It stands at a maximum."
    if eigenvalues[0] < -flat:
        return "It stands at a saddle."
    return "It stands on a plateau."
