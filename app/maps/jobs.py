"""Which job belongs to the settings of a page."""

from __future__ import annotations

from app.maps.job import Job, same
from app.maps.settings import Settings


def job_for(settings: Settings, earlier: Job | None = None, wait: float = 0.0) -> Job:
    """The earlier job if its results are those of the settings, else another one, which is started.

    Args:
        wait: the seconds for which a first picture is waited for.
    """
    if earlier is not None and same(earlier.settings) == same(settings):
        return earlier
    return Job(settings).begin(wait)
