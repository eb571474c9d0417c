"""Findings: what a matrix shows, in a sentence for the title of a slide, computed from its cells."""

from __future__ import annotations

from app.common.digits import percent
from app.common.phrases import sentence_case, within
from app.matrix.job import Job
from app.matrix.results import mean_row
from app.matrix.settings import Settings

APART = 0.02
"""The least difference of two mean shares that is worth a title."""


def finding(settings: Settings, job: Job) -> str:
    """The finding of a matrix; an empty string where nothing stands out, or cells are missing."""
    wanted = [(test, rule) for test in settings.tests_shown for rule in settings.rules_shown]
    means = mean_row(settings, job.cells)
    if len(means) < 2 or any(place not in job.cells for place in wanted):
        return ""
    (best, high), (second, low), *_ = means
    if high - low < APART:
        return ""
    return sentence_case(
        f"{within(best)} solves these tests with {percent(high)} of its settings, {within(second)} with {percent(low)}"
    )
