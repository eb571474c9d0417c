"""The pictures of the studies: one module for each, of the same name, with the function `panels`.

    def panels(study: Study, found: Any) -> tuple[Panel, ...]

It returns one to three panels of a result, which may be incomplete. Each panel has a key and a title of its own. What
has a time of its own, such as the members of an ensemble one by one, is drawn by marks with a ``time``; the module then
says in `UNIT` what the clock counts, such as "member".
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

from app.figures.marks import Panel
from optimizers.studies import Study


class Picture(Protocol):
    """What a module of this package has."""

    def panels(self, study: Study, found: Any) -> tuple[Panel, ...]: ...


def of(key: str) -> Picture:
    """The picture of a study, by its key.

    Raises:
        ModuleNotFoundError: if the study has no picture.
    """
    return cast(Picture, importlib.import_module(f"{__name__}.{key}"))
