"""Processes that make files, so that no visitor of this server waits while a file is made.

A process is kept when it has finished: to start one and to import what draws takes as long as a short film. Orders and
answers travel through its pipes as pickles.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

Tell = Callable[[float], None]
NICE = 15
"""By how much the priority of these processes is lower than the server's: they take the cores that pages leave idle."""
KEPT = 2
"""The largest number of processes that are kept without work."""
POLL = 0.1
"""Seconds between two looks at whether an order is to be stopped."""


class Failed(RuntimeError):
    """A file could not be made; the message says why."""


STOPPED = "It was stopped."
# Ctrl+C in a terminal interrupts the whole process group of the server; its workers are ended by the server.
_APART: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}


class Worker:
    """A process that carries out one order after the other.

    Args:
        function: what carries an order out, as "module:name"; takes the order, and a function that is called with the
            share that is done.
        imports: modules that it will need, imported before the first order comes.
    """

    def __init__(self, function: str, imports: Sequence[str] = ()) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "app.export.worker", function, *imports]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, **_APART)

    @property
    def process(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def carry_out(self, order: Any, tell: Tell, stop: threading.Event, patience: float | None = None) -> Any:
        """The result of an order.

        The process is killed when `stop` is set or `patience` seconds have passed: one that hangs would not hear of it.

        Raises:
            Failed: with what went wrong there, or when it was stopped.
        """
        finished = threading.Event()
        deadline = None if patience is None else time.monotonic() + patience
        late = False

        def watch() -> None:
            nonlocal late
            while not finished.wait(POLL):
                late = deadline is not None and time.monotonic() > deadline
                if late or stop.is_set():
                    self._process.kill()
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            return self._answered(order, tell)
        except Failed:
            if late:
                raise Failed(f"It did not finish within {patience:g} seconds.") from None
            raise
        finally:
            finished.set()
            watcher.join()
            if stop.is_set():
                raise Failed(STOPPED) from None

    def _answered(self, order: Any, tell: Tell) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        try:
            pickle.dump(order, stdin)
            stdin.flush()
            while True:
                kind, content = pickle.load(stdout)
                if kind == "made":
                    return content
                if kind == "failed":
                    raise Failed(content)
                tell(content)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.kill()
            raise Failed(f"The process that makes the files ended with exit status {self._process.wait()}.") from None

    def kill(self) -> None:
        """Kill the process: whoever waits for its answer gets none."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process, and close its pipes."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:  # part of an order was still on its way
                pass
        self._process.wait()


class Workers:
    """Processes of one kind, some of which wait for an order; see `Worker`.

    Args:
        function, imports: as in `Worker`.
        most: how many work at once; further orders wait for their turn.
        patience: seconds that an order may take; None for any time.
    """

    def __init__(
        self, function: str, imports: Sequence[str] = (), most: int = 64, patience: float | None = None
    ) -> None:
        self._kind = function, imports
        self._patience = patience
        self._turns = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._ended = False
        self.idle: list[Worker] = []
        self.busy: list[Worker] = []

    def warm(self, count: int = 1) -> None:
        """Start processes until so many wait, for orders that may come soon."""
        with self._lock:
            self.idle = [worker for worker in self.idle if worker.alive]
            while len(self.idle) < count and not self._ended:
                self.idle.append(Worker(*self._kind))

    def carry_out(self, order: Any, tell: Tell = lambda share: None, stop: threading.Event | None = None) -> Any:
        """The result of an order, by a process that waits or by a new one.

        Args:
            order: is pickled, as is its result.
            tell: is called with the share that is done, 0 to 1.
            stop: ends it when it is set.

        Raises:
            Failed: with what went wrong there, or when it was stopped.
        """
        stop = stop or threading.Event()
        while not self._turns.acquire(timeout=POLL):
            if stop.is_set():
                raise Failed(STOPPED)
        try:
            if stop.is_set():
                raise Failed(STOPPED)
            return self._carried_out(order, tell, stop)
        finally:
            self._turns.release()

    def _carried_out(self, order: Any, tell: Tell, stop: threading.Event) -> Any:
        worker = self._take()
        reusable = False
        try:
            result = worker.carry_out(order, tell, stop, self._patience)
            reusable = True
            return result
        finally:
            with self._lock:
                self.busy.remove(worker)
                reusable = reusable and len(self.idle) < KEPT and not self._ended
                if reusable:
                    self.idle.append(worker)
            if not reusable:
                worker.end()

    def end(self) -> None:
        """End the processes that wait."""
        with self._lock:
            while self.idle:
                self.idle.pop().end()

    def close(self) -> None:
        """End all processes, whatever they do, and start no more: the program comes to its end."""
        with self._lock:
            self._ended = True
            for worker in self.busy:
                worker.kill()
        self.end()

    def _take(self) -> Worker:
        with self._lock:
            if self._ended:
                raise Failed(STOPPED)
            self.idle = [worker for worker in self.idle if worker.alive]
            worker = self.idle.pop() if self.idle else Worker(*self._kind)
            self.busy.append(worker)
            return worker


def serve(function: Callable[[Any, Tell], Any]) -> None:
    """Carry out the orders that come in, until whoever gives them has gone."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer

    def answer(kind: str, content: Any) -> None:
        try:
            pickle.dump((kind, content), answers)
            answers.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody reads the answer, and there is nothing to tidy up

    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except (EOFError, pickle.UnpicklingError):  # the second where an order was cut short
            return
        try:
            result = function(order, _sparing(lambda share: answer("share", share)))
        except MemoryError:
            answer("failed", "There is not enough memory for a file of this size: make it smaller.")
        except Exception as error:  # whatever it is, the sender learns of it, and the next order is carried out
            answer("failed", f"{type(error).__name__}: {error}")
        else:
            answer("made", result)


def _sparing(tell: Tell) -> Tell:
    """Tell every hundredth of the share, and no more."""
    last = -1

    def tell_hundredths(share: float) -> None:
        nonlocal last
        if int(100 * share) > last:
            last = int(100 * share)
            tell(share)

    return tell_hundredths


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    for needed in sys.argv[2:]:
        import_module(needed)
    serve(getattr(import_module(module), name))
