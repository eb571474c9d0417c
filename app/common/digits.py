"""The format of numbers on pages and in files, from `surfaces.digits`, and the quotation of typed values."""

from __future__ import annotations

from surfaces.digits import decade, exact, parsed, percent, raised, short

__all__ = ["MOST_DIGITS", "decade", "exact", "parsed", "percent", "raised", "short", "shortened"]

MOST_DIGITS = 64
"""The largest number of characters of a typed number, twice as many as any float needs."""


def shortened(value: object) -> str:
    """A typed value for quotation in a message, shortened if it is long."""
    text = str(value)
    return text if len(text) <= MOST_DIGITS else f"{text[: MOST_DIGITS // 2]}…"
