"""The picture of cross-entropy, entropy and divergence along a training, for two kinds of targets."""

from __future__ import annotations

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Dash, Panel
from app.figures.series import around, keys, linear, plot, series, spanned
from optimizers.studies.catalogue.entropy import PARTS, Entropy, Found

UNIT = "step"
CROSS, ENTROPY, DIVERGENCE = 0, 7, 1
"""The slots of the colours."""
LEGEND = keys(["cross-entropy", "entropy", "divergence"], [CROSS, ENTROPY, DIVERGENCE])


def panels(study: Entropy, found: Found) -> tuple[Panel, ...]:
    """The three terms against the step: of the training targets, and of the true probabilities at test samples."""
    kind = type(study).parameters()["labels"].label(study.labels)
    kind += f", s = {short(study.smoothing)}" if study.labels == "smoothed" else ""
    notes = (
        f"{study.samples} training samples, {kind}{_zero(found)}",
        "test samples, whose class probabilities are known",
    )
    seeds = f"median of {study.seeds} seeds; bands: 10 to 90 %, cut off at step 0"
    return tuple(
        plot(key, title, _axes(found, part), _curves(found, part), f"{note}; {seeds}", LEGEND)
        for part, (key, title, note) in enumerate(
            zip(("training", "true"), (PARTS[0].capitalize(), PARTS[1].capitalize()), notes, strict=True)
        )
    )


def _zero(found: Found) -> str:
    return ": their entropy is 0, so cross-entropy and divergence are equal" if not found.entropy[0].any() else ""


def _axes(found: Found, part: int) -> Axes:
    values = found.cross_entropy[part]
    known = values[np.isfinite(values).all(axis=1)]
    tops = [np.median(known, axis=1), np.percentile(known[1:], 90, axis=1)] if len(known) else []
    heights = linear([*tops, found.entropy[part]], "nats")
    return Axes(x=spanned(0, float(found.steps[-1]), "step", whole=True), y=heights)


def _curves(found: Found, part: int) -> list[AnyMark]:
    steps = found.steps
    marks: list[AnyMark] = []
    for values, slot, name in (
        (found.cross_entropy[part], CROSS, "cross-entropy"),
        (found.divergence[part], DIVERGENCE, "divergence"),
    ):
        low, middle, high = np.percentile(values, [10, 50, 90], axis=1)
        if slot == CROSS or found.entropy[part].any():  # otherwise the two bands are one
            marks.append(around(steps, low, high, slot, time=steps))
        dash: Dash = "dash" if slot == DIVERGENCE else "solid"
        marks.append(series(steps, middle, slot, name, "nats", time=steps, dash=dash, dots=False))
    level = np.full(len(steps), np.median(found.entropy[part]))
    marks.append(series(steps, level, ENTROPY, "entropy", "nats", dash="dot", dots=False))
    return marks
