"""What the sources of data say of themselves, sentence by sentence."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from optimizers import RULES
from optimizers.training import join, train
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, MLP, DataSet, Network
from surfaces.network.measures import measure
from tests.sentences import Check, Sentences, entries_of

SAID = Sentences()
holds = SAID.hold


def test_every_sentence_has_a_check() -> None:
    assert SAID.entries() == entries_of({key: (kind.about, kind.prose) for key, kind in DATASETS.items()})


@functools.cache
def _data(key: str, **values: float) -> DataSet:
    data: DataSet = DATASETS[key](**values).make()
    return data.standardised()


def _fit(
    data: DataSet,
    widths: tuple[int, ...],
    *,
    activation: str = "tanh",
    rule: str = "adam",
    rate: float = 0.02,
    steps: int = 1500,
    batch_size: int | None = None,
    seed: int = 0,
    initialization: str = "xavier_normal",
    objective: str = "cross_entropy",
    kept: int = 1,
) -> tuple[Network, np.ndarray, dict[str, np.ndarray]]:
    """A trained network, its weights at the kept steps, and the measures there."""
    model = MLP((data.inputs, *widths, data.outputs), activation)
    network = Network(model, data.train.x, data.train.y, objective=objective)
    start = np.asarray(model.initial(seed, initialization, 0.1))
    optimizer = RULES[rule](learning_rate=rate)
    run = join(train(network, optimizer, start, steps, batch_size=batch_size, stride=steps // kept))
    found = measure(network, run.weights, (data.validation.x, data.validation.y))
    return network, run.weights, found._asdict()


def _accuracy(*arguments: object, part: str = "accuracy", **options: object) -> float:
    return float(_fit(*arguments, **options)[2][part][-1])  # type: ignore[arg-type]


@holds("blobs", "One cloud per class: a network without a hidden layer is enough, even where the clouds overlap.")
def _() -> None:
    """Of normal clouds with equal spread the nearest centre is the best guess, and its borders are lines."""
    for classes, spread in ((4, 0.5), (4, 1.2), (3, 1.0)):
        raw = DATASETS["blobs"](samples=4000, classes=classes, spread=spread).make()
        angles = 2 * np.pi * np.arange(classes) / classes
        centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        away = np.linalg.norm(raw.validation.x[:, None] - centres, axis=2)
        best = np.mean(away.argmin(axis=1) == raw.validation.y.argmax(axis=1))
        assert _accuracy(raw, (), rate=0.05, steps=500, part="validation_accuracy") > best - 0.01


@holds("blobs", "Gaussian clouds, centred at equal angles on a circle of radius 2.")
def _() -> None:
    data = DATASETS["blobs"](samples=5000, classes=5, spread=0.3).make()
    label = data.train.y.argmax(axis=1)
    clouds = [data.train.x[label == k] for k in range(5)]
    centres = np.array([cloud.mean(axis=0) for cloud in clouds])
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2, atol=0.05)
    turns = np.unwrap(np.arctan2(centres[:, 1], centres[:, 0]))
    np.testing.assert_allclose(np.diff(turns), 2 * np.pi / 5, atol=0.05)
    np.testing.assert_allclose([cloud.std(axis=0) for cloud in clouds], 0.3, atol=0.03)


@holds("circles", "One class surrounds the other: three tanh neurons in a hidden layer separate them, but two cannot.")
def _() -> None:
    """Two tanh neurons put the plane into a square, where the border is a line: seen in the plane it never closes."""
    data = _data("circles")
    best = {width: max(_accuracy(data, (width,), seed=seed) for seed in range(6)) for width in (2, 3)}
    assert best[2] < 0.9 and best[3] > 0.99


@holds("circles", "A circle of radius 1 and a smaller one inside it, with Gaussian noise.")
def _() -> None:
    for noise in (0.0, 0.1):
        data = DATASETS["circles"](samples=5000, noise=noise, inner=0.4).make()
        radius, label = np.linalg.norm(data.train.x, axis=1), data.train.y.argmax(axis=1)
        for k, size in ((0, 1.0), (1, 0.4)):
            assert radius[label == k].mean() == pytest.approx(size, abs=0.02)
            assert radius[label == k].std() == pytest.approx(noise, abs=0.01)


@holds(
    "digits",
    "Ten classes of handwriting: 64 hidden neurons learn every training sample within 800 steps of Adam, and "
    "misclassify 2 to 3 % of the others.",
    "1,797 images of 8 × 8 pixels with 17 grey levels, scaled to the range from 0 to 1.",
    marks=pytest.mark.long,
)
def _() -> None:
    raw = DATASETS["digits"]().make()
    everything = np.concatenate([raw.train.x, raw.validation.x, raw.test.x])
    assert everything.shape == (1797, 64) and raw.outputs == 10
    assert np.unique(everything).tolist() == [k / 16 for k in range(17)]
    options = {"activation": "relu", "initialization": "he_normal", "rate": 0.002, "steps": 800, "batch_size": 64}
    _, _, found = _fit(_data("digits"), (64,), **options)  # type: ignore[arg-type]
    assert found["accuracy"][-1] == 1.0 and 0.015 <= 1 - found["validation_accuracy"][-1] <= 0.035


@holds("moons", "Four tanh neurons are enough for the curved boundary.")
def _() -> None:
    data = _data("moons")
    assert _accuracy(data, (), steps=1000) < 0.9 and _accuracy(data, (4,), steps=3000) > 0.97


@holds(
    "moons",
    "At a noise of 0.3 the moons overlap, and a network with two layers of 64 learns the noise.",
    marks=pytest.mark.long,
)
def _() -> None:
    """It knows every training sample, and is worse on the others than four neurons are."""
    data = _data("moons", noise=0.3)
    small, large = (_fit(data, widths, steps=1500)[2] for widths in ((4,), (64, 64)))
    assert large["accuracy"][-1] > 0.99 > 0.95 > small["accuracy"][-1]
    assert large["validation_accuracy"][-1] < 0.9
    assert large["validation_loss"][-1] > 2 * small["validation_loss"][-1]


@holds("moons", "The upper half of a circle and the lower half of a circle shifted by (1, ½), with Gaussian noise.")
def _() -> None:
    data = DATASETS["moons"](samples=3000, noise=0.0).make()
    label = data.train.y.argmax(axis=1)
    for k, middle in ((0, (0.0, 0.0)), (1, (1.0, 0.5))):
        x = data.train.x[label == k] - middle
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-6)
        assert (x[:, 1] >= -1e-6).all() if k == 0 else (x[:, 1] <= 1e-6).all()
    rough = DATASETS["moons"](samples=3000, noise=0.2).make()
    assert (rough.train.x - data.train.x).std() == pytest.approx(0.2, abs=0.01)


@holds(
    "spirals",
    "No line separates the two arms, so the network has to bend the plane.",
    "To reach an accuracy of 99 %, SGD takes several times as many steps as momentum at the same learning rate.",
)
def _() -> None:
    data = _data("spirals")
    assert _accuracy(data, (), steps=500) < 0.75
    needed = []
    for rule in ("sgd", "momentum"):
        _, _, found = _fit(data, (32, 32), rule=rule, rate=0.1, steps=3000, batch_size=32, kept=60)
        assert found["accuracy"].max() > 0.99
        needed.append(int(np.argmax(found["accuracy"] > 0.99)))
    assert needed[0] > 3 * needed[1]


@holds(
    "spirals", "Two spirals: the radius at the angle φ is φ/φ_max, and class k is rotated by kπ, with Gaussian noise."
)
def _() -> None:
    data = DATASETS["spirals"](samples=2000, noise=0.0).make()
    radius, label = np.linalg.norm(data.train.x, axis=1), data.train.y.argmax(axis=1)
    angle = 2 * np.pi * 1.25 * radius + np.pi * label
    np.testing.assert_allclose(data.train.x, radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), atol=1e-5)
    assert radius.max() == pytest.approx(1, abs=0.01)


@holds(
    "xor",
    "No line separates the classes: without an activation function the network does no better than tossing a coin.",
)
def _() -> None:
    """A coin has the loss ln 2."""
    for noise in (0.0, 0.25, 0.5):
        _, _, found = _fit(_data("xor", noise=noise), (4,), activation="identity", steps=800)
        assert found["loss"][-1] > np.log(2) - 0.01 and found["validation_loss"][-1] > np.log(2)
    assert _accuracy(_data("xor"), (4,), steps=800) > 0.99


@holds("xor", "Gaussian clouds around the corners of a square; opposite corners belong to the same class.")
def _() -> None:
    data = DATASETS["xor"](samples=4000, noise=0.1).make()
    corner, label = np.round(data.train.x), data.train.y.argmax(axis=1)
    assert (np.abs(corner) == 1).all() and (label == (corner[:, 0] != corner[:, 1])).all()
    np.testing.assert_allclose((data.train.x - corner).std(axis=0), 0.1, atol=0.01)


@holds(
    "chebyshev",
    "With full batches and squared error, the sharpness rises to 2/η and stays there, at the edge of stability.",
)
def _() -> None:
    data = DATASETS["chebyshev"]().make()
    for rate in (0.05, 0.1):
        network, weights, _ = _fit(data, (50, 50), rule="sgd", rate=rate, steps=6000, objective="mse", kept=40)
        share = np.array([float(top_eigenvalues(network, w)[0]) for w in weights]) * rate / 2
        assert share[0] < 0.5 and share[-10:] == pytest.approx(np.ones(10), abs=0.06)
        assert np.abs(share[int(np.argmax(share > 0.98)) :] - 1).max() < 0.2


@holds(
    "chebyshev",
    "T₄(x) = 8x⁴ − 8x² + 1 at 20 evenly spaced points of [−1, 1].",
    "The validation and test points lie between them.",
)
def _() -> None:
    data = DATASETS["chebyshev"]().make()
    x = data.train.x[:, 0]
    np.testing.assert_allclose(x, np.linspace(-1, 1, 20), atol=1e-6)
    for part in (data.train, data.validation, data.test):
        np.testing.assert_allclose(part.y[:, 0], np.cos(4 * np.arccos(part.x[:, 0])), atol=1e-5)
    for part in (data.validation, data.test):
        assert (np.abs(part.x[:, :1] - x).min(axis=1) > 1e-3).all() and np.abs(part.x).max() < 1


@holds(
    "curve",
    "A fit by mean squared error follows a single outlier; a fit by mean absolute error hardly does.",
    marks=pytest.mark.long,
)
def _() -> None:
    """How far the fit goes from the clean curve towards the outlier."""
    source = DATASETS["curve"](outliers=1)
    raw, data = source.make(), _data("curve", outliers=1)
    clean = np.sin(3 * raw.train.x[:, 0]) + raw.train.x[:, 0] / 2
    place = int(np.argmax(raw.train.y[:, 0] - clean))
    share = []
    for objective in ("mse", "mae"):
        network, weights, _ = _fit(data, (32, 32), rate=0.01, steps=3000, objective=objective, batch_size=32)
        fitted = np.asarray(network.model(weights[-1], data.train.x))[place, 0]
        share.append((fitted - clean[place]) / (raw.train.y[place, 0] - clean[place]))
    assert share[0] > 0.9 and share[1] < 0.33


@holds(
    "curve", "y = sin 3x + x/2 on [−2, 2] with Gaussian noise; the outliers lie about 6 above it, the first near x = 0."
)
def _() -> None:
    data = DATASETS["curve"](samples=300, outliers=5, noise=0.1).make()
    x, y = data.train.x[:, 0], data.train.y[:, 0]
    above = y - np.sin(3 * x) - x / 2
    out = above > 3
    assert out.sum() == 5 and above[out] == pytest.approx(6 * np.ones(5), abs=0.5)
    assert np.abs(x).max() <= 2 and above[~out].std() == pytest.approx(0.1, abs=0.02)
    single = DATASETS["curve"](outliers=1).make().train
    first = single.x[np.argmax(single.y[:, 0]), 0]
    assert abs(first) == np.abs(single.x).min()


@pytest.mark.thinned(3)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()
