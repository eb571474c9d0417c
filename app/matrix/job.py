"""A matrix as its page sees it: the cells so far, and the computation of the others."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from app.common import workers
from app.matrix.process import shared
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


class Job(workers.Job):
    """The computation of a matrix for one page.

    Args:
        trials, seed: the settings of the matrix.
        connect: returns the worker, when it is needed.
    """

    def __init__(self, trials: int, seed: int, connect: Callable[[], workers.Process] = shared) -> None:
        super().__init__(connect)
        self.trials = trials
        self.seed = seed
        self.cells = cells_of(trials, seed)
        self.wanted: tuple[Place, ...] = ()
        """The cells that the page has asked for last."""

    def begin(self, tests: Sequence[str], rules: Sequence[str]) -> None:
        """Compute the cells of these tests and rules that are missing."""
        self.wanted = tuple(itertools.product(tests, rules))
        missing = {place for place in self.wanted if place not in self.cells}
        left = [(rule, tuple(test for test in group if (test, rule) in missing)) for rule, group in units(tests, rules)]
        left = [(rule, group) for rule, group in left if group]
        if self.running or not left:
            return
        self.start(left, self.trials, self.seed)

    @property
    def done(self) -> int:
        """The number of wanted cells that are there."""
        return sum(place in self.cells for place in self.wanted)

    def take(self, *content: Any) -> None:
        """Keep a cell."""
        (cell,) = content
        self.cells[cell.test, cell.rule] = cell
