"""The differences between settings are named: all of them, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from app.common.differences import differences, sentence
from app.common.racers import Choice, Lineup, remove_racer, set_racer
from app.common.setting import declared
from app.network import presets as trainings
from app.network.settings import Training, generated
from app.race import changes, presets
from app.race.settings import Settings

RACE = presets.preset("zigzag")
OTHER: dict[str, Any] = {
    "surface": Choice("rosenbrock"),
    "rotation": 20.0,
    "start": (1.0, 0.5),
    "steps": 400,
    "seed": 3,
    "schedule": Choice("cosine"),
    "noise": Choice("isotropic"),
    "data": Choice("moons"),
    "file": "mine.csv",
    "target": "y",
    "share": 70,
    "features": ("x2",),
    "sample": 1,
    "standardised": False,
    "widths": (8,),
    "setup": Choice("setup", (("activation", "relu"),)),
    "batch_size": 0,
    "endless": True,
}


@pytest.mark.parametrize("record", [Settings, Training])
def test_every_setting_on_which_runs_depend_is_named(record: type[Lineup]) -> None:
    before = record()
    for name, spec in declared(record).items():
        if spec.look:
            continue
        if name != "racers":
            after = dataclasses.replace(before, **{name: OTHER[name]})
            assert len(differences(before, after)) == 1, name
    assert differences(before, before) == []


def test_differences_are_written_with_symbols_and_both_values() -> None:
    racer = RACE.racers[0].id
    for after, words in (
        (set_racer(RACE, racer, "learning_rate", 0.1), "SGD: η 0.019 → 0.1"),
        (changes.set_parameter(RACE, "surface", "condition_number", 1000), "κ 100 → 1,000"),
        (dataclasses.replace(RACE, steps=3000), "steps 150 → 3,000"),
        (changes.set_start(RACE, 1.0, 0.5), "start −3.13, −0.39 → 1, 0.5"),
        (changes.add_racer(RACE, "adam"), "Adam added"),
        (remove_racer(RACE, racer), "SGD removed"),
        (dataclasses.replace(RACE, noise=Choice("isotropic")), "noise none → isotropic"),
    ):
        assert differences(RACE, after) == [words]
    for look in (changes.set_view(RACE, 0, "distance"), dataclasses.replace(RACE, picture="surface")):
        assert differences(RACE, look) == []


def test_a_sentence_names_the_first_and_counts_the_others() -> None:
    assert sentence([]) == ""
    assert sentence(["a", "b", "c"]) == "Changed: a; b; c."
    assert sentence(["SGD: η 0.019 → 0.0005", "κ 100 → 1,000", "Adam added"]) == (
        "Changed: SGD: η 0.019 → 0.0005; κ 100 → 1,000; and 1 more."
    )
    assert sentence(["x" * 99, "b"]) == f"Changed: {'x' * 99}; and 1 more."


@pytest.mark.parametrize("key", trainings.PRESETS)
def test_a_training_names_what_differs_from_its_preset(key: str) -> None:
    training = trainings.preset(key)
    data = generated(training)
    assert trainings.changes(training, data) == ""
    slower = set_racer(training, training.racers[0].id, "learning_rate", 0.0123)
    assert "0.0123" in trainings.changes(slower, data) and trainings.shown_by(slower)
    longer = dataclasses.replace(training, steps=training.steps + 1)
    assert f"steps {training.steps:,} → {training.steps + 1:,}" in trainings.changes(longer, data)
