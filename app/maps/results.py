"""The table of results: what became of the run that is played, and of all runs of the map."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.common.digits import percent, short
from app.common.names import titles
from app.maps.choices import CELLS
from app.maps.job import Job
from app.maps.runs import is_sensitive, runs
from app.maps.settings import Settings
from optimizers import steps_to

SHARE = 0.01
"""The share of the initial loss, measured above the lowest minimum, to which steps are counted."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        title: the racer.
        status: what became of the run that is played.
        loss: its final loss.
        reached: the steps until its loss had fallen to `SHARE`, None if it did not.
        cells: the number of runs of the map that are computed.
        lost: the share of them that diverge.
        fewest: the fewest steps to `SHARE` of any of them, None if that is unknown or none gets there.
    """

    title: str
    status: str
    loss: float
    reached: int | None
    cells: int
    lost: float
    fewest: int | None


def table(settings: Settings, job: Job) -> list[Row]:
    """The rows of all visible racers."""
    rows = []
    bare = settings.bare()
    for k, (racer, title, run) in enumerate(zip(settings.racers, titles(settings), runs(settings), strict=True)):
        if racer.hidden:
            continue
        sensitive = is_sensitive(bare, racer.bare())
        status = f"{run.status}, sensitive to rounding" if sensitive else str(run.status)
        grid = job.complete[k]
        final = grid.results.get("final") if grid else None
        reached = grid.results.get("reached") if grid else None
        known = reached[reached >= 0] if reached is not None else np.empty(0)
        rows.append(
            Row(
                title,
                status,
                float(run.losses[run.last]),
                steps_to(run, SHARE),
                0 if final is None else final.size,
                0.0 if final is None else float(np.mean(~np.isfinite(final))),
                int(known.min()) if len(known) else None,
            )
        )
    return rows


def heads(settings: Settings) -> list[str]:
    """The headings of the columns of `cells`."""
    of_map = ["Runs of the map", "Diverged", "Fewest steps"] if settings.view in CELLS else []
    return ["Racer", "Status of the run", "Final loss", f"Steps to {percent(SHARE)} of the initial loss", *of_map]


def cells(settings: Settings, job: Job) -> list[list[str]]:
    """The cells of the table as text, row by row."""
    rows = []
    for row in table(settings, job):
        reached = "–" if row.reached is None else f"{row.reached:,}"
        cells = [row.title, row.status, short(row.loss, 4), reached]
        if settings.view in CELLS:
            fewest = "–" if row.fewest is None else f"{row.fewest:,}"
            cells += [f"{row.cells:,}", percent(round(row.lost, 3)), fewest]
        rows.append(cells)
    return rows


def tips() -> dict[str, str]:
    """The meanings of the columns by their headings."""
    return {
        "Status of the run": "Of the run at the values of the card, which is played beside the map",
        "Runs of the map": "The runs of the finest map of this racer that is complete",
        "Diverged": "The share of these runs whose loss or point is no longer finite",
        "Fewest steps": f"The fewest steps of any of these runs to {percent(SHARE)} of the initial height above the "
        "minimum",
    }
