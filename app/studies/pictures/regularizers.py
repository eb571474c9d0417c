"""The picture of the study of regularizers: differences in test accuracy, test accuracies, and gaps of the losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.common.digits import percent
from app.figures.marks import AnyMark, Axes, Axis, Dots, Line, Panel, Side, Text
from app.figures.series import color, keys, linear, plot, series, spanned
from optimizers.studies.catalogue.regularizers import METHODS, Found, Regularizers, word

UNIT = "step"
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
    y = Axis(low=lowest, high=_ceiling(found.test), title="test accuracy", percent=True)
    return (
        _differences(study, found, setting),
        plot(
            "accuracy",
            "Test accuracy",
            Axes(x=x, y=y),
            accuracy,
            f"means; the axis starts at {percent(lowest)}; {setting}",
            _legend(study),
        ),
        plot(
            "gap",
            "Gap of the losses",
            Axes(x=x, y=linear([_mean(found.validation - found.training)], "validation − training loss")),
            gaps,
            f"means, losses without penalties; same colours as in the middle panel; {setting}",
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


def _legend(study: Regularizers) -> Any:
    return keys([METHODS[key] for key in study.trained.values()], list(study.trained))


def _curves(study: Regularizers, found: Found, values: Any, what: str) -> list[AnyMark]:
    """The mean curve of each method that trains networks of its own."""
    means = _mean(values)
    return [
        series(
            found.steps,
            means[k],
            k,
            METHODS[key],
            what,
            dash="solid" if k < 8 else "dash",
            weight="trail" if key == "none" else "curve",
            time=found.steps,
            dots=False,
        )
        for k, key in study.trained.items()
    ]


def _differences(study: Regularizers, found: Found, setting: str) -> Panel:
    """The interval of each difference in test accuracy, with the verdict."""
    verdicts = study.verdicts(found)
    methods = list(study.methods)
    rows = {key: float(len(methods) - 1 - k) for k, key in enumerate(methods) if k}
    marks: list[AnyMark] = [
        Line(x=np.zeros(2), y=np.array([-0.5, len(rows) - 0.5]), color="muted", weight="hair", layer="ground")
    ]
    known = [100 * value for judged in verdicts.values() for value in (judged.effect, *judged.interval)]
    ends = [0.0, 1.0, *(value for value in known if np.isfinite(value))]
    room = 0.3 * (max(ends) - min(ends))  # for the words beside the intervals
    least, most = min(ends) - 0.2 * room, max(ends) + room
    for key, judged in verdicts.items():
        low, high = (float(np.clip(100 * value, least, max(ends))) for value in judged.interval)
        at, middle = np.full(2, rows[key]), np.array([100 * judged.effect])
        common: Any = {"color": color(methods.index(key)), "name": METHODS[key]}
        hover = (("points", middle),)
        marks.append(Line(x=np.array([low, high]), y=at, weight="trail", **common))
        marks.append(Dots(x=middle, y=at[:1], size="large", edge="paper", layer="over", hover=hover, **common))
        words = (f"{METHODS[key]}: {word(judged)}",)
        narrow = most - high < 0.3 * (most - least)  # the words would leave the panel on the right
        side: Side = "middle left" if narrow else "middle right"
        marks.append(Text(x=low if narrow else high, y=rows[key], words=words, side=side, color="ink"))
    axes = Axes(
        x=spanned(least, most, "difference of the test accuracy (points)"),
        y=Axis(low=-0.5, high=len(rows) - 0.5, grid=False, numbers=False),
    )
    note = f"medians and intervals of paired differences, corrected for {len(rows)} comparisons; {setting}"
    return plot("differences", "Against no regularizer", axes, marks, note)
