"""Loss surfaces: landscapes whose critical points are known, and rotations of them.

The public names are imported when they are first used. They need JAX, whose import takes a second, and programs that
only want `surfaces.digits` should not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surfaces.catalogue import SURFACES, THEMES
    from surfaces.function import from_function
    from surfaces.parameter import Declared, Parameter
    from surfaces.rotated import Rotated
    from surfaces.surface import CriticalPoint, Surface

__all__ = ["SURFACES", "THEMES", "CriticalPoint", "Declared", "Parameter", "Rotated", "Surface", "from_function"]

_MODULES = {
    "SURFACES": "surfaces.catalogue",
    "THEMES": "surfaces.catalogue",
    "CriticalPoint": "surfaces.surface",
    "Declared": "surfaces.parameter",
    "Parameter": "surfaces.parameter",
    "Rotated": "surfaces.rotated",
    "Surface": "surfaces.surface",
    "from_function": "surfaces.function",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value  # the next use does not come here
    return value


def __dir__() -> list[str]:
    """The names that completion offers."""
    return sorted({*globals(), *__all__})
