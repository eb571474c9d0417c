"""Builds the scene of a study, which the player and the export draw."""

from __future__ import annotations

from app.common.phrases import sentence_case
from app.player import Clock, Guide, Scene
from app.studies import captions, presets, views
from app.studies.job import Job
from app.studies.presets import PRESETS
from app.studies.settings import Settings

PURPOSE = "See what holds over many runs."


def scene(settings: Settings, job: Job) -> Scene:
    """The panels of a study side by side, on one clock if it has a time."""
    busy = job.running  # before the panels are drawn: the player polls for later parts
    panels = views.panels(settings, job)
    found = captions.finding(settings, job)
    return Scene(
        panels=panels,
        cards=(),
        clock=Clock(views.end(panels), unit=views.unit(settings)),
        arrangement="side by side",
        caption=captions.caption(settings, job),
        description=sentence_case(f"{captions.caption(settings, job)}. {found}".strip()),
        busy=busy,
        fixed=True,
    )


def guide(settings: Settings) -> Guide:
    """All studies, and what to see in the chosen one."""
    return Guide(
        purpose=PURPOSE,
        presets=tuple((key, preset.label, preset.name) for key, preset in PRESETS.items()),
        shown=presets.shown(settings),
        about=PRESETS[presets.shown(settings)].about,
        changes=presets.changes(settings),
    )


def recorded(settings: Settings) -> Guide:
    """The chosen study alone, for a recording."""
    key = presets.shown(settings)
    preset = PRESETS[key]
    return Guide.of(key, preset.name, preset.about, presets.changes(settings))
