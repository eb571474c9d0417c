"""Rules that need the matrices of a network."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import LAYERED, OPTIMIZERS, RULES, SCHEDULES, Scheduled
from optimizers.training import batches, join, train
from surfaces.network import DATASETS, MLP, Network

DATA = DATASETS["moons"](samples=100).make().standardised()  # type: ignore[call-arg]
MODEL = MLP((2, 8, 6, 2), "prelu")
NETWORK = Network(MODEL, jnp.asarray(DATA.train.x), jnp.asarray(DATA.train.y))


def test_layered_rules_are_not_offered_for_planes() -> None:
    assert set(LAYERED) == {"muon"} and not set(LAYERED) & set(OPTIMIZERS) and set(RULES) == {*LAYERED, *OPTIMIZERS}
    with pytest.raises(ValueError, match="a plane has none"):
        LAYERED["muon"]().init(jnp.zeros(2))


def test_muon_follows_optax_on_the_layers() -> None:
    w = np.asarray(MODEL.initial(0))
    rule = optax.contrib.muon(0.02)
    layers = MODEL.unravel(jnp.asarray(w))

    @jax.jit
    def step(layers: Any, state: Any, rows: Any) -> Any:
        g = jax.grad(lambda p: NETWORK.loss(MODEL.ravel(p), (NETWORK.x[rows], NETWORK.y[rows])))(layers)
        updates, state = rule.update(g, state, layers)
        return optax.apply_updates(layers, updates), state

    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        state = jax.jit(rule.init)(layers)
        for rows in itertools.islice(batches(len(DATA.train), 16, 0), 8):
            layers, state = step(layers, state, rows)
    run = join(train(NETWORK, LAYERED["muon"](), w, 8, batch_size=16, stride=1))
    np.testing.assert_allclose(run.weights[-1], MODEL.ravel(layers), rtol=1e-4, atol=1e-6)


def test_muon_follows_a_schedule() -> None:
    w = np.asarray(MODEL.initial(0))
    schedule = SCHEDULES["cosine"](horizon=10.0)  # type: ignore[call-arg]
    plain, scheduled = (
        join(train(NETWORK, rule, w, 12, batch_size=16, stride=1))
        for rule in (LAYERED["muon"](), Scheduled(LAYERED["muon"](), schedule))
    )
    assert np.linalg.norm(np.diff(scheduled.weights[-2:], axis=0)) < 0.1 * np.linalg.norm(
        np.diff(plain.weights[-2:], axis=0)
    )
