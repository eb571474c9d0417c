"""Training with random parts of the loss, and with an average of the weights."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Averaged, Gradient, Scheduled, stability_limits
from optimizers.training import Runner, batches, join, train, train_together
from surfaces.network import DATASETS, MLP, REGULARIZERS, Network

DATA = DATASETS["moons"](samples=100).make().standardised()  # type: ignore[call-arg]
MODEL = MLP((2, 8, 6, 2), "tanh")
SGD, ADAM, SAM = OPTIMIZERS["sgd"], OPTIMIZERS["adam"], OPTIMIZERS["sam"]
PARTS = (REGULARIZERS["input_noise"](0.3), REGULARIZERS["dropout"](0.3))  # type: ignore[call-arg]
START = np.asarray(MODEL.initial(1, "xavier_normal", dtype="float64"))
OPTIONS: dict[str, Any] = {"batch_size": 8, "seed": 5, "dtype": "float64"}


def _network(*parts: Any) -> Network:
    return Network(MODEL, DATA.train.x.astype(float), DATA.train.y.astype(float), regularizers=parts)


@pytest.mark.parametrize("rule", [SGD(0.3), SAM(0.3, 0.1)], ids=["sgd", "sam"])
def test_each_step_has_its_key_and_all_evaluations_of_a_step_share_it(rule: Any) -> None:
    """By hand: the key of step t is that of the seed, folded with 1 and with t. A step of SAM takes two gradients."""
    network = _network(*PARTS)
    run = join(train(network, rule, START, 6, stride=1, **OPTIONS))
    with jax.enable_x64(True):
        w, state = jnp.asarray(START), rule.init(jnp.asarray(START))
        for t, rows in zip(range(1, 7), batches(60, 8, 5), strict=False):
            key = jax.random.fold_in(jax.random.fold_in(jax.random.key(5), 1), t)
            batch = network.x[rows], network.y[rows]

            def loss(u: jax.Array, batch: Any = batch, key: Any = key) -> jax.Array:
                return network.loss(u, batch, key)

            w, state, step = rule.step(Gradient(loss), w, state, jnp.asarray(float(t)))
            assert run.losses[t - 1] == pytest.approx(float(loss(step.at)), rel=1e-12)
            np.testing.assert_allclose(run.weights[t], w, rtol=1e-11, atol=1e-13)


def test_keys_differ_between_steps_and_seeds_and_not_between_rules() -> None:
    """Without a learning rate and with all samples, only the masks of dropout change the loss."""
    losses = {
        (rule, seed): join(train(_network(*PARTS), OPTIMIZERS[rule](learning_rate=1e-300), START, 5, seed=seed)).losses  # type: ignore[call-arg]
        for rule in ("sgd", "adam")
        for seed in (5, 6)
    }
    assert len(np.unique(losses["sgd", 5])) == 5
    np.testing.assert_array_equal(losses["sgd", 5], losses["adam", 5])
    assert (losses["sgd", 5] != losses["sgd", 6]).all()


@pytest.mark.thinned(2)
@pytest.mark.parametrize("average", [False, True], ids=["plain", "averaged"])
def test_pieces_of_any_length_and_runs_side_by_side_take_the_same_steps(average: bool) -> None:
    rule = Averaged(ADAM(0.02), 0.8) if average else ADAM(0.02)
    network = _network(*PARTS)
    whole = join(train(network, rule, START, 17, stride=5, preconditioners=True, **OPTIONS))
    runner = Runner(network, rule, START, preconditioners=True, **OPTIONS)
    pieces = [runner.first, *runner.run(3, stride=5, stepwise=True), *runner.run(17, stride=5, stepwise=True)]
    parts = join(pieces)
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=1e-9)
    kept = np.isin(parts.steps, whole.steps)
    for name in ("weights", "preconditioners"):
        np.testing.assert_allclose(getattr(parts, name)[kept], getattr(whole, name), rtol=1e-9, atol=1e-13)
    np.testing.assert_array_equal(runner.record().weights[0], parts.weights[-1])
    together = train_together(network, [rule, rule.replace()], START, 17, stride=5, vectorised=True, **OPTIONS)
    for one in together:
        np.testing.assert_allclose(one.weights, whole.weights, rtol=1e-9, atol=1e-13)


@pytest.mark.torch
def test_the_average_is_that_of_pytorch_and_leaves_the_steps_alone() -> None:
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    plain, averaged = (
        join(train(_network(), rule, START, 12, stride=1, **OPTIONS))
        for rule in (ADAM(0.05), Averaged(ADAM(0.05), 0.7))
    )
    np.testing.assert_array_equal(averaged.losses, plain.losses)
    np.testing.assert_array_equal(averaged.updates, plain.updates)
    theirs = torch.nn.Linear(len(START), 1, bias=False).double()
    mean = AveragedModel(theirs, multi_avg_fn=get_ema_multi_avg_fn(0.7))
    for ours, w in zip(averaged.weights, plain.weights, strict=True):
        theirs.weight.data = torch.tensor(w)[None]
        mean.update_parameters(theirs)
        np.testing.assert_allclose(ours, mean.module.weight.data[0].numpy(), rtol=1e-9)


def test_an_average_keeps_the_facts_of_its_rule() -> None:
    schedule = SCHEDULES["step"]() if "step" in SCHEDULES else next(iter(SCHEDULES.values()))()
    inner = Scheduled(ADAM(0.01), schedule)
    rule = Averaged(inner, 0.9)
    assert rule.preconditioned and rule.elementwise and not rule.dense and not rule.layered
    np.testing.assert_array_equal(stability_limits(rule, 30), stability_limits(inner, 30))
    state = rule.init(jnp.ones(3))
    np.testing.assert_array_equal(rule.preconditioner(state), inner.preconditioner(state.inner))


def test_a_layered_rule_is_averaged() -> None:
    from optimizers import RULES

    run = join(train(_network(), Averaged(RULES["muon"](), 0.9), START, 3, stride=1, **OPTIONS))
    assert run.diverged < 0 and run.weights.shape == (4, MODEL.size)


def test_the_average_is_quieter_than_the_last_weights() -> None:
    """With batches of 2 and a large η, the spread of the last weights falls at least threefold."""
    options = OPTIONS | {"batch_size": 2}
    ends = [
        join(train(_network(), rule, START, 600, stride=1, **options)).weights[400:]
        for rule in (SGD(0.2), Averaged(SGD(0.2), 0.98))
    ]
    spreads = [np.linalg.norm(np.diff(end, axis=0), axis=1).mean() for end in ends]
    assert spreads[1] < spreads[0] / 3


def test_a_strength_compiles_nothing_in_training(compilations: Any) -> None:
    start = START.astype("f")

    def trained(probability: float, decay: float) -> np.ndarray:
        network = Network(MODEL, DATA.train.x, DATA.train.y, regularizers=(REGULARIZERS["dropout"](probability),))  # type: ignore[call-arg]
        return join(train(network, Averaged(SGD(0.1), decay), start, 20, batch_size=8)).weights

    first = trained(0.5, 0.9)
    with compilations() as events:
        second = trained(0.2, 0.8)
    assert not events and (first[-1] != second[-1]).any()
