"""The losses of runs against the clock."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.common.digits import raised, short
from app.figures.marks import AnyMark, Axes, Axis, Head, Line, Panel
from app.figures.panels import CROP, Shown, chart, steps_axis
from app.figures.trails import GONE

if TYPE_CHECKING:
    from optimizers import Trace
    from surfaces.surface import Surface


GROWTH = 1 / CROP
"""How many times the initial loss a log axis shows at most where every run grows or diverges."""
LINEAR_GROWTH = 10.0
"""The same for a linear axis, on which a larger top would hide the beginning."""


@dataclasses.dataclass(frozen=True)
class Losses:
    """The losses of runs as they are drawn, (runs, steps + 1), and their axis.

    ``offset`` is added to the values to have the plain loss.
    """

    values: NDArray[np.float64]
    axis: Axis
    offset: float = 0.0


def losses_of(runs: Sequence[Trace], surface: Surface, words: str = "") -> Losses:
    """Loss against step; where the lowest minimum is not at zero, the loss above it, and the title says so.

    Runs that grow or diverge leave the frame, whose range is that of the others. If all of them grow or diverge, the
    range covers their growth up to `GROWTH` times the initial loss, or `LINEAR_GROWTH` times on a linear axis.

    Args:
        words: follow the title.
    """
    offset, losses = _offset(surface), heights(runs, surface)
    staying = [losses[k] for k, run in enumerate(runs) if run.status.kind not in GONE]
    start = float(losses[0, 0]) if len(runs) and np.isfinite(losses[0, 0]) else 1.0
    shown = np.concatenate([*(v[np.isfinite(v)] for v in staying), [start]])
    top = linear_top = max(float(np.max(shown)), 1e-12)
    if not staying and len(runs):
        largest = float(np.nanmax(losses, initial=top))
        top, linear_top = min(largest, GROWTH * top), min(largest, LINEAR_GROWTH * top)
    bottom = float(np.min(shown[shown > 0], initial=top))
    cropped = bottom < CROP * top
    bottom = max(bottom, CROP * top)
    low, high = math.log10(bottom) - 0.15, math.log10(top) + 0.35
    low = min(low, high - 1)
    pad = 0.06 * (linear_top - min(0.0, float(shown.min())))
    title = "loss" if not offset else f"loss above the minimum ({short(offset, 3)})"
    crop = f", cropped at 10{raised(str(math.floor(math.log10(bottom))))}" if cropped else ""
    linear = Axis(low=min(0.0, float(shown.min())) - pad, high=linear_top + pad, title=title + words)
    axis = Axis(
        scale="log", low=10.0**low, high=10.0 ** min(high, 308), title=title + crop + words, alternatives=(linear,)
    )
    return Losses(losses, axis, offset)


def heights(runs: Sequence[Trace], surface: Surface) -> NDArray[np.float64]:
    """Losses as they are drawn, (runs, steps + 1): above the lowest minimum, not a number after a run's end."""
    steps = max((run.steps for run in runs), default=1)
    losses = np.full((len(runs), steps + 1), np.nan)
    for k, run in enumerate(runs):
        losses[k, : run.last + 1] = run.losses[: run.last + 1] - _offset(surface)
    return losses


def _offset(surface: Surface) -> float:
    lowest = surface.lowest()
    return lowest if lowest is not None and abs(lowest) > 1e-12 else 0.0


def loss_line(shown: Shown, values: NDArray[np.float64], word: str = "loss") -> Line:
    """The losses of a run, or what is called by another word, up to its end."""
    time: Any = shown.pace * np.arange(len(values))
    return Line(
        racer=shown.id,
        x=time,
        y=values,
        time=time,
        color=shown.color,
        dash=shown.dash,
        head=Head(symbol=shown.symbol, outside="upward arrow"),
        name=shown.title,
        hover=((word, values),),
        follows="loss",
    )


def loss_panel(axis: Axis, marks: Sequence[AnyMark], end: int, word: str = "step") -> Panel:
    """The panel of the losses, whose clock counts to `end` in that word."""
    panel = chart(Axes(x=steps_axis(end, word), y=axis), marks)
    return dataclasses.replace(panel, key="loss", title="Losses")
