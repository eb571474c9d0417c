"""Names that tell things apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.common.digits import short


def told_apart(names: Sequence[str], values: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names; those that are the same with the first value in which they differ, or a number.

    Args:
        values: of each name, by their symbols.
    """
    found: list[str] = []
    for name, own in zip(names, values, strict=True):
        twins = [other for twin, other in zip(names, values, strict=True) if twin == name]
        differs = next((symbol for symbol in own if len({other.get(symbol) for other in twins}) > 1), None)
        full = f"{name} {differs} = {short(own[differs])}" if differs else name
        again = sum(other == full or other.startswith(f"{full} #") for other in found)
        found.append(f"{full} #{again + 1}" if again else full)
    return found
