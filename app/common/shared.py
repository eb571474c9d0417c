"""Declarations of the settings that every page has."""

from __future__ import annotations

from typing import Any

from app.common.forms import OneRecord, Racers, Whole
from app.common.racers import Choice
from app.common.setting import setting
from optimizers import SCHEDULES

FIRST = "The optimizers that run side by side. A link without this key starts with the default optimizers."


def racers() -> Any:
    """Declare the racers."""
    return setting((), Racers(), key="racer", always=True, help=FIRST)


def steps(default: int, most: int) -> Any:
    """Declare the number of steps, which is at most `most`."""
    return setting(default, Whole(1, most, "300"), tab="Run", always=True, help="The number of steps of every racer.")


def schedule() -> Any:
    """Declare the schedule of the learning rates."""
    return setting(
        Choice("constant"),
        OneRecord("schedule", SCHEDULES),
        label="Learning rate schedule",
        help="The factor by which every learning rate is multiplied, as a function of the step.",
    )


def seed(of: str) -> Any:
    """Declare the seed of a random quantity, such as "the noise"."""
    return setting(
        0, Whole(0, 2**31 - 1, "0 or 7"), tab="Run", label=f"Seed of {of}", always=True, help=f"The seed of {of}."
    )
