"""Numbers as pages, tables and files write them; declared in the lowest room, where statuses need them too."""

from surfaces.digits import decade, percent, raised, short

__all__ = ["decade", "percent", "raised", "short"]
