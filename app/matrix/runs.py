"""The runs of a cell that the page plays, which are cached."""

from __future__ import annotations

import dataclasses

from app.figures import map as maps
from optimizers import Trace
from optimizers.diagnostics import UNIT_TESTS, Cell, Setting
from surfaces import Rotated
from surfaces.caching import Cache, cached

SLOTS = {"best": 1, "failed": 0}
"""The slots of colours of the two runs."""
RUNS: Cache[Trace] = Cache(64 * 2**20)
"""The runs that were played last."""
WORDS = {"best": "Best setting", "failed": "Failed setting"}


@dataclasses.dataclass(frozen=True, eq=False)
class Played:
    """A run of a cell, as it is played.

    Attributes:
        kind: "best", or "failed" for the setting that came closest without solving the test.
        setting: the setting.
        run: its worst run.
        solved: whether the setting solves the test.
    """

    kind: str
    setting: Setting
    run: Trace
    solved: bool

    @property
    def id(self) -> str:
        return f"racer-{SLOTS[self.kind]}"

    @property
    def title(self) -> str:
        """The name of the run on its card."""
        return WORDS[self.kind] if self.solved or self.kind == "failed" else "Best setting, failed"


def played(cell: Cell) -> list[Played]:
    """The runs of a cell: the best setting, and one that failed where that is another one."""
    best = Played("best", cell.best, _run(cell, "best"), cell.solved > 0)
    if cell.failed is None or cell.failed == cell.best:
        return [best]
    return [best, Played("failed", cell.failed, _run(cell, "failed"), False)]


def _run(cell: Cell, kind: str) -> Trace:
    """The run of one of the settings of a cell."""
    key = cell.test, cell.rule, cell.trials, cell.seed, kind
    setting = cell.best if kind == "best" else cell.failed
    return RUNS.get(key, lambda: cell.trace(setting, record=("positions", "losses")))


@cached(32 * 2**20)
def mapped(test: str) -> maps.Map:
    """The map of a test's landscape, which is computed only once."""
    return maps.map_of(surface_of(test), maps.HALF)


def surface_of(test: str) -> Rotated:
    """The landscape of a test; that of its last step, if it moves."""
    return UNIT_TESTS[test].landscape
