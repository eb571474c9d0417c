"""Connections to a trainer: in a process that all pages share, or in this process."""

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
"""Bytes beyond which an idle trainer is replaced by a new one, because the programs of many networks add up."""


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
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "app.network.trainer"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # a finalizer may put a message at any time
        for work in (self._write, self._listen):
            threading.Thread(target=work, name="trainer", daemon=True).start()

    @property
    def process(self) -> int:
        """Return the process id of the trainer."""
        return self._process.pid

    @property
    def memory(self) -> int:
        """Return the resident bytes of the trainer, or 0 if the system does not report them."""
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
        with contextlib.suppress(OSError, ValueError):  # `_listen` notices when the process has ended
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
        """Kill the trainer."""
        self._process.kill()
        self._process.wait()


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
