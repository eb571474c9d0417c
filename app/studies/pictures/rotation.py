"""The picture of the study of rotation: steps against the angle, and against the condition number at two angles."""

from __future__ import annotations

from app.common.digits import percent, short
from app.figures.marks import Axes, Panel
from app.figures.series import around, keys, log, plot, series, spanned
from optimizers import OPTIMIZERS
from optimizers.studies.catalogue.rotation import RULES, TURNED, Found, Rotation
from optimizers.studies.tuned_steps import RATES, THRESHOLD

NAMES = [OPTIMIZERS[key].name for key in RULES]
WORD = "median steps"
BETA = short(OPTIMIZERS["momentum"]().momentum)  # type: ignore[attr-defined]


def panels(study: Rotation, found: Found) -> tuple[Panel, ...]:
    """Steps to converge of every rule, against the angle and against the condition number."""
    budget = f"each at the best of {RATES} learning rates, momentum with β = {BETA}, {study.starts} starts"
    goal = f"to {percent(THRESHOLD)} of the initial height"
    steps = log([found.median, found.low, found.condition_median], "steps to converge")
    against = Axes(x=spanned(0, 45, "rotation (degrees)", ticks=(0.0, 15.0, 30.0, 45.0)), y=steps)
    turned = [
        mark
        for k, name in enumerate(NAMES)
        for mark in (
            around(found.angles, found.low[k], found.high[k], k),
            series(found.angles, found.median[k], k, name, WORD),
        )
    ]
    conditioned = [
        series(
            found.conditions,
            found.condition_median[k, i],
            k,
            f"{name} at {short(angle)}°",
            WORD,
            dash=("solid", "dash")[i],
        )
        for k, name in enumerate(NAMES)
        for i, angle in enumerate(TURNED)
    ]
    across = Axes(x=log([found.conditions], "condition number κ"), y=steps)
    return (
        plot(
            "rotation",
            f"Rotation, κ = {short(study.condition_number)}",
            against,
            turned,
            f"median steps {goal}, {budget}; bands: 10 to 90 % of the starts; a gap: most starts do not arrive in "
            f"{study.steps:,} steps",
            keys(NAMES),
        ),
        plot(
            "conditioning",
            "Conditioning",
            across,
            conditioned,
            f"median steps {goal}, {budget}; solid: along the axes, dashed: at 45°",
            keys(NAMES),
        ),
    )
