"""Reads the axes of a sweep from words such as learning_rate=1e-3:1:64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.common.digits import shortened
from app.common.racers import Refused
from optimizers import Grid, Random

FORMS = "0.1,0.2 (a list), 0.001:1:64 (a grid), 64 (a grid over the declared range), 0.001:1 or random (random search)"
MOST_SEEDS = 1_000_000


def read(words: Sequence[str]) -> dict[str, Any]:
    """The axes by name: lists of values, `Grid`s and `Random`s.

    Args:
        words: texts NAME=VALUES in one of the `FORMS`; seed=0:99 stands for the seeds from 0 to 99.

    Raises:
        Refused: if a text has another form, or if a name appears twice.
    """
    axes: dict[str, Any] = {}
    for word in words:
        name, equals, values = (part.strip() for part in word.partition("="))
        if not equals or not name:
            raise Refused(f"--over takes NAME=VALUES, such as learning_rate=0.001:1:64; got {shortened(word)!r}.")
        if name in axes:
            raise Refused(f"--over {name} is given twice; an axis has one set of values.")
        axes[name] = _seeds(values) if name == "seed" else _values(name, values)
    return axes


def _values(name: str, spelled: str) -> Any:
    if spelled == "random":
        return Random()
    parts = spelled.split(":")
    if len(parts) == 1 and _is_count(spelled):
        return Grid(int(spelled))
    try:
        if len(parts) == 1:
            return [_number(part) for part in spelled.split(",")]
        low, high = _number(parts[0]), _number(parts[1])
        if len(parts) == 2:
            return Random(low, high)
        if len(parts) == 3 and _is_count(parts[2]):
            return Grid(int(parts[2]), low, high)
    except ValueError:
        pass
    raise Refused(f"--over {name} takes {FORMS}; got {shortened(spelled)!r}.")


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) < 12


def _number(text: str) -> float:
    """A finite number.

    Raises:
        ValueError: if the text is none.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _seeds(spelled: str) -> Sequence[int]:
    first, colon, last = spelled.partition(":")
    words = [first, last] if colon else spelled.split(",")
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        raise Refused(f"--over seed takes whole numbers, such as 0:99 or 1,2,3; got {shortened(spelled)!r}.")
    if not colon:
        return [int(word) for word in words]
    if not 0 <= int(last) - int(first) < MOST_SEEDS:
        raise Refused(f"--over seed goes from the first to the last of at most {MOST_SEEDS:,} seeds; got {spelled!r}.")
    return range(int(first), int(last) + 1)
