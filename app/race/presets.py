"""Races for a lecture: each shows one effect, ready to be played."""

from __future__ import annotations

import functools

from app.common.differences import differences, sentence
from app.common.racers import Refused
from app.common.words import unknown
from app.race.effects import PRESETS, Preset
from app.race.link import parse
from app.race.settings import Settings

__all__ = ["PRESETS", "Preset", "changes", "preset", "shown_by"]


@functools.cache
def preset(key: str) -> Settings:
    """The settings of a preset's race.

    Raises:
        Refused: if there is no such preset.
    """
    if key not in PRESETS:
        raise Refused(unknown("preset", key, PRESETS))
    settings, _ = parse({"preset": [key]})
    return settings


def shown_by(settings: Settings) -> str:
    """What to look at in a race that began as a preset, whatever was changed since; an empty text in other races."""
    return PRESETS[settings.preset].about if settings.preset else ""


def changes(settings: Settings) -> str:
    """What was changed in a race since it began as a preset, as a sentence; an empty text if its runs are the same."""
    if not settings.preset or _runs(settings) == _runs(preset(settings.preset)):
        return ""
    return sentence(differences(preset(settings.preset), settings)) or "The order of the racers was changed."


def _runs(settings: Settings) -> tuple[object, ...]:
    """What the runs of a race depend on."""
    return settings.bare(), *(racer.bare() for racer in settings.racers)
