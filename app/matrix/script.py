"""Exports a matrix as a Python script, which computes its cells with Optiscope."""

from __future__ import annotations

from app.common.scripts import head
from app.matrix import link
from app.matrix.captions import caption
from app.matrix.settings import Settings


def script(settings: Settings) -> str:
    """A script that computes the cells that are shown, and prints each when it is ready."""
    tests = "list(UNIT_TESTS)" if not settings.groups else repr(list(settings.tests_shown))
    rules = "list(OPTIMIZERS)" if not settings.rules else repr(list(settings.rules_shown))
    return "\n".join(
        [
            *head(caption(settings), "matrix", link.query(settings), "It needs Optiscope."),
            "from optimizers import OPTIMIZERS",
            "from optimizers.diagnostics import UNIT_TESTS, diagnose",
            "",
            f"TESTS = {tests}",
            f"RULES = {rules}",
            "",
            "cells = {}",
            f"for cell in diagnose(TESTS, RULES, trials={settings.trials}, seed={settings.seed}):",
            "    cells[cell.test, cell.rule] = cell",
            '    name = f"{OPTIMIZERS[cell.rule].name} in {UNIT_TESTS[cell.test].name}"',
            '    print(f"{name}: {cell.solved} of {cell.trials} settings, {cell.attempts:.3g} attempts")',
            "",
        ]
    )
