"""What studies say of themselves, at their default parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from docs import pictures
from optimizers.studies import STUDIES
from optimizers.studies.catalogue import bias_variance
from tests.app.captions import captions

pytestmark = pytest.mark.long


def _finished(key: str, seed: int = 0, **parameters: Any) -> tuple[Any, str]:
    """The complete result and its finding."""
    study = STUDIES[key](**parameters)
    *_, last = study.run(seed)
    return last.found, study.finding(last.found)


def test_bagging_beats_its_members_and_a_single_network() -> None:
    found, words = _finished("bagging")
    final = found.mean_errors[:, -1]
    assert (final < found.member_errors.mean(axis=1)).all() and np.median(final) < 0.95 * np.median(found.alone_errors)
    assert words.startswith("The test error of bagging is lower than that of a single network")


@pytest.mark.parametrize("seed", [0, 2, 6])
def test_boosting_overfits_as_further_members_fit_the_noise(seed: int) -> None:
    found, words = _finished("boosting", seed)
    study: Any = STUDIES["boosting"]()
    assert (study.width, study.members) == (2, 40)
    training, test = (np.median(errors, axis=0) for errors in (found.training_errors, found.test_errors))
    assert (np.diff(found.training_errors, axis=1) < 0).all()
    best = int(np.argmin(test))
    assert 5 <= best <= 15 and test[1] > 1.3 * test[best], "a member alone is too small"
    assert 1.1 < test[-1] / test.min() < 1.5
    # the error of the sum falls below the noise, and half of what is left at the lowest test error is fitted as well
    assert training[best] < study.noise**2 and training[-1] < 0.7 * training[best]
    assert test[20] < test[-1], "the rise goes on"
    gains = -np.diff(found.training_errors, axis=1) / found.training_errors[:, :-1]
    assert 0.1 < (gains < 1e-3).mean() < 0.6 and (gains[:, 20:] > 0.01).any(axis=1).mean() > 0.5
    assert f"lowest with {best} members" in words and "at the end" in words


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bias_falls_and_variance_rises_with_the_width(seed: int) -> None:
    found, words = _finished("bias_variance", seed)
    assert found.bias[0] > 30 * found.bias[-1] and found.variance[-1] > 3 * found.variance[0]
    assert 3 <= found.widths[np.argmin(found.error)] <= 8
    wide = found.error[found.widths >= 32]
    assert (wide / found.error.min() > 1.05).all() and (wide / found.error.min() < 1.2).all()
    assert np.ptp(wide) < 0.05 * wide.min() and found.training[-1] > found.training.min()
    np.testing.assert_allclose(found.bias + found.variance + found.noise, found.error, rtol=1e-9)
    assert words.endswith("The error has no second descent.")
    caption = "Bias and variance against the width of a network: bias falls, variance grows."
    assert captions()["studies-light"] == caption and pictures.STUDIES["studies-light"][0] == "preset=bias_variance"


def test_random_features_have_a_second_descent() -> None:
    features, words = _finished("bias_variance", fit="features")
    top = bias_variance.peak(features.error)
    assert top is not None and 12 <= features.widths[top] <= 32 and features.error[top] > 100
    assert features.training[top] < features.noise and features.error[-1] < features.error[:top].min()
    assert "The error falls a second time after a peak of" in words


@pytest.mark.parametrize("seed", [0, 1])
def test_a_construction_is_better_than_what_training_finds(seed: int) -> None:
    found, words = _finished("approximation", seed)
    ratio = found.errors[-1] / found.constructed[-1]
    assert found.constructed[-1] < 1e-3 and 180 < ratio.min() <= np.median(ratio) < 280
    assert (np.median(found.errors, axis=1)[:3] < 0.8).all()
    assert words.endswith("The construction has a lower error than every trained network at widths 32, 64 and 128.")


def test_averages_beat_the_networks_that_they_average() -> None:
    found, words = _finished("ensembles")
    members, ensemble, snapshots, average = found.accuracy[:, -1].mean(axis=-1)
    assert members < average < snapshots < ensemble and average - members < 0.5 * (ensemble - members)
    assert words.count("is lower than that of the members") == 3
    early = found.accuracy[:, 2].mean(axis=-1)
    assert early[3] < early[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_divergence_from_true_probabilities_rises_again(seed: int) -> None:
    found, _ = _finished("entropy", seed)
    training, true = np.median(found.divergence, axis=2)
    assert training[-1] == training.min() and found.entropy[1, 0] > 0.05
    assert np.argmin(true) < 0.5 * len(true) and true[-1] > 2 * true.min()
    smoothed, _ = _finished("entropy", seed, labels="smoothed")
    assert (smoothed.cross_entropy[0] > smoothed.entropy[0]).all() and smoothed.entropy[0, 0] > 0.2
    again = np.median(smoothed.divergence[1], axis=1)
    assert 2 * again.min() < again[-1] and again[-1] - again.min() < 0.5 * (true[-1] - true.min())
    soft, _ = _finished("entropy", seed, labels="probabilities")
    assert (np.median(soft.divergence[:, -1], axis=1) < 2e-3).all() and soft.entropy.min() > 0.3
