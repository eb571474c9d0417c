"""What the presets of the Network page say, sentence by sentence, over the trainings they speak of."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace

import numpy as np
import pytest

from app.common.racers import Racer
from app.network import presets, search
from app.network.presets import PRESETS
from app.network.settings import Training, generated
from docs import pictures
from optimizers.training import Piece, join, train
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, DataSet, Network
from surfaces.network.measures import Measures, measure
from tests.app.captions import captions
from tests.sentences import Check, Sentences, entries_of

SAID = Sentences()
holds = SAID.hold
Trained = tuple[Network, Piece, Measures]


def test_every_sentence_has_its_check() -> None:
    texts = {f"network {key}": (one.name + ".", one.about) for key, one in PRESETS.items()}
    texts |= {f"picture {name}": (words,) for name, words in captions().items() if name in pictures.NETWORKS}
    assert SAID.entries() == entries_of(texts)


@functools.cache
def preset(key: str) -> tuple[Training, DataSet]:
    training = presets.preset(key)
    return training, generated(training)


@functools.cache
def trained(key: str, steps: int = 0) -> tuple[Trained, ...]:
    """Network, run and measures of a preset's racers, for so many steps, or as many as the preset has."""
    training, data = preset(key)
    return tuple(_trained(training, racer, data, steps or training.steps) for racer in training.racers)


def _trained(training: Training, racer: Racer, data: DataSet, steps: int) -> Trained:
    network, stride = training.network(racer, data), max(1, steps // 40)
    start, batch_size = training.start(racer, data), training.of(racer, "batch_size") or None
    options = {"batch_size": batch_size, "seed": training.seed, "stride": stride}
    run = join(train(network, training.rule(racer), start, steps, **options))
    return network, run, measure(network, run.weights, (data.validation.x, data.validation.y))


@holds(
    "network spirals",
    "Two spirals.",
    "All three racers learn a boundary that winds between the two arms.",
    "Momentum separates all samples; SGD and Adam still misclassify some after 1,500 steps.",
    marks=pytest.mark.long,
)
def _() -> None:
    assert [racer.rule.key for racer in preset("spirals")[0].racers] == ["sgd", "momentum", "adam"]
    assert preset("spirals")[0].steps == 1500
    for (_, _, found), perfect in zip(trained("spirals"), (False, True, False), strict=True):
        assert found.validation_accuracy[0] < 0.75 and found.validation_accuracy[-1] > 0.95
        right = min(found.accuracy[-1], found.validation_accuracy[-1])
        assert bool(right > 1 - 1e-6) is perfect


@holds("picture network-light", "Three optimizers on two spirals: decision boundaries, loss landscape, sharpness.")
def _() -> None:
    training = presets.first()
    assert len(training.racers) == 3 and training.data.key == "spirals"
    assert pictures.NETWORKS["network-light"][0] == "views=outcome,landscape,sharpness"


@holds(
    "network neurons",
    "Three lines around a circle.",
    "Each hidden neuron divides the plane along a straight line, and three of them enclose the inner circle.",
    "Remove one with − and train again: two lines cannot enclose it, and about one training sample in six is "
    "misclassified.",
)
def _() -> None:
    training, data = preset("neurons")
    ((network, run, found),) = trained("neurons")
    ((_, h), _) = network.model.signals(run.weights[-1], data.train.x)
    first = network.model.unravel(run.weights[-1])[0]
    # tanh has one sign on either side of the line W x + b = 0
    assert np.array_equal(np.asarray(h) > 0, data.train.x @ np.asarray(first.W) + np.asarray(first.b) > 0)
    assert training.widths == (3,) and training.views[0] == "network" and found.accuracy[-1] > 0.98
    two = dataclasses.replace(training, widths=(2,))
    _, _, found = _trained(two, two.racers[0], data, two.steps)
    assert 1 - found.accuracy[-1] == pytest.approx(1 / 6, abs=0.02)


@holds(
    "picture neurons-light",
    "Three hidden neurons, each of which divides the plane along a straight line, enclose the inner circle.",
)
def _() -> None:
    assert pictures.NETWORKS["neurons-light"][0] == "preset=neurons"  # whose sentences are checked above


@holds(
    "network digits",
    "Handwritten digits.",
    "Images of 8 × 8 pixels in ten classes: a network with one hidden layer learns all training samples, and "
    "misclassifies a few of the others.",
    marks=pytest.mark.long,
)
def _() -> None:
    data = preset("digits")[1]
    assert (data.inputs, data.outputs) == (64, 10)
    for network, _, found in trained("digits"):
        assert len(network.model.widths) == 3 and found.accuracy[-1] == 1.0
        assert 0.01 < 1 - found.validation_accuracy[-1] < 0.04


@holds(
    "network edge",
    "Edge of stability.",
    "With full batches the sharpness climbs to 2/η and then stays close to it (Cohen et al. 2021).",
)
@holds("picture edge-dark", "The edge of stability: sharpness climbs to 2/η and stays there.")
def _() -> None:
    training = preset("edge")[0]
    rates = [float(racer.rule.get("learning_rate", 0.0)) for racer in training.racers]
    for rate, (network, run, _) in zip(rates, trained("edge"), strict=True):
        share = np.array([float(top_eigenvalues(network, w)[0]) for w in run.weights]) * rate / 2
        assert share[0] < 0.5 and np.abs(share[int(np.argmax(share > 0.98)) :] - 1).max() < 0.2
        assert share[-8:] == pytest.approx(np.ones(8), abs=0.08)
    shown = "".join(f"&racer=sgd:learning_rate={rate:g}" for rate in rates)
    assert training.batch_size == 0
    assert pictures.NETWORKS["edge-dark"][0].endswith(f"&views=sharpness,outcome,loss{shown}")


@holds(
    "network outlier",
    "One outlier.",
    "Mean squared error pulls the curve all the way to the outlier, mean absolute error less than a third of the way.",
)
def _() -> None:
    training, data = preset("outlier")
    raw = DATASETS["curve"](outliers=1).make().train
    clean = np.sin(3 * raw.x[:, 0]) + raw.x[:, 0] / 2
    place = int(np.argmax(raw.y[:, 0] - clean))
    way = []
    for network, run, _ in trained("outlier"):
        fitted = float(np.asarray(network.model(run.weights[-1], data.train.x))[place, 0])
        way.append((fitted - clean[place]) / (raw.y[place, 0] - clean[place]))
    assert [network.objective for network, _, _ in trained("outlier")] == ["mse", "mae"]
    assert way[0] > 0.9 and way[1] < 1 / 3 and training.steps == 3000


@holds(
    "network vanishing",
    "Vanishing gradients.",
    "At the initial weights of eight hidden layers, the gradient under sigmoid is over ten thousand times smaller in "
    "the first layer than in the last; under tanh and ReLU the two differ by less than a factor of ten.",
)
def _() -> None:
    found = {network.model.activation: m.gradients[0] for network, _, m in trained("vanishing", 1)}
    assert all(len(layers) == 9 for layers in found.values())
    assert found["sigmoid"][0] < 1e-4 * found["sigmoid"][-1]
    for name in ("tanh", "relu"):
        assert 0.1 < found[name][0] / found[name][-1] < 10


@holds(
    "network initialisation",
    "Initialisation.",
    "Zero weights never break the symmetry: no hidden unit learns.",
    "With σ = 0.01 the activations vanish from layer to layer; with σ = 1 they explode, and training diverges "
    "within a "
    "few steps.",
    "He's σ preserves their scale.",
)
def _() -> None:
    zeros, small, he, large = trained("initialisation", 40)
    network, run, _ = zeros
    hidden = slice(0, network.model.bounds[-1][0])
    assert (run.weights[:, hidden] == 0).all()
    spreads = [found.deviations[0] for _, _, found in (small, he, large)]
    assert (spreads[0][1:] < 0.2 * spreads[0][:-1]).all() and (spreads[2][1:] > 4 * spreads[2][:-1]).all()
    assert np.ptp(spreads[1]) < spreads[1].min()
    assert small[1].diverged == he[1].diverged == -1 and 0 < large[1].diverged < 10


@holds(
    "network batches",
    "Batch size.",
    "Batches of 1, 32 and all samples: the smaller the batch, the noisier its loss.",
)
def _() -> None:
    training, _ = preset("batches")
    assert [training.of(racer, "batch_size") for racer in training.racers] == [1, 32, 0]
    noise = [float(np.diff(run.losses[100:]).std()) for _, run, _ in trained("batches", 400)]
    assert noise[0] > 4 * noise[1] and noise[1] > 10 * noise[2]


@holds(
    "network search",
    "Search with cross-validation.",
    "36 settings of Adam's η and β₁, drawn at random, are scored by five-fold cross-validation on the training "
    "samples.",
    "The loss against each of them alone shows that η decides, and β₁ hardly matters (Bergstra & Bengio 2012).",
)
def _() -> None:
    training, data = preset("search")
    _, trials = search.searched(training)
    assert (search.TRIALS, search.FOLDS, trials.random) == (36, 5, True) and training.views[0] == "search"
    assert [axis.symbol for axis in (trials.x, trials.y)] == ["η", "β₁"]
    rule = training.rule(training.racers[0])
    plan = trials.search(SimpleNamespace(network=training.network(None, data), data=data, rule=rule, batch_size=32))  # type: ignore[arg-type]
    scores = np.log(np.mean([plan.fold(k)[0] for k in range(search.FOLDS)], axis=0))

    def explained(values: np.ndarray) -> float:
        """The share of the variance of the scores that lies between thirds of the values."""
        third = np.argsort(np.argsort(values)) // (search.TRIALS // 3)
        return float(np.var([scores[third == k].mean() for k in range(3)]) / np.var(scores))

    shares = [explained(values) for values in trials.settings]
    assert np.isfinite(scores).all() and shares[0] > 0.4 and shares[1] < 0.1


SAID.not_computable(
    "a button of the page, which a browser test presses",
    "network search",
    "The test samples are used once, for the best setting.",
)


@holds(
    "network decays",
    "L2 or weight decay.",
    "At λ = 0.02, L2 shrinks the weights to less than a fifth, AdamW's decay by less than a third.",
    marks=pytest.mark.long,
)
def _() -> None:
    plain, l2, decay = (float(np.linalg.norm(run.weights[-1])) for _, run, _ in trained("decays"))
    assert l2 < 0.2 * plain and 2 / 3 * plain < decay < plain


@holds("network decays", "With Adam, L2 in the loss is divided by √v like the gradient; AdamW's decay is not.")
def _() -> None:
    """In the first step m̂ = g and v̂ = g²: Adam moves by −η g/(|g| + ε), g with λ w in it; AdamW by −η λ w besides."""
    (_, plain, _), (_, l2, _), (_, decay, _) = trained("decays", 1)
    eta, penalty, w = 0.005, 0.02, plain.weights[0]
    moves = [run.weights[1] - w for run in (plain, l2, decay)]
    clear = np.abs(moves[0]) > 0.99 * eta  # where ε = 1e-8 and rounding are no matter
    assert clear.mean() > 0.9
    np.testing.assert_allclose(np.abs(moves[1][clear]).clip(0.9 * eta), np.abs(moves[0][clear]), rtol=0.11)
    assert np.abs(moves[1]).max() <= eta * (1 + 1e-3)
    np.testing.assert_allclose(moves[2] - moves[0], -eta * penalty * w, atol=2e-7)


@holds(
    "network gap",
    "Generalisation gap.",
    "With 64 neurons in each of two hidden layers, the training loss falls on while the validation loss rises from a "
    "few hundred steps on, to more than twice its lowest value.",
    "A diamond marks that value: early stopping would end the run there.",
    "With four neurons in one layer the two losses stay within 0.1 of each other.",
)
def _() -> None:
    (wide, run, found), (narrow, _, small) = trained("gap")
    lowest = int(found.validation_loss.argmin())
    assert wide.model.widths == (2, 64, 64, 2) and 200 <= run.steps[lowest] <= 900
    assert found.validation_loss[-1] > 2 * found.validation_loss[lowest]
    assert found.loss[-1] < 0.5 * found.loss[lowest]
    assert narrow.model.widths == (2, 4, 2) and np.abs(small.loss - small.validation_loss).max() < 0.1


@holds(
    "network regularizers",
    "Regularizers side by side.",
    "Without a regularizer, the validation loss ends at more than twice its lowest value.",
    "With L2, input noise, dropout or mixup it ends at less than half of the loss without one, and within 0.1 of the "
    "training loss.",
    marks=pytest.mark.long,
)
def _() -> None:
    (plain, _, without), *others = trained("regularizers")
    assert plain.decay == 0 and plain.regularizers == ()
    assert without.validation_loss[-1] > 2 * without.validation_loss.min()
    names = [[part.name for part in network.regularizers] or f"L2 {network.decay}" for network, _, _ in others]
    assert names == ["L2 0.01", ["Input noise"], ["Dropout"], ["Mixup"]]
    for _, _, found in others:
        assert found.validation_loss[-1] < 0.5 * without.validation_loss[-1]
        assert abs(found.validation_loss[-1] - found.loss[-1]) < 0.1


@holds(
    "network exercise",
    "Exercise: one hidden layer of 256.",
    "A hidden layer of 256 ReLU units is trained for ten epochs, with He initialisation and batches of 128; the table "
    "lists the accuracies after each epoch.",
)
def _() -> None:
    training, data = preset("exercise")
    assert presets.shown_by(training).endswith("upload MNIST under Data to train on its images.") and data.inputs == 64
    for racer in training.racers:
        model = training.model(racer, data)
        assert model.widths == (64, 256, 10) and model.activation == "relu"
        assert training.of(racer, "initialization") == "he_normal"
    assert training.batch_size == 128 and training.counts_epochs
    assert training.steps == -(-10 * len(data.train) // 128) and training.stride(data) <= training.epoch(data)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()
