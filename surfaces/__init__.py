"""What is minimised: landscapes with known truths, and any function of the plane under a rotation."""

from surfaces.parameter import Declared, Parameter, parameter
from surfaces.registry import discover
from surfaces.rotated import Rotated
from surfaces.surface import CriticalPoint, Surface

THEMES = ("ravines", "saddles and plateaus", "several minima", "many minima", "models")

SURFACES = discover("surfaces.landscapes", Surface, order=lambda s: THEMES.index(s.theme))
"""Every landscape by its key, grouped by theme."""

__all__ = ["SURFACES", "THEMES", "CriticalPoint", "Declared", "Parameter", "Rotated", "Surface", "parameter"]
