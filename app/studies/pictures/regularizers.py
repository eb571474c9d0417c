"""The picture of the study of regularizers: differences in test accuracy, test accuracies, and gaps of the losses."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from app.common.digits import percent
from app.figures.marks import AnyMark, Axes, Axis, Dash, Dots, Legend, Line, Panel, Text
from app.figures.series import color, linear, plot, series, spanned
from optimizers.studies.catalogue.regularizers import METHODS, STOPPED, Found, Regularizers, ends, word

UNIT = "step"
COLORS = {"none": "ink", "early_stopping": "muted"}
"""The colours of the run without a regularizer, and of early stopping, which takes its weights from that run."""
ABOVE, BELOW = 0.22, 0.16
"""How far a method's words stand above the middle of its row, and its interval below, in rows."""
LOWEST = 0.5
"""The lowest test accuracy that is drawn, unless all accuracies of a method are below it."""


def panels(study: Regularizers, found: Found) -> tuple[Panel, ...]:
    """Differences from training without a regularizer, and test accuracy and gap of the losses step by step."""
    setting = (
        f"{study.samples} training images, {percent(study.wrong)} wrong labels, {study.seeds} seeds, "
        f"{study.steps:,} steps"
    )
    accuracy = _curves(study, found, found.test, "test accuracy")
    gaps = _curves(study, found, found.validation - found.training, "gap")
    x = spanned(0, float(found.steps[-1]), "step")
    lowest = _floor(found.test)
    highest = _ceiling(found.test)
    tens = tuple(k / 10 for k in range(round(10 * lowest), int(10 * highest + 1e-6) + 1))
    y = Axis(low=lowest, high=highest, title="test accuracy", percent=True, ticks=tens)
    return (
        _differences(study, found, setting),
        plot(
            "accuracy",
            "Test accuracy",
            Axes(x=x, y=y),
            accuracy,
            f"means; dashed: none; dot: early stopping; the axis starts at {percent(lowest)}; {setting}",
            _legend(study),
        ),
        plot(
            "gap",
            "Gap of the losses",
            Axes(x=x, y=linear([_mean(found.validation - found.training)], "validation − training loss")),
            gaps,
            f"means, losses without penalties; same colours as for the test accuracy; {setting}",
        ),
    )


def _ceiling(accuracies: Any) -> float:
    """The next multiple of 5 % above the highest mean accuracy."""
    means = _mean(accuracies)
    known = means[np.isfinite(means)]
    return float(np.ceil(20 * max(known.max(initial=0.0), 0.7)) / 20)


def _floor(accuracies: Any) -> float:
    """`LOWEST`, or less if a curve would lie below it: a multiple of 10 % below the highest point of each curve."""
    means = _mean(accuracies)
    highest = np.where(np.isfinite(means), means, -np.inf).max(axis=1)
    least = highest[np.isfinite(highest)].min(initial=1.0)
    return LOWEST if least > LOWEST else max(0.0, float(np.ceil(10 * least) - 1) / 10)


def _mean(values: Any) -> Any:
    """The mean over the seeds (methods, records)."""
    return values.mean(axis=1)


def _legend(study: Regularizers) -> Legend:
    return Legend(keys=tuple((METHODS[key], _color(study, key)) for key in study.methods))


def _color(study: Regularizers, key: str) -> str:
    """The colour of a method, which no other of the study has."""
    return COLORS.get(key) or color(list(study.methods).index(key) - len(COLORS))


def _curves(study: Regularizers, found: Found, values: Any, what: str) -> list[AnyMark]:
    """The mean curve of each method that trains networks of its own, and a dot where early stopping ends on average."""
    means = _mean(values)
    marks: list[AnyMark] = []
    for k, key in study.trained.items():
        dash: Dash = "dash" if key == "none" else "solid"
        line = series(found.steps, means[k], 0, METHODS[key], what, dash=dash, time=found.steps, dots=False)
        marks.append(dataclasses.replace(line, color=_color(study, key)))
    end = ends(found)
    if np.isfinite(end.step[STOPPED]).all():
        height = end.accuracy[STOPPED] if values is found.test else end.gap[STOPPED]
        at, level = np.array([end.step[STOPPED].mean()]), np.array([height.mean()])
        common: Any = {"name": METHODS["early_stopping"], "color": _color(study, "early_stopping")}
        marks.append(
            Dots(x=at, y=level, size="large", edge="paper", layer="over", hover=(("step", at), (what, level)), **common)
        )
    return marks


def _differences(study: Regularizers, found: Found, setting: str) -> Panel:
    """The interval of each difference in test accuracy, with the verdict."""
    verdicts = study.verdicts(found)
    methods = list(study.methods)
    rows = {key: float(len(methods) - 1 - k) for k, key in enumerate(methods) if k}
    heights = np.ravel([(at - 0.45, at + 0.05, np.nan) for at in rows.values()])  # beside the words, not through them
    marks: list[AnyMark] = [
        Line(x=np.where(np.isnan(heights), np.nan, 0.0), y=heights, color="muted", weight="hair", layer="ground")
    ]
    known = [100 * value for judged in verdicts.values() for value in (judged.effect, *judged.interval)]
    edges = [0.0, 1.0, *(value for value in known if np.isfinite(value))]
    room = 0.06 * (max(edges) - min(edges))
    least, most = min(edges) - room, max(edges) + room
    for key, judged in verdicts.items():
        low, high = (float(np.clip(100 * value, least, max(edges))) for value in judged.interval)
        at, middle = np.full(2, rows[key] - BELOW), np.array([100 * judged.effect])
        common: Any = {"color": _color(study, key), "name": METHODS[key]}
        hover = (("points", middle),)
        marks.append(Line(x=np.array([low, high]), y=at, weight="trail", **common))
        marks.append(Dots(x=middle, y=at[:1], size="large", edge="paper", layer="over", hover=hover, **common))
        words = (f"{METHODS[key]}: {word(judged)}",)
        marks.append(Text(x=least, y=rows[key] + ABOVE, words=words, side="middle right", color="ink"))
    axes = Axes(
        x=spanned(least, most, "difference of the test accuracy (points)"),
        y=Axis(low=-0.5, high=len(rows) - 0.5, grid=False, numbers=False),
    )
    note = f"medians and intervals of paired differences, corrected for {len(rows)} comparisons; {setting}"
    return plot("differences", "Against no regularizer", axes, marks, note)
