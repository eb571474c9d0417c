"""Builds the scenes of the Tests page: the runs of a cell for the player, and the whole matrix for files."""

from __future__ import annotations

import dataclasses

from app.common.phrases import sentence_case
from app.figures import theme
from app.matrix import captions
from app.matrix.job import Job, Place
from app.matrix.runs import SLOTS, Played, played
from app.matrix.settings import Settings
from app.matrix.views import VIEWS, losses_panel, map_panel, matrix_panel
from app.player import Card, Clock, Guide, Scene
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS

FIRST: Place = ("ravine_100_45", "sgd")
"""The cell that is played before one was chosen."""


def place_of(settings: Settings) -> Place:
    """The cell whose runs are played."""
    if settings.test and settings.rule:
        return settings.test, settings.rule
    test = FIRST[0] if FIRST[0] in settings.tests_shown else settings.tests_shown[0]
    return test, FIRST[1] if FIRST[1] in settings.rules_shown else settings.rules_shown[0]


def runs_of(settings: Settings, job: Job) -> list[Played]:
    """The runs that are played; none if the cell is not there yet."""
    cell = job.cells.get(place_of(settings))
    return [] if cell is None else played(cell)


def scene(settings: Settings, job: Job) -> Scene:
    """The map and the losses of the runs of a cell, which the player plays."""
    busy = job.running  # before anything is read: what comes later is asked for again
    place = place_of(settings)
    test, rule = place
    runs = runs_of(settings, job)
    name = f"{OPTIMIZERS[rule].name} in “{UNIT_TESTS[test].group}: {UNIT_TESTS[test].name}”"
    cards = tuple(_card(rule, one) for one in runs)
    words = "; ".join(f"{card.title}: {card.status}" for card in cards)
    return Scene(
        panels=(map_panel(test, runs, [card.status for card in cards]), losses_panel(test, runs)),
        cards=cards,
        clock=Clock(max((one.run.steps for one in runs), default=0)),
        arrangement="one above",
        caption=captions.playing(place, job.cells),
        description=f"{name}: the paths and losses of {len(cards)} runs. {words}.",
        busy=busy,
        fixed=True,
    )


def guide(settings: Settings, job: Job) -> Guide:
    """The name of the chosen cell, what it shows, and what its test asks of a rule."""
    test, rule = place = place_of(settings)
    name = f"{OPTIMIZERS[rule].name} · {UNIT_TESTS[test].group}: {UNIT_TESTS[test].name}"
    about = f"{sentence_case(captions.of_cell(place, job.cells))} {captions.about(test)}"
    return Guide.of("cell", name, about, "")


def whole(settings: Settings, job: Job) -> Scene:
    """The matrix above the runs of the chosen cell, for files."""
    lower = scene(settings, job)
    caption = f"{captions.caption(settings)} · below: {lower.caption}"
    matrix = matrix_panel(settings, job.cells)
    matrix = dataclasses.replace(matrix, key="matrix", title=VIEWS["matrix"])
    return dataclasses.replace(
        lower,
        panels=(matrix, *lower.panels),
        caption=caption,
        guide=guide(settings, job),
        description=f"The share of settings that solve each test, {captions.caption(settings)}. {lower.description}",
    )


def _card(rule: str, one: Played) -> Card:
    color, dash, shape = theme.mark(SLOTS[one.kind])
    return Card(
        id=one.id,
        title=one.title,
        color=color,
        dash=dash,
        shape=shape,
        status=str(one.run.status),
        why=f"{one.run.status.why} {captions.of_run(rule, one)}",
        gone=one.run.status.kind in ("growing", "diverged"),
        settled=one.run.steps if one.run.status.step is None else one.run.status.step,
    )
