"""The landscapes of this package, grouped by theme."""

from surfaces.registry import discover
from surfaces.surface import Surface

THEMES = ("ravines", "saddles and plateaus", "several minima", "many minima", "models")

SURFACES = discover("surfaces.landscapes", Surface, order=lambda surface: THEMES.index(surface.theme))
"""Every landscape by its key, in the order of `THEMES`."""
