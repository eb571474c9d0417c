"""Processes that make files, so that no visitor of the server has to wait while a file is made.

A process stays alive after an order, because starting one and importing matplotlib takes as long as making a short
film. Orders and answers are sent through pipes as pickles.
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

Progress = Callable[[float], None]
"""A function that is called with the fraction of an order that is done, from 0 to 1."""
NICE = 15
"""The increment of the niceness of these processes, so that they only use the cores that the server leaves idle."""
MOST_IDLE = 2
"""The largest number of idle processes that stay alive."""
POLL = 0.1
"""The number of seconds between two checks of whether an order has been stopped."""


class Failed(RuntimeError):
    """Raised when a file could not be made; the message gives the reason."""


STOPPED = "It was stopped."
# Ctrl+C in a terminal interrupts the server's whole process group. Workers have their own groups; the server ends them.
_OWN_GROUP: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}


class Worker:
    """A process that carries out orders, one after another.

    Args:
        function: the function that carries out an order, as "module:name". It takes the order and a `Progress`.
        imports: the modules that the function needs. The process imports them before the first order arrives.
    """

    def __init__(self, function: str, imports: Sequence[str] = ()) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "app.export.worker", function, *imports]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, **_OWN_GROUP)

    @property
    def process(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def carry_out(self, order: Any, report: Progress, stop: threading.Event, timeout: float | None = None) -> Any:
        """Send an order to the process, wait, and return the result.

        When `stop` is set or `timeout` seconds have passed, the process is killed, because a process that hangs would
        not read a message.

        Raises:
            Failed: if the function raised an error, or the order was stopped or took too long.
        """
        finished = threading.Event()
        deadline = None if timeout is None else time.monotonic() + timeout
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
            return self._exchange(order, report)
        except Failed:
            if late:
                raise Failed(f"It did not finish within {timeout:g} seconds.") from None
            raise
        finally:
            finished.set()
            watcher.join()
            if stop.is_set():
                raise Failed(STOPPED) from None

    def _exchange(self, order: Any, report: Progress) -> Any:
        """Send an order and read messages until its result arrives."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        try:
            pickle.dump(order, stdin)
            stdin.flush()
            while True:
                kind, content = pickle.load(stdout)
                if kind == "result":
                    return content
                if kind == "failed":
                    raise Failed(content)
                report(content)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.kill()
            raise Failed(f"The process that makes the files ended with exit status {self._process.wait()}.") from None

    def kill(self) -> None:
        """Kill the process. A thread that waits for its answer gets a `Failed`."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and close its pipes."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:  # part of an order was still in the buffer
                pass
        self._process.wait()


class Workers:
    """A pool of `Worker` processes that all carry out the same function.

    Args:
        function, imports: as in `Worker`.
        most: the largest number of processes that work at the same time; further orders wait for their turn.
        timeout: the number of seconds that an order may take; None for no limit.
    """

    def __init__(
        self, function: str, imports: Sequence[str] = (), most: int = 64, timeout: float | None = None
    ) -> None:
        self._arguments = function, imports
        self._timeout = timeout
        self._turns = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._ended = False
        self.idle: list[Worker] = []
        self.busy: list[Worker] = []

    def warm(self, count: int = 1) -> None:
        """Start processes until `count` of them are idle, for orders that may come soon."""
        with self._lock:
            self.idle = [worker for worker in self.idle if worker.alive]
            while len(self.idle) < count and not self._ended:
                self.idle.append(Worker(*self._arguments))

    def carry_out(
        self, order: Any, report: Progress = lambda fraction: None, stop: threading.Event | None = None
    ) -> Any:
        """Carry out an order in an idle process or in a new one, and return the result.

        Args:
            order: the argument of the function. It must be possible to pickle it and the result.
            report: called with the fraction that is done, from 0 to 1.
            stop: an event that stops the order when it is set.

        Raises:
            Failed: if the function raised an error, or the order was stopped or took too long.
        """
        stop = stop or threading.Event()
        while not self._turns.acquire(timeout=POLL):
            if stop.is_set():
                raise Failed(STOPPED)
        try:
            if stop.is_set():
                raise Failed(STOPPED)
            return self._run(order, report, stop)
        finally:
            self._turns.release()

    def _run(self, order: Any, report: Progress, stop: threading.Event) -> Any:
        worker = self._take()
        reusable = False
        try:
            result = worker.carry_out(order, report, stop, self._timeout)
            reusable = True
            return result
        finally:
            with self._lock:
                self.busy.remove(worker)
                reusable = reusable and len(self.idle) < MOST_IDLE and not self._ended
                if reusable:
                    self.idle.append(worker)
            if not reusable:
                worker.end()

    def end(self) -> None:
        """End the idle processes."""
        with self._lock:
            while self.idle:
                self.idle.pop().end()

    def close(self) -> None:
        """End all processes, busy ones too, and start no more. Called when the program ends."""
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
            worker = self.idle.pop() if self.idle else Worker(*self._arguments)
            self.busy.append(worker)
            return worker


def serve(function: Callable[[Any, Progress], Any]) -> None:
    """Carry out the orders that arrive on the standard input, until the server has gone."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print; their output must not get between the answers

    def answer(kind: str, content: Any) -> None:
        try:
            pickle.dump((kind, content), answers)
            answers.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody reads the answer, and there is nothing to clean up

    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except (EOFError, pickle.UnpicklingError):  # an order that was cut short raises the second error
            return
        try:
            result = function(order, _throttled(lambda fraction: answer("progress", fraction)))
        except MemoryError:
            answer("failed", "There is not enough memory for a file of this size. Choose a smaller size.")
        except Exception as error:  # any error is reported to the sender, and the next order is carried out
            answer("failed", f"{type(error).__name__}: {error}")
        else:
            answer("result", result)


def _throttled(report: Progress) -> Progress:
    """Wrap `report` so that it is called at most once for each percent."""
    last = -1

    def report_percents(fraction: float) -> None:
        nonlocal last
        if int(100 * fraction) > last:
            last = int(100 * fraction)
            report(fraction)

    return report_percents


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    for needed in sys.argv[2:]:
        import_module(needed)
    serve(getattr(import_module(module), name))
