"""The changes of a matrix: functions from settings to settings that may raise `Refused`."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.common.forms import OneOf
from app.common.racers import Refused
from app.common.setting import declared, with_value
from app.matrix.presets import PRESETS
from app.matrix.settings import Settings
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS

SETTINGS = declared(Settings, preset=OneOf({"": "none", **{key: preset.name for key, preset in PRESETS.items()}}))
"""The settings of a matrix by the names of their fields."""


def change(settings: Settings, name: str, value: Any) -> Settings:
    """Set a setting, by its name."""
    return with_value(settings, SETTINGS[name], value)


def pick(settings: Settings, test: str, rule: str) -> Settings:
    """Choose the cell whose runs are played.

    Raises:
        Refused: if there is no such test or rule.
    """
    if test not in UNIT_TESTS or rule not in OPTIMIZERS:
        raise Refused("This cell does not exist any more. Choose another one.")
    return dataclasses.replace(settings, test=test, rule=rule)


def sort_rows(settings: Settings, rule: str) -> Settings:
    """Sort the tests by the share of one optimizer; by difficulty again if they are sorted so."""
    return change(settings, "rows", "" if settings.rows == rule else rule)


def sort_columns(settings: Settings, test: str) -> Settings:
    """Sort the optimizers by their share in one test; by year again if they are sorted so."""
    return change(settings, "columns", "" if settings.columns == test else test)
