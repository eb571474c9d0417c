"""Numbers as pages, tables and files write them; declared in the lowest room, where statuses need them too."""

from surfaces.digits import decade, exact, parsed, percent, raised, short

__all__ = ["decade", "exact", "parsed", "percent", "raised", "short", "shortened"]

MOST_DIGITS = 64
"""Characters that a number may have: twice as many as any float needs."""


def shortened(value: object) -> str:
    """A typed value as a sentence repeats it: the beginning, where it is long."""
    text = str(value)
    return text if len(text) <= MOST_DIGITS else f"{text[: MOST_DIGITS // 2]}…"
