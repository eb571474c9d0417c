"""Titles that distinguish things of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.common.digits import short


def distinct_titles(names: Sequence[str], values: Sequence[Mapping[str, Any]]) -> list[str]:
    """Different titles for all names. Equal names get the first value in which they differ, or a number.

    Args:
        values: the values behind each name by their symbols.
    """
    titles: list[str] = []
    for name, named in zip(names, values, strict=True):
        twins = [other for twin, other in zip(names, values, strict=True) if twin == name]
        symbol = next((symbol for symbol in named if len({other.get(symbol) for other in twins}) > 1), None)
        title = f"{name} {symbol} = {short(named[symbol])}" if symbol else name
        repeated = sum(other == title or other.startswith(f"{title} #") for other in titles)
        titles.append(f"{title} #{repeated + 1}" if repeated else title)
    return titles
