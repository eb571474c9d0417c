"""Connections to a trainer: in a process that all pages share, or in this process."""

from __future__ import annotations

import threading
from typing import Any

from app.common.child import Child
from app.common.workers import MOST_MEMORY, resident
from app.network.connection import Connection


class Local(Connection):
    """A connection to a trainer in this process, for the command line."""

    def __init__(self) -> None:
        super().__init__()
        from app.network.trainer import Trainer

        self._trainer = Trainer(self.deliver)

    def send(self, kind: str, *content: Any) -> None:
        self._trainer.receive(kind, *content)


class Process(Connection):
    """A connection to a trainer in a separate process."""

    def __init__(self) -> None:
        super().__init__()
        self._child = Child("app.network.trainer", self.deliver, self.lose)

    @property
    def process(self) -> int:
        """Return the process id of the trainer."""
        return self._child.process

    @property
    def memory(self) -> int:
        """Return the resident bytes of the trainer, or 0 if the system does not report them."""
        return resident(self.process)

    def send(self, kind: str, *content: Any) -> None:
        self._child.send(kind, *content)

    def end(self) -> None:
        """Kill the trainer."""
        self._child.end()


_lock = threading.Lock()
_trainer: Process | None = None


def shared() -> Process:
    """Return the connection that all pages share; replace a trainer that has ended, or is idle and has grown large."""
    global _trainer
    with _lock:
        if _trainer is not None and _trainer.alive and not _trainer.open_jobs and _trainer.memory > MOST_MEMORY:
            _trainer.end()
            _trainer = None
        if _trainer is None or not _trainer.alive:
            _trainer = Process()
        return _trainer
