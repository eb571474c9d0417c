"""The matrix of unit tests: its counts against brute force, its cells against runs of `trace`."""

from __future__ import annotations

import dataclasses
import itertools
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import jax
import numpy as np
import pytest

from optimizers import OPTIMIZERS, NoNoise, trace
from optimizers.axes import on_scale
from optimizers.diagnostics import GROUPS, UNIT_TESTS, Cell, attempts, diagnose, units
from optimizers.diagnostics.matrix import DTYPE, cell, relative_heights, steps_of, tuned_parameters
from optimizers.diagnostics.unit_test import SHARES

Counter = Callable[[], AbstractContextManager[list[str]]]


@pytest.mark.parametrize("trials", range(1, 7))
def test_the_expected_number_of_attempts_is_the_mean_over_all_orders(trials: int) -> None:
    """The place of the first success, over all orders of the trials; for none, the number of trials and one more."""
    for solved in range(trials + 1):
        outcomes = [True] * solved + [False] * (trials - solved)
        places = [(*order, True).index(True) + 1 for order in itertools.permutations(outcomes)]
        assert attempts(trials, solved) == pytest.approx(np.mean(places), rel=1e-12)


@pytest.mark.parametrize(("trials", "solved"), [(0, 0), (3, 4), (3, -1)])
def test_impossible_counts_are_refused(trials: int, solved: int) -> None:
    with pytest.raises(ValueError, match="solved must lie between 0 and the number of trials"):
        attempts(trials, solved)


def test_there_are_sixty_tests_in_groups() -> None:
    assert len(UNIT_TESTS) >= 60
    groups = [test.group for test in UNIT_TESTS.values()]
    assert [group for group, _ in itertools.groupby(groups)] == list(GROUPS), "each group stands together"
    for key, test in UNIT_TESTS.items():
        assert test.key == key and test.name and test.about.endswith(".") and 0 < test.goal < 1
    assert len({test.name for test in UNIT_TESTS.values()}) == len(UNIT_TESTS), "names tell tests apart"
    assert len({test.about for test in UNIT_TESTS.values()}) == len(UNIT_TESTS)


@pytest.mark.parametrize("key", UNIT_TESTS)
def test_a_test_begins_above_its_goal(key: str) -> None:
    test = UNIT_TESTS[key]
    assert test.starts.shape == (len(SHARES), len(test.landscape.start)) and np.isfinite(test.starts).all()
    assert (test.heights > 0).all() and np.isfinite(test.heights).all()
    assert test.noise.objection(test.landscape) == ""
    assert "weight_decay" not in {p for rule in OPTIMIZERS.values() for p in tuned_parameters(rule)}


def _traced(key: str, rule_key: str, trials: int, seed: int) -> Cell:
    """The cell, from single runs of `trace`: settings are drawn as `sweep` documents it."""
    test, rule = UNIT_TESTS[key], OPTIMIZERS[rule_key]()
    names = tuned_parameters(rule)
    steps = steps_of(test, rule)
    drawn = {}
    for name in names:
        spec = rule.parameters()[name]
        path = ".".join(["optimizer", *["inner"] * (bool(test.delay) + bool(test.drift)), name])
        shares = np.random.default_rng([seed, zlib.crc32(path.encode())]).random(trials)
        drawn[name] = on_scale(shares, spec.low, spec.high, spec.scale)
    worst, at = np.empty(trials), np.empty(trials, dtype=int)
    for k in range(trials):
        tuned = test.rule(rule.replace(**{name: float(values[k]) for name, values in drawn.items()}), steps)
        shares = []
        for run in range(len(SHARES)):
            path = trace(test.landscape, tuned, test.starts[run], steps, noise=test.noise, seed=run, dtype=DTYPE)
            gone = path.diverged >= 0
            shares.append(np.inf if gone else (float(path.losses[-1]) - test.bottom) / test.heights[run])
        worst[k], at[k] = max(shares), int(np.argmax(shares))
    solved = worst <= test.goal
    result = cell(key, rule_key, trials, seed)
    assert result.solved == solved.sum() and result.diverged == np.isinf(worst).sum()
    assert result.best.height == pytest.approx(worst.min(), rel=1e-2, abs=1e-9)
    if result.failed is not None:
        assert result.failed.height == pytest.approx(worst[~solved].min(), rel=1e-2)
    return result


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("ravine_10_45", "momentum"),
        ("noise_low", "adam"),
        ("sparse_50_0", "rmsprop"),
        ("delay_4_10", "sgd"),
        ("drift_slow", "adamax"),
        ("saddle_near", "newton"),
        ("cliff", "sam"),
    ],
)
def test_a_cell_is_what_single_runs_say(key: str, rule: str) -> None:
    result = _traced(key, rule, 24, 0)
    assert 0 < result.solved < 24 or rule in ("newton", "sam")


def test_a_setting_can_be_played_again() -> None:
    result = cell("ravine_10_0", "momentum", 16)
    test = UNIT_TESTS["ravine_10_0"]
    assert result.failed is not None
    for setting, solves in ((result.best, True), (result.failed, False)):
        run = result.trace(setting)
        height = (run.losses[-1] - test.bottom) / test.heights[setting.run]
        assert (height <= test.goal) == solves
        assert height == pytest.approx(setting.height, rel=1e-3) or run.diverged >= 0
        np.testing.assert_allclose(run.positions[0], test.starts[setting.run], rtol=1e-6)


def test_a_height_that_overflows_is_infinite() -> None:
    test = UNIT_TESTS["near_start"]
    shares = relative_heights(test, [[1e305, np.nan, test.heights[2] / 4]])
    np.testing.assert_allclose(shares, [[np.inf, np.inf, 0.25]])


def test_weight_decay_is_off_and_does_not_lead_to_the_origin() -> None:
    """With a decay of λ and η λ = 0.5 any gradient would do: AdamW would be at the origin after a few steps."""
    test = UNIT_TESTS["ravine_10_0"]
    assert test.rule(OPTIMIZERS["adamw"](weight_decay=0.5)).weight_decay == 0.0  # type: ignore[attr-defined]


def test_all_rules_have_the_same_number_of_gradient_evaluations() -> None:
    test = UNIT_TESTS["ravine_10_0"]
    assert steps_of(test, OPTIMIZERS["sgd"]()) == test.steps
    assert steps_of(test, OPTIMIZERS["sam"]()) == test.steps // 2
    assert steps_of(test, OPTIMIZERS["newton"]()) == test.steps // 3  # the gradient, and two columns of the Hessian


def test_tests_that_differ_in_numbers_share_a_program(compilations: Counter) -> None:
    for rule in ("momentum", "adamax"):
        cell("ravine_10_0", rule, 8)
        with compilations() as events:
            cell("ravine_100_45", rule, 8)
            cell("ravine_1000_0", rule, 8)
        assert events == []


def test_units_hold_each_cell_once() -> None:
    tests, rules = list(UNIT_TESTS), ["sgd", "adam"]
    found = [(test, rule) for rule, group in units(tests, rules) for test in group]
    assert len(found) == len(set(found)) == len(tests) * len(rules)
    quiet = [group for _, group in units(tests, ["sgd"]) if "bowl" in group]
    assert len(quiet) == 1 and {"ravine_10_45", "near_start"} <= {*quiet[0]}
    assert all(isinstance(UNIT_TESTS[key].noise, NoNoise) for key in quiet[0])


def test_the_cells_do_not_depend_on_the_devices() -> None:
    device = jax.local_devices()[0]
    chosen = {"tests": ["bowl", "saddle_near", "noise_low"], "rules": ["sgd", "momentum"], "trials": 8}
    alone = {(c.test, c.rule): c for c in diagnose(**chosen, devices=[device])}  # type: ignore[arg-type]
    shared = {(c.test, c.rule): c for c in diagnose(**chosen, devices=[device, device])}  # type: ignore[arg-type]
    assert len(alone) == 6 and shared == alone


def test_more_seeds_draw_other_settings() -> None:
    first, second = (cell("bowl", "sgd", 8, seed) for seed in (0, 1))
    assert first.best.values != second.best.values and second.seed == 1
    assert dataclasses.replace(first, seed=1).share == first.share


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tests": ["nonsense"]}, "unknown test 'nonsense'; the choices are bowl, "),
        ({"rules": ["nonsense"]}, "unknown rule 'nonsense'; the choices are .*adam"),
        ({"trials": 0}, "trials must be a number from 1 to 4,096; got 0"),
        ({"trials": 5000}, "trials must be a number from 1 to 4,096; got 5000"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        diagnose(**arguments)  # type: ignore[arg-type]


@pytest.mark.long
def test_each_test_is_solved_by_some_rule_and_not_by_all_settings() -> None:
    solved: dict[str, int] = dict.fromkeys(UNIT_TESTS, 0)
    trials: dict[str, int] = dict.fromkeys(UNIT_TESTS, 0)
    for found in diagnose(rules=("sgd", "nesterov", "adagrad"), trials=16):
        solved[found.test] += found.solved
        trials[found.test] += found.trials
    assert {key for key in UNIT_TESTS if not 0 < solved[key] < trials[key]} == set()
