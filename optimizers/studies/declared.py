"""Declarations of parameters that several studies have. Their legal ranges bound the time and memory of a study."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from surfaces.network.norms import NORMS
from surfaces.parameter import Interval, parameter

NORM_NAMES: Mapping[str, str] = MappingProxyType({key: NORMS[key].name for key in ("batch", "layer", "group")})
"""The names of the norms that suit fully connected layers, by their keys."""
NORM_GROUPS = 4
"""The groups of neurons in each layer with group norm."""


def check_groups(width: int) -> None:
    """Check that layers of so many neurons can have group norm.

    Raises:
        ValueError: if the neurons cannot be divided into groups of equal size.
    """
    if objection := NORMS["group"].objection(width, NORM_GROUPS):
        raise ValueError(f"{objection}: choose a width that is a multiple of {NORM_GROUPS}")


def whole(symbol: str, default: int, low: int, high: int, doc: str, *, log: bool = False, title: str = "") -> Any:
    """A number of things, from `low` to `high`."""
    legal = Interval(low, high)
    return parameter(
        symbol,
        default=default,
        low=low,
        high=high,
        log=log,
        legal=legal,
        integer=True,
        tuned=False,
        title=title,
        doc=doc,
    )


def number(
    symbol: str, default: float, low: float, high: float, doc: str, *, log: bool = False, title: str = ""
) -> Any:
    """A real number from `low` to `high`."""
    legal = Interval(low, high)
    return parameter(
        symbol, default=default, low=low, high=high, log=log, legal=legal, tuned=False, title=title, doc=doc
    )


def samples(default: int, low: int = 10, high: int = 200) -> Any:
    """N, the number of training samples."""
    return whole("N", default, low, high, "Number of training samples.", log=True)


def noise(default: float) -> Any:
    """σ of the targets of a regression."""
    return number("σ", default, 0.0, 1.0, "Standard deviation of the noise in the targets.")


def steps(default: int, high: int = 5000) -> Any:
    """T, the number of steps of each training."""
    return whole("T", default, 50, high, "Steps of each training.", log=True)


def learning_rate(default: float = 1e-2) -> Any:
    """η of Adam."""
    return number("η", default, 1e-4, 0.1, "Learning rate of Adam.", log=True)


def seeds(default: int, low: int = 2, high: int = 40) -> Any:
    """R, the number of repetitions with other random numbers."""
    return whole("R", default, low, high, "Number of seeds: repetitions with other random numbers.")
