"""The studies of depth and of linear stacks, against backpropagation through whole networks and least squares."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest

from optimizers.studies import STUDIES, declared
from optimizers.studies.catalogue import depth as depths
from optimizers.studies.catalogue import linear_stack
from optimizers.studies.catalogue.linear_stack import best_affine_map
from surfaces.network import ACTIVATIONS, DATASETS, MLP, Network
from surfaces.network.mlp import Layer

SCHEME = {key: k for k, key in enumerate(depths.SCHEMES)}
KIND = {key: k for k, key in enumerate(depths.KINDS)}


@pytest.fixture(scope="module")
def deep() -> depths.Found:
    """The study of depth at its defaults, with two seeds."""
    *_, last = STUDIES["depth"](seeds=2).run(seed=0)
    assert last.share == 1
    return last.found


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("kind", "norm"), [("prelu", "none"), ("sigmoid", "batch"), ("tanh", "layer"), ("relu", "group")]
)
def test_gradients_and_spreads_are_those_of_the_network(kind: str, norm: str) -> None:
    """The study loops over equal layers with weights that it scales; the network has its weights in one vector."""
    study = STUDIES["depth"](layers=3, width=8, seeds=1, norm=norm)
    found = next(progress.found for progress in study.run(seed=4) if progress.share == 1)
    data = DATASETS["digits"]().make(4).standardised()
    x, y = (part[: depths.SAMPLES].astype(float) for part in (data.train.x, data.train.y))
    rng = np.random.default_rng([4, 0])
    first, last = rng.standard_normal((64, 8)), rng.standard_normal((8, 10))
    matrices = [first, *rng.standard_normal((2, 8, 8)), last]
    model = MLP((64, 8, 8, 8, 10), kind, norm, declared.NORM_GROUPS)
    slope = ACTIVATIONS[kind].slope
    for scheme, variance in (("he_normal", lambda n: 2 / n), ("large", lambda n: 1.0)):
        with jax.enable_x64(True):
            learned = [np.full(int(slope is not None and k < 3), slope or 0.0) for k in range(len(matrices))]
            units = 0 if norm == "none" else 8
            normed = [*[(np.ones(units), np.zeros(units))] * 3, (np.zeros(0), np.zeros(0))]
            layers = [
                Layer(W * variance(len(W)) ** 0.5, np.zeros(W.shape[1]), a, *gains)
                for W, a, gains in zip(matrices, learned, normed, strict=True)
            ]
            w = model.ravel(layers)
            gradient = model.unravel(jax.grad(Network(model, x, y))(w))
            spread = [np.sqrt(np.var(h, axis=0).mean()) for _, h in model.signals(w, x)[:-1]]
        expected = [np.linalg.norm(layer.W) for layer in gradient[:-1]]
        np.testing.assert_allclose(found.gradients[KIND[kind], SCHEME[scheme], 0], expected, rtol=1e-9)
        np.testing.assert_allclose(found.spreads[KIND[kind], SCHEME[scheme], 0], spread, rtol=1e-9)


def test_groups_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match="4 groups of 30 neurons: choose a width that is a multiple of 4"):
        STUDIES["depth"](norm="group", width=30)
    assert STUDIES["depth"](norm="layer", width=30).width == 30


def test_sentence_on_depth(deep: depths.Found) -> None:
    ratio = depths.medians(deep.ratios[..., None])[..., 0]
    assert 1e-6 < ratio[KIND["sigmoid"], SCHEME["lecun_normal"]] < 1e-5
    for kind, scheme in (("relu", "he_normal"), ("tanh", "xavier_normal")):
        assert 1 / 3 < ratio[KIND[kind], SCHEME[scheme]] < 3


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_sentence_on_depth_with_batch_norm(seed: int) -> None:
    study = STUDIES["depth"]
    *_, (_, normed) = study(**study.presets["depth_batch_norm"].parameters).run(seed)
    others = depths.medians(normed.ratios[..., None])[:, 1:]
    assert depths.SCHEMES[0] == "zeros" and others.min() > 0.9 and others.max() < 6


def test_small_weights_die_large_ones_explode_and_zeros_do_nothing(deep: depths.Found) -> None:
    """A sigmoid's derivative is at most 1/4, so ten layers with weights of 0.01 leave (0.01 · 8 / 4)⁹ ≈ 5e-16."""
    ratio = depths.medians(deep.ratios[..., None])[..., 0]
    assert ratio[KIND["sigmoid"], SCHEME["small"]] < 1e-13
    assert ratio[KIND["tanh"], SCHEME["large"]] > 100
    assert (deep.gradients[:, SCHEME["zeros"]] == 0).all() and (deep.spreads[:, SCHEME["zeros"]] == 0).all()
    spread = depths.medians(deep.spreads)[:, SCHEME["small"], -1]
    assert (spread[[KIND["tanh"], KIND["relu"]]] < 1e-8).all()


def test_xavier_and_lecun_agree_where_layers_are_equally_wide(deep: depths.Found) -> None:
    """Both have the variance 1/64 in all hidden layers; only the last layer differs, by a factor of the gradient."""
    spreads = deep.spreads[:, [SCHEME["lecun_normal"], SCHEME["xavier_normal"]]]
    np.testing.assert_allclose(spreads[:, 0], spreads[:, 1], rtol=1e-12)


def test_table_of_depth_has_a_row_for_each_curve_and_layer(deep: depths.Found) -> None:
    study = STUDIES["depth"](seeds=2)
    table = study.table(deep)
    assert len(table.rows) == len(depths.KINDS) * len(depths.SCHEMES) * study.layers
    row = next(row for row in table.rows if row[:3] == ("tanh", "He", 7))
    place = KIND["tanh"], SCHEME["he_normal"], slice(None), 6
    assert row[3:] == (np.median(deep.gradients[place]), np.median(deep.spreads[place]))


@pytest.fixture(scope="module")
def stack() -> linear_stack.Found:
    """The study of linear stacks with three depths and few seeds."""
    *_, last = STUDIES["linear_stack"](depth=3, seeds=2, steps=600).run(seed=0)
    assert last.share == 1
    return last.found


@pytest.mark.long
def test_sentences_on_linear_stacks(stack: linear_stack.Found) -> None:
    identity, tanh = stack.losses[..., -1]
    np.testing.assert_allclose(identity, stack.linear_loss, rtol=1e-4)
    assert stack.linear_accuracy < 0.7 and (stack.accuracies[0] < 0.7).all()
    assert (tanh[1:] < 0.1 * stack.linear_loss).all() and (stack.accuracies[1, 1:] > 0.99).all()


@pytest.mark.long
def test_no_stack_without_activation_gets_below_least_squares(stack: linear_stack.Found) -> None:
    assert (stack.losses[0] >= stack.linear_loss * (1 - 1e-6)).all()


def test_one_affine_map_is_the_same_with_either_activation(stack: linear_stack.Found) -> None:
    np.testing.assert_array_equal(stack.losses[0, 0], stack.losses[1, 0])
    np.testing.assert_array_equal(stack.pictures[0, 0], stack.pictures[1, 0])


def test_best_affine_map_solves_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 2)), rng.standard_normal((50, 3))
    maps = best_affine_map(x, y)
    design = np.column_stack([x, np.ones(50)])
    np.testing.assert_allclose(maps, np.linalg.solve(design.T @ design, design.T @ y), atol=1e-12)


def test_pictures_are_the_outputs_of_the_best_seed(stack: linear_stack.Found) -> None:
    """The best affine map of XOR is nearly constant: at the end, every shade of an identity stack is about a half."""
    assert np.abs(stack.pictures[0, :, -1].astype(float) - 127.5).max() < 80
    picture = stack.pictures[1, 1, -1]
    corners = [picture[a : a + 10, b : b + 10].mean() for a, b in itertools.product((5, 25), repeat=2)]
    assert min(corners[1], corners[2]) > 200 and max(corners[0], corners[3]) < 55


def test_table_of_linear_stacks_compares_with_least_squares(stack: linear_stack.Found) -> None:
    rows = STUDIES["linear_stack"](depth=3, seeds=2, steps=600).table(stack).rows
    assert rows[0][:3] == ("least squares", 1, stack.linear_loss)
    identity = next(row for row in rows if row[:2] == ("identity", 3))
    assert identity[2] == stack.losses[0, 2, :, -1].min() and identity[5] == pytest.approx(1, abs=1e-4)
