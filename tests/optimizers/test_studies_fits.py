"""The studies of fits: exact identities, independent computations, and what the studies say of themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from optimizers.rules.adam import Adam
from optimizers.studies import STUDIES, curves
from optimizers.studies.catalogue import approximation, bias_variance, entropy
from optimizers.studies.networks import train_bundle
from surfaces.network import MLP, Network


def _finished(key: str, **parameters: Any) -> Any:
    *_, last = STUDIES[key](**parameters).run(0)
    assert last.share == 1.0
    return last.found


@pytest.fixture(scope="module")
def features() -> Any:
    return _finished("bias_variance", fit="features")


@pytest.fixture(scope="module")
def labels() -> dict[str, Any]:
    return {
        choice: _finished("entropy", labels=choice, seeds=6, steps=400)
        for choice in ("sampled", "smoothed", "probabilities")
    }


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_a_narrow_network_within_a_wide_model_is_the_narrow_network(activation: str) -> None:
    """Its other weights stay zero, and its own are those of a model without room for more."""
    model, narrow = curves.with_room(3, activation), MLP((1, 3, 1), activation)
    starts = curves.starts_within(model, 3, np.random.default_rng(0), 2)
    own = np.concatenate([np.arange(3), 8 + np.arange(3), 16 + np.arange(3), [24]])
    x = np.linspace(-2, 2, 9)[:, None].astype(np.float32)
    y = np.sin(x)
    *_, wide = train_bundle(Network(model, x, y, objective="mse"), Adam(0.01), starts, 30)
    *_, alone = train_bundle(Network(narrow, x, y, objective="mse"), Adam(0.01), starts[:, own], 30)
    np.testing.assert_allclose(wide.weights[:, own], alone.weights, rtol=1e-3, atol=1e-5)
    assert not np.delete(wide.weights, own, axis=1).any() and (wide.weights[:, own] != starts[:, own]).any()


def test_bias_variance_and_noise_add_up_to_the_error(features: Any) -> None:
    np.testing.assert_allclose(features.bias + features.variance + features.noise, features.error, rtol=1e-9)


def test_parts_of_fits_by_hand() -> None:
    """Fits 1 and 3 to the curve 0: the mean is 2, the squared bias 4, the variance 1."""
    assert bias_variance.parts(np.array([[1.0], [3.0]]), np.zeros(1)) == (4.0, 1.0)


def test_random_features_have_two_descents(features: Any) -> None:
    """Training error 0 from width N on; the error peaks there, and falls below the best of the narrow ones after it."""
    at = int(np.flatnonzero(features.widths == 20)[0])
    assert features.training[-1] < 1e-15 < 1e-3 < features.training[0]
    assert features.error[at] > 10 * max(features.error[0], features.error[-1])
    assert features.error[-1] < features.error[:at].min()


@pytest.mark.parametrize(
    ("errors", "place"),
    [([3, 2, 1], None), ([1, 2, 3], None), ([1, 1.2, 1], None), ([4, 1, 5, 3, 2], 2), ([2, 9, 8, 1], 1)],
)
def test_a_peak_lies_between_lower_errors(errors: list[float], place: int | None) -> None:
    assert bias_variance.peak(np.array(errors, dtype=float)) == place


def test_random_features_interpolate_with_the_least_norm() -> None:
    """The oracle is the pseudoinverse of the features, drawn again from the same numbers."""
    x = np.linspace(-2, 2, 5)
    y = np.sin(x)
    values, trained = bias_variance.random_features(40, x[None], y[None], x, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    slopes, kinks = rng.choice([-1.0, 1.0], 40), rng.uniform(-2, 2, 40)
    columns = np.maximum(slopes * (x[:, None] - kinks), 0)
    np.testing.assert_allclose(values[0], columns @ (np.linalg.pinv(columns) @ y), atol=1e-9)
    np.testing.assert_allclose(trained[0], values[0], atol=1e-12)


def test_a_step_is_constructed_by_one_steep_neuron() -> None:
    grid = approximation.GRID
    target = approximation.TARGETS["step"][1](grid)
    # with two neurons, the second has its zero at 0; the samples beside it lie on its slope
    assert np.abs(approximation.constructed(2, "tanh", grid, target) - target)[np.abs(grid) > 0.03].max() < 0.03


def test_relu_constructs_the_interpolation_by_lines() -> None:
    """n neurons with kinks at −1, −1 + 2/n, … make any function that is linear between them."""
    grid, kinks = approximation.GRID, np.linspace(-1, 1, 9)
    target = np.interp(grid, kinks, np.random.default_rng(0).standard_normal(9))
    np.testing.assert_allclose(approximation.constructed(8, "relu", grid, target), target, atol=1e-9)


def test_entropy_of_labels_has_its_closed_form(labels: dict[str, Any]) -> None:
    """Smoothed one-hot labels have one probability 1 − s + s/3 and two of s/3."""
    p = [1 - 0.1 + 0.1 / 3, 0.1 / 3, 0.1 / 3]
    assert np.all(labels["sampled"].entropy[0] == 0)
    np.testing.assert_allclose(labels["smoothed"].entropy[0], -sum(v * math.log(v) for v in p))
    assert np.all(labels["probabilities"].entropy[0] > 0.1)


@pytest.mark.parametrize("choice", ["sampled", "smoothed", "probabilities"])
def test_cross_entropy_is_entropy_plus_divergence(labels: dict[str, Any], choice: str) -> None:
    found = labels[choice]
    sums = found.entropy[:, None] + found.divergence
    np.testing.assert_allclose(found.cross_entropy, sums, rtol=1e-12)
    assert (found.divergence > 0).all()


def test_probabilities_are_those_of_the_drawn_classes() -> None:
    """Among many points, the share of a class is the mean of its probability, also where that is large."""
    x, drawn = entropy.points(np.random.default_rng(0), 20_000, 1.5)
    p = entropy.probabilities(x, 1.5)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    sure = p[:, 0] > 0.7
    for rows in (sure, ~sure):
        assert (drawn[rows] == 0).mean() == pytest.approx(p[rows, 0].mean(), abs=0.015)
