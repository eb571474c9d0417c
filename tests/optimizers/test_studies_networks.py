"""Bundles of networks, against trainings that are carried out one by one."""

from __future__ import annotations

import textwrap
from typing import Any

import jax
import numpy as np
import pytest

from optimizers import RULES
from optimizers.studies.networks import losses_of, outputs_of, starts_of, train_bundle
from optimizers.training import join, train
from surfaces.network import DATASETS, LOSSES, MLP, Network
from surfaces.network.regularizers.dropout import Dropout
from tests.apart import run_apart

MODEL = MLP((2, 6, 2), "tanh")
DATA = DATASETS["moons"](samples=60).make(1).standardised()  # type: ignore[call-arg]
NETWORK = Network(MODEL, DATA.train.x, DATA.train.y)
SEEDS = (7, 3, 5)


def _networks() -> list[Network]:
    """Networks with other samples and another penalty each."""
    rows = [np.random.default_rng(seed).integers(36, size=36) for seed in SEEDS]
    return [NETWORK.replace(x=DATA.train.x[r], y=DATA.train.y[r], decay=0.1 * k) for k, r in enumerate(rows)]


@pytest.mark.parametrize(("batch_size", "regularizers"), [(None, ()), (8, (Dropout(0.3),))])
def test_a_network_of_a_bundle_is_the_network_trained_alone(batch_size: int | None, regularizers: Any) -> None:
    networks = [network.replace(regularizers=regularizers) for network in _networks()]
    rules = [RULES["adam"](learning_rate=rate) for rate in (0.1, 0.01, 0.03)]
    starts = starts_of(MODEL, SEEDS, dtype="float64")
    options: dict[str, Any] = {"batch_size": batch_size, "stride": 8, "dtype": "float64"}
    parts = list(train_bundle(networks, rules, starts, 20, seeds=SEEDS, **options))
    assert [part.step for part in parts] == [0, 8, 16, 20]
    for k, (network, rule, seed) in enumerate(zip(networks, rules, SEEDS, strict=True)):
        alone = join(train(network, rule, starts[k], 20, seed=seed, **options))
        np.testing.assert_allclose([part.weights[k] for part in parts], alone.weights, rtol=1e-9, atol=1e-12)


def test_a_divergence_is_seen_at_its_step_and_leaves_the_others_alone() -> None:
    rules = [RULES["sgd"](learning_rate=rate) for rate in (1e200, 0.1)]
    network = NETWORK.replace(objective="mse")
    starts = starts_of(MODEL, (0, 1), dtype="float64")
    alone = join(train(network, rules[0], starts[0], 20, stride=1, dtype="float64"))
    *_, part = train_bundle(network, rules, starts, 20, stride=10, dtype="float64")
    assert part.diverged[0] in (alone.diverged, alone.diverged + 1, alone.diverged - 1) and alone.diverged > 0
    assert part.diverged[1] == -1
    assert np.isnan(part.weights[0]).all() and np.isfinite(part.weights[1]).all()


def test_other_numbers_of_steps_and_parameters_compile_nothing(compilations: Any) -> None:
    starts = starts_of(MODEL, (0, 1))

    def run(rate: float, steps: int) -> None:
        for _ in train_bundle(NETWORK, RULES["sgd"](learning_rate=rate), starts, steps, stride=10, batch_size=8):
            pass

    run(0.1, 20)
    with compilations() as events:
        run(0.2, 35)
    assert events == []


def test_large_networks_take_turns_and_give_the_same() -> None:
    model = MLP((2, 400, 2), "tanh")  # above `SMALL`
    networks = [network.replace(model=model) for network in _networks()]
    starts = starts_of(model, SEEDS)
    *_, part = train_bundle(networks, RULES["momentum"](), starts, 5, seeds=SEEDS)
    alone = join(train(networks[2], RULES["momentum"](), starts[2], 5, seed=5))
    np.testing.assert_allclose(part.weights[2], alone.weights[-1], rtol=1e-5, atol=1e-7)


def test_outputs_and_losses_are_those_of_the_model() -> None:
    weights = starts_of(MODEL, SEEDS)
    outputs = outputs_of(MODEL, weights, DATA.train.x)
    several = outputs_of(MODEL, weights, np.stack([DATA.train.x] * 3))
    np.testing.assert_array_equal(outputs, several)
    for k, seed in enumerate(SEEDS):
        np.testing.assert_allclose(outputs[k], MODEL(MODEL.initial(seed), DATA.train.x), rtol=1e-5, atol=1e-6)
    with jax.enable_x64(True):
        expected = LOSSES["cross_entropy"].function(outputs[1].astype(float), DATA.train.y.astype(float)).mean()
    assert losses_of("cross_entropy", outputs, DATA.train.y)[1] == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"starts": np.zeros(MODEL.size)}, r"starts must be finite weights of shape \(networks, n\)"),
        ({"seeds": (1, 2, 3)}, "one seed for each of the 2 networks; got 3"),
        ({"surfaces": [NETWORK]}, "one network and one rule for each of the 2 starts; got 1"),
        ({"surfaces": [NETWORK, NETWORK.first(9)]}, "must have the same shape"),
        ({"optimizers": [RULES["sgd"](), RULES["adam"]()]}, "must have the same structure"),
        ({"optimizers": RULES["muon"]()}, "Muon cannot train bundles"),
        ({"batch_size": 37}, "batch_size must lie between 1 and the 36 training samples; got 37"),
        ({"stride": 0}, "steps and stride must be positive"),
        ({"starts": np.zeros((600_000, MODEL.size))}, "600,000 networks of 32 weights .* train fewer networks"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, Any], message: str) -> None:
    arguments = {"surfaces": NETWORK, "optimizers": RULES["sgd"](), "starts": starts_of(MODEL, (0, 1)), "steps": 3}
    with pytest.raises(ValueError, match=message):
        train_bundle(**{**arguments, **changes})


@pytest.mark.long
def test_two_devices_share_a_bundle() -> None:
    script = """
    import jax, numpy as np
    from optimizers import RULES
    from optimizers.studies.networks import starts_of, train_bundle
    from surfaces.network import DATASETS, MLP, Network

    assert len(jax.devices()) == 2
    data, model = DATASETS["moons"](samples=60).make(1), MLP((2, 6, 2), "tanh")
    network, starts = Network(model, data.train.x, data.train.y), starts_of(model, range(5))
    *_, all_five = train_bundle(network, RULES["adam"](), starts, 25, batch_size=8, stride=10)
    *_, alone = train_bundle(network, RULES["adam"](), starts[4:], 25, batch_size=8, stride=10, seeds=[4])
    np.testing.assert_allclose(all_five.weights[4:], alone.weights, rtol=1e-5, atol=1e-6)
    print(all_five.weights.shape)
    """
    printed = run_apart(textwrap.dedent(script), XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert printed.strip() == f"(5, {MODEL.size})"
