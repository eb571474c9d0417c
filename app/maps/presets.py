"""Maps for a lecture: each shows one effect."""

from __future__ import annotations

import dataclasses
import functools

from app.common.differences import differences, sentence
from app.common.racers import Refused
from app.common.words import unknown
from app.maps.choices import swept
from app.maps.effects import PRESETS, Preset
from app.maps.link import parse
from app.maps.settings import Settings

__all__ = ["PRESETS", "Preset", "changes", "preset", "shown_by"]


@functools.cache
def preset(key: str) -> Settings:
    """The settings of a preset's map.

    Raises:
        Refused: if there is no such preset.
    """
    if key not in PRESETS:
        raise Refused(unknown("preset", key, PRESETS))
    settings, _ = parse({"preset": [key]})
    return settings


def shown_by(settings: Settings) -> str:
    """What to look at in a map that began as a preset; an empty text in other maps."""
    return PRESETS[settings.preset].about if settings.preset else ""


def changes(settings: Settings) -> str:
    """What was changed in a map since it began as a preset, as a sentence; an empty text if nothing was."""
    if not settings.preset:
        return ""
    began = preset(settings.preset)
    return sentence(differences(_map(began), _map(settings)))


def _map(settings: Settings) -> Settings:
    """The settings of a map without its window and the cell that is chosen."""
    racers = tuple(dataclasses.replace(racer, rule=swept(settings, racer)[1].rule) for racer in settings.racers)
    bare = swept(settings, settings.racers[0])[0] if settings.racers else settings
    return dataclasses.replace(bare, racers=racers, window=None)
