"""Exports the numbers of a map as CSV and Parquet, and its settings as JSON."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np

from app.common.names import titles
from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import version
from app.maps import link
from app.maps.choices import CELLS, axes_of
from app.maps.job import Job
from app.maps.settings import Settings
from optimizers.summaries import WORDS

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PAGE = "maps"
"""The name of this page in settings files."""
EMPTY = "There are no results to export: add an optimizer, and wait for the first map."


def csv(settings: Settings, job: Job) -> bytes:
    """The map as a table in UTF-8, with a line for each cell of each visible racer.

    The columns are racer; the value on each axis by its name; and what was computed: final, the loss after the last
    step (inf after a divergence); reached, the first step at which the height above the lowest minimum is at most 1 %
    of the initial height (−1 if there is none); status; end0 and end1, the last point; rate, the convergence rate. Of
    a view with curves the columns are racer, the value on the axis, trial, and value.

    Raises:
        Refused: if nothing is computed yet, or no racer is visible.
    """
    from pyarrow import csv as writer

    sink = io.BytesIO()
    writer.write_csv(table(settings, job), sink)
    return sink.getvalue()


def parquet(settings: Settings, job: Job) -> bytes:
    """The table of `csv` in the Parquet format. Its metadata contain the version, the link and the settings.

    Raises:
        Refused: as `csv`.
    """
    from pyarrow import parquet as writer

    metadata = {
        "optiscope": version(),
        "link": urlencode(link.query(settings), doseq=True),
        "settings": to_json(settings).decode(),
    }
    sink = io.BytesIO()
    writer.write_table(table(settings, job).replace_schema_metadata(metadata), sink)
    return sink.getvalue()


def fits(settings: Settings, job: Job) -> None:
    """Check that there is something to write.

    Raises:
        Refused: as `csv`.
    """
    results = job.complete if settings.view in CELLS else job.curves
    if all(racer.hidden or found is None for racer, found in zip(settings.racers, results, strict=True)):
        raise Refused(EMPTY)


def table(settings: Settings, job: Job) -> pa.Table:
    """The table of `csv`.

    Raises:
        Refused: as `csv`.
    """
    import pyarrow as pa  # a dependency of Streamlit, imported only when a file is requested

    parts = []
    for k, (racer, title) in enumerate(zip(settings.racers, titles(settings), strict=True)):
        columns = {} if racer.hidden else (_cells if settings.view in CELLS else _curve)(settings, job, k)
        if columns:
            size = len(next(iter(columns.values())))
            parts.append(pa.table({"racer": pa.array([title] * size), **columns}))
    if not parts:
        raise Refused(EMPTY)
    return pa.concat_tables(parts, promote_options="default").combine_chunks()


def _cells(settings: Settings, job: Job, k: int) -> dict[str, Any]:
    """The columns of a racer's finest complete grid, row by row from the lowest."""
    grid = job.complete[k]
    if grid is None:
        return {}
    x, y = axes_of(settings)
    across, upward = np.meshgrid(grid.x, grid.y)
    columns: dict[str, Any] = {x.name: across.ravel(), y.name: upward.ravel()}
    for name, values in grid.results.items():
        if name == "codes":
            columns["status"] = np.array(WORDS)[values.ravel()]
        elif name == "end":
            columns |= {f"end{n}": values[..., n].ravel() for n in range(2)}
        elif name != "diverged":
            columns[name] = np.ascontiguousarray(values).ravel()
    return columns


def _curve(settings: Settings, job: Job, k: int) -> dict[str, Any]:
    """The columns of a racer's curve, a line for each trial."""
    curve = job.curves[k]
    if curve is None:
        return {}
    (axis,) = axes_of(settings)
    points, trials = curve.values.shape
    return {
        axis.name: np.repeat(curve.x, trials),
        "trial": np.tile(np.arange(trials), points),
        "value": np.ascontiguousarray(curve.values).ravel(),
    }


def to_json(settings: Settings) -> bytes:
    """The settings as JSON in UTF-8. The same settings give the same bytes."""
    return write_query(PAGE, link.query(settings))


def from_json(content: bytes) -> tuple[Settings, list[str]]:
    """Read settings from such a file, and return them with a notice for each value that had to be dropped.

    Raises:
        Refused: as `read_query`, or if the settings belong to another page.
    """
    page, query = read_query(content)
    if page != PAGE:
        raise Refused(f"This file holds settings of the {page} page, and this is the Maps page. Open it there.")
    return link.parse(query)
