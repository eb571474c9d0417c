"""Bundles: the same race under several seeds of its noise, with statistics over the seeds."""

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
"""The quantiles of the lower end, the middle and the upper end of a band."""
MOST_BYTES = 4_000_000
"""The largest size of all curves of the bundles. If it is exceeded, only every second step is drawn, and so on."""


def quantiles(values: NDArray[np.float64], probabilities: Sequence[float] = BAND) -> NDArray[np.float64]:
    """The quantiles (probabilities, …) over the first axis, each of which is the value of a seed.

    A quantile is the lowest value with at least that share of the seeds at or below it. NaN counts as larger than all
    numbers, because it is the loss of a run that diverged. A quantile may therefore be NaN itself.
    """
    result = np.quantile(np.where(np.isnan(values), np.inf, values), probabilities, axis=0, method="inverted_cdf")
    return np.where(np.isinf(result), np.nan, result)


def on_map(settings: Settings, racers: Sequence[Shown], extent: Box) -> list[AnyMark]:
    """The marks under the trails on the map: the paths of all seeds, or with a band their current points."""
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
    """The marks under the curves of losses: the curves of all seeds, or a band."""
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
    """The median of the losses of all seeds, until it is not finite."""
    values = quantiles(loss.heights(racer.seeds, settings.built_surface()), [0.5])[0]
    return values[: np.count_nonzero(np.isfinite(values))]


def title_suffix(settings: Settings) -> str:
    """The end of the title of the losses, which names the seeds and how they are drawn."""
    last = settings.seed + settings.seeds - 1
    how = "median and 10–90 % of " if settings.bundle == "band" else ""
    return f": {how}seeds {settings.seed} to {last}"


def outcome(runs: Sequence[Trace]) -> tuple[str, str]:
    """The status of all seeds, in short and as sentences."""
    kinds = Counter(run.status.kind for run in runs).most_common()
    short = ", ".join(f"{count}/{len(runs)} {kind}" for kind, count in kinds[:2]) + (" …" if len(kinds) > 2 else "")
    full = ", ".join(f"{count} {kind}" for kind, count in kinds)
    return short, f"Of {len(runs)} seeds: {full}. The map highlights the first seed: {runs[0].status}."


@dataclasses.dataclass(frozen=True)
class Medians:
    """The results of a bundle as medians over its seeds.

    ``low`` and ``high`` are the band of the final loss. ``reached`` is the median over those ``reaching`` seeds that
    come down to the share of the initial loss.
    """

    loss: float
    low: float
    high: float
    reached: int | None
    reaching: int


def medians(runs: Sequence[Trace], share: float) -> Medians:
    """The results of a bundle: the final loss, and the number of steps to a share of the initial loss."""
    losses = np.array([run.losses[-1] if run.diverged < 0 else np.nan for run in runs])
    low, middle, high = (float(v) for v in quantiles(losses))
    steps = [s for run in runs if (s := steps_to(run, share)) is not None]
    reached = int(quantiles(np.array(steps, dtype=float), [0.5])[0]) if steps else None
    return Medians(middle, low, high, reached, len(steps))


def per_seed(runs: Sequence[Trace], measure: Callable[[Trace], NDArray[np.float64]]) -> NDArray[np.float64]:
    """A measure of every seed (seeds, steps + 1), with NaN after the end of a run."""
    values = np.full((len(runs), runs[0].steps + 1), np.nan)
    for k, run in enumerate(runs):
        measured = measure(run)
        values[k, : len(measured)] = measured
    return values
