"""A study as its page sees it: the result so far, and the computation of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.common import workers
from app.studies.process import shared
from app.studies.settings import Settings
from surfaces.caching import Cache

RESULTS: Cache[Any] = Cache(64 * 2**20)
"""The complete results that were computed or shown last, for all pages of the server."""


class Job(workers.Job):
    """The computation of one study for one page.

    Attributes:
        settings: those of the study.
        found: the result so far; None before the first part.
        share: the share of the work that is done, from 0 to 1.

    Args:
        connect: returns the worker, when it is needed.
    """

    def __init__(self, settings: Settings, connect: Callable[[], workers.Process] = shared) -> None:
        super().__init__(connect)
        self.settings = settings
        self.found: Any = known(settings.drawn)
        self.share = 0.0 if self.found is None else 1.0

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return self.share >= 1.0

    def begin(self) -> None:
        """Compute the study from its beginning, unless the result is complete or being computed."""
        if self.running or self.complete:
            return
        found = known(self.settings.drawn)  # another page may have computed it in the meantime
        if found is not None:
            self.found, self.share = found, 1.0
            return
        self.start(self.settings.study.key, self.settings.values, self.settings.seed)

    def take(self, *content: Any) -> None:
        """Keep what is known after a part."""
        self.share, self.found = content
        if self.complete:
            RESULTS.get(self.settings.drawn, lambda: self.found)


def known(drawn: tuple[Any, ...]) -> Any:
    """The complete result of a study, if this server has kept it, else None."""

    def missing() -> Any:
        raise KeyError

    try:
        return RESULTS.get(drawn, missing)
    except KeyError:
        return None
