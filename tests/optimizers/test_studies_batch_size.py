"""The study of batch sizes: its samples, equal training losses, the line between two solutions, and its sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizers.studies import STUDIES
from optimizers.studies.catalogue.batch_size import LINE, TRAINING, BatchSize, Found
from optimizers.verdicts import verdict
from surfaces.network import DATASETS


@pytest.fixture(scope="module")
def short() -> tuple[BatchSize, Found]:
    """The study with two seeds, compared at a high loss, which Adam is too slow to reach."""
    study = STUDIES["batch_size"](loss=0.4, seeds=2, most=1000, adam_rate=1e-4)
    *_, last = study.run(seed=0)
    assert last.share == 1
    return study, last.found


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.35])
def test_labels_are_wrong_as_often_as_declared(noise: float) -> None:
    train, test = STUDIES["batch_size"](label_noise=noise).samples(2)
    data = DATASETS["digits"]().make(2)
    wrong = (train.y != data.train.y[:TRAINING]).any(axis=1)
    assert wrong.sum() == round(noise * TRAINING) and (train.y.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(test.y, data.test.y)


@pytest.mark.long
def test_all_networks_are_compared_at_the_same_training_loss(short: tuple[BatchSize, Found]) -> None:
    _, found = short
    assert (found.losses[0] <= 0.4).all() and (found.losses[0] > 0.3).all()


@pytest.mark.long
def test_ends_of_the_line_are_the_solutions(short: tuple[BatchSize, Found]) -> None:
    _, found = short
    for place, size in ((0.0, 0), (1.0, 1)):
        k = int(np.flatnonzero(np.isclose(LINE, place))[0])
        np.testing.assert_allclose(found.line[0, :, k], found.losses[0, size], rtol=1e-5)
        np.testing.assert_allclose(found.test_line[0, :, k], found.test_losses[0, size], rtol=1e-5)


@pytest.mark.long
def test_a_training_that_does_not_reach_the_loss_is_left_out(short: tuple[BatchSize, Found]) -> None:
    study, found = short
    assert np.isnan(found.losses[1]).all() and np.isnan(found.line[1]).all()
    assert [row[:2] for row in study.table(found).rows] == [("SGD", 8), ("SGD", 500)]
    assert "With Adam, at least 8 seeds are needed to compare large batches with small batches." in study.finding(found)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_sentences_on_batch_sizes(seed: int) -> None:
    study: Any = STUDIES["batch_size"]()
    assert study.label_noise == 0.1
    *_, (_, found) = study.run(seed)
    sharper = found.sharpness[:, 1].mean(axis=-1) / found.sharpness[:, 0].mean(axis=-1)
    assert 4 < sharper[0] < 6.5 and 1.5 < sharper[1] < 2.5
    lost = 100 * (found.test[:, 0] - found.test[:, 1]).mean(axis=-1)
    assert 1.5 < lost[0] < 3.5 and 1 < lost[1] < 2
    for rule in range(2):
        assert verdict(*found.sharpness[rule]).winner == verdict(*-found.test[rule]).winner == "A"


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sentences_on_batch_sizes_with_right_labels(seed: int) -> None:
    *_, (_, right) = STUDIES["batch_size"](**STUDIES["batch_size"].presets["right_labels"].parameters).run(seed)
    sharper = right.sharpness[:, 1].mean(axis=-1) / right.sharpness[:, 0].mean(axis=-1)
    assert 1.7 < sharper[0] < 2.5 and sharper[1] == pytest.approx(1.2, abs=0.1)
    assert (np.abs((right.test[:, 0] - right.test[:, 1]).mean(axis=-1)) < 0.01).all()
    for rule in range(2):
        assert verdict(*right.sharpness[rule]).winner == "A" and verdict(*-right.test[rule]).winner != "A"
