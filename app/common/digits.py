"""The format of numbers on pages and in files, which is that of `surfaces.digits`, and the quoting of typed values."""

from __future__ import annotations

from surfaces.digits import decade, exact, parsed, percent, raised, short

__all__ = ["MOST_DIGITS", "decade", "exact", "parsed", "percent", "raised", "short", "shortened"]

MOST_DIGITS = 64
"""The most characters of a number: twice as many as any float needs."""


def shortened(value: object) -> str:
    """A typed value as a message quotes it: only the beginning of a long one."""
    text = str(value)
    return text if len(text) <= MOST_DIGITS else f"{text[: MOST_DIGITS // 2]}…"
