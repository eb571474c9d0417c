"""The picture of the study of norms: the training loss against the learning rate, for each depth."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.marks import AnyMark, Axes, Axis, Line, Panel
from app.figures.series import around, keys, log, plot, series, spanned
from optimizers.studies.catalogue.norms import KINDS, SAMPLES, TRAINED, Found, Norms

UNIT = "step"
HIGHEST = 100.0
"""Losses above are beyond the axis."""


def panels(study: Norms, found: Found) -> tuple[Panel, ...]:
    """The training loss against the learning rate of both networks, and step by step at the best rates of the deep."""
    names = keys(list(KINDS.values()))
    x = log([found.rates], "learning rate η", ticks=tuple(map(float, found.rates)))
    y = log([np.where(found.losses < HIGHEST, found.losses, np.nan)], "training loss")
    last = found.losses[..., -1]
    budget = f"{study.seeds} seeds, {study.steps:,} steps of SGD, {SAMPLES} images"
    against = [
        plot(
            f"depth-{k}",
            f"{depth} hidden layers",
            Axes(x=x, y=y),
            [_trained(x), *_against_rates(found.rates, last[k])],
            f"median loss, band from lowest to highest, a gap where most networks diverged; dashed: {TRAINED:g}, below "
            f"which networks count as trained; {budget}",
            None if k else names,
        )
        for k, depth in enumerate(found.depths)
    ]
    steps = spanned(0, float(found.steps[-1]), "step")
    curves = _against_steps(found.steps, found.losses[-1])
    note = f"median loss of {found.depths[-1]} hidden layers, each norm at its best learning rate; {budget}"
    return (*against, plot("steps", "At the best learning rates", Axes(x=steps, y=y), curves, note))


def _trained(x: Axis) -> Line:
    """The loss below which a network counts as trained."""
    ends = np.array([x.low, x.high])
    return Line(x=ends, y=np.full(2, TRAINED), color="muted", dash="dash", weight="hair", layer="ground")


def _against_rates(rates: Any, losses: Any) -> list[AnyMark]:
    """The median loss of each norm, with the band from the lowest to the highest; losses (norms, rates, seeds)."""
    bands = [around(rates, each.min(axis=1), each.max(axis=1), k) for k, each in enumerate(losses)]
    medians = np.median(losses, axis=2)
    return [*bands, *(series(rates, medians[k], k, name, "median loss") for k, name in enumerate(KINDS.values()))]


def _against_steps(steps: Any, losses: Any) -> list[AnyMark]:
    """The median loss of each complete norm at its best learning rate; losses (norms, rates, seeds, records)."""
    medians = np.median(losses, axis=2)
    marks: list[AnyMark] = []
    for k, name in enumerate(KINDS.values()):
        if not np.isnan(medians[k]).any():
            best = medians[k, :, -1].argmin()
            marks.append(series(steps, medians[k, best], k, name, "median loss", time=steps, dots=False))
    return marks
