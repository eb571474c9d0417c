"""A bundle: the same race under several seeds of its noise, and what can be said of all of them together."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.figures import loss, trails
from app.figures.marks import AnyMark, Dots, Lines
from app.figures.panels import Shown, band
from optimizers import Trace, steps_to
from surfaces.surface import Box

if TYPE_CHECKING:
    from app.race.settings import Settings

BAND = (0.1, 0.5, 0.9)
"""Lower end, middle and upper end of a band, as shares of the seeds below."""
MOST_BYTES = 4_000_000
"""Of all threads; where there are more steps, every second is drawn, or every third, and so on."""


def quantiles(values: NDArray[np.float64], shares: Sequence[float] = BAND) -> NDArray[np.float64]:
    """Quantiles over the first axis, (shares, …): each the value of a seed, the lowest that has so many at or below it.

    What is not a number lies above all numbers, for it is the loss of a run that diverged; where that is the quantile,
    the quantile is no number.
    """
    found = np.quantile(np.where(np.isnan(values), np.inf, values), shares, axis=0, method="inverted_cdf")
    return np.where(np.isinf(found), np.nan, found)


def on_map(settings: Settings, racers: Sequence[Shown], extent: Box) -> list[AnyMark]:
    """Under the trails the paths of all seeds, or where each seed is; every path at the same steps."""
    kept = trails.kept(settings.steps, len(racers) * settings.seeds, MOST_BYTES)
    marks: list[AnyMark] = []
    for racer in racers:
        paths = trails.drawn(racer.seeds, settings.steps, extent)[0][:, kept].astype(np.float32)
        x, y = np.moveaxis(paths, 2, 0)
        common: Any = {"racer": racer.id, "time": racer.pace * kept, "color": racer.color, "layer": "under"}
        if settings.bundle == "band":
            marks.append(Dots(x=x.T, y=y.T, size="small", faint=True, **common))
        else:
            marks.append(Lines(x=x, y=y, future="absent", **common))
    return marks


def on_losses(settings: Settings, racers: Sequence[Shown]) -> list[AnyMark]:
    """Round the curves of losses the curves of all seeds, or a band."""
    surface = settings.built_surface()
    kept = trails.kept(settings.steps, len(racers) * settings.seeds, MOST_BYTES)
    marks: list[AnyMark] = []
    for racer in racers:
        values = loss.heights(racer.seeds, surface)
        if settings.bundle == "band":
            low, _, high = quantiles(values)
            marks.append(band(racer, low, high))
        else:
            time = racer.pace * kept
            marks.append(Lines(racer=racer.id, x=time, y=values[:, kept], time=time, color=racer.color, layer="under"))
    return marks


def median(settings: Settings, racer: Shown) -> NDArray[np.float64]:
    """The median of the losses of all seeds, as far as it is a number."""
    values = quantiles(loss.heights(racer.seeds, settings.built_surface()), [0.5])[0]
    return values[: np.count_nonzero(np.isfinite(values))]


def words(settings: Settings) -> str:
    """What follows the title of the losses: which seeds are drawn, and how."""
    last = settings.seed + settings.seeds - 1
    how = "median and 10–90 % of " if settings.bundle == "band" else ""
    return f": {how}seeds {settings.seed} to {last}"


def outcome(runs: Sequence[Trace]) -> tuple[str, str]:
    """In short and in a sentence, what became of all seeds."""
    kinds = Counter(run.status.kind for run in runs).most_common()
    short = ", ".join(f"{count}/{len(runs)} {kind}" for kind, count in kinds[:2]) + (" …" if len(kinds) > 2 else "")
    whole = ", ".join(f"{count} {kind}" for kind, count in kinds)
    return short, f"Of {len(runs)} seeds: {whole}. The map highlights the first, {runs[0].status}."


@dataclasses.dataclass(frozen=True)
class Middle:
    """The results of a bundle: medians over its seeds, and how many seeds they speak for."""

    loss: float
    low: float
    high: float
    reached: int | None
    reaching: int


def middle(runs: Sequence[Trace], share: float) -> Middle:
    """Final loss, with its band, and the median of the steps to a share of the start's height among those that came."""
    losses = np.array([run.losses[-1] if run.diverged < 0 else np.nan for run in runs])
    low, half, high = (float(v) for v in quantiles(losses))
    steps = [s for run in runs if (s := steps_to(run, share)) is not None]
    reached = int(quantiles(np.array(steps, dtype=float), [0.5])[0]) if steps else None
    return Middle(half, low, high, reached, len(steps))


def each(runs: Sequence[Trace], measure: Callable[[Trace], NDArray[np.float64]]) -> NDArray[np.float64]:
    """A measure of every seed, (seeds, steps + 1), not a number after a run's end."""
    found = np.full((len(runs), runs[0].steps + 1), np.nan)
    for k, run in enumerate(runs):
        values = measure(run)
        found[k, : len(values)] = values
    return found
