"""The changes of a study: functions from settings to settings that may raise `Refused`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from app.common.racers import Choice, Refused, checked, sentence
from app.common.setting import declared, with_value
from app.studies.presets import PRESETS
from app.studies.settings import Settings
from optimizers.studies import STUDIES

SETTINGS = declared(Settings)
"""The settings of a study by the names of their fields."""


def change(settings: Settings, name: str, value: Any) -> Settings:
    """Set a setting, by its name."""
    return with_value(settings, SETTINGS[name], value)


def choose_study(settings: Settings, key: str) -> Settings:
    """Choose a study with its defaults. The seed stays."""
    return change(settings, "study", key)


def reset(settings: Settings, key: str) -> Settings:
    """Choose a study as a preset shows it, with the default seed."""
    choice = PRESETS[key].study
    return set_parameters(choose_study(Settings(), choice.key), "study", dict(choice.values))


def set_parameters(settings: Settings, part: str, values: Mapping[str, Any]) -> Settings:
    """Set several parameters of the study at once; they may be legal only together.

    Raises:
        Refused: if the study has no such parameter, or a value is outside its range or not legal beside the others.
    """
    choice: Choice = settings.study
    for name, value in values.items():
        choice = choice.having(name, checked(STUDIES[choice.key], name, value))
    changed = dataclasses.replace(settings, study=choice)
    try:
        changed.built()
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    return changed


def set_parameter(settings: Settings, name: str, value: Any) -> Settings:
    """Set a parameter of the study."""
    return set_parameters(settings, "study", {name: value})
