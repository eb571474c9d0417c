"""Findings: what a training shows, in a sentence for the title of a slide, computed from its results."""

from __future__ import annotations

import math

from app.common.digits import percent, short
from app.common.phrases import agreeing, sentence_case, within
from app.network import results
from app.network.job import Job
from app.network.settings import Training

ACCURACIES_APART = 0.01
"""The least difference of two validation accuracies that is worth a title."""
LOSSES_APART = 2.0
"""The least ratio of two training losses that is worth a title."""


def finding(training: Training, job: Job) -> str:
    """The finding of a training as a whole; an empty string where nothing stands out, or nothing was trained."""
    rows = results.table(training, job)
    diverged = [run.racer.id for run in job.runs if run.diverged >= 0]
    if gone := [row.title for row in rows if row.racer in diverged]:
        return sentence_case(agreeing(gone, "diverges"))
    trained = [row for row in rows if row.steps]
    if len(trained) < 2:
        return ""
    if all(math.isfinite(row.validation_accuracy) for row in trained):
        worst, *_, best = sorted(trained, key=lambda row: row.validation_accuracy)
        if best.validation_accuracy - worst.validation_accuracy >= ACCURACIES_APART:
            high, low = percent(best.validation_accuracy), percent(worst.validation_accuracy)
            return sentence_case(
                f"{within(best.title)} classifies {high} of the validation samples correctly, {within(worst.title)} "
                f"{low}"
            )
    best, *_, worst = sorted(trained, key=lambda row: row.loss)
    if 0 < best.loss * LOSSES_APART <= worst.loss:
        return f"The training loss is lowest for {within(best.title)}, {short(best.loss, 2)}; " + (
            f"{within(worst.title)} has {short(worst.loss, 2)}"
        )
    return ""
