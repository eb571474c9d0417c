"""What the Tests page draws: the matrix as tiles, and the runs of a cell on a map and as losses."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.figures import map as maps
from app.figures import theme
from app.figures.loss import loss_line, loss_panel, losses_of
from app.figures.marks import AnyMark, Axes, Axis, Line, Note, Panel, Text, Tiles
from app.figures.panels import Shown, message
from app.figures.trails import trail
from app.matrix import results
from app.matrix.results import Cells
from app.matrix.runs import SLOTS, Played, mapped, surface_of
from app.matrix.settings import Settings
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS

VIEWS: Mapping[str, str] = MappingProxyType({"matrix": "Matrix", "map": "Paths", "loss": "Losses"})
"""The names of the panels by their keys."""
NAMES = 0.2
"""The share of the matrix's width that the names of tests take."""
HEADS = 0.12
"""The share of its height that the names of optimizers take."""
TIERS = 3
"""Names of optimizers stand in so many lines, each over three columns, with a line down to its own."""
MOST_NAMED = 36
"""With more tests than this, their names would cover each other, and only those of their groups are written."""
INK = theme.PALETTE[1]


def matrix_panel(settings: Settings, cells: Cells) -> Panel:
    """The matrix as a picture: a tile for each cell, as strong as the share of settings that solve the test."""
    tests, rules = results.ordered(settings, cells)
    tests = [test for test in tests if any((test, rule) in cells for rule in rules)]
    rules = [rule for rule in rules if any((test, rule) in cells for test in tests)]
    if not tests:
        return message("Press Run: the share of settings that solve each test appears here.")
    missing = sum((test, rule) not in cells for test, rule in itertools.product(tests, rules))
    shares = [[cells[t, r].share if (t, r) in cells else 0.0 for r in rules] for t in tests]
    rows, columns = len(tests), len(rules)
    across = Axis(low=0, high=columns, grid=False, numbers=False)
    down = Axis(low=0, high=rows, grid=False, numbers=False)
    unit = Axis(low=0, high=1, grid=False, numbers=False)
    top = 1 - HEADS
    values = np.round(255 * strength(np.array(shares))).astype(np.uint8)[None]
    marks: list[AnyMark] = [Tiles(values=values, time=np.zeros(1), color=INK)]
    marks += [
        Text(x=j + 0.5, y=rows - i - 0.5, words=(results.text(settings, cells.get((test, rule))),), color="ink")
        for (i, test), (j, rule) in itertools.product(enumerate(tests), enumerate(rules) if rows <= MOST_NAMED else ())
    ]
    marks += [
        Text(axes=1, x=0.98, y=rows - k - 0.5, words=(name,), side="middle left", bold=bold, layer="ground")
        for k, name, bold in _row_names(settings, tests)
    ]
    for k, rule in enumerate(rules):
        height = (k % TIERS + 0.6) / TIERS
        x = np.full(2, k + 0.5)
        line = Line(axes=2, x=x, y=np.array([0.0, height]), color="grid", weight="hair", layer="ground")
        name = OPTIMIZERS[rule].name
        marks += [line, Text(axes=2, x=k + 0.5, y=height, words=(name,), backing=True, layer="ground")]
    said = "in per cent" if settings.numbers == "share" else "numbers: expected attempts"
    note = f"share of random settings that solve each test, {said}"
    note += f"; {missing} cells are not computed yet" if missing else ""
    return Panel(
        key="matrix",
        title=VIEWS["matrix"],
        axes=(
            Axes(x=across, y=down, place=(NAMES, 0.0, 1.0, top)),
            Axes(x=unit, y=down, place=(0.0, 0.0, NAMES, top)),
            Axes(x=across, y=unit, place=(NAMES, top, 1.0, 1.0)),
        ),
        marks=tuple(marks),
        note=(Note(text=note),),
    )


def strength(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strong the colour of a cell is: the root of its share, because few shares are above a half."""
    return np.sqrt(share)


def _row_names(settings: Settings, tests: list[str]) -> list[tuple[int, str, bool]]:
    """The names beside the rows: the row, the name, and whether it is that of a group."""
    if len(tests) <= MOST_NAMED:
        groups = len({UNIT_TESTS[test].group for test in tests}) > 1
        return [(k, f"{UNIT_TESTS[t].group}: {UNIT_TESTS[t].name}" if groups else UNIT_TESTS[t].name, False)
                for k, t in enumerate(tests)]  # fmt: skip
    if settings.rows:
        return []
    first: dict[str, list[int]] = {}
    for k, test in enumerate(tests):
        first.setdefault(UNIT_TESTS[test].group, []).append(k)
    return [((rows[0] + rows[-1]) // 2, group, True) for group, rows in first.items()]


def shown(runs: list[Played]) -> list[Shown]:
    """The runs as they are drawn."""
    return [Shown(one.run, one.id, one.title, *theme.mark(SLOTS[one.kind])) for one in runs]


def map_panel(test: str, runs: list[Played], statuses: list[str]) -> Panel:
    """The paths of the runs on the map of the landscape."""
    background = mapped(test)
    losses = losses_of([one.run for one in runs], surface_of(test))
    trails = [
        trail(one, losses.values[k], background.extent, status=statuses[k], settled=one.run.steps)
        for k, one in enumerate(shown(runs))
    ]
    begin = [one.run.positions[0] for one in runs] or [UNIT_TESTS[test].starts[0]]
    starts = {tuple(float(v) for v in point[:2]) for point in begin}
    return maps.map_panel(background, trails, sorted(starts), handle=False)  # type: ignore[arg-type]


def losses_panel(test: str, runs: list[Played]) -> Panel:
    """The losses of the runs against the steps."""
    losses = losses_of([one.run for one in runs], surface_of(test))
    lines = [loss_line(one, losses.values[k, : one.run.last + 1]) for k, one in enumerate(shown(runs))]
    return loss_panel(losses.axis, lines, max((one.run.steps for one in runs), default=UNIT_TESTS[test].steps))
