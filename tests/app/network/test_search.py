"""The search of two hyperparameters of a training, against cross-validation called directly."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import Any

import numpy as np
import pytest

from app.common.racers import Choice, hide_racer
from app.figures.marks import Dots, Panel, Sign
from app.network import changes, presets, scene, search
from app.network.job import Job
from app.network.settings import Training, generated
from optimizers import OPTIMIZERS
from optimizers.validation import cross_validate
from surfaces.network import MLP, Network
from tests.app.drawn import note, only

DATA = generated(Training(data=Choice("moons")))


def _training(*spelled: str, **options: Any) -> Training:
    base = dataclasses.replace(changes.choose_data(Training(), "moons"), steps=20, widths=(4,), **options)
    base = dataclasses.replace(base, views=("search", "loss", "accuracy"))
    add = functools.partial(changes.add_racer, data=DATA)
    return presets.with_racers(base, add, *(spelled or ("momentum:learning_rate=0.1",)))


def _panel(training: Training, job: Job) -> Panel:
    """The panel after all folds, each of which is requested when the one before it is shown."""
    end = time.monotonic() + 120
    for _ in range(search.FOLDS + 1):
        drawn = scene.scene(training, job).panels[0]
        while job.busy:
            assert time.monotonic() < end, "the search does not end"
            time.sleep(0.01)
    return drawn


@pytest.fixture(scope="module")
def job() -> Job:
    return scene.job_for(_training(), DATA)


def test_the_panel_shows_the_scores_of_cross_validation(job: Job) -> None:
    training = _training()
    panel = _panel(training, job)
    main, top, right = only(panel, Dots)
    rate, momentum = (np.asarray(dict(main.hover)[symbol]) for symbol in ("η", "β"))
    np.testing.assert_allclose(main.y, 1 - momentum)
    assert len(rate) == 36 == len(np.unique(rate)) and rate.min() >= 1e-4 and rate.max() <= 10
    found = cross_validate(
        Network(MLP((2, 4, 2), training.of(None, "activation")), DATA.train.x, DATA.train.y),
        DATA,
        OPTIMIZERS["momentum"](),
        over={("learning_rate", "momentum"): (rate, momentum)},
        steps=20,
        batch_size=training.batch_size,
        seed=training.seed,
        initialization=training.of(None, "initialization"),
    )
    np.testing.assert_allclose(top.y, found.scores, rtol=1e-5)
    np.testing.assert_array_equal(top.x, main.x)
    np.testing.assert_array_equal(right.x, top.y)
    np.testing.assert_array_equal(right.y, main.y)
    assert main.colors is not None
    dark, pale = (found.scores[np.asarray(main.colors) == k] for k in (0, 5))
    assert dark.max() < pale.min() and len(dark) == len(pale) == 6
    (best,) = only(panel, Sign)
    assert (best.x[0], best.y[0]) == (found.best["learning_rate"], 1 - found.best["momentum"])
    assert "36 settings with 36 values of η, 5-fold cross-validation" in note(panel)


def test_a_grid_has_few_values_of_each_hyperparameter(job: Job) -> None:
    panel = _panel(dataclasses.replace(_training(), search="grid"), job)
    main = only(panel, Dots)[0]
    assert len(main.x) == 36 and len(np.unique(main.x)) == len(np.unique(main.y)) == 6
    assert main.x.min() == pytest.approx(1e-4) and main.x.max() == pytest.approx(10)
    assert "36 settings with 6 values of η" in note(panel)


def test_the_penalty_is_searched_on_a_log_scale(job: Job) -> None:
    trials = search.trials_of(dataclasses.replace(_training(), search="grid_l2"), _training().racers[0])
    np.testing.assert_allclose(np.unique(trials.settings[1]), np.geomspace(1e-5, 0.1, 6))
    assert (trials.y.symbol, trials.y.axis) == ("λ", "surface.decay")


def test_each_fold_is_requested_when_the_one_before_it_is_there() -> None:
    training = _training(seed=7)
    job = scene.job_for(training, DATA)
    assert scene.scene(training, job).panels[0].message == "Training 36 settings on the first of 5 folds …"
    end = time.monotonic() + 120
    while job.busy and time.monotonic() < end:
        time.sleep(0.01)
    panel = scene.scene(training, job).panels[0]
    assert "1 of 5 folds so far" in note(panel) and not only(panel, Sign)


def test_the_winner_is_tested_once_on_the_test_samples(job: Job) -> None:
    training = _training()
    _panel(training, job)
    found = search.outcome(training, job)
    assert isinstance(found, search.Outcome) and found.best is not None
    expected = found.trials.search(job.runs[0]).with_scores([*found.losses], [*found.accuracies])
    assert search.test(training, job) == pytest.approx(expected.test())
    x, y = found.trials.settings
    used = changes.set_values(training, *search.best(training, job)).racers[0].rule
    assert used.get("learning_rate", 0.0) == pytest.approx(x[found.best], rel=5e-3)
    assert used.get("momentum", 0.0) == pytest.approx(y[found.best], rel=5e-3)


def test_a_search_survives_the_use_of_its_best_setting(job: Job) -> None:
    """Only the searched values differ, so the next job need not train again."""
    training = _training()
    _panel(training, job)
    before = search.outcome(training, job)
    used = changes.set_values(training, *search.best(training, job))
    following = scene.job_for(used, DATA, job)
    after = search.outcome(used, following)
    assert isinstance(before, search.Outcome) and isinstance(after, search.Outcome)
    np.testing.assert_array_equal(after.losses, before.losses)
    longer = search.outcome(dataclasses.replace(used, steps=30), following)
    assert isinstance(longer, str) and longer.startswith("Training 36 settings")


def test_the_best_penalty_belongs_to_the_racer_alone(job: Job) -> None:
    training = dataclasses.replace(_training(), search="random_l2")
    _panel(training, job)
    id, values = search.best(training, job)
    assert set(values) == {"learning_rate", "l2"}
    changed = changes.set_values(training, id, values)
    assert changed.of(changed.racers[0], "l2") == values["l2"] and changed.of(None, "l2") == 0.0


@pytest.mark.parametrize(
    ("spelled", "kind", "message"),
    [
        ("sgd", "random", "SGD has no second parameter. Search η and the L2 penalty."),
        ("adadelta", "random", "Adadelta has no learning rate to search."),
    ],
)
def test_rules_without_these_parameters_say_so(spelled: str, kind: str, message: str) -> None:
    training = _training(spelled, search=kind)
    with pytest.raises(ValueError, match=message):
        search.trials_of(training, training.racers[0])


def test_the_first_racer_with_these_parameters_is_searched() -> None:
    training = _training("sgd", "adam", "momentum")
    assert search.searched(training)[0] == 1
    assert search.searched(dataclasses.replace(training, search="grid_l2"))[0] == 0
    hidden = hide_racer(training, training.racers[1].id, True)
    assert search.searched(hidden)[0] == 2


def test_a_search_that_would_take_too_long_is_not_begun() -> None:
    training = _training()
    job = scene.job_for(training, DATA)
    long = dataclasses.replace(training, steps=500_000)
    before = job.requests
    words = search.outcome(long, job)
    assert isinstance(words, str) and "times as long as the limit allows. Reduce the steps" in words
    assert job.requests == before
