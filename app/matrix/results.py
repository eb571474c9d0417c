"""The table of results: the order of rows and columns, the texts of the cells, and the file of all numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from app.common.digits import percent, short
from app.common.phrases import counted
from app.matrix.job import Place
from app.matrix.settings import Settings
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS, Cell, Setting

Cells = Mapping[Place, Cell]
HEADS = (
    *("group", "test", "optimizer", "trials", "solved", "share", "attempts", "diverged"),
    *("best_height", "best_setting", "failed_height", "failed_setting", "trials_seed", "steps", "goal"),
)


def mean_share(cells: Cells, places: Sequence[Place]) -> float:
    """The mean share of those cells that are there, −1 if there is none."""
    shares = [cells[place].share for place in places if place in cells]
    return sum(shares) / len(shares) if shares else -1.0


def ordered(settings: Settings, cells: Cells) -> tuple[list[str], list[str]]:
    """The keys of the tests and of the rules that are shown, in the chosen order.

    Where shares are equal, or missing, the order is that of the catalogue and of the years.
    """
    tests, rules = list(settings.tests_shown), list(settings.rules_shown)

    def test_share(test: str) -> float:
        by = rules if settings.rows == "mean" else [settings.rows]
        return mean_share(cells, [(test, rule) for rule in by])

    def rule_share(rule: str) -> float:
        by = tests if settings.columns == "mean" else [settings.columns]
        return mean_share(cells, [(test, rule) for test in by])

    sorted_tests = sorted(tests, key=lambda test: -test_share(test)) if settings.rows else tests
    sorted_rules = sorted(rules, key=lambda rule: -rule_share(rule)) if settings.columns else rules
    return sorted_tests, sorted_rules


def text(settings: Settings, cell: Cell | None) -> str:
    """What stands in a cell: the share in per cent, or the expected number of attempts."""
    if cell is None:
        return "–"
    if settings.numbers == "share":
        return short(100 * cell.share, 2)
    return attempts_text(cell)


def attempts_text(cell: Cell) -> str:
    """The expected number of attempts; more than the number of trials if none of them solved the test."""
    return short(cell.attempts, 2) if cell.solved else f">{cell.trials}"


def words(cell: Cell | None) -> str:
    """A sentence on a cell."""
    if cell is None:
        return "not computed yet"
    if not cell.solved:
        return f"none of {counted(cell.trials, 'setting')} solves the test"
    return (
        f"{cell.solved} of {counted(cell.trials, 'setting')} ({percent(cell.share)}) solve the test; "
        f"expected attempts: {short(cell.attempts, 2)}"
    )


def spelled(rule: str, setting: Setting) -> str:
    """The values of a setting with their symbols."""
    specs = OPTIMIZERS[rule].parameters()
    values = [f"{specs[name].symbol} = {short(value, 3)}" for name, value in setting.values.items()]
    return ", ".join(values) or "defaults"


def mean_row(settings: Settings, cells: Cells) -> list[tuple[str, float]]:
    """The name of each rule with its mean share over the tests shown, from the best to the worst."""
    tests, rules = settings.tests_shown, settings.rules_shown
    means = [(OPTIMIZERS[rule].name, mean_share(cells, [(test, rule) for test in tests])) for rule in rules]
    return sorted(means, key=lambda item: -item[1])


def table(settings: Settings, cells: Cells) -> list[list[str]]:
    """The rows of the table for slides: each rule with its mean share, and how many tests some setting solves."""
    tests = settings.tests_shown
    rows = []
    for rule in settings.rules_shown:
        there = [cells[test, rule] for test in tests if (test, rule) in cells]
        if there:
            solved = sum(cell.solved > 0 for cell in there)
            share = mean_share(cells, [(test, rule) for test in tests])
            rows.append([OPTIMIZERS[rule].name, percent(share), f"{solved} of {len(there)}"])
    return rows


TABLE_HEADS = ("Optimizer", "Mean share of settings", "Tests that some setting solves")


def to_csv(settings: Settings, cells: Cells) -> bytes:
    """All cells that are shown and there, one a line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADS)
    for test_key in settings.tests_shown:
        test = UNIT_TESTS[test_key]
        for rule in settings.rules_shown:
            cell = cells.get((test_key, rule))
            if cell is None:
                continue
            failed = cell.failed
            writer.writerow(
                [
                    *(test.group, test_key, rule, cell.trials, cell.solved, repr(cell.share), repr(cell.attempts)),
                    *(cell.diverged, repr(cell.best.height), _plain(cell.best)),
                    *((repr(failed.height), _plain(failed)) if failed else ("", "")),
                    *(cell.seed, test.steps, test.goal),
                ]
            )
    return out.getvalue().encode()


def _plain(setting: Setting) -> str:
    return ";".join(f"{name}={value!r}" for name, value in setting.values.items())
