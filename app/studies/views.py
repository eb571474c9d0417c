"""What the Studies page draws: the panels of a study, and the message in their place before there is a result."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from app.figures.marks import Panel
from app.figures.panels import message
from app.studies import pictures
from app.studies.job import Job
from app.studies.settings import Settings

MOST = 3
"""The most panels of a study."""


def panels(settings: Settings, job: Job) -> tuple[Panel, ...]:
    """The panels of the result so far; each offers no other view, so that its title stands above it."""
    drawn: tuple[Panel, ...]
    if job.found is None:
        words = job.error or ("Computing the first part …" if job.running else "Press Run: the result appears here.")
        drawn = (dataclasses.replace(message(words), key="result", title=settings.declared.name),)
    else:
        drawn = pictures.of(settings.study.key).panels(settings.built(), job.found)
    return tuple(dataclasses.replace(panel, choices=((panel.key, panel.title),)) for panel in drawn)


def unit(settings: Settings) -> str:
    """What the clock of a study counts, in the singular."""
    return str(getattr(pictures.of(settings.study.key), "UNIT", "step"))


def end(drawn: tuple[Panel, ...]) -> int:
    """The last time of any mark; 0 if none has a time."""
    times: list[Any] = [getattr(mark, "time", None) for panel in drawn for mark in panel.marks]
    return max((int(np.max(time)) for time in times if time is not None and len(time)), default=0)
