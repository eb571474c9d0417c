"""The picture of the study of depth: gradients of all layers, their ratios, and the spread of activations."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
from numpy.typing import NDArray

from app.common.digits import decade, short
from app.figures.marks import AnyMark, Axes, Axis, Panel, Text, Tiles
from app.figures.panels import facets
from app.figures.series import color, keys, plot, series
from optimizers.studies.catalogue.depth import EVEN, KINDS, SAMPLES, SCHEMES, Depth, Found, medians
from surfaces.network import ACTIVATIONS
from surfaces.network.norms import NORMS

DECADES = 8.0
"""The colour of a ratio is strongest from this many powers of ten on."""
NAMES = 0.22
"""The share of the table's width that the names of activations take."""
LOWEST = 1e-15
"""The charts end here, or at the smallest value above it."""
MOST_TICKS = 4
"""The most ticks of an upright axis, which is short where there are many charts."""
VANISHED, EXPLODED = color(1), color(0)
SHOWN = tuple(k for k, scheme in enumerate(SCHEMES) if scheme != "zeros")
"""The initialisations with curves: with zeros there is no gradient, and nothing differs between samples."""


def panels(study: Depth, found: Found) -> tuple[Panel, ...]:
    """A table of ratios, and for each activation the gradients and the spreads of all layers."""
    note = f"median of {study.seeds} seeds, {SAMPLES} training images, {study.layers} hidden layers of {study.width}"
    note += "" if study.norm == "none" else f", {NORMS[study.norm].name}"
    gradients, spreads = medians(found.gradients), medians(found.spreads)
    how = f"dashed: Xavier, which is close to LeCun; {note}"
    return (
        _ratios(study, found, note),
        _layers(study, gradients, "gradients", "Gradient norm", f"of each layer's weights; {how}"),
        _layers(study, spreads, "spreads", "Spread of activations", f"between samples; {how}"),
    )


def _ratios(study: Depth, found: Found, note: str) -> Panel:
    """The gradient of the first hidden layer over that of the last, a tile for each pair."""
    ratios = medians(found.ratios[..., None])[..., 0]
    rows, columns = ratios.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        decades = np.nan_to_num(np.log10(ratios), posinf=0, neginf=-DECADES)
    tiles = Tiles(
        values=np.rint(255 * np.clip(np.abs(decades) / DECADES, 0, 1)).astype(np.uint8)[None],
        time=np.zeros(1),
        classes=np.where(np.abs(decades) < np.log10(EVEN), 2, decades > 0).astype(np.uint8)[None],
        palette=(VANISHED, EXPLODED, "paper"),
    )
    marks: list[AnyMark] = [tiles]
    for i, j in itertools.product(range(rows), range(columns)):
        words = _number(ratios[i, j], bool(np.isfinite(found.gradients[i, j]).any()))
        marks.append(Text(x=j + 0.5, y=rows - i - 0.5, words=(words,), color="ink"))
    across = Axis(low=0, high=columns, grid=False, ticks=_middles(columns), words=_names(study))
    down = Axis(low=0, high=rows, grid=False, numbers=False)
    unit = Axis(low=0, high=1, grid=False, numbers=False)
    marks += [
        Text(axes=1, x=0.97, y=rows - i - 0.5, words=(ACTIVATIONS[kind].name,), side="middle left")
        for i, kind in enumerate(KINDS)
    ]
    axes = Axes(x=across, y=down, place=(NAMES, 0.0, 1.0, 1.0)), Axes(x=unit, y=down, place=(0.0, 0.0, NAMES, 1.0))
    what = "gradient norm of the first hidden layer over that of the last"
    words = f"{what}; no colour: within a factor of two; 0/0: no gradient; {note}"
    return plot("ratios", "First over last layer", axes, marks, words)


def _number(ratio: float, known: bool) -> str:
    """The text of a ratio."""
    if not known:
        return ""
    return short(ratio, 2) if np.isfinite(ratio) else "0/0"


def _middles(count: int) -> tuple[float, ...]:
    return tuple(k + 0.5 for k in range(count))


def _names(study: Depth) -> tuple[str, ...]:
    return tuple(study.title_of(scheme) for scheme in SCHEMES)


def ticks(low: float, high: float) -> tuple[float, ...]:
    """Two to four ticks of a logarithmic axis in a small chart: powers of ten, or 1, 2 and 5 times these."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first >= 2:
        step = math.ceil((last - first + 1) / MOST_TICKS)
        return tuple(10.0**power for power in range(first, last + 1) if power % step == 0)
    fine = [digit * 10.0**power for power in range(first - 1, last + 1) for digit in (1, 2, 5)]
    inside = tuple(tick for tick in fine if low <= tick <= high)
    return inside[:: math.ceil(len(inside) / MOST_TICKS)]


def _layers(study: Depth, values: NDArray[np.float64], key: str, title: str, note: str) -> Panel:
    """A chart for each activation, with a curve for each initialisation."""
    layers = np.arange(1, study.layers + 1)
    names = _names(study)
    shown = values[:, list(SHOWN)]
    known = shown[np.isfinite(shown) & (shown > LOWEST)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.1, 10.0)
    note = f"axis cut at 10⁻¹⁵; {note}" if (shown < LOWEST).any() else note
    y = Axis(scale="log", low=0.5 * low, high=2 * high, ticks=ticks(0.5 * low, 2 * high))
    y = dataclasses.replace(y, words=tuple(decade(tick) for tick in y.ticks))
    places = facets(len(KINDS))
    axes, marks = list[Axes](), list[AnyMark]()
    for i, (kind, place) in enumerate(zip(KINDS, places, strict=True)):
        lowest = i + 4 >= len(KINDS)
        x = Axis(low=0.5, high=study.layers + 0.5, title="layer" if lowest else "", whole=True, numbers=lowest)
        upright = dataclasses.replace(y, numbers=i % 4 == 0)
        axes.append(Axes(x=x, y=upright, place=place, title=ACTIVATIONS[kind].name))
        marks += [
            series(
                layers,
                values[i, j],
                slot,
                f"{ACTIVATIONS[kind].name}, {names[j]}",
                title.lower(),
                axes=i,
                dash="dash" if SCHEMES[j] == "xavier_normal" else "solid",
            )
            for slot, j in enumerate(SHOWN)
        ]
    return plot(key, title, axes, marks, note, keys([names[j] for j in SHOWN]))
