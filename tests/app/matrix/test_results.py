"""The texts and the order of the matrix, its files, and what it shows."""

from __future__ import annotations

import csv
import io

import pytest

from app.common.racers import Refused
from app.matrix import captions, export, findings, results, script, views
from app.matrix.job import Job
from app.matrix.settings import Settings
from tests.app.matrix.cells import cell_of

SHOWN = Settings(groups=("cliffs",), rules=("sgd", "momentum", "adam"))
COUNTS = {
    ("cliff", "sgd"): 2,
    ("cliff", "momentum"): 4,
    ("cliff", "adam"): 8,
    ("cliff_turned", "sgd"): 6,
    ("cliff_turned", "momentum"): 0,
    ("cliff_turned", "adam"): 1,
}
CELLS = {place: cell_of(*place, solved) for place, solved in COUNTS.items()}


def _job() -> Job:
    job = Job(8, 0)
    job.cells = dict(CELLS)
    return job


def test_a_cell_shows_its_share_or_the_expected_attempts() -> None:
    """(n + 1)/(k + 1) for k of n = 8: 3 for 2, 1 for 8; for none more than all."""
    texts = [results.text(SHOWN, CELLS[place]) for place in COUNTS]
    assert texts == ["25", "50", "100", "75", "0", "13"]
    attempts = Settings(numbers="attempts")
    assert [results.text(attempts, CELLS[place]) for place in COUNTS] == ["3", "1.8", "1", "1.3", ">8", "4.5"]
    assert results.text(SHOWN, None) == "–" and results.words(None) == "not computed yet"
    assert results.words(CELLS["cliff", "sgd"]) == "2 of 8 settings (25 %) solve the test; expected attempts: 3"
    assert results.words(CELLS["cliff_turned", "momentum"]) == "none of 8 settings solves the test"


@pytest.mark.parametrize(
    ("changed", "tests", "rules"),
    [
        ({}, ["cliff", "cliff_turned"], ["sgd", "momentum", "adam"]),
        ({"rows": "sgd"}, ["cliff_turned", "cliff"], ["sgd", "momentum", "adam"]),
        ({"rows": "mean"}, ["cliff", "cliff_turned"], ["sgd", "momentum", "adam"]),  # 14/24 and 7/24
        ({"columns": "cliff"}, ["cliff", "cliff_turned"], ["adam", "momentum", "sgd"]),
        ({"columns": "mean"}, ["cliff", "cliff_turned"], ["adam", "sgd", "momentum"]),  # 9/16, 8/16 and 4/16
    ],
)
def test_rows_and_columns_are_sorted_by_shares(changed: dict[str, str], tests: list[str], rules: list[str]) -> None:
    settings = Settings(groups=SHOWN.groups, rules=SHOWN.rules, **changed)  # type: ignore[arg-type]
    found = results.ordered(settings, CELLS)
    assert (found[0][:2], found[1]) == (tests, rules), "tests without cells come last"


def test_the_csv_has_every_cell_that_is_there() -> None:
    rows = list(csv.DictReader(io.StringIO(export.numbers(SHOWN, _job(), "a.csv").decode())))
    assert {(row["test"], row["optimizer"]): int(row["solved"]) for row in rows} == COUNTS
    first = rows[0]
    assert (first["group"], first["trials"], float(first["share"])) == ("Cliffs", "8", 0.25)
    assert first["attempts"] == "3.0" and first["best_setting"] == "learning_rate=0.1"
    assert first["failed_setting"] == "learning_rate=0.05" and float(first["goal"]) == 1e-3
    assert [row["failed_setting"] for row in rows if row["solved"] == "8"] == [""]


def test_an_empty_matrix_is_no_file_of_numbers() -> None:
    empty = Job(9, 0)
    with pytest.raises(Refused, match=r"No cell is computed yet\. Press Run first"):
        export.numbers(SHOWN, empty, "a.csv")
    with pytest.raises(Refused, match=r"There is no file format .npz here. Choose one of csv, json, py, txt"):
        export.numbers(SHOWN, empty, "a.npz")
    assert views.matrix_panel(SHOWN, empty.cells).message.startswith("Press Run")


def test_the_finding_names_the_best_rule_where_all_cells_are_there() -> None:
    job = _job()
    assert findings.finding(SHOWN, job) == ""
    for test in SHOWN.tests_shown[2:]:
        for rule, solved in (("sgd", 1), ("momentum", 2), ("adam", 7)):
            job.cells[test, rule] = cell_of(test, rule, solved)
    # adam (8 + 1 + 7 + 7)/32, sgd (2 + 6 + 1 + 1)/32
    assert findings.finding(SHOWN, job) == "Adam solves these tests with 71.9 % of its settings, SGD with 31.3 %"
    assert results.table(SHOWN, job.cells)[0] == ["SGD", "31.3 %", "4 of 4"]


def test_the_caption_says_what_was_drawn() -> None:
    assert captions.caption(SHOWN) == ("4 tests (cliffs) · SGD, Momentum, Adam · 64 random settings of each · seed 0")


def test_the_script_computes_the_same_cells() -> None:
    code = script.script(Settings(groups=("saddles",), rules=("sgd",), trials=4, seed=3))
    names = compile(code, "script", "exec").co_names
    assert "diagnose" in names and "trials=4, seed=3" in code and "'saddle_wide'" in code
    assert "list(UNIT_TESTS)" in script.script(Settings()) and "list(OPTIMIZERS)" in script.script(Settings())
