"""What became of a run, judged from the run and nothing else; each word is a number.

With the start's height h = L₀ − L*, L* the lowest known minimum (where none is known, the bottom of the
parabola at the last point; where that has none, nothing converges and h counts from the run's lowest loss),
D the diagonal of the surface's domain, and the *tail* the last fifth of the run (at least 10 steps, or the
whole of a shorter one):

| word | what holds |
| --- | --- |
| diverged | the point or the loss is not a finite number, at that step |
| growing | L at the end is above L₀, and the peaks of L − L* in the four quarters of the second half rise by 1.5 each |
| converged | from that step on, and for the last tenth of the run, L − L* ≤ 10⁻⁴ h |
| stalled | not converged, but from that step on, and for the tail, within 10⁻³ D and 10⁻³ h of the end |
| oscillating | over the tail the way from first to last point is less than a fifth of the path's length |
| moving | none of these |

Where it stalled is read off gradient and Hessian at the last point, with u = h/D²: at a minimum (all
eigenvalues above u/100 and the Newton step at most D/100); else, where the gradient is at most h/(100 D), at a
saddle (an eigenvalue below −u/100), at a maximum (all below) or on a plateau; else on a slope, where the steps
became too small.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np

from surfaces.calculus import expand

if TYPE_CHECKING:
    from optimizers.engine import Trace

Word = Literal["converged", "moving", "oscillating", "stalled", "growing", "diverged"]

CONVERGED = 1e-4
STILL = 1e-3
FLAT = 1e-2
RISE = 1.5
ROUND_TRIP = 0.2


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


def judge(run: Trace) -> Status:
    """The status of a single run recorded at every step (stride 1).

    Raises:
        ValueError: if positions or losses were not recorded at every step.
    """
    if run.diverged.ndim or run.stride != 1 or run.positions is None or run.losses is None:
        raise ValueError("a status needs one run with positions and losses of every step; index a batch first")
    if run.diverged >= 0:
        k = int(run.diverged)
        return Status("diverged", k, f"At step {k} its point or its loss is no longer a finite number.")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _judge(run)


def steps_to(run: Trace, share: float = 1e-2) -> int | None:
    """How many steps a run needed to come down.

    Args:
        run: a single one, recorded at every step.
        share: of the start's height above the lowest minimum.

    Returns:
        The first step whose loss is within that share, or None.
    """
    bottom = run.floor
    reached = np.flatnonzero(run.losses[: run.last + 1] - bottom <= share * (run.losses[0] - bottom))
    return int(reached[0]) if len(reached) else None


def floor(run: Trace) -> float:
    """The lowest known minimum's loss; else the bottom of the parabola at the last point, if it has one."""
    known = run.surface.lowest()
    if known is not None:
        return known
    _, gradient, hessian = expand(run.surface, run.positions[run.last])
    if np.linalg.eigvalsh(hessian)[0] > 0:
        return float(run.losses[run.last] - 0.5 * gradient @ np.linalg.solve(hessian, gradient))
    return float("-inf")


def _since(holds: np.ndarray) -> int:
    """The first index from which `holds` is true to the end."""
    return len(holds) - int(np.argmin(holds[::-1])) if not holds.all() else 0


def _judge(run: Trace) -> Status:
    losses, positions, steps = run.losses, run.positions, run.steps
    bottom = run.floor
    height = losses[0] - (bottom if np.isfinite(bottom) else losses.min())
    tail = min(max(steps // 5, 10), steps)

    quarters = np.array_split(losses[steps // 2 :] - min(bottom, losses.min()), 4)
    peaks = [float(q.max()) for q in quarters if len(q)]
    if len(peaks) == 4 and losses[-1] > losses[0] and all(b >= RISE * a for a, b in itertools.pairwise(peaks)):
        factor = (peaks[-1] / peaks[0]) ** (8 / (3 * steps))
        return Status("growing", None, f"Its loss is above the start's and rises by about {factor:.3g} a step.")

    low = losses - bottom <= CONVERGED * height  # nowhere, where no bottom is known
    since = _since(low)
    if low[-1] and steps - since >= steps // 10:
        return Status("converged", since, f"From step {since} on its loss stays within 1/10,000 of the start's height.")

    (x0, x1), (y0, y1) = run.surface.domain
    diagonal = float(np.hypot(x1 - x0, y1 - y0))
    away = np.linalg.norm(positions - positions[-1], axis=1)
    still = (away <= STILL * diagonal) & (np.abs(losses - losses[-1]) <= STILL * max(height, 0.0))
    since = _since(still)
    if steps - since >= tail:
        return Status("stalled", since, f"{_where(run, height, diagonal)} Since step {since} it has hardly moved.")

    moves = np.linalg.norm(np.diff(positions[-tail - 1 :], axis=0), axis=1).sum()
    if moves > 0 and away[-tail - 1] < ROUND_TRIP * moves:
        return Status("oscillating", None, "Its steps to and fro cancel: the way gained is under a fifth of the path.")
    fallen = 100 * (losses[-tail - 1] - losses[-1]) / height if height > 0 else 0.0
    when = f"In the last {tail} steps" if tail > 1 else "In its only step"
    what = "fell" if fallen >= 0 else "rose"
    return Status("moving", None, f"{when} its loss {what} by {abs(fallen):.2g} % of the start's height.")


def _where(run: Trace, height: float, diagonal: float) -> str:
    _, gradient, hessian = expand(run.surface, run.positions[-1])
    eigenvalues = np.linalg.eigvalsh(hessian)
    flat = FLAT * height / diagonal**2
    if eigenvalues[0] > flat and np.linalg.norm(np.linalg.solve(hessian, gradient)) <= FLAT * diagonal:
        return (
            "It stands at a minimum that is not the lowest."
            if _higher(run, height)
            else "It stands beside the minimum."
        )
    if np.linalg.norm(gradient) > FLAT * height / diagonal:
        return "It stands on a slope: its steps became too small."
    if eigenvalues[-1] < -flat:
        return "It stands at a maximum."
    if eigenvalues[0] < -flat:
        return "It stands at a saddle."
    return "It stands on a plateau."


def _higher(run: Trace, height: float) -> bool:
    return bool(run.losses[-1] - run.floor > STILL * height)
