"""The table of results of a training, and the status of each run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from app.common.digits import percent, short
from app.network import observers
from app.network.captions import titles
from app.network.job import Job
from app.network.run import Run
from app.network.settings import Training
from surfaces.network import DataSet
from surfaces.network.measures import Measures


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table of results, of a racer's last weights; NaN where it diverged, and accuracies for values.

    Attributes:
        lowest_validation_loss: the lowest validation loss of the records of the run, at `lowest_at`; NaN if the
            held-out samples are test samples.
        lowest_at: the step at which early stopping would have ended the run.
    """

    racer: str
    """Its id."""
    title: str
    status: str
    loss: float
    validation_loss: float
    accuracy: float
    validation_accuracy: float
    steps: int
    samples: int
    weights: int
    lowest_validation_loss: float = math.nan
    lowest_at: int = 0


def status(run: Run, job: Job) -> tuple[str, str, int]:
    """What became of a run: in a few words, in a sentence, and the step from which that holds."""
    if run.error:
        return "failed", run.error, run.last
    if run.diverged >= 0:
        why = f"At step {run.diverged} its loss or its weights were no longer finite; the last finite values remain."
        return f"diverged @ {run.diverged:,}", why, run.diverged
    if run.last == 0:
        return ("waiting" if job.training_now and job.begun else "untrained"), "Press Train.", 0
    found = _last(run)
    if found is None:
        return "training", "", 0
    part = {"validation": "val.", "test": "test"}[job.data.held_out]
    accuracy = "" if np.isnan(found.accuracy[-1]) else percent(found.validation_accuracy[-1])
    size = short(float(found.loss[-1]), 3)
    loss, share = f"loss {size}", f"{part} {accuracy}" if accuracy else ""
    brief = share or loss  # beside a step, a card has no room for both
    why = f"The training loss is {size} after {run.last:,} steps"
    why += f", and {accuracy} of the {job.data.held_out} samples are classified correctly." if accuracy else "."
    if not run.finished:
        return f"step {run.last:,} · {brief}", why, 0
    if found.loss[-1] > found.loss[0]:
        return f"ended above its start: {loss}", f"{why} The loss ended above its initial value.", run.last
    if job.can_go_on(run):
        return (
            f"stopped @ {run.last:,} · {brief}",
            f"{why} Training was stopped there; press Train to continue.",
            run.last,
        )
    return " · ".join(filter(None, [loss, share])), why, run.last


def standing(job: Job) -> str:
    """How a training as a whole stands, in words."""
    done = sum(run.last for run in job.runs)
    if not job.begun:
        return "not trained yet: press Train"
    if job.training_now:
        if not done:
            return "compiling …"
        if job.training.endless:
            return f"step {max(run.last for run in job.runs):,} · until stopped"
        return f"{job.progress:.0%} · {done:,} of {job.steps * len(job.runs):,} steps"
    if job.stopped:
        ends = [run.last for run in job.runs if run.diverged < 0 and not run.error]
        least, most = min(ends), max(ends)
        where = f"at step {least:,}" if least == most else f"between steps {least:,} and {most:,}"
        limit = "" if job.training.endless else f" of {job.steps:,}"
        return f"stopped {where}{limit}: press Train to continue"
    return f"trained in {short(job.seconds, 2)} s" if job.seconds else "trained"


def _last(run: Run) -> Measures | None:
    seen = [one for one in run.seen.get("measures", []) if one is not None]
    if not seen:
        return None
    # the first value of all, the last of what is there: to compare them
    return Measures(*(np.concatenate([a[:1], b[-1:]]) for a, b in zip(seen[0], seen[-1], strict=True)))


def table(training: Training, job: Job) -> list[Row]:
    """What became of every racer that is shown."""
    rows = []
    for racer, title, run in zip(training.racers, titles(training), job.runs, strict=True):
        found = _last(run)
        if racer.hidden or found is None:
            continue
        if run.diverged >= 0:  # the weights kept last may be the start's: their numbers would tell of another network
            found = Measures(*(np.full(1, np.nan) for _ in found))
        lowest = observers.lowest_validation(run)
        rows.append(
            Row(
                racer=racer.id,
                title=title,
                status=status(run, job)[0],
                loss=widened(found.loss[-1]),
                validation_loss=widened(found.validation_loss[-1]),
                accuracy=widened(found.accuracy[-1]),
                validation_accuracy=widened(found.validation_accuracy[-1]),
                steps=run.last,
                samples=run.last * (run.batch_size or len(job.data.train)),
                weights=run.network.model.size,
                lowest_validation_loss=widened(lowest.loss) if lowest else math.nan,
                lowest_at=lowest.step if lowest else 0,
            )
        )
    return rows


def widened(value: np.floating) -> float:
    """The float64 with the digits of a float32: 0.8 rather than 0.800000011920929."""
    return float(str(value))


def heads(data: DataSet) -> list[str]:
    """What stands above the columns of `cells`."""
    part = data.held_out.capitalize()
    accuracies = ["Training accuracy", f"{part} accuracy"] if data.task == "classes" else []
    stopped = ["Lowest validation loss"] if data.held_out == "validation" else []
    losses = ["Training loss", f"{part} loss", *accuracies, *stopped]
    return ["Racer", "Status", *losses, "Steps", "Samples seen", "Weights"]


def cells(row: Row, data: DataSet) -> list[str]:
    """A line of the table of results in words."""
    found = [row.title, row.status, finite(row.loss), finite(row.validation_loss)]
    found += [share(row.accuracy), share(row.validation_accuracy)] if data.task == "classes" else []
    if data.held_out == "validation":
        known = math.isfinite(row.lowest_validation_loss)
        found.append(f"{finite(row.lowest_validation_loss)} at step {row.lowest_at:,}" if known else "–")
    return [*found, f"{row.steps:,}", f"{row.samples:,}", f"{row.weights:,}"]


@dataclasses.dataclass(frozen=True)
class Epoch:
    """One line of the table by epoch.

    Attributes:
        epoch: the number of passes through the training samples; 0 for the start.
        step: the step at which the weights were recorded, the first at or after the epoch's end.
        results: of each racer by its title, the accuracies on training and held-out samples, or their losses if the
            targets are values; NaN where a run has none.
    """

    epoch: int
    step: int
    results: Mapping[str, tuple[float, float]]


def epochs(training: Training, job: Job) -> list[Epoch]:
    """The results of every racer that is shown after each epoch at whose end weights were recorded."""
    found: dict[int, tuple[int, dict[str, tuple[float, float]]]] = {}
    for racer, title, run in zip(training.racers, titles(training), job.runs, strict=True):
        if racer.hidden or not run.looks("measures"):
            continue
        seen = observers.measures(run)
        pair = (seen.accuracy, seen.validation_accuracy)
        pair = pair if job.data.task == "classes" else (seen.loss, seen.validation_loss)
        for step, *values in zip(run.steps(), *pair, strict=False):
            epoch = int(step // training.exact_epoch(job.data))
            if step == training.end_of_epoch(epoch, job.data):
                found.setdefault(epoch, (int(step), {}))[1][title] = (float(values[0]), float(values[1]))
    return [Epoch(epoch, step, results) for epoch, (step, results) in sorted(found.items())]


def epoch_heads(training: Training, job: Job) -> list[str]:
    """The heads of the columns of `epoch_cells`."""
    parts = ("training", job.data.held_out)
    return ["Epoch", *(f"{title}, {part}" for title in _shown(training) for part in parts)]


def epoch_cells(training: Training, job: Job) -> list[list[str]]:
    """The lines of the table by epoch in words."""
    word = share if job.data.task == "classes" else finite
    none = (math.nan, math.nan)
    return [
        [str(row.epoch), *(word(value) for title in _shown(training) for value in row.results.get(title, none))]
        for row in epochs(training, job)
    ]


def epoch_note(training: Training, job: Job) -> str:
    """What the table by epoch says about its rows: where an epoch ends, and which epochs it leaves out."""
    each = training.exact_epoch(job.data)
    words = []
    if each.denominator > 1:
        words.append(
            f"An epoch takes {short(float(each), 5)} steps, so its results are those after the first step at or after "
            "its end."
        )
    rows = [row.epoch for row in epochs(training, job)]
    if rows and len(rows) <= rows[-1]:
        words.append(
            f"The table has {len(rows) - 1:,} of {rows[-1]:,} epochs, because the weights were not recorded after the "
            "others: a long training, or a large network, is recorded less often."
        )
    return " ".join(words)


def _shown(training: Training) -> list[str]:
    """The titles of the racers that are shown."""
    return [t for racer, t in zip(training.racers, titles(training), strict=True) if not racer.hidden]


def finite(loss: float) -> str:
    """A loss in words; a dash where there is none."""
    return short(loss, 4) if math.isfinite(loss) else "–"


def share(accuracy: float) -> str:
    """An accuracy in words; a dash where there is none."""
    return "–" if math.isnan(accuracy) else percent(accuracy)


class Tested(NamedTuple):
    """What a run reaches on the test samples: its last weights, and those with the lowest validation loss; NaN of a run
    that diverged.
    """

    loss: float
    accuracy: float
    stopped_loss: float
    stopped_accuracy: float


def tested(job: Job) -> dict[str, Tested]:
    """The test set, used: the results of every racer's weights, by racer."""
    if not job.runs:
        return {}
    lowest = [observers.lowest_validation(run) for run in job.runs]
    records = [(-1, one.record if one else -1) for one in lowest]
    results = job.answer("test", observers.test_results, range(len(job.runs)), records)
    return {run.racer.id: Tested(*last, *stopped) for run, (last, stopped) in zip(job.runs, results, strict=True)}


def test_heads(data: DataSet) -> list[str]:
    """The heads of the columns of `test_cells`."""
    measure = "Test accuracy" if data.task == "classes" else "Test loss"
    return [measure, f"{measure} at the lowest validation loss"]


def test_cells(found: Tested, data: DataSet) -> list[str]:
    """The results on the test samples in words; a loss where a run has no accuracy."""
    pairs = ((found.loss, found.accuracy), (found.stopped_loss, found.stopped_accuracy))
    return [
        share(accuracy) if data.task == "classes" and not math.isnan(accuracy) else finite(loss)
        for loss, accuracy in pairs
    ]
