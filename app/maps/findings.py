"""Findings: what a map shows, in a sentence for the title of a slide, computed from its runs."""

from __future__ import annotations

import numpy as np

from app.common.digits import percent
from app.common.names import titles
from app.common.phrases import sentence_case, within
from app.maps.job import Job
from app.maps.settings import Settings

APART = 1.2
"""The least ratio of two numbers that is worth a title."""


def finding(settings: Settings, job: Job) -> str:
    """The finding of a map; an empty string where nothing stands out."""
    if settings.view != "stability":
        return ""
    shares = []
    for k, (racer, title) in enumerate(zip(settings.racers, titles(settings), strict=True)):
        grid = job.complete[k]
        if racer.hidden or grid is None or "reached" not in grid.results:
            return ""
        shares.append((float(np.mean(grid.results["reached"] >= 0)), title))
    if len(shares) < 2:
        return ""
    (most, first), *_, (least, last) = sorted(shares, reverse=True)
    if most < APART * least or most == 0:
        return ""
    larger, smaller = (percent(round(share, 2)) for share in (most, least))
    return sentence_case(f"{within(first)} converges in {larger} of the map, {within(last)} in {smaller}")
