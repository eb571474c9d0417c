"""Normalisation layers, compared with PyTorch, in training and in evaluation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces.network import MLP, NORMS, Network
from surfaces.network.measures import measure

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((12, 3)), np.eye(2)[RNG.integers(0, 2, 12)]
HELD_OUT = RNG.standard_normal((5, 3))
CASES = [("batch", 4), ("layer", 4), ("group", 2), ("group", 4)]


def _network(norm: str, groups: int, activation: str = "tanh") -> Network:
    return Network(MLP((3, 8, 8, 2), activation, norm, groups), X, Y)


def _weights(model: MLP) -> jax.Array:
    noise = 0.3 * np.random.default_rng(1).standard_normal(model.size)  # also in gains, shifts and biases
    return jnp.asarray(np.asarray(model.initial(2, dtype="float64")) + noise)


def _in_pytorch(norm: str, groups: int, w: Any, model: MLP) -> Any:
    """The same network in PyTorch."""
    import torch

    kinds: dict[str, Any] = {
        "batch": lambda width: torch.nn.BatchNorm1d(width, momentum=None),
        "layer": torch.nn.LayerNorm,
        "group": lambda width: torch.nn.GroupNorm(groups, width),
    }
    parts: list[Any] = []
    for k, layer in enumerate(model.unravel(w)):
        linear = torch.nn.Linear(*layer.W.shape)
        linear.weight.data = torch.tensor(np.asarray(layer.W).T)
        linear.bias.data = torch.tensor(np.asarray(layer.b))
        parts.append(linear)
        if k < 2:
            normal = kinds[norm](layer.W.shape[1])
            normal.weight.data, normal.bias.data = (torch.tensor(np.asarray(v)) for v in (layer.gain, layer.shift))
            parts += [normal, torch.nn.Tanh()]
    return torch.nn.Sequential(*parts).double()


@pytest.mark.thinned(4)
@pytest.mark.torch
@pytest.mark.parametrize(("norm", "groups"), CASES)
def test_outputs_and_gradients_in_training_are_those_of_pytorch(norm: str, groups: int, float64: None) -> None:
    import torch

    network = _network(norm, groups)
    w = _weights(network.model)
    theirs = _in_pytorch(norm, groups, w, network.model)
    loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(X)), torch.tensor(Y.argmax(axis=1)))
    loss.backward()
    value, gradient = jax.value_and_grad(network.loss)(w, (X, Y))
    assert float(value) == pytest.approx(loss.item(), rel=1e-10)
    ours = network.model.unravel(gradient)
    expected = [p.grad.numpy() for p in theirs.parameters()]
    found = [leaf for layer in ours[:2] for leaf in (layer.W.T, layer.b, layer.gain, layer.shift)]
    for mine, other in zip([*found, ours[2].W.T, ours[2].b], expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-10)


@pytest.mark.thinned(4)
@pytest.mark.torch
@pytest.mark.parametrize(("norm", "groups"), CASES)
def test_outputs_in_evaluation_are_those_of_pytorch(norm: str, groups: int, float64: None) -> None:
    """With `momentum=None`, one pass over the training samples gives PyTorch's batch norm their mean and variance.

    It divides the running variance by N − 1; ours, and PyTorch's in training, is divided by N.
    """
    import torch

    network = _network(norm, groups)
    w = _weights(network.model)
    theirs = _in_pytorch(norm, groups, w, network.model)
    theirs.train()(torch.tensor(X))
    for part in theirs:
        if isinstance(part, torch.nn.BatchNorm1d):
            part.running_var *= (len(X) - 1) / len(X)
    expected = theirs.eval()(torch.tensor(HELD_OUT)).detach().numpy()
    np.testing.assert_allclose(network.outputs(w, jnp.asarray(HELD_OUT)), expected, atol=1e-10)
    # samples of evaluation do not see each other
    alone = network.outputs(w, jnp.asarray(HELD_OUT[:1]))
    np.testing.assert_allclose(alone, expected[:1], atol=1e-10)
    logits = torch.tensor(expected)
    held = np.eye(2)[[0, 1, 1, 0, 1]]
    loss = float(torch.nn.functional.cross_entropy(logits, torch.tensor(held.argmax(axis=1))))
    assert float(network.loss(w, (HELD_OUT, held), train=False)) == pytest.approx(loss, rel=1e-9)
    assert float(measure(network, np.asarray(w)[None], (HELD_OUT, held)).validation_loss[0]) == pytest.approx(loss)


def test_special_cases_of_group_norm(float64: None) -> None:
    """One group is layer norm; groups of one neuron are instance norm, which leaves 0 of each sum."""
    z = jnp.asarray(RNG.standard_normal((6, 8)))
    np.testing.assert_allclose(NORMS["group"](z, 1), NORMS["layer"](z, 4), rtol=1e-12)
    np.testing.assert_array_equal(NORMS["group"](z, 8), NORMS["instance"](z, 4))
    np.testing.assert_array_equal(NORMS["instance"](z, 4), np.zeros((6, 8)))


@pytest.mark.parametrize(("norm", "axes"), [("batch", 0), ("layer", 1)])
def test_normalised_sums_have_mean_0_and_variance_1(norm: str, axes: int, float64: None) -> None:
    """With gain 1 and shift 0, as they are initially; ε = 10⁻⁵ takes 10⁻⁵/σ² off the variance."""
    model = MLP((3, 40, 2), "relu", norm)
    z = np.asarray(model.signals(jnp.asarray(model.initial(0, dtype="float64")), jnp.asarray(10 * X))[0][0])
    np.testing.assert_allclose(z.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(z.var(axis=axes), 1, atol=1e-4)


def test_gains_and_shifts_follow_the_bias_of_each_hidden_layer() -> None:
    model = MLP((3, 4, 5, 2), "prelu", "layer")
    assert model.sizes == (3 * 4 + 4 + 1 + 8, 4 * 5 + 5 + 1 + 10, 5 * 2 + 2)
    layers = model.unravel(jnp.arange(model.size))
    np.testing.assert_array_equal(layers[0].gain, 17 + np.arange(4))
    np.testing.assert_array_equal(layers[0].shift, 21 + np.arange(4))
    assert layers[-1].gain.shape == (0,)
    np.testing.assert_array_equal(model.ravel(layers), np.arange(model.size))
    first, plain = (m.unravel(m.initial(3)) for m in (model, MLP((3, 4, 5, 2), "prelu")))
    for ours, other in zip(first, plain, strict=True):
        np.testing.assert_array_equal(ours.W, other.W)
    np.testing.assert_array_equal(first[1].gain, np.ones(5))
    np.testing.assert_array_equal(first[1].shift, np.zeros(5))


BAD = [
    (lambda: MLP((3, 8, 2), norm="batsh"), "norm must be one of none, batch, layer, group, instance; got 'batsh'"),
    (lambda: MLP((3, 8, 6, 2), norm="group", groups=4), "groups of equal size; got 4 groups of 6 neurons"),
    (lambda: MLP((3, 8, 2), norm="group", groups=0), "groups of equal size; got 0 groups of 8 neurons"),
    (lambda: MLP((3, 8, 2), norm="group", groups=8), "8 groups of 8 neurons are instance norm, which makes every sum"),
    (lambda: MLP((3, 8, 2), norm="instance"), "Choose fewer groups, layer norm or batch norm"),
    (lambda: MLP((3, 8, 1, 2), norm="layer"), "1 groups of 1 neurons are instance norm"),
]


@pytest.mark.parametrize(("attempt", "message"), BAD, ids=[message for _, message in BAD])
def test_a_layer_that_cannot_be_normalised_is_refused_in_a_sentence(attempt: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attempt()
