"""Cells for the tests of the Tests page, with counts of our choice."""

from __future__ import annotations

from optimizers.diagnostics import UNIT_TESTS, Cell, Setting


def cell_of(test: str, rule: str, solved: int, trials: int = 8, **values: float) -> Cell:
    """A cell whose best setting has these values, or a learning rate of 0.1."""
    best = Setting(values or {"learning_rate": 0.1}, 0, UNIT_TESTS[test].goal * (0.5 if solved else 2.0))
    failed = Setting({name: value / 2 for name, value in best.values.items()}, 1, 0.5)
    return Cell(test, rule, trials, solved, 0, best, failed if solved < trials else None, 0)
