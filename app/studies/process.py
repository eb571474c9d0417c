"""The connection to the worker, in a process that all pages share."""

from __future__ import annotations

from app.common import workers

LOST = "The process that computes the studies ended, perhaps because memory ran out. Press Run to start again."


class Process(workers.Process):
    """A worker in a separate process."""

    def __init__(self) -> None:
        super().__init__("app.studies.worker", LOST)


shared = workers.Shared(Process)
"""Returns the worker that all pages share."""
