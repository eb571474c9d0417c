"""The verdict of a fair race in words, and in files."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Refused
from app.export.making import make
from app.export.options import Cut, Look
from app.race import captions, changes, data, export, findings, scene, tuning, verdict
from app.race.runs import Race, race_of
from app.race.script import script
from app.race.settings import PAIRS, RATES_EACH, Settings
from optimizers import verdicts as library_verdicts
from tests.app.race.fair_races import BUDGET, NOISY, PAIR, SCHEDULED, STEPS, fair_race

# Words.


def test_the_verdict_in_words() -> None:
    fair = tuning.compute(PAIR)
    assert verdict.summary(fair) == "momentum ends lower than SGD"
    assert verdict.sentence(fair) == f"At their best of {BUDGET} trials each: momentum ends lower than SGD."
    (row,) = verdict.pair_rows(fair)
    assert row[:2] == ["SGD and Momentum", "Momentum ends lower"] and row[4] == "< 0.0001"
    heads = verdict.racer_heads(fair)
    assert heads[-1] == "Place with 4, 16 trials"
    assert [cells[0] for cells in verdict.racer_rows(fair)] == ["SGD", "Momentum"]
    budget, comparison, common, *_ = verdict.remarks(fair)
    runs = BUDGET * 5 * STEPS
    assert f"{runs:,} gradient evaluations" in budget and "seed 1" in budget
    assert "20 random starts (seed 1)" in comparison and f"after {STEPS} steps" in comparison
    rank = "the best" if fair.common is not None and fair.common.place == 1 else "among the best "
    assert fair.common is not None and rank in common and f" of {RATES_EACH} rates for every racer" in common
    assert rank == "the best" or f"among the best {fair.common.place} of" in common


def test_equal_racers_cannot_be_told_apart() -> None:
    fair = tuning.compute(fair_race("sgd", "sgd"))
    assert verdict.summary(fair) == "cannot tell SGD and SGD #2 apart"
    assert verdict.pair_rows(fair)[0][1] == "cannot tell"


def _phrase(measures: dict[str, Any]) -> str:
    """The phrase on racers with these final losses."""
    order = sorted(measures, key=lambda name: float(np.median(measures[name])))
    return verdict.phrase(library_verdicts(measures), order)


def test_racers_that_end_lower_than_the_same_others_share_a_phrase() -> None:
    noise = np.random.default_rng(0).random((4, PAIRS))
    good, bad = 1.0 + noise, 10.0 + noise
    measures = {"A": good[0], "B": good[1], "C": bad[2], "D": bad[3]}
    words = _phrase(measures)
    first = "A and B" if np.median(good[0]) < np.median(good[1]) else "B and A"
    assert words.startswith(f"{first} end lower than all others; cannot tell A and B apart")
    assert _phrase({"A": good[0], "C": bad[2]}) == "A ends lower than C"
    everyone = _phrase(dict(zip("ABCD", good, strict=True)))
    assert everyone == "cannot tell any of the 6 pairs of racers apart"


def test_a_racer_that_always_diverges_is_called_diverged() -> None:
    wild = changes.choose_surface(fair_race("sgd", "adam", fair=0), "rosenbrock")
    wild = changes.set_fair(racers.set_racer(wild, "racer-0", "learning_rate", 0.001), 1)
    fair = next(
        fair
        for seed in range(20)
        if (fair := tuning.compute(racers.set_seed(wild, seed))).entrants["racer-0"].tuned.objection()
    )
    assert fair.shown.racers[0].rule.get("learning_rate", 0.0) == 0.001
    assert any(remark.startswith("SGD diverged in all 1 trial") for remark in verdict.remarks(fair))
    assert verdict.racer_rows(fair)[0][1] == "none" and verdict.racer_rows(fair)[0][5] == "–"
    assert fair.compared == ["Adam"] and fair.verdicts == [] and "fewer than two racers" in verdict.sentence(fair)
    race = Race(fair.shown, fair)
    assert scene.scene(race).fair is not None and verdict.as_data(fair)["racers"]["SGD"]["best"] is None
    assert "tuning.evaluate" not in script(race)


def test_a_racer_whose_steps_cost_more_than_the_budget_takes_no_part() -> None:
    settings = changes.choose_surface(fair_race("sgd", "newton", fair=0), "ravine_nd")
    settings = racers.set_steps(changes.set_parameter(settings, "surface", "dimension", 20), 20)
    race = race_of(changes.set_fair(settings, 16))
    assert race.fair is not None and race.fair.is_complete and race.fair.compared == ["SGD"]
    (remark,) = [remark for remark in verdict.remarks(race.fair) if remark.startswith("Newton")]
    assert remark == (
        "Newton takes no part, because one of its steps needs 21 gradient evaluations, more than the budget of "
        "16 trials."
    )
    assert 'for name in ["SGD"]}' in script(race)


def test_a_horizon_that_is_too_short_or_too_long_is_named() -> None:
    short, long = (" ".join(verdict.remarks(tuning.compute(racers.set_steps(PAIR, steps)))) for steps in (5, 5000))
    assert "are still moving: with more steps" in short and "are still moving" not in long
    assert "fewer steps may tell them apart" in long and "fewer steps" not in short


# Files.


def test_files_contain_the_verdict() -> None:
    race = race_of(PAIR)
    assert "momentum ends lower than SGD" in captions.described(race) and "(seed 1)" in captions.described(race)
    assert findings.finding(race) == "Momentum ends lower than SGD"
    assert findings.of_panel(race, "budgets").startswith("Momentum ")
    assert "η = " in findings.of_panel(race, "sensitivity")
    read = json.loads(export.numbers(race, "race.json"))
    (pair,) = read["verdict"]["pairs"]
    assert pair["verdict"] == "Momentum ends lower" and read["verdict"]["trials"] == BUDGET
    assert data.from_json(export.numbers(race, "race.json")) == (PAIR, [])
    (row,) = csv.DictReader(io.StringIO(export.numbers(race, "race.verdict.csv").decode()))
    assert row["verdict"] == "Momentum ends lower" and float(row["effect"]) == race.fair.verdicts[0].effect  # type: ignore[union-attr]
    with pytest.raises(Refused, match="Only a fair race"):
        export.numbers(Race(dataclasses.replace(PAIR, fair=0)), "race.verdict.csv")
    titles = [table.title for table in export.order(race, "png", Look(), Cut()).tables]
    assert titles == ["Verdict", "Tuning with equal budgets", "Results"]


@pytest.mark.parametrize("settings", [PAIR, NOISY, SCHEDULED], ids=["starts", "seeds and evaluations", "schedule"])
def test_a_script_repeats_tuning_and_verdicts(settings: Settings) -> None:
    race = race_of(settings)
    printed = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(printed):
        exec(compile(script(race), "script", "exec"), names)
    fair = race.fair
    assert fair is not None
    for one in fair.verdicts:
        assert str(one) in printed.getvalue()
    assert {name: one.best for name, one in names["tuning"].tuned.items()} == {
        name: one.best for name, one in fair.tuning.tuned.items()
    }


@pytest.mark.long
def test_slides_of_a_fair_race_have_the_verdict() -> None:
    from pptx import Presentation

    race = race_of(PAIR)
    content = make(export.order(race, "pptx", Look(), Cut(seconds=0.2, rate=10, hold=0.1)))
    slides = {slide.shapes.title.text: slide for slide in Presentation(io.BytesIO(content)).slides}
    assert race.fair is not None and {verdict.headline(race.fair), "Verdict", "Tuning with equal budgets"} <= {*slides}
    (table,) = [shape.table for shape in slides["Verdict"].shapes if shape.has_table]
    assert [[cell.text for cell in row.cells] for row in list(table.rows)[1:]] == verdict.pair_rows(race.fair)
    words = [shape.text_frame.text for shape in slides["Verdict"].shapes if shape.has_text_frame]
    assert any(verdict.sentence(race.fair) in text and "Wilcoxon" in text for text in words)
