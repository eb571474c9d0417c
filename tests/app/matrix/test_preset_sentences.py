"""What the presets of the Tests page say, over the cells that they show."""

from __future__ import annotations

import functools
from urllib.parse import parse_qs

import pytest

from app.matrix import link, presets
from docs import pictures
from optimizers.diagnostics import UNIT_TESTS, diagnose
from tests.app.captions import captions

pytestmark = pytest.mark.long  # up to twenty programs each


@functools.cache
def _solved(key: str) -> dict[tuple[str, str], int]:
    """The number of settings that solve each test of a preset."""
    settings, _ = link.parse({"preset": [key]})
    cells = diagnose(settings.tests_shown, settings.rules_shown, trials=settings.trials, seed=settings.seed)
    return {(cell.test, cell.rule): cell.solved for cell in cells}


def test_every_preset_is_checked_here() -> None:
    assert {*presets.PRESETS} == {"rotation", "saddles", "noise"}


def test_the_caption_of_the_picture_states_its_settings() -> None:
    words = captions()["tests-light"]
    assert words == "Unit tests of optimizers: the percentages of 64 random settings that solve each."
    settings, refused = link.parse(parse_qs(pictures.TESTS["tests-light"][0]))
    assert settings.trials == 64 and not refused and len(settings.rules_shown) == 6


def test_rotation_takes_the_advantage_of_coordinate_wise_rules_away() -> None:
    solved = _solved("rotation")
    for rule in ("adagrad", "rmsprop"):
        assert solved["ravine_1000_0", rule] >= 10 and solved["ravine_1000_45", rule] == 0
    for rule in ("sgd", "momentum"):
        for kappa in (10, 100, 1000):
            assert solved[f"ravine_{kappa}_0", rule] == solved[f"ravine_{kappa}_45", rule]


def test_a_near_saddle_fails_settings_of_sgd_and_not_of_adam() -> None:
    solved = _solved("saddles")
    for rule in ("sgd", "momentum"):
        wide, near, nearer = (solved[f"saddle_{word}", rule] for word in ("wide", "near", "nearer"))
        assert wide > near > nearer
    adam = [solved[f"saddle_{word}", "adam"] for word in ("wide", "near", "nearer")]
    assert max(adam) - min(adam) <= 1
    assert not any(solved[test, "newton"] for test, rule in solved if rule == "newton" and test.startswith("saddle"))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_heavy_tails_fail_all_but_an_average(seed: int) -> None:
    settings, _ = link.parse({"preset": ["noise"]})
    rows = ("noise_low", "tails_heavy")
    assert [UNIT_TESTS[row].name for row in rows] == ["σ = 0.1, κ = 10", "σ = 0.1, α = 1"]
    cells = diagnose(rows, settings.rules_shown, trials=settings.trials, seed=seed)
    solved = {(cell.test, cell.rule): cell.solved for cell in cells}
    for rule in ("sgd", "momentum", "adam"):
        assert solved["tails_heavy", rule] <= solved["noise_low", rule] / 3
    assert solved["tails_heavy", "schedule_free_sgd"] >= solved["noise_low", "schedule_free_sgd"] / 2
