"""The numbers of a race as CSV, Parquet and NumPy files, and any page's settings as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np

from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import version
from app.race import link
from app.race.runs import Race, traced
from app.race.settings import Settings
from optimizers import Trace
from optimizers.borrowed import fields

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PAGE = "race"
"""The page that this file's settings are of."""
MOST_NUMBERS = 2_000_000
"""Coordinates times steps times racers that one file holds: a tenth of a gigabyte, with gradients and states."""


def csv(race: Race) -> bytes:
    """The race as a table in UTF-8: one line for each racer that is shown and each step, 0 is the start.

    Columns: racer, step, sensitive (whether rounding decides where the run goes, so that another machine may have
    another one), x0 …, loss; g0 … and rate0 …, the gradient taken for the step that follows and the step
    size of each coordinate; d0 …, the way that this step went; then by their letters the states that the step
    before left behind: m0, m1 … where there is one for each coordinate, b1 where there is one for all, and "state
    g0" … where the letter is taken. A field is empty where a racer has no such column, at the start and at the end.
    A run that diverged ends at its last finite point. Numbers have all digits: `pandas.read_csv` gives back the very
    float64 that `trace` made.

    Raises:
        Refused: if nobody is shown, or the race is too large for one file.
    """
    from pyarrow import csv as writer

    sink = io.BytesIO()
    writer.write_csv(table(race), sink)
    return sink.getvalue()


def parquet(race: Race) -> bytes:
    """The table of `csv` as Parquet: float64, int64 for steps, null where a field is empty.

    The file's metadata hold `optiscope`, the version that wrote it, `link`, the query that opens the race in the
    page, and `settings`, the JSON of `to_json`.

    Raises:
        Refused: as `csv`.
    """
    from pyarrow import parquet as writer

    metadata = {
        "optiscope": version(),
        "link": urlencode(link.query(race.settings), doseq=True),
        "settings": to_json(race.settings).decode(),
    }
    sink = io.BytesIO()
    writer.write_table(table(race).replace_schema_metadata(metadata), sink)
    return sink.getvalue()


def npz(race: Race) -> bytes:
    """The race as arrays for `numpy.load`, those of a racer under its id: racer-0 for the one in the first slot.

    Of each racer that is shown: title; positions (steps + 1, n) and losses (steps + 1,), the start first; gradients
    and rates (steps, n), of the step from each point but the last; states/m … (steps, …), after each step;
    sensitive, as in `csv`; and diverged, the step at which a number was no longer finite, −1 for none. From there on
    positions and losses repeat their last finite value. `settings` is the JSON of `to_json`.

    Raises:
        Refused: as `csv`.
    """
    arrays: dict[str, Any] = {"settings": to_json(race.settings).decode()}
    for k, run in runs(race):
        racer = race.settings.racers[k]
        own = {
            "title": race.titles[k],
            "positions": run.positions,
            "losses": run.losses,
            "gradients": run.step.gradient,
            "rates": run.step.rate,
            "diverged": run.diverged,
            "sensitive": race.sensitive[k],
            **{f"states/{name}": values for name, values in fields(run.states).items()},
        }
        arrays |= {f"{racer.id}/{name}": values for name, values in own.items()}
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


def to_json(settings: Settings) -> bytes:
    """The settings as a file of a few lines, in UTF-8; the same settings give the same bytes."""
    return write_query(PAGE, link.query(settings))


def from_json(content: bytes) -> tuple[Settings, list[str]]:
    """Settings out of such a file, and a notice for each value that had to be dropped.

    Raises:
        Refused: as `read_query`, or if the settings are another page's.
    """
    page, query = read_query(content)
    if page != PAGE:
        raise Refused(f"This file holds settings of the {page} page, and this is the {PAGE} page. Open it there.")
    return link.parse(query)


def shown(race: Race) -> list[int]:
    """The places of the racers that are shown.

    Raises:
        Refused: if there is none.
    """
    if not race.shown:
        raise Refused("No racer is shown in this race. Add one, or show one that is hidden.")
    return race.shown


def fits(race: Race) -> None:
    """Whether the numbers of a race go into a file.

    Raises:
        Refused: as `csv`.
    """
    racers, steps, coordinates = len(shown(race)), race.settings.steps, len(race.start)
    if (many := racers * steps * coordinates) > MOST_NUMBERS:
        raise Refused(
            f"{racers} racers, {steps:,} steps and {coordinates} coordinates make {many:,} numbers of "
            f"each kind, and a file can hold {MOST_NUMBERS:,}. Use fewer of them."
        )


def runs(race: Race) -> Iterator[tuple[int, Trace]]:
    """Every racer that is shown, by its place, and its run with all that `trace` records.

    Raises:
        Refused: as `csv`.
    """
    fits(race)
    bare = race.settings.bare()
    for k in shown(race):
        yield k, traced(bare, bare.rule(race.settings.racers[k].bare()))


def table(race: Race) -> pa.Table:
    """The columns of `csv`, float64 but for racer, step and sensitive.

    Raises:
        Refused: as `csv`.
    """
    import pyarrow as pa  # Streamlit brings it; loaded when a file is asked for, not before the first picture

    parts = [pa.table(_columns(race.titles[k], run, race.sensitive[k])) for k, run in runs(race)]
    return pa.concat_tables(parts, promote_options="default").combine_chunks()


def _columns(title: str, run: Trace, rounded: bool) -> dict[str, Any]:
    """One racer's columns, each as long as the finite part of its run, start included."""
    import pyarrow as pa

    last = run.last
    positions = run.positions[: last + 1]
    taken = {"g": run.step.gradient[:last], "rate": run.step.rate[:last], "d": np.diff(positions, axis=0)}
    left = {letter: values[:last] for letter, values in fields(run.states).items()}
    empty = pa.nulls(1, pa.float64())
    columns: dict[str, Any] = {}

    def put(kinds: Mapping[str, Any], before: list[Any], after: list[Any]) -> None:
        for kind, values in kinds.items():
            rows = values.reshape(len(values), -1).T.astype(np.float64)
            for name, row in zip(_names(kind, len(rows), columns), rows, strict=True):
                columns[name] = pa.chunked_array([*before, pa.array(row), *after])

    columns["racer"] = pa.array([title] * (last + 1))
    columns["step"] = pa.array(np.arange(last + 1))
    columns["sensitive"] = pa.array([rounded] * (last + 1))
    put({"x": positions, "loss": run.losses[: last + 1]}, [], [])
    put(taken, [], [empty])
    put(left, [empty], [])
    return columns


def _names(kind: str, many: int, taken: Mapping[str, Any]) -> list[str]:
    """What the columns of one kind are called; a state whose letters are taken has "state " before them."""
    stem = f"{kind}_" if kind[-1].isdigit() else kind
    names = [kind] if many == 1 else [f"{stem}{k}" for k in range(many)]
    return [f"state {name}" for name in names] if taken.keys() & names else names
