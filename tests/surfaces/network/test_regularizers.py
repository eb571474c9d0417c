"""Regularizers, compared with their definitions, PyTorch and SciPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage, stats

from surfaces.network import DATASETS, LOSSES, MLP, REGULARIZERS, Network
from surfaces.network.measures import measure

KEY = jax.random.key(3)
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((9, 16)), np.eye(3)[RNG.integers(0, 3, 9)]
MODEL = MLP((16, 5, 4, 3), "tanh")
RANDOM = [key for key, part in REGULARIZERS.items() if part.random]


def _network(*parts: Any, model: MLP = MODEL) -> Network:
    return Network(model, X, Y, decay=0.1, regularizers=parts)


def _weights(model: MLP = MODEL) -> jax.Array:
    return jnp.asarray(model.initial(5, "normal", 0.5, "float64")) + 0.1


def _with(key: str, strength: float) -> Any:
    return REGULARIZERS[key](**{REGULARIZERS[key].strength: strength})


# Each against its definition


@pytest.mark.torch
def test_label_smoothing_is_that_of_pytorch(float64: None) -> None:
    import torch

    network, w = _network(_with("label_smoothing", 0.3)).replace(decay=0.0), _weights()
    outputs = torch.tensor(np.asarray(MODEL(w, jnp.asarray(X))))
    expected = torch.nn.CrossEntropyLoss(label_smoothing=0.3)(outputs, torch.tensor(Y.argmax(axis=1)))
    assert float(network(w)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.thinned(4)
@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_the_weight_of_mixup_has_a_beta_distribution(alpha: float) -> None:
    """Each batch draws its weight m: with inputs 0 and 1, the mean of a pair is m or 1 − m, which has the same law."""
    x = jnp.array([[0.0], [1.0]])

    def mixed(key: jax.Array) -> jax.Array:
        return _with("mixup", alpha).batch(x, x, key)[0][:, 0]

    pairs = np.asarray(jax.vmap(mixed)(jax.random.split(KEY, 8000)))
    moved = pairs[(pairs != [0.0, 1.0]).any(axis=1)]  # of half of the batches, the permutation leaves each in its place
    assert 0.45 < len(moved) / len(pairs) < 0.55
    assert stats.kstest(moved[:, 0], stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_mixup_averages_inputs_and_targets_of_the_same_two_samples(float64: None) -> None:
    x, y = (np.asarray(v) for v in _with("mixup", 1.0).batch(jnp.asarray(X), jnp.asarray(Y), KEY))
    both, found = np.concatenate([X, Y], axis=1), np.concatenate([x, y], axis=1)
    weights, partners = [], []
    for k, row in enumerate(found):
        if np.abs(row - both[k]).max() < 1e-12:
            partners.append(k)
            continue
        # row = m · own + (1 − m) · other, so that row − other is m times own − other
        apart = both[k] - both
        shares = ((row - both) * apart).sum(axis=1) / np.maximum((apart**2).sum(axis=1), 1e-9)
        errors = np.abs(shares[:, None] * both[k] + (1 - shares)[:, None] * both - row).max(axis=1)
        partners.append(int(errors.argmin()))
        weights.append(shares[partners[-1]])
        assert errors.min() < 1e-12
    assert sorted(partners) == list(range(len(X)))
    np.testing.assert_allclose(weights, weights[0], rtol=1e-9)
    assert len(weights) > 5 and 0 < weights[0] < 1


def test_mixup_at_zero_leaves_the_loss_as_it_is(float64: None) -> None:
    w = _weights()
    assert float(_network(_with("mixup", 0.0)).loss(w, (X, Y), KEY)) == pytest.approx(float(_network()(w)), rel=1e-12)


@pytest.mark.parametrize("key", ["input_noise", "weight_noise"])
def test_noise_has_its_mean_and_its_deviation(key: str) -> None:
    """100,000 numbers: the standard errors of mean and deviation are 0.7/316 = 0.0022 and 0.0016."""
    part, zeros = _with(key, 0.7), jnp.zeros((100, 1000))
    noise = part.batch(zeros, zeros, KEY)[0] if key == "input_noise" else part.weights(MODEL, zeros.ravel(), KEY)
    assert abs(float(noise.mean())) < 0.01 and float(noise.std()) == pytest.approx(0.7, abs=0.008)


def test_dropout_keeps_the_mean_and_scales_what_it_keeps() -> None:
    """100,000 outputs of 2: a share 0.3 is 0, the others are 2/0.7. The standard error of the mean is 0.004."""
    h = np.asarray(_with("dropout", 0.3).hidden(jnp.full((100, 1000), 2.0), KEY))
    np.testing.assert_allclose(np.unique(h), [0.0, 2 / 0.7], rtol=1e-6)
    assert (h == 0).mean() == pytest.approx(0.3, abs=0.01) and h.mean() == pytest.approx(2.0, abs=0.02)


def test_dropout_has_another_mask_for_each_layer_and_no_mask_in_the_last(float64: None) -> None:
    """With dropout by hand: the mask of layer k has the key of the regularizer folded with k."""
    part, w = _with("dropout", 0.5), _weights()
    h = jnp.asarray(X)
    for k, layer in enumerate(MODEL.unravel(w)):
        z = h @ layer.W + layer.b[None]
        if k == 2:
            break
        kept = jax.random.uniform(jax.random.fold_in(part.key_of(KEY), k), z.shape, z.dtype) >= 0.5
        h = jnp.tanh(z) * kept.astype(z.dtype) / 0.5
    expected = LOSSES["cross_entropy"].function(z, jnp.asarray(Y)).mean() + 0.05 * w @ w
    assert float(_network(part).loss(w, (X, Y), KEY)) == pytest.approx(float(expected), rel=1e-12)


def test_dropconnect_drops_entries_of_matrices_only(float64: None) -> None:
    model = MLP((16, 400, 400, 3), "prelu", "layer")
    w = jnp.ones(model.size)
    for before, after in zip(
        model.unravel(w), model.unravel(_with("dropconnect", 0.2).weights(model, w, KEY)), strict=True
    ):
        W = np.asarray(after.W)
        np.testing.assert_allclose(np.unique(W), [0.0, 1.25])
        assert (W == 0).mean() == pytest.approx(0.2, abs=0.05)
        for name in ("b", "a", "gain", "shift"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_l1_is_a_sum_of_absolute_weights_whose_derivative_at_zero_is_zero(float64: None) -> None:
    part, w = _with("l1", 0.3), jnp.array([2.0, -0.5, 0.0])
    assert float(part.penalty(w)) == pytest.approx(0.75)
    np.testing.assert_allclose(jax.grad(part.penalty)(w), [0.3, -0.3, 0.0])
    assert float(_network(part)(_weights()) - _network()(_weights())) == pytest.approx(
        0.3 * float(jnp.abs(_weights()).sum())
    )


def _images() -> tuple[Any, Any, Any]:
    data = DATASETS["digits"]().make()
    scaled = data.standardised()
    return data.train.x[:20].astype(float), scaled.train.x[:20].astype(float), scaled


def test_images_are_shifted_by_up_to_s_pixels(float64: None) -> None:
    """SciPy shifts the same images by the same amounts, and the inputs are standardised before and after."""
    raw, x, data = _images()
    part = REGULARIZERS["shift"](pixels=1.5, mean=data.mean, deviation=data.deviation)
    shifts = 1.5 * np.asarray(jax.random.uniform(KEY, (20, 2, 1, 1), jnp.float64, -1.0, 1.0))[..., 0, 0]
    assert np.abs(shifts).max() < 1.5 and np.abs(shifts).max(axis=0).min() > 1.0
    moved = np.asarray(part.batch(jnp.asarray(x), jnp.asarray(Y), KEY)[0])
    expected = [
        ndimage.shift(image.reshape(8, 8), -by, order=1, mode="grid-constant").ravel()
        for image, by in zip(raw, shifts, strict=True)
    ]
    np.testing.assert_allclose(moved * data.deviation + data.mean, expected, atol=1e-5)


def test_images_are_rotated_about_their_centre(float64: None) -> None:
    raw, x, data = _images()
    part = REGULARIZERS["rotation"](degrees=40.0, mean=data.mean, deviation=data.deviation)
    angles = 40 * np.asarray(jax.random.uniform(KEY, (20,), jnp.float64, -1.0, 1.0))
    moved = np.asarray(part.batch(jnp.asarray(x), jnp.asarray(Y), KEY)[0])
    expected = [
        ndimage.rotate(image.reshape(8, 8), angle, reshape=False, order=1, mode="grid-constant").ravel()
        for image, angle in zip(raw, angles, strict=True)
    ]
    np.testing.assert_allclose(moved * data.deviation + data.mean, expected, atol=1e-5)


# All together


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", REGULARIZERS)
def test_the_gradient_of_the_training_loss_agrees_with_finite_differences(key: str, float64: None) -> None:
    """With a fixed key the loss is a smooth function of the weights; central differences with h = 1e-6 err by 1e-9."""
    network, w = _network(REGULARIZERS[key]()), _weights()

    @jax.jit
    def loss(w: jax.Array) -> jax.Array:
        return network.loss(w, (jnp.asarray(X), jnp.asarray(Y)), KEY)

    directions = np.random.default_rng(1).standard_normal((6, len(w)))
    along = directions @ np.asarray(jax.grad(loss)(w))
    central = [float(loss(w + 1e-6 * d) - loss(w - 1e-6 * d)) / 2e-6 for d in directions]
    np.testing.assert_allclose(along, central, rtol=1e-6, atol=1e-7)
    assert float(loss(w)) != float(_network()(w))


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", RANDOM)
def test_random_parts_are_left_out_of_evaluation_and_without_a_key(key: str, float64: None) -> None:
    network, w, batch = _network(REGULARIZERS[key]()), _weights(), (X[:4], Y[:4])
    plain = float(_network().loss(w, batch))
    assert network.random and not _network().random
    assert float(network.loss(w, batch)) == float(network.loss(w, batch, KEY, train=False)) == plain
    assert float(network(w)) == float(_network()(w))
    assert network.evaluated.regularizers == () and float(network.evaluated(w)) == float(network(w))
    np.testing.assert_array_equal(network.outputs(w, jnp.asarray(X)), MODEL(w, jnp.asarray(X)))
    first, again, other = (float(network.loss(w, batch, k)) for k in (KEY, KEY, jax.random.key(4)))
    assert first == again and first != plain and first != other


def test_networks_that_differ_in_random_parts_share_the_program_of_their_measures(compilations: Any) -> None:
    x, y, w = X.astype("f"), Y.astype("f"), np.asarray(MODEL.initial(0))[None]
    network = Network(MODEL, x, y)
    plain = measure(network, w, (x, y))
    with compilations() as events:
        found = measure(network.replace(regularizers=(_with("dropout", 0.5),)), w, (x, y))
    assert not events and found.loss == plain.loss
    kept = network.replace(regularizers=(_with("l1", 0.1), _with("dropout", 0.5))).evaluated.regularizers
    assert [part.name for part in kept] == ["L1"]


def test_another_regularizer_changes_no_draw(float64: None) -> None:
    """Dropout has the same masks with and without L1, whose term is all that is added."""
    w, dropout, l1 = _weights(), _with("dropout", 0.5), _with("l1", 0.1)
    alone, both = (float(_network(*parts).loss(w, (X, Y), KEY)) for parts in ((dropout,), (l1, dropout)))
    assert both - alone == pytest.approx(0.1 * float(jnp.abs(w).sum()), rel=1e-9)
    assert len({str(jax.random.key_data(part().key_of(KEY))) for part in REGULARIZERS.values()}) == len(REGULARIZERS)


def test_regularizers_work_on_each_run_of_a_batch_of_weights(float64: None) -> None:
    network, w = _network(_with("dropout", 0.5), _with("label_smoothing", 0.1)), _weights()
    both = network.loss(jnp.stack([w, 2 * w], axis=1), (X, Y), KEY)
    np.testing.assert_allclose(both, [network.loss(w, (X, Y), KEY), network.loss(2 * w, (X, Y), KEY)])


def test_a_strength_is_traced_and_a_kind_is_compiled_in(compilations: Any) -> None:
    w, batch = MODEL.initial(0), (X.astype("f"), Y.astype("f"))

    @jax.jit
    def loss(network: Network) -> jax.Array:
        return network.loss(w, batch, KEY)

    def value(*parts: Any) -> float:
        return float(loss(Network(MODEL, *batch, regularizers=parts)))

    first = value(_with("dropout", 0.5))
    with compilations() as events:
        assert value(_with("dropout", 0.2)) != first
    assert not events
    with compilations() as events:
        value(_with("input_noise", 0.2))
    assert events


BAD = [
    (lambda: _network(_with("dropout", 1.0)), r"probability must lie in \[0, 1\)"),
    (lambda: _network(_with("dropout", 0.1), _with("dropout", 0.2)), "Dropout may occur only once; got it 2 times"),
    (
        lambda: Network(MLP((3, 2)), X[:, :3], Y[:, :2], regularizers=(_with("shift", 1.0),)),
        "Shifted images needs square images of at least 4 × 4 pixels; the data have 3 inputs",
    ),
    (
        lambda: Network(MLP((16, 1)), X, Y[:, :1], objective="mse", regularizers=(_with("label_smoothing", 0.1),)),
        "Label smoothing needs classes; the data have values as targets",
    ),
]


@pytest.mark.parametrize(("attempt", "message"), BAD, ids=[message for _, message in BAD])
def test_what_does_not_fit_is_refused_in_a_sentence(attempt: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attempt()
