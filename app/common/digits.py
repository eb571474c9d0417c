"""The functions of `surfaces.digits`, which write numbers in the format of pages, tables and files."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

__all__ = ["MOST_DIGITS", "decade", "exact", "parsed", "percent", "raised", "short", "shortened"]

if TYPE_CHECKING:
    from surfaces.digits import decade, exact, parsed, percent, raised, short
else:
    # By its file: the package would bring JAX, for which the processes that draw files do not wait.
    _path = Path(find_spec("surfaces").origin).with_name("digits.py")
    _spec = spec_from_file_location("app._digits", _path)
    _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
    decade, exact, parsed, percent, raised, short = (
        getattr(_module, name) for name in ("decade", "exact", "parsed", "percent", "raised", "short")
    )

MOST_DIGITS = 64
"""Characters that a number may have: twice as many as any float needs."""


def shortened(value: object) -> str:
    """A typed value as a sentence repeats it: the beginning, where it is long."""
    text = str(value)
    return text if len(text) <= MOST_DIGITS else f"{text[: MOST_DIGITS // 2]}…"
