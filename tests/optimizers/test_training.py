"""Training in pieces, against plain loops, PyTorch, and the statements of the lectures on networks."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Gradient, Optimizer, trace
from optimizers.training import PIECE, Runner, batches, join, train, train_together
from surfaces import SURFACES
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, MLP, Network, accuracy

SGD, ADAM = OPTIMIZERS["sgd"], OPTIMIZERS["adam"]
DATA = DATASETS["moons"](samples=100).make().standardised()  # type: ignore[call-arg]
MODEL = MLP((2, 8, 6, 2), "tanh")


def _network(dtype: str = "float32", **options: Any) -> Network:
    return Network(MODEL, DATA.train.x.astype(dtype), DATA.train.y.astype(dtype), **options)


def _start(dtype: str = "float32") -> np.ndarray:
    return np.asarray(MODEL.initial(1, "xavier_normal", dtype=dtype))


def test_training_is_the_rule_step_by_step_on_its_batches() -> None:
    """SGD by hand over the documented batches, for three and a half epochs."""
    network, w = _network("float64"), np.asarray(_start("float64"))
    run = join(train(network, SGD(0.3), w, 25, batch_size=8, seed=5, stride=1, dtype="float64"))
    assert run.weights.shape == (26, MODEL.size) and run.steps.tolist() == list(range(26))
    with jax.enable_x64(True):
        for k, rows in enumerate(itertools.islice(batches(60, 8, 5), 25)):
            value, g = jax.value_and_grad(network.loss)(jnp.asarray(w), (network.x[rows], network.y[rows]))
            following = w - 0.3 * np.asarray(g)
            assert run.losses[k] == pytest.approx(float(value), rel=1e-12)
            np.testing.assert_allclose(run.updates[k], MODEL.norms(jnp.asarray(following - w)), rtol=1e-9)
            w = following
            np.testing.assert_allclose(run.weights[k + 1], w, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("samples", "batch_size"), [(20, 6), (240, 150), (60, 8), (7, 6), (12, 4)])
def test_every_sample_is_used_once_per_epoch_even_if_batches_do_not_divide_it(samples: int, batch_size: int) -> None:
    """In ten epochs, which are 10·samples/batch_size steps, every sample is used ten times."""
    steps = -(-10 * samples // batch_size)
    stream = np.concatenate(list(itertools.islice(batches(samples, batch_size, 1), steps)))
    assert stream.shape == (steps * batch_size,) and stream.dtype == np.int32
    epochs = stream[: 10 * samples].reshape(10, samples)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(samples), (10, 1)))
    assert (epochs[0] != epochs[1]).any()


def test_batches_depend_on_the_seed_and_are_cut_from_one_order_of_the_samples() -> None:
    drawn, again, other = (list(itertools.islice(batches(20, 6, seed), 9)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(drawn, again)
    assert any((a != b).any() for a, b in zip(drawn, other, strict=True))
    larger = list(itertools.islice(batches(20, 9, 1), 6))
    np.testing.assert_array_equal(np.concatenate(drawn), np.concatenate(larger))


@pytest.mark.parametrize("batch_size", [8, None])
def test_a_stepwise_run_takes_the_same_steps_and_records_the_same_weights(batch_size: int | None) -> None:
    """17 steps at a stride of 5, in pieces whose lengths depend on the time that they take."""
    network, w = _network("float64"), _start("float64")
    options: dict[str, Any] = {"batch_size": batch_size, "stride": 5, "dtype": "float64", "preconditioners": True}
    rule = ADAM(learning_rate=0.02)  # type: ignore[call-arg]
    pieces = list(train(network, rule, w, 17, stepwise=True, **options))
    whole, parts = join(train(network, rule, w, 17, **options)), join(pieces)
    assert len(pieces) > 5 and all(len(p.losses) <= 5 for p in pieces)
    assert parts.steps.tolist() == whole.steps.tolist() == [0, 5, 10, 15, 17]
    for name in ("losses", "updates", "weights", "preconditioners"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("stepwise", [False, True])
def test_a_run_that_is_continued_takes_the_steps_of_one_that_is_not(stepwise: bool) -> None:
    """Single steps, the rest of a stride, a run that is left half way, and another stride."""
    network, w = _network("float64"), _start("float64")
    rule = ADAM(learning_rate=0.02)  # type: ignore[call-arg]
    options: dict[str, Any] = {"batch_size": 8, "dtype": "float64", "preconditioners": True}
    runner = Runner(network, rule, w, **options)
    pieces = [runner.first]
    for until in (1, 2, 2):
        pieces += runner.run(until, stride=5, stepwise=stepwise)
    pieces += itertools.islice(runner.run(100, stride=5, blocks=1, stepwise=stepwise), 2)
    left_at = runner.done
    assert 2 < left_at <= 10
    pieces += runner.run(23, stride=10, stepwise=stepwise)
    whole, parts = join(train(network, rule, w, 23, stride=1, **options)), join(pieces)
    assert runner.done == 23 and len(parts.losses) == 23
    assert set(parts.steps) - {5} == {0, 1, 2, 10, 20, 23}
    for name in ("losses", "updates"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-13)
    for name in ("weights", "preconditioners"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name)[parts.steps], rtol=1e-9, atol=1e-13)
    last = runner.record()
    assert last.steps.tolist() == [23] and len(last.losses) == 0
    np.testing.assert_array_equal(last.weights[0], parts.weights[-1])
    np.testing.assert_array_equal(last.preconditioners[0], parts.preconditioners[-1])


@pytest.mark.parametrize(("stepwise", "blocks"), [(False, 1), (False, 4), (True, 1)])
def test_records_lie_at_the_first_steps_after_the_multiples_of_a_fraction(stepwise: bool, blocks: int) -> None:
    """Multiples of 10/3 are 3⅓, 6⅔, 10, 13⅓, 16⅔; the weights there are those of a run that records each step."""
    options: dict[str, Any] = {"batch_size": 8, "seed": 5, "dtype": "float64"}
    rule = ADAM(learning_rate=0.02)  # type: ignore[call-arg]
    arguments = (_network("float64"), rule, _start("float64"))
    whole = join(train(*arguments, 18, stride=1, **options))
    run = join(train(*arguments, 18, stride=Fraction(10, 3), blocks=blocks, stepwise=stepwise, **options))
    assert run.steps.tolist() == [0, 4, 7, 10, 14, 17, 18] and len(run.losses) == 18
    np.testing.assert_allclose(run.weights, whole.weights[run.steps], rtol=1e-9, atol=1e-13)
    for name in ("losses", "updates"):
        np.testing.assert_allclose(getattr(run, name), getattr(whole, name), rtol=1e-9, atol=1e-13)
    continued = Runner(*arguments, **options)
    parts = [
        piece
        for until in (5, 12, 18)
        for piece in continued.run(until, stride=Fraction(10, 3), blocks=blocks, stepwise=stepwise)
    ]
    assert [step for piece in parts for step in piece.steps] == [4, 5, 7, 10, 12, 14, 17, 18]
    np.testing.assert_allclose(parts[-1].weights[-1], whole.weights[-1], rtol=1e-9, atol=1e-13)


def test_runs_side_by_side_are_recorded_at_a_fraction_of_steps() -> None:
    rules = [SGD(0.1), SGD(0.3)]
    options: dict[str, Any] = {"batch_size": 8, "dtype": "float64", "stride": Fraction(15, 2)}
    runs = train_together(_network("float64"), rules, _start("float64"), 20, vectorised=True, **options)
    for rule, run in zip(rules, runs, strict=True):
        alone = join(train(_network("float64"), rule, _start("float64"), 20, **options))
        assert run.steps.tolist() == alone.steps.tolist() == [0, 8, 15, 20]
        np.testing.assert_allclose(run.weights, alone.weights, rtol=1e-9, atol=1e-13)


def test_a_stepwise_run_ends_with_the_piece_in_which_it_diverges() -> None:
    network = Network(MODEL, DATA.train.x, DATA.train.y, objective="mse")
    options: dict[str, Any] = {"steps": 60, "stride": 20, "batch_size": 8}
    whole, parts = (join(train(network, SGD(1e4), _start(), stepwise=few, **options)) for few in (False, True))
    assert parts.diverged == whole.diverged > 0
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=1e-4)


@pytest.mark.parametrize(
    "key",
    [
        *("momentum", "sam", "schedule_free_adamw"),
        *(pytest.param(key, marks=pytest.mark.long) for key in ("adam", "radam", "novograd", "lion")),
    ],
)
@pytest.mark.thinned(3)
def test_training_with_full_batches_is_a_trace(key: str) -> None:
    """The same rule in `trace`, which has no pieces."""
    network = _network("float64")
    rule = OPTIMIZERS[key](learning_rate=0.01)  # type: ignore[call-arg]
    run = join(train(network, rule, _start("float64"), 30, stride=5, dtype="float64"))
    whole = trace(network, rule, start=_start("float64"), steps=30, stride=5, record=("positions",))
    np.testing.assert_allclose(run.weights, whole.positions, rtol=1e-9, atol=1e-11)


@pytest.mark.long
def test_pieces_change_no_number_and_a_stopped_run_keeps_its_pieces() -> None:
    network = _network()
    steps = 2 * PIECE * 3 + 7  # two whole pieces, a smaller one, and one step more
    pieces = list(train(network, ADAM(0.01), _start(), steps, batch_size=10, stride=3))
    assert [p.first for p in pieces] == [0, 0, 150, 300, 306] and pieces[-1].last == steps
    run = join(pieces)
    assert len(run.losses) == steps and run.steps.tolist() == [0, *range(3, 307, 3), 307]
    np.testing.assert_array_equal(run.weights[0], _start())
    fine = join(train(network, ADAM(0.01), _start(), steps, batch_size=10, stride=1))
    np.testing.assert_allclose(fine.losses, run.losses, rtol=2e-4, atol=2e-5)
    stopped = join(itertools.islice(train(network, ADAM(0.01), _start(), steps, batch_size=10, stride=3), 2))
    np.testing.assert_array_equal(stopped.losses, run.losses[:150])
    again = join(train(network, ADAM(0.01), _start(), steps, batch_size=10, stride=3))
    np.testing.assert_array_equal(again.weights, run.weights)


def test_another_rate_or_seed_and_more_steps_compile_nothing(compilations: Any) -> None:
    network = _network()
    list(train(network, ADAM(0.01), _start(), 2 * PIECE, batch_size=10, stride=1))
    with compilations() as events:
        list(train(network, ADAM(0.02, beta1=0.5), _start() * 2, 2 * PIECE, batch_size=10, seed=7, stride=1))
        list(train(_network(decay=0.1), ADAM(0.02), _start(), 4 * PIECE, batch_size=10, stride=1))
    assert not events


@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_run_that_diverges_ends_before_that_step(batch_size: int | None) -> None:
    network = Network(MODEL, DATA.train.x, DATA.train.y, objective="mse")
    pieces = list(train(network, SGD(1e4), _start(), 4000, batch_size=batch_size, stride=2))
    run = join(pieces)
    assert 1 < run.diverged < 4000 and len(run.losses) == run.diverged - 1
    assert np.isfinite(run.losses).all() and np.isfinite(run.weights).all()
    assert run.steps[-1] < run.diverged and len(pieces) < 20  # nothing is computed afterwards


def test_any_surface_with_data_can_be_trained() -> None:
    surface = SURFACES["linear_regression"]()
    run = join(train(surface, SGD(0.05), (0.0, 0.0), 400, stride=50, dtype="float64"))
    np.testing.assert_allclose(run.weights[-1], surface.minima()[0], atol=1e-3)
    assert run.updates.shape == (400, 1)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"steps": 0}, "steps, stride and blocks must be positive"),
    ({"stride": 0}, "steps, stride and blocks must be positive"),
    ({"batch_size": 61}, "between 1 and the 60 training samples; got 61"),
    ({"batch_size": 0}, "between 1 and the 60 training samples; got 0"),
    ({"start": np.full(MODEL.size, np.nan)}, "vector of finite weights"),
    ({"start": np.zeros((2, 3))}, r"vector of finite weights; got shape \(2, 3\)"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arguments_are_named_in_the_error(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"surface": _network(), "optimizer": SGD(0.1), "start": _start(), "steps": 10} | changes
    with pytest.raises(ValueError, match=message):
        train(**arguments)


def test_dense_rules_do_not_train_networks() -> None:
    model = MLP((2, 32, 2))
    network = Network(model, DATA.train.x, DATA.train.y)
    with pytest.raises(ValueError, match=f"whole Hessian.*at most 100 coordinates; got {model.size}"):
        train(network, OPTIMIZERS["newton"](), model.initial(), 10)


# PyTorch, with the same initial weights and batches


def _torch(optimizer: Any, w: np.ndarray, steps: int, decay: float = 0.0) -> np.ndarray:
    """The loss of the batch in every step, in float64."""
    import torch

    x, y = (torch.tensor(v.astype("float64")) for v in (DATA.train.x, DATA.train.y))
    layers = [torch.nn.Linear(i, o).double() for i, o in itertools.pairwise(MODEL.widths)]
    for layer, ours in zip(layers, MODEL.unravel(jnp.asarray(w)), strict=True):
        layer.weight.data = torch.tensor(np.asarray(ours.W, "float64").T)
        layer.bias.data = torch.tensor(np.asarray(ours.b, "float64"))
    net = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
    rule = optimizer(net.parameters())
    losses = []
    for rows in itertools.islice(batches(60, 10, 3), steps):
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
        penalty = 0.5 * decay * sum(float((p.detach() ** 2).sum()) for p in net.parameters())
        losses.append(float(loss.detach()) + penalty)
        loss.backward()
        rule.step()
    return np.array(losses)


@pytest.mark.torch
@pytest.mark.parametrize(
    "rule", ["sgd", "momentum", "adam", *(pytest.param(r, marks=pytest.mark.long) for r in ("sgd with L2", "adamw"))]
)
@pytest.mark.thinned(2)
def test_pytorch_has_the_same_losses(rule: str) -> None:
    """200 steps in float64. PyTorch's weight_decay of SGD is an L2 penalty of the loss."""
    import torch

    theirs: dict[str, Any] = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
        "sgd with L2": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.03),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.05),
    }
    ours: dict[str, Optimizer] = {
        "sgd": SGD(0.1),
        "momentum": OPTIMIZERS["momentum"](0.02, 0.9),  # type: ignore[call-arg]
        "adam": ADAM(0.01),
        "sgd with L2": SGD(0.1),
        "adamw": OPTIMIZERS["adamw"](learning_rate=0.01, weight_decay=0.05),  # type: ignore[call-arg]
    }
    decay = 0.03 if rule == "sgd with L2" else 0.0
    with jax.enable_x64(True):
        w = _start("float64")
        expected = _torch(theirs[rule], w, 200, decay)
    run = join(train(_network("float64", decay=decay), ours[rule], w, 200, batch_size=10, seed=3, dtype="float64"))
    np.testing.assert_allclose(run.losses, expected, rtol=1e-9)
    assert run.losses[-20:].mean() < 0.9 * run.losses[:20].mean()


# Statements of the lectures


def test_networks_separate_what_no_line_can() -> None:
    """XOR: a network with an activation function learns it, one without does little better than tossing a coin."""
    data = DATASETS["xor"](noise=0.2).make().standardised()  # type: ignore[call-arg]
    reached = {}
    for activation in ("identity", "tanh"):
        model = MLP((2, 8, 2), activation)
        network = Network(model, data.train.x, data.train.y)
        run = join(train(network, ADAM(0.02), model.initial(0, "xavier_normal"), 600, batch_size=20, stride=100))
        reached[activation] = float(accuracy(model(jnp.asarray(run.weights[-1]), data.test.x), data.test.y))
    assert reached["tanh"] > 0.95 and reached["identity"] < 0.8


@pytest.mark.long
def test_outliers_spoil_a_fit_by_squared_error_more_than_one_by_absolute_error() -> None:
    """By the increase of the error on clean validation samples that three outliers cause."""
    harm = {}
    for objective in ("mse", "mae"):
        errors = []
        for outliers in (0, 3):
            data = DATASETS["curve"](outliers=outliers).make().standardised()  # type: ignore[call-arg]
            model = MLP((1, 16, 16, 1), "tanh")
            network = Network(model, data.train.x, data.train.y, objective=objective)
            run = join(train(network, ADAM(0.01), model.initial(0, "xavier_normal"), 1500, stride=500))
            outputs = model(jnp.asarray(run.weights[-1]), data.validation.x)
            errors.append(float(jnp.mean(jnp.abs(outputs - data.validation.y))))
        harm[objective] = errors[1] - errors[0]
    assert harm["mse"] > 0.1 and harm["mae"] < 0.5 * harm["mse"]


def test_the_sharpness_rises_to_the_edge_of_stability() -> None:
    """With full batches on T₄ (Cohen et al. 2021), λmax rises from far below to 2/η = 2/0.05 = 40."""
    data = DATASETS["chebyshev"]().make()
    model = MLP((1, 50, 50, 1), "tanh")
    network = Network(model, data.train.x, data.train.y, objective="mse")
    run = join(train(network, SGD(0.05), model.initial(0, "xavier_normal"), 6000, stride=500))
    sharpness = [float(top_eigenvalues(network, jnp.asarray(w), 1)[0]) for w in run.weights]
    assert sharpness[0] < 20 and np.median(sharpness[-5:]) == pytest.approx(40, rel=0.1)
    assert run.losses[-1] < 0.2 * run.losses[0]


def test_under_adam_decoupled_decay_differs_from_a_penalty() -> None:
    """SGD shrinks w in the same way with both; Adam divides the gradient of the penalty by √v."""
    plain, penal = _network(), _network(decay=0.05)
    adamw = OPTIMIZERS["adamw"](learning_rate=0.01, weight_decay=0.05)  # type: ignore[call-arg]
    decoupled = join(train(plain, adamw, _start(), 300, stride=300)).weights[-1]
    coupled = join(train(penal, ADAM(0.01), _start(), 300, stride=300)).weights[-1]
    assert np.linalg.norm(decoupled - coupled) > 0.2 * np.linalg.norm(coupled)


@pytest.mark.parametrize("vectorised", [True, False])
@pytest.mark.thinned(2)
def test_runs_together_equal_single_runs(vectorised: bool) -> None:
    """One of them diverges, which does not affect the others."""
    network, w = _network("float64"), _start("float64")
    rules = [SGD(rate) for rate in (0.3, 1e200, 0.01)]
    options: dict[str, Any] = {"batch_size": 16, "seed": 4, "stride": 4, "dtype": "float64"}
    together = train_together(network, rules, w, 22, vectorised=vectorised, **options)
    for rule, run in zip(rules, together, strict=True):
        alone = join(train(network, rule, w, 22, **options))
        assert run.diverged == alone.diverged
        np.testing.assert_array_equal(run.steps, alone.steps)
        np.testing.assert_allclose(run.weights, alone.weights, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(run.losses, alone.losses, rtol=1e-9)
        np.testing.assert_allclose(run.updates, alone.updates, rtol=1e-8, atol=1e-14)
    assert together[1].diverged > 0 and together[0].diverged == together[2].diverged == -1


@pytest.mark.long
def test_different_rules_train_together() -> None:
    together = train_together(_network(), [SGD(0.1), ADAM(0.01)], _start(), 10, vectorised=True)
    assert [len(run.losses) for run in together] == [10, 10]
    with pytest.raises(ValueError, match="batch_size"):
        train_together(_network(), [SGD(0.1)], _start(), 10, batch_size=61)


@pytest.mark.long
def test_preconditioners_are_recorded_on_request() -> None:
    """Adam's P is η over the effective rate of the step."""
    network, w = _network("float64"), _start("float64")
    adam = ADAM(0.01)
    run = join(train(network, adam, w, 6, stride=2, dtype="float64", preconditioners=True))
    with jax.enable_x64(True):
        state, at = adam.init(jnp.asarray(w)), jnp.asarray(w)
        for t in range(1, 7):
            at, state, step = adam.step(Gradient(network), at, state, jnp.asarray(float(t)))
        np.testing.assert_allclose(run.preconditioners[-1], 0.01 / np.asarray(step.rate), rtol=1e-9)
    assert run.preconditioners.shape == run.weights.shape
    assert join(train(network, SGD(0.1), w, 6, dtype="float64", preconditioners=True)).preconditioners.shape[1] == 0
