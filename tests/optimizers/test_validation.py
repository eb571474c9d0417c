"""Cross-validation, against trainings that are carried out one by one."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Random
from optimizers.training import join, train, train_together
from optimizers.validation import Search, cross_validate, cross_validation
from surfaces.network import DATASETS, LOSSES, MLP, DataSet, Network, Samples
from surfaces.network.folds import folds, without_validation

MOMENTUM = OPTIMIZERS["momentum"]
MODEL = MLP((2, 6, 2), "tanh")
DATA = DATASETS["moons"](samples=60).make(1).standardised()  # type: ignore[call-arg]
NETWORK = Network(MODEL, DATA.train.x, DATA.train.y)
OVER: dict[str, Any] = {"learning_rate": [0.03, 0.5, 1e308], "decay": [0.0, 0.3]}
OPTIONS: dict[str, Any] = {"count": 3, "steps": 40, "batch_size": 8, "seed": 5, "dtype": "float64"}


@pytest.fixture(scope="module")
def search() -> Search:
    return cross_validate(NETWORK, DATA, MOMENTUM(), over=OVER, **OPTIONS)


def _alone(fold: DataSet, seed: int, rate: float, decay: float) -> tuple[float, float]:
    """The loss and the accuracy on the held-out samples after a single training."""
    x, y, held_x, held_y = (v.astype(float) for part in (fold.train, fold.validation) for v in (part.x, part.y))
    start = MODEL.initial(seed, dtype="float64")
    network = Network(MODEL, x, y, decay=decay)
    run = join(train(network, MOMENTUM(rate), start, 40, batch_size=8, seed=seed, stride=40, dtype="float64"))
    with jax.enable_x64(True):
        outputs = np.asarray(MODEL(run.weights[-1], held_x))
        loss = float(LOSSES["cross_entropy"].function(outputs, held_y).mean())
    return loss, float((outputs.argmax(axis=1) == held_y.argmax(axis=1)).mean())


def test_scores_are_those_of_single_trainings_on_the_held_out_samples(search: Search) -> None:
    """The score leaves the penalty out, and a training that diverges counts as infinitely bad."""
    assert search.losses.shape == search.accuracies.shape == (3, 3, 2)
    for k, fold in enumerate(folds(DATA, 3, seed=5)):
        for i, j in ((0, 0), (1, 0), (1, 1)):
            loss, share = _alone(fold, 5 + k, OVER["learning_rate"][i], OVER["decay"][j])
            assert search.losses[k, i, j] == pytest.approx(loss, rel=1e-9)
            assert search.accuracies[k, i, j] == pytest.approx(share, rel=1e-6)
    assert np.isinf(search.losses[:, 2]).all() and np.isnan(search.accuracies[:, 2]).all()
    np.testing.assert_allclose(search.scores, search.losses.mean(axis=0))


def test_the_best_setting_and_the_projection_of_each_axis(search: Search) -> None:
    i, j = np.unravel_index(np.argmin(search.scores), search.shape)
    assert search.best == {"learning_rate": OVER["learning_rate"][i], "decay": OVER["decay"][j]}
    values, scores = search.projection("decay")
    assert values.tolist() == [0.0, 0.3]
    np.testing.assert_array_equal(scores, search.scores.min(axis=0))
    np.testing.assert_array_equal(search.projection("learning_rate")[1], search.scores.min(axis=1))
    with pytest.raises(ValueError, match="'momentum' is no axis of this search; they are learning_rate, decay"):
        search.values("momentum")


def test_the_winner_is_tested_after_training_on_all_other_samples(search: Search) -> None:
    whole = without_validation(DATA)
    assert len(whole.train) == 48 and len(whole.test) == 12
    best = search.best
    loss, share = _alone(whole, 5, best["learning_rate"], best["decay"])
    assert search.test() == (pytest.approx(loss, rel=1e-9), pytest.approx(share, rel=1e-6))


def test_a_search_does_not_depend_on_the_test_samples(search: Search) -> None:
    spoiled = dataclasses.replace(DATA, test=Samples(1e3 + DATA.test.x, 1 - DATA.test.y))
    again = cross_validate(NETWORK, spoiled, MOMENTUM(), over=OVER, **OPTIONS)
    np.testing.assert_array_equal(again.losses, search.losses)
    assert again.test()[0] > 2 * search.test()[0]


def test_scores_come_fold_by_fold_and_random_settings_share_an_axis() -> None:
    over = {"learning_rate": Random(0.01, 1.0), "momentum": Random(0.0, 0.9)}
    counts = []
    for part in cross_validation(NETWORK, DATA, MOMENTUM(), over=over, draws=4, **OPTIONS):
        counts.append(len(part.losses))
        assert part.shape == (4,) and len(part.projection("momentum")[0]) == 4
    assert counts == [1, 2, 3]


def test_values_have_no_accuracy() -> None:
    curve = DATASETS["curve"](samples=40).make(0)  # type: ignore[call-arg]
    network = Network(MLP((1, 4, 1), "tanh"), curve.train.x, curve.train.y, objective="mse")
    found = cross_validate(network, curve, MOMENTUM(), over={"learning_rate": [0.01]}, count=2, steps=3, batch_size=4)
    assert np.isnan(found.accuracies).all() and np.isfinite(found.losses).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"over": {"learning_rate": [1e308]}}, "every setting diverged on some fold"),
        ({"over": {"seed": [1, 2]}}, "'seed' cannot be searched"),
        ({"over": {"learning_rates": [0.1]}}, "unknown axis 'learning_rates'"),
        ({"count": 1}, "count must be a whole number from 2"),
        ({"count": 49}, "from 2 to the 48 samples; got 49"),
        ({"over": {"learning_rate": Random()}, "draws": 6667}, "at most 20,000 trainings.*= 20,001"),
        ({"batch_size": 33}, "batch_size must lie between 1 and the 32 training samples"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _ = cross_validate(NETWORK, DATA, MOMENTUM(), **{"over": OVER, **OPTIONS, **changes}).best


def test_surfaces_that_are_trained_together_have_the_same_data() -> None:
    other = NETWORK.replace(x=NETWORK.x + 1)
    with pytest.raises(ValueError, match="must have the same data"):
        train_together([NETWORK, other], [MOMENTUM()] * 2, MODEL.initial(), 3)
