"""Exports the numbers of a race as CSV, Parquet and NumPy files, and its settings as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np

from app.common.phrases import counted
from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import version
from app.race import link, verdict
from app.race.runs import Race, traced
from app.race.settings import Settings
from app.race.tuning import Fair
from optimizers import Trace
from optimizers.borrowed import fields

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PAGE = "race"
"""The name of this page in settings files."""
MOST_NUMBERS = 2_000_000
"""The largest product of coordinates, steps and racers of a file, which takes 0.1 GB with gradients and states."""


def csv(race: Race) -> bytes:
    """The race as a table in UTF-8, with a line for each visible racer and each step; step 0 is the start.

    The columns are racer, step, sensitive (whether rounding decides where the run goes, so that it may be different on
    another machine), x0 … and loss; g0 … and rate0 …, the gradient and the step size of each coordinate for the next
    step; d0 …, the difference to the next point; and the states after the previous step by their letters: m0, m1 … for
    a state with a value for each coordinate, b1 for a state with one value, and "state g0" … if the name is taken. A
    field is empty where a racer has no such value. A run that diverged ends at its last finite point. Numbers have all
    digits, so that `pandas.read_csv` returns exactly the float64 of `trace`.

    Raises:
        Refused: if no racer is visible, or the race is too large for a file.
    """
    from pyarrow import csv as writer

    sink = io.BytesIO()
    writer.write_csv(table(race), sink)
    return sink.getvalue()


def parquet(race: Race) -> bytes:
    """The table of `csv` in the Parquet format: float64, int64 for steps, and null for empty fields.

    The metadata of the file contain `optiscope`, the version that wrote it, `link`, the query that opens the race on
    the page, and `settings`, the JSON of `to_json`.

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
    """The race as arrays for `numpy.load`. Their names begin with the id of the racer, racer-0 for the first slot.

    Each visible racer has its title; positions (steps + 1, n) and losses (steps + 1,), beginning with the start;
    gradients and rates (steps, n) of each step; states/m … (steps, …) after each step; sensitive, as in `csv`; and
    diverged, the step at which a number was no longer finite, or −1. From that step on, positions and losses repeat
    their last finite values. `settings` is the JSON of `to_json`.

    Raises:
        Refused: as `csv`.
    """
    arrays: dict[str, Any] = {"settings": to_json(race.settings).decode()}
    for k, run in runs(race):
        racer = race.settings.racers[k]
        values = {
            "title": race.titles[k],
            "positions": run.positions,
            "losses": run.losses,
            "gradients": run.step.gradient,
            "rates": run.step.rate,
            "diverged": run.diverged,
            "sensitive": race.sensitive[k],
            **{f"states/{name}": state for name, state in fields(run.states).items()},
        }
        arrays |= {f"{racer.id}/{name}": value for name, value in values.items()}
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


def to_json(settings: Settings, fair: Fair | None = None) -> bytes:
    """The settings as JSON in UTF-8, and the verdict of a fair race. The same settings give the same bytes."""
    return write_query(PAGE, link.query(settings), {"verdict": verdict.as_data(fair)} if fair else {})


def verdict_csv(race: Race) -> bytes:
    """The verdict of a fair race as CSV in UTF-8, a row for each pair of racers.

    `effect` is the typical ratio of b's final loss to that of a (or their difference, as `effect_is` says) with its
    confidence interval from `low` to `high`, and `trials`, `steps` and `search_seed` are those of the tuning.

    Raises:
        Refused: if it is no fair race, or has fewer than two racers.
    """
    import csv as writer

    fair = race.fair
    if fair is None or not fair.names or not fair.verdicts:
        raise Refused("Only a fair race of two or more racers has a verdict: choose one with --fair, or on the page.")
    common = {"trials": fair.settings.fair, "steps": fair.settings.steps, "search_seed": fair.tuning.seed}
    rows = [{**verdict.pair_data(one), **common} for one in fair.verdicts]
    sink = io.StringIO(newline="")
    table = writer.DictWriter(sink, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return sink.getvalue().encode()


def from_json(content: bytes) -> tuple[Settings, list[str]]:
    """Read settings from such a file, and return them with a notice for each value that had to be dropped.

    Raises:
        Refused: as `read_query`, or if the settings belong to another page.
    """
    page, query = read_query(content)
    if page != PAGE:
        raise Refused(f"This file holds settings of the {page} page, and this is the {PAGE} page. Open it there.")
    return link.parse(query)


def shown(race: Race) -> list[int]:
    """The indices of the visible racers.

    Raises:
        Refused: if there are none.
    """
    if not race.shown:
        raise Refused("No optimizers to export: add one, or show one that is hidden.")
    return race.shown


def fits(race: Race) -> None:
    """Check that the numbers of a race fit into a file.

    Raises:
        Refused: as `csv`.
    """
    racers, steps, coordinates = len(shown(race)), race.settings.steps, len(race.start)
    if (count := racers * steps * coordinates) > MOST_NUMBERS:
        raise Refused(
            f"{counted(racers, 'racer')}, {counted(steps, 'step')} and {coordinates} coordinates make {count:,} "
            f"numbers of each kind, and a file can hold {MOST_NUMBERS:,}. Use fewer of them."
        )


def runs(race: Race) -> Iterator[tuple[int, Trace]]:
    """Yield the index of each visible racer, and its run with all records of `trace`.

    Raises:
        Refused: as `csv`.
    """
    fits(race)
    bare = race.settings.bare()
    for k in shown(race):
        yield k, traced(bare, bare.rule(race.settings.racers[k].bare()))


def table(race: Race) -> pa.Table:
    """The table of `csv`, whose columns are float64 except racer, step and sensitive.

    Raises:
        Refused: as `csv`.
    """
    import pyarrow as pa  # a dependency of Streamlit, imported only when a file is requested

    parts = [pa.table(_columns(race.titles[k], run, race.sensitive[k])) for k, run in runs(race)]
    return pa.concat_tables(parts, promote_options="default").combine_chunks()


def _columns(title: str, run: Trace, rounded: bool) -> dict[str, Any]:
    """The columns of one racer, each as long as the finite part of its run with the start."""
    import pyarrow as pa

    last = run.last
    positions = run.positions[: last + 1]
    steps = {"g": run.step.gradient[:last], "rate": run.step.rate[:last], "d": np.diff(positions, axis=0)}
    states = {letter: values[:last] for letter, values in fields(run.states).items()}
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
    put(steps, [], [empty])
    put(states, [empty], [])
    return columns


def _names(kind: str, count: int, taken: Mapping[str, Any]) -> list[str]:
    """The names of the columns of a kind. The name of a state has the prefix "state " if it is already taken."""
    stem = f"{kind}_" if kind[-1].isdigit() else kind
    names = [kind] if count == 1 else [f"{stem}{k}" for k in range(count)]
    return [f"state {name}" for name in names] if taken.keys() & names else names
