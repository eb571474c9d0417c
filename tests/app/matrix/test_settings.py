"""The settings of the Tests page: links, filters, order, presets."""

from __future__ import annotations

import dataclasses

import pytest

from app.common.racers import Refused
from app.matrix import changes, export, link, presets
from app.matrix.changes import SETTINGS
from app.matrix.settings import GROUP_NAMES, Settings
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"groups": ("saddles", "noise"), "rules": ("adam", "sgd"), "trials": 16, "seed": 7},
        {"numbers": "attempts", "rows": "adam", "columns": "ledge", "test": "ledge", "rule": "adam"},
        {"rows": "mean", "columns": "mean", "preset": "noise"},
    ],
)
def test_a_link_restores_the_settings(changed: dict[str, object]) -> None:
    settings = dataclasses.replace(Settings(), **changed)  # type: ignore[arg-type]
    assert link.parse(link.query(settings)) == (settings, [])
    assert export.from_json(export.numbers(settings, None, "a.json")) == (settings, [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"groups": ["nonsense"]}, "groups must be"),
        ({"trials": ["3"]}, "trials must be a whole number from 4 to 256"),
        ({"trials": ["many"]}, "trials must be a number"),
        ({"rule": ["adamm"]}, "Did you mean 'adam'?"),
        ({"rows": ["nonsense"]}, "rows must be one of"),
        ({"surface": ["booth"]}, "there is no setting called 'surface'"),
    ],
)
def test_bad_values_are_dropped_with_a_sentence(query: dict[str, list[str]], words: str) -> None:
    settings, notices = link.parse({**query, "seed": ["5"]})
    assert settings == Settings(seed=5) and len(notices) == 1 and words in notices[0]


def test_groups_and_rules_are_filters_and_none_stands_for_all() -> None:
    assert Settings().tests_shown == tuple(UNIT_TESTS) and Settings().rules_shown == tuple(OPTIMIZERS)
    few = Settings(groups=("cliffs",), rules=("sgd", "adam"))
    assert {UNIT_TESTS[key].group for key in few.tests_shown} == {"Cliffs"}
    assert few.rules_shown == ("sgd", "adam") or few.rules_shown == ("adam", "sgd")
    assert list(few.rules_shown) == [key for key in OPTIMIZERS if key in few.rules], "in the order of their years"
    assert sum(len(Settings(groups=(key,)).tests_shown) for key in GROUP_NAMES) == len(UNIT_TESTS)


def test_a_second_click_on_a_heading_restores_the_order() -> None:
    sorted_ = changes.sort_columns(changes.sort_rows(Settings(), "adam"), "ledge")
    assert (sorted_.rows, sorted_.columns) == ("adam", "ledge")
    assert changes.sort_columns(changes.sort_rows(sorted_, "adam"), "ledge") == Settings()
    with pytest.raises(Refused, match="rows must be one of"):
        changes.sort_rows(Settings(), "nonsense")


def test_a_cell_that_does_not_exist_cannot_be_chosen() -> None:
    picked = changes.pick(Settings(), "ledge", "adam")
    assert (picked.test, picked.rule) == ("ledge", "adam")
    for place in (("nonsense", "adam"), ("ledge", "nonsense")):
        with pytest.raises(Refused, match="This cell does not exist"):
            changes.pick(Settings(), *place)


@pytest.mark.parametrize("key", presets.PRESETS)
def test_a_preset_is_a_link_without_notices(key: str) -> None:
    settings, notices = link.parse({"preset": [key]})
    assert notices == [] and settings.preset == key
    assert settings.test in settings.tests_shown and settings.rule in settings.rules_shown
    assert presets.PRESETS[key].about.endswith(".")
    assert set(SETTINGS["preset"].form.choices) == {"", *presets.PRESETS}  # type: ignore[attr-defined]
