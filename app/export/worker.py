"""Processes that carry out orders, so that nobody on this server waits while a file is made.

One is kept when it has done its work: to start it and import what draws takes as long as a short film. Orders and
answers travel through its pipes as pickles, which end where they end.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

Tell = Callable[[float], None]
KEPT = 2
"""Processes that are kept at most while they have nothing to do."""


class Failed(RuntimeError):
    """A file could not be made; the message says why."""


class Worker:
    """A process that carries out one order after the other.

    Args:
        function: who does it, as "module:name"; takes the order, and whom to tell the share that is done.
        imports: modules that it will need, imported before the first order comes.
    """

    def __init__(self, function: str, imports: Sequence[str] = ()) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "app.export.worker", function, *imports]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)

    @property
    def process(self) -> int:
        """The number that the system has given it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def carry_out(self, order: Any, tell: Tell, stop: threading.Event) -> Any:
        """What comes of an order.

        Raises:
            Failed: with what went wrong there, or where it was stopped.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        try:
            pickle.dump(order, stdin)
            stdin.flush()
            while True:
                kind, said = pickle.load(stdout)
                if stop.is_set():
                    raise Failed("It was stopped.")
                if kind == "made":
                    return said
                if kind == "failed":
                    raise Failed(said)
                tell(said)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.kill()
            raise Failed(f"The process that makes files ended with {self._process.wait()}.") from None

    def end(self) -> None:
        """Have done with it, whatever it does."""
        self._process.kill()
        with self._process:  # its pipes are closed
            pass


class Workers:
    """Processes of one kind, some of which wait for an order; see `Worker`."""

    def __init__(self, function: str, imports: Sequence[str] = ()) -> None:
        self._kind = function, imports
        self.idle: list[Worker] = []
        self._lock = threading.Lock()

    def warm(self, count: int = 1) -> None:
        """See to it that so many wait, for orders that may come soon."""
        with self._lock:
            self.idle = [worker for worker in self.idle if worker.alive]
            while len(self.idle) < count:
                self.idle.append(Worker(*self._kind))

    def carry_out(self, order: Any, tell: Tell = lambda share: None, stop: threading.Event | None = None) -> Any:
        """What comes of an order to one that waits, or to a new one.

        Args:
            order: is pickled, as is what comes of it.
            tell: is told the share that is done, 0 to 1.
            stop: ends it when it is set.

        Raises:
            Failed: with what went wrong there, or where it was stopped.
        """
        worker = self._take()
        try:
            made = worker.carry_out(order, tell, stop or threading.Event())
        except BaseException:
            worker.end()
            raise
        with self._lock:
            if len(self.idle) < KEPT:
                self.idle.append(worker)
                return made
        worker.end()
        return made

    def end(self) -> None:
        """Have done with those that wait."""
        with self._lock:
            while self.idle:
                self.idle.pop().end()

    def _take(self) -> Worker:
        with self._lock:
            while self.idle:
                worker = self.idle.pop()
                if worker.alive:
                    return worker
        return Worker(*self._kind)


def serve(function: Callable[[Any, Tell], Any]) -> None:
    """Carry out the orders that come in, until the one who gives them has gone."""
    if hasattr(os, "nice"):
        os.nice(5)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer

    def answer(kind: str, said: Any) -> None:
        pickle.dump((kind, said), answers)
        answers.flush()

    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            made = function(order, _sparing(lambda share: answer("share", share)))
        except MemoryError:
            answer("failed", "There is not enough memory for a file of this size: make it smaller.")
        except Exception as error:  # whatever it is, the one who asked is told, and the next order is carried out
            answer("failed", f"{type(error).__name__}: {error}")
        else:
            answer("made", made)


def _sparing(tell: Tell) -> Tell:
    """Tell every hundredth of the share, and no more."""
    told = -1

    def told_now(share: float) -> None:
        nonlocal told
        if int(100 * share) > told:
            told = int(100 * share)
            tell(share)

    return told_now


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    for needed in sys.argv[2:]:
        import_module(needed)
    serve(getattr(import_module(module), name))
