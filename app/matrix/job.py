"""A matrix as its page sees it: the cells so far, and the computation of the others."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from app.matrix.process import Process, shared
from optimizers.diagnostics import Cell, units

Place = tuple[str, str]
"""The keys of a test and of a rule."""
MOST_CELLS = 20_000
"""The most cells that a server keeps, about a kilobyte each."""

_store: OrderedDict[tuple[int, int], dict[Place, Cell]] = OrderedDict()
_lock = threading.Lock()


def cells_of(trials: int, seed: int) -> dict[Place, Cell]:
    """The cells that this server has computed for these settings, for whichever page."""
    with _lock:
        cells = _store.setdefault((trials, seed), {})
        _store.move_to_end((trials, seed))
        while len(_store) > 1 and sum(map(len, _store.values())) > MOST_CELLS:
            _store.popitem(last=False)
        return cells


class Job:
    """The computation of a matrix for one page.

    Args:
        trials, seed: the settings of the matrix.
        connect: returns the worker, when it is needed.
    """

    _numbers = itertools.count(1)

    def __init__(self, trials: int, seed: int, connect: Callable[[], Process] = shared) -> None:
        self.number = next(Job._numbers)
        self.trials = trials
        self.seed = seed
        self.cells = cells_of(trials, seed)
        self.running = False
        self.error = ""
        self.wanted: tuple[Place, ...] = ()
        """The cells that the page has asked for last."""
        self.seconds = 0.0
        """The duration of the last computation."""
        self._began = 0.0
        self._connect = connect
        self._worker: Process | None = None
        self._changed = threading.Condition()

    def begin(self, tests: Sequence[str], rules: Sequence[str]) -> None:
        """Compute the cells of these tests and rules that are missing."""
        self.wanted = tuple(itertools.product(tests, rules))
        missing = {place for place in self.wanted if place not in self.cells}
        left = [(rule, tuple(test for test in group if (test, rule) in missing)) for rule, group in units(tests, rules)]
        left = [(rule, group) for rule, group in left if group]
        if self.running or not left:
            return
        self.running, self.error, self._began = True, "", time.monotonic()
        self._worker = self._connect()
        self._worker.compute(self, left, self.trials, self.seed)
        weakref.finalize(self, self._worker.stop, self.number).atexit = False

    def stop(self) -> None:
        """Stop after the cells that are being computed; those that are there are kept."""
        if self._worker is not None:
            self._worker.stop(self.number)

    @property
    def done(self) -> int:
        """The number of wanted cells that are there."""
        return sum(place in self.cells for place in self.wanted)

    def receive(self, kind: str, *content: Any) -> None:
        """Process a message from the worker."""
        with self._changed:
            if kind == "cell":
                (cell,) = content
                self.cells[cell.test, cell.rule] = cell
            elif kind == "failed":
                (self.error,) = content
            elif kind == "ended":
                self.seconds = time.monotonic() - self._began
                self.running = False
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until the computation has ended; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.running, timeout)
