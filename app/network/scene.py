"""From a training and its runs to a board: what one rerun of the page computes, without a word of Streamlit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.common import cards as common_cards
from app.common import names
from app.common.digits import percent, short
from app.common.racers import Racer
from app.figures import theme
from app.figures.panels import Panel, Shown, message
from app.network import observers, process
from app.network.job import Job, Observer, Run
from app.network.process import Connection
from app.network.settings import FILE, Setup, Training
from app.network.views import VIEWS
from app.player import Board, Card, Slot
from optimizers import RULES
from surfaces.network import ACTIVATIONS, DATASETS, INITIALIZATIONS, LOSSES, DataSet
from surfaces.network.measures import Measures


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table of results, of a racer's last weights; NaN where it diverged, and accuracies for values."""

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


def job_for(training: Training, data: DataSet, earlier: Job | None = None, connection: Connection | None = None) -> Job:
    """The job of a training; runs of an earlier one that are the same are taken over, trained as they are.

    Args:
        connection: to the trainer; by default to the process that all pages share.
    """
    job = Job(training, data, needed(training, data), connection or process.shared(), earlier)
    job.wait_for_starts()
    return job


def needed(training: Training, data: DataSet) -> dict[str, Observer]:
    """What the views on the page need to have looked at."""
    found: dict[str, Observer] = dict(observers.MEASURES)
    for key in training.views:
        found |= VIEWS[key].observers(data)
    return found


def choices(data: DataSet) -> tuple[tuple[str, str], ...]:
    """The views that these data can fill."""
    return tuple((key, view.name(data)) for key, view in VIEWS.items() if view.fits(data))


def board(training: Training, job: Job) -> Board:
    """All that the player plays."""
    requests, busy = job.requests, job.busy  # before anything is read: what comes later is asked for again
    waiting = _look(training, job)
    cards = []
    shown: dict[str, list[Shown]] = {key: [] for key in training.views}
    for k, (racer, title, run) in enumerate(zip(training.racers, titles(training), job.runs, strict=True)):
        color, dash, _ = theme.mark(racer.slot)
        for key in () if racer.hidden else training.views:
            seen = run.snapshot(VIEWS[key].observers(job.data))
            shown[key].append(Shown(seen, racer.id, k, title, color, dash))
        cards.append(_card(training, racer, title, run, job))
    slots = tuple(
        Slot(
            key,
            choices(job.data),
            message("Looking at the runs …") if key in waiting else panel(key, job, shown[key], training),
            VIEWS[key].name(job.data),
        )
        for key in training.views
    )
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Board(
        slots=slots,
        styles=theme.styles(),
        cards=tuple(cards),
        steps=max((run.last for run in job.runs), default=0),
        choices=tuple((key, rule.name) for key, rule in RULES.items() if not rule.dense),
        caption=caption(training, job.data),
        description=f"{job.data.name}, {len(cards)} optimizers, {training.steps:,} steps. {words}.",
        busy=busy or job.requests > requests,
    )


def _look(training: Training, job: Job) -> set[str]:
    """Start the observations that the views need; return the views that must wait."""
    waiting = set()
    for key in training.views:
        for name, observer in VIEWS[key].observers(job.data).items():
            complete = job.observe(name, observer)
            if not job.begun:  # the starts alone, which take no time worth showing
                job.wait_for_starts()
            behind = job.begun and not job.training_now and not complete
            if behind or any(not run.looks(name) for run in job.runs):
                waiting.add(key)
    return waiting


def panel(key: str, job: Job, shown: list[Shown], training: Training) -> Panel:
    """What one view shows now."""
    if not shown:
        return message("Nobody trains: add a racer, or show one.")
    return VIEWS[key].panel(job, shown, training)


def titles(training: Training) -> list[str]:
    """The racers' names with what they have for themselves."""
    return names.titles(training, own_words)


def own_words(racer: Racer) -> list[str]:
    """What a racer has for itself, in words, and its rule's own decay, to be told from L2 in the loss."""
    named: Mapping[str, Mapping[str, Any]] = {
        "activation": ACTIVATIONS,
        "initialization": INITIALIZATIONS,
        "objective": LOSSES,
    }
    own = dict(racer.own)
    said = []
    for name, value in own.items():
        if name in named:
            word = named[name][str(value)].name
            if name == "initialization" and value in ("normal", "constant") and "sigma" in own:
                word = f"N(0, {short(own['sigma'])}²)" if value == "normal" else f"all {short(own['sigma'])}"
            said.append(word)
        elif name == "batch_size":
            said.append(f"batch {value}" if value else "full batch")
        elif name == "widths":
            said.append(str(value))
        elif name == "l2":
            said.append(f"L2 {short(value)}")
        elif own.get("initialization") not in ("normal", "constant"):
            said.append(f"σ {short(value)}")
    spec = RULES[racer.rule.key].parameters().get("weight_decay")
    if spec and (decay := racer.rule.get("weight_decay", spec.default)):
        said.append(f"decay {short(decay)}")
    return said


def status(run: Run, job: Job) -> tuple[str, str, int]:
    """What became of a run: in a few words, in a sentence, and the step from which that holds."""
    if run.error:
        return "failed", run.error, run.last
    if run.diverged >= 0:
        why = f"At step {run.diverged} its loss or its weights left the finite numbers; the last finite ones are kept."
        return f"diverged @ {run.diverged:,}", why, run.diverged
    if run.last == 0:
        return ("waiting" if job.training_now and job.begun else "untrained"), "Press Train.", 0
    found = _last(run)
    if found is None:
        return "training", "", 0
    share = "" if np.isnan(found.accuracy[-1]) else f" · val. {percent(found.validation_accuracy[-1])}"
    words = f"loss {short(float(found.loss[-1]), 3)}{share}"
    why = f"Training loss after {run.last:,} steps"
    why += ", and the share of validation samples that it gets right." if share else "."
    if not run.finished:
        return f"step {run.last:,} · {words}", why, 0
    if found.loss[-1] > found.loss[0]:
        return f"grew: {words}", f"{why} It ended higher than it began.", run.last
    if job.stopped and run.last < job.steps:
        return f"stopped @ {run.last:,} · {words}", f"{why} It was stopped there.", run.last
    return words, why, run.last


def _last(run: Run) -> Measures | None:
    seen = [one for one in run.seen.get("measures", []) if one is not None]
    if not seen:
        return None
    # the first value of all, the last of what is there: for "grew"
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
        rows.append(
            Row(
                racer=racer.id,
                title=title,
                status=status(run, job)[0],
                loss=float(found.loss[-1]),
                validation_loss=float(found.validation_loss[-1]),
                accuracy=float(found.accuracy[-1]),
                validation_accuracy=float(found.validation_accuracy[-1]),
                steps=run.last,
                samples=run.last * (run.batch_size or len(job.data.train)),
                weights=run.network.model.size,
            )
        )
    return rows


def heads(data: DataSet) -> list[str]:
    """What stands above the columns of `cells`."""
    accuracies = ["Training accuracy", "Validation accuracy"] if data.task == "classes" else []
    return ["Racer", "Status", "Training loss", "Validation loss", *accuracies, "Steps", "Samples seen", "Weights"]


def cells(row: Row, data: DataSet) -> list[str]:
    """A line of the table of results in words."""
    found = [row.title, row.status, finite(row.loss), finite(row.validation_loss)]
    found += [share(row.accuracy), share(row.validation_accuracy)] if data.task == "classes" else []
    return [*found, f"{row.steps:,}", f"{row.samples:,}", f"{row.weights:,}"]


def finite(loss: float) -> str:
    """A loss in words; a dash where there is none."""
    return short(loss, 4) if math.isfinite(loss) else "–"


def share(accuracy: float) -> str:
    """An accuracy in words; a dash where there is none."""
    return "–" if math.isnan(accuracy) else percent(accuracy)


def tested(job: Job) -> dict[str, tuple[float, float]]:
    """The test set, used: (loss, accuracy) of every racer's last weights, by racer; NaN of one that diverged."""
    results = job.answer("test", observers.test_results, range(len(job.runs))) if job.runs else []
    return {run.racer.id: result for run, result in zip(job.runs, results, strict=True)}


def spelled_widths(widths: tuple[int, ...]) -> str:
    """The widths of a network in little room: 2-32-32-2, 2-32×8-2, or how many layers there are."""
    inputs, *hidden, outputs = widths
    if len(hidden) > 3:
        same = len(set(hidden)) == 1
        return (
            f"{inputs}-{hidden[0]}×{len(hidden)}-{outputs}" if same else f"{inputs}-…-{outputs}, {len(hidden)} hidden"
        )
    return "-".join(map(str, widths))


def memory(training: Training, data: DataSet) -> str:
    """How often weights are kept, and what that takes."""
    sizes = [training.model(r, data).size for r in training.racers]
    kept, stride = training.kept(data), training.stride(data)
    every = "after every step" if stride == 1 else f"every {stride:,} steps"
    taken = sum(sizes) * kept * 4 * 2  # the preconditioners of adaptive rules with them
    return f"Weights are kept and measured {every}, {kept} times: at most {max(taken / 2**20, 0.1):,.1f} MB."


def caption(training: Training, data: DataSet) -> str:
    """All that is set, in a line."""
    source = data.name
    if training.data.key != FILE:
        source += names.spelled_values(DATASETS[training.data.key].parameters(), training.data)
    batch = f"batch {training.batch_size}" if training.batch_size else "full batch"
    spelled = [p.label(str(training.of(None, n))) for n, p in Setup.parameters().items() if p.choices]
    widths = spelled_widths(training.model(None, data).widths)
    parts = [source, widths, *spelled, batch, f"{training.steps:,} steps"]
    return " · ".join([*parts, *names.spelled_racers(training, own_words), f"seed {training.seed}"])


def _card(training: Training, racer: Racer, title: str, run: Run, job: Job) -> Card:
    words, why, settled = status(run, job)
    return common_cards.card(
        racer,
        title,
        status=words,
        why=" ".join(filter(None, [why, RULES[racer.rule.key].beginning])),
        gone=run.diverged >= 0,
        last=min(run.last, training.steps),
        settled=settled,
    )
