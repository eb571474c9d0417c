"""The table of results, and the files of its numbers."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app.common.digits import short
from app.common.saved import write_query
from app.export.about import version
from app.studies import link
from app.studies.job import Job
from app.studies.settings import Settings
from optimizers.studies import Table

MOST_ROWS = 60
"""The most rows of the table on the page; files have all of them."""


def table(settings: Settings, job: Job) -> Table | None:
    """The numbers of the result so far; None before there is one."""
    return None if job.found is None else settings.built().table(job.found)


def texts(numbers: Table) -> list[list[str]]:
    """The cells as the page writes them; a missing number is a dash."""
    return [[_text(cell) for cell in row] for row in numbers.rows]


def _text(cell: float | int | str) -> str:
    if isinstance(cell, str):
        return cell
    return "–" if np.isnan(cell) else short(float(cell), 4)


def to_csv(numbers: Table) -> bytes:
    """The table in UTF-8, with all digits. A missing number is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(numbers.columns)
    writer.writerows([[_plain(cell) for cell in row] for row in numbers.rows])
    return out.getvalue().encode()


def _plain(cell: float | int | str) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    return "" if np.isnan(cell) else repr(float(cell))


def to_parquet(settings: Settings, numbers: Table) -> bytes:
    """The table in the Parquet format. Its metadata contain the version, the link and the settings."""
    import pyarrow as pa  # type: ignore[import-untyped]  # a dependency of Streamlit, imported only for a file
    from pyarrow import parquet

    rows = list(numbers.rows)
    columns = {name: pa.array([_whole(row[k]) for row in rows]) for k, name in enumerate(numbers.columns)}
    metadata = {
        "optiscope": version(),
        "link": urlencode(link.query(settings), doseq=True),
        "settings": write_query("studies", link.query(settings)).decode(),
    }
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns).replace_schema_metadata(metadata), sink)
    return sink.getvalue()


def _whole(cell: float | int | str) -> float | int | str:
    return cell.item() if isinstance(cell, np.generic) else cell


def to_npz(job: Job) -> bytes:
    """All arrays of the result, by the names of its fields."""
    sink = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in job.found._asdict().items()}
    np.savez_compressed(sink, **arrays)
    return sink.getvalue()
