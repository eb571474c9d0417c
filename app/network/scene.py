"""From a training and its runs to a scene: all that the player draws of them."""

from __future__ import annotations

import dataclasses

from app.common import cards as common_cards
from app.common.racers import Racer
from app.figures import theme
from app.figures.marks import Panel
from app.figures.panels import Shown, message
from app.network import observers, outcome, process
from app.network.captions import caption, titles
from app.network.changes import suggestion
from app.network.connection import Connection
from app.network.job import Job
from app.network.results import status
from app.network.run import Observer, Run
from app.network.settings import Training
from app.network.views import BEFORE, VIEWS
from app.player import Card, Clock, Scene
from optimizers import RULES
from surfaces.network import DataSet


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


def scene(training: Training, job: Job) -> Scene:
    """All that the player plays."""
    requests, busy = job.requests, job.busy  # before anything is read: what comes later is asked for again
    waiting = _look(training, job)
    cards = []
    shown: dict[str, list[Shown]] = {key: [] for key in training.views}
    for racer, title, run in zip(training.racers, titles(training), job.runs, strict=True):
        for key in () if racer.hidden else training.views:
            seen = run.snapshot(VIEWS[key].observers(job.data))
            shown[key].append(Shown(seen, racer.id, title, *theme.mark(racer.slot)))
        cards.append(_card(training, racer, title, run, job))
    panels = []
    for key in training.views:
        drawn = message("Evaluating the runs …") if key in waiting else panel(key, job, shown[key], training)
        panels.append(dataclasses.replace(drawn, key=key, title=VIEWS[key].name(job.data), choices=choices(job.data)))
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        panels=tuple(panels),
        cards=tuple(cards),
        clock=clock_of(training, job),
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
    if shown and key in BEFORE and not any(one.run.last for one in shown) and not (job.begun and job.training_now):
        name = VIEWS[key].name(job.data).lower()
        return message(f"Press Train: the {name} of every racer appears here, step by step.")
    if shown and key == "outcome" and not any(one.run.last for one in shown):
        return outcome.before(job, shown, training)
    if not shown:
        return message("No optimizers to show: add one, or show one that is hidden.")
    return VIEWS[key].panel(job, shown, training)


def _card(training: Training, racer: Racer, title: str, run: Run, job: Job) -> Card:
    words, why, settled = status(run, job)
    return common_cards.card(
        racer,
        title,
        status=words,
        why=" ".join(filter(None, [why, RULES[racer.rule.key].beginning])),
        gone=run.diverged >= 0,
        settled=settled,
        suggests=suggestion(racer.rule.key),
    )


def clock_of(training: Training, job: Job) -> Clock:
    """The clock of a training, which ends at its last step so far."""
    end = max((run.last for run in job.runs), default=0)
    return Clock(end, epoch=training.epoch(job.data) if training.counts_epochs else 0.0)
