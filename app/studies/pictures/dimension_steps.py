"""The picture of the study of dimension: steps against n, with a fixed κ and with κ = n², and steps against κ."""

from __future__ import annotations

from typing import Any

from app.common.digits import percent, short
from app.figures.marks import AnyMark, Axes, Panel
from app.figures.series import around, keys, log, plot, series
from optimizers import OPTIMIZERS
from optimizers.studies.catalogue.dimension_steps import LARGEST, RULES, DimensionSteps, Found
from optimizers.studies.tuned_steps import RATES, THRESHOLD

NAMES = [OPTIMIZERS[key].name for key in RULES]
WORD = "median steps"
BETA = short(OPTIMIZERS["momentum"]().momentum)  # type: ignore[attr-defined]


def panels(study: DimensionSteps, found: Found) -> tuple[Panel, ...]:
    """Steps to converge of every rule against the dimension, once with each kind of condition number, and against κ."""
    rates = f"each at the best of {RATES} learning rates, momentum with β = {BETA}"
    budget = f"{rates}, {study.starts} starts; bands: 10 to 90 % of the starts"
    note = f"median steps to {percent(THRESHOLD)} of the initial height, {budget}"
    height = log([found.fixed_median, found.grown_median, found.condition_median, found.fixed_low], "steps to converge")
    sizes = tuple(float(n) for n in found.dimensions)
    against = Axes(x=log([found.dimensions], "dimensions n", ticks=sizes), y=height)
    fixed = (found.dimensions, found.fixed_median, found.fixed_low, found.fixed_high)
    grown = (found.dimensions, found.grown_median, found.grown_low, found.grown_high)
    conditioned = (found.conditions, found.condition_median, found.condition_low, found.condition_high)
    across = Axes(x=log([found.conditions], "condition number κ"), y=height)
    return (
        plot("fixed", f"κ = {short(study.condition_number)}", against, _curves(*fixed), note, keys(NAMES)),
        plot("grown", "κ = n²", against, _curves(*grown), note, keys(NAMES)),
        plot("conditioning", f"n = {LARGEST}", across, _curves(*conditioned), note, keys(NAMES)),
    )


def _curves(x: Any, median: Any, low: Any, high: Any) -> list[AnyMark]:
    """The curves of all rules with their bands."""
    bands = [around(x, low[k], high[k], k) for k in range(len(NAMES))]
    return [*bands, *(series(x, median[k], k, name, WORD) for k, name in enumerate(NAMES))]
