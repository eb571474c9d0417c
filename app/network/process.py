"""The connection between the pages and the trainer: a process that all of them share, or this process itself."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from app.network.connection import Connection

MOST_MEMORY = 2 * 2**30
"""Bytes beyond which a trainer that has nothing to do makes way for a new one: programs of many networks add up."""


class Local(Connection):
    """A trainer in this process, for the command line, which has nothing else to do."""

    def __init__(self) -> None:
        super().__init__()
        from app.network.trainer import Trainer

        self._trainer = Trainer(self.deliver)

    def send(self, kind: str, *content: Any) -> None:
        self._trainer.receive(kind, *content)


class Process(Connection):
    """A trainer in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "app.network.trainer"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # a finalizer may put a message at any time
        for work in (self._write, self._listen):
            threading.Thread(target=work, name="trainer", daemon=True).start()

    @property
    def process(self) -> int:
        """The process id of the trainer."""
        return self._process.pid

    @property
    def memory(self) -> int:
        """Resident bytes of the trainer; 0 where the system does not say."""
        try:
            pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        except OSError:
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def send(self, kind: str, *content: Any) -> None:
        self._outgoing.put(pickle.dumps((kind, *content), protocol=pickle.HIGHEST_PROTOCOL))

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin
        with contextlib.suppress(OSError, ValueError):  # where it has ended, `_listen` notices
            while True:
                stdin.write(self._outgoing.get())
                stdin.flush()

    def _listen(self) -> None:
        stdout = self._process.stdout
        assert stdout
        try:
            while True:
                self.deliver(*pickle.load(stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self.lose()

    def end(self) -> None:
        """End the trainer, whatever it does."""
        self._process.kill()
        self._process.wait()


_lock = threading.Lock()
_trainer: Process | None = None


def shared() -> Process:
    """The connection that all pages share; a trainer that has ended, or is idle and has grown large, is replaced."""
    global _trainer
    with _lock:
        if _trainer is not None and _trainer.alive and not _trainer.open_jobs and _trainer.memory > MOST_MEMORY:
            _trainer.end()
            _trainer = None
        if _trainer is None or not _trainer.alive:
            _trainer = Process()
        return _trainer
