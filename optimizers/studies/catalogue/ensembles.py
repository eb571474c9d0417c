"""Averages: of independent networks, of snapshots of one run, and of the weights along a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optimizers.rules.adam import Adam
from optimizers.studies import declared
from optimizers.studies.comparisons import compared
from optimizers.studies.curves import Floats
from optimizers.studies.networks import outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.network import DATASETS
from surfaces.network.data import DataSet, Samples, one_hot
from surfaces.network.mlp import MLP
from surfaces.network.network import Network
from surfaces.parameter import parameter

RECORDS = 20
"""How often a training is measured."""
STRIDE = 10
"""Steps between two weights that enter the moving average."""
TEST = 1000
"""The most test samples."""
METHODS = ("members", "ensemble", "snapshots", "moving average")
"""What is compared; `Found.accuracy` and `Found.loss` have them in this order along axis 0."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        steps: (records,).
        accuracy, loss: (methods, records, groups), the share of test samples classified correctly, and the mean
            cross-entropy on them; of the members, snapshots and moving averages, the mean over the group.
        members: (records, groups, members), the accuracies of the members.
    """

    steps: np.ndarray
    accuracy: Floats
    loss: Floats
    members: Floats


class Ensembles(Study):
    r"""Test accuracy of averages, compared with that of the networks that they average.

    - An ensemble averages the probabilities of M networks that were trained independently, with different initial
      weights and batches (Hansen & Salamon 1990).
    - Snapshots are the weights of one run at different steps of its second half; their probabilities are averaged,
      which needs one training rather than M (Huang et al. 2017, here without restarts of the learning rate).
    - The moving average has the weights $\bar w \leftarrow \gamma \bar w + (1 - \gamma) w$, and costs as much as a
      single network, in training and in use (Polyak & Juditsky 1992). It takes the weights after every tenth step, with
      γ¹⁰.

    Because −ln is convex, the cross-entropy of an ensemble is at most the mean of its members' (Jensen's inequality).
    No such inequality holds for the accuracy.
    """

    name = "Ensembles and averages"
    label = "Ensembles"
    group = "Ensembles"
    rows = ("N10",)
    about = (
        "Averages make fewer test errors than the networks that they average. The gain is largest for an ensemble, "
        "smaller for snapshots of one run, and slight for a moving average of the weights, which lags behind the "
        "training at first."
    )
    source = (
        "L. Hansen & P. Salamon (1990), Neural network ensembles; G. Huang et al. (2017), Snapshot ensembles; "
        "B. Polyak & A. Juditsky (1992), Acceleration of stochastic approximation by averaging"
    )
    seconds = 6.0

    data: str = parameter(
        "data",
        default="digits",
        choices={"digits": "digits", "spirals": "two spirals", "moons": "two moons"},
        tuned=False,
        doc="Data set.",
    )
    samples: int = declared.samples(200, low=40, high=500)
    label_noise: float = declared.number("p", 0.1, 0.0, 0.4, "Share of training samples with a random wrong label.")
    members: int = declared.whole("M", 5, 2, 10, "Networks in a group.")
    groups: int = declared.whole("R", 10, 2, 20, "Number of groups, each with its own initial weights and batches.")
    width: int = declared.whole("n", 32, 4, 64, "Neurons in the hidden layer.", log=True)
    steps: int = declared.steps(1000, high=3000)
    batch_size: int = declared.whole("B", 32, 4, 40, "Samples per step.", log=True)
    learning_rate: float = declared.learning_rate(3e-3)
    decay: float = declared.number("γ", 0.99, 0.5, 0.999, "Decay of the moving average per step.")

    def run(self, seed: int = 0) -> Iterator[Progress]:
        data = self.drawn(seed)
        model = MLP((data.inputs, self.width, data.outputs), "relu")
        count = self.groups * self.members
        rng = np.random.default_rng([seed, 1])
        seeds = seeds_of(count, rng)
        network = Network(model, data.train.x, data.train.y)
        records = sorted({round(k) for k in np.linspace(0, self.steps // STRIDE, RECORDS + 1)})
        steps = STRIDE * np.array(records)
        shape = (len(METHODS), len(steps), self.groups)
        found = Found(
            steps, np.full(shape, np.nan), np.full(shape, np.nan), np.full((*shape[1:], self.members), np.nan)
        )
        average = starts_of(model, seeds)
        snapshots, kept = np.zeros((count, len(data.test), data.outputs)), 0
        until = int(steps[-1])
        bundle = train_bundle(
            network, Adam(self.learning_rate), average, until, batch_size=self.batch_size, seeds=seeds, stride=STRIDE
        )
        for part in bundle:
            if part.step:
                share = self.decay**STRIDE
                average = share * average + (1 - share) * part.weights
            at = np.flatnonzero(steps == part.step)
            if not len(at):
                continue
            probabilities = _probabilities(outputs_of(model, part.weights, data.test.x))
            if 2 * part.step > until:
                snapshots, kept = snapshots + probabilities, kept + 1
            found = Found(*map(np.copy, found))
            grouped = probabilities.reshape(self.groups, self.members, *probabilities.shape[1:])
            several = {
                0: probabilities,
                1: grouped.mean(axis=1),
                3: _probabilities(outputs_of(model, average, data.test.x)),
            }
            if kept:
                several[2] = snapshots / kept
            for method, p in several.items():
                accuracy, loss = measures(p, data.test.y)
                for values, measured in ((found.accuracy, accuracy), (found.loss, loss)):
                    values[method, at[0]] = measured.reshape(self.groups, -1).mean(axis=1)
                if method == 0:
                    found.members[at[0]] = accuracy.reshape(self.groups, -1)
            yield Progress(part.step / until, found)

    def drawn(self, seed: int) -> DataSet:
        """The data set: training samples with label noise, and test samples without."""
        source = DATASETS[self.data]()
        if self.data != "digits":
            source = source.replace(samples=self.samples + 2 * TEST, noise=0.25 if self.data == "moons" else 0.08)
        x, y = source.draw(np.random.default_rng([seed, 0]))
        rng = np.random.default_rng([seed, 2])
        order = rng.permutation(len(x))
        train, test = order[: self.samples], order[self.samples : self.samples + TEST]
        classes = int(y.max()) + 1
        labels = with_label_noise(y[train], classes, self.label_noise, rng)
        parts = [
            Samples(x[rows].astype(np.float32), one_hot(labels_of_rows, classes))
            for rows, labels_of_rows in ((train, labels), (test, y[test]))
        ]
        names = tuple(map(str, range(classes)))
        return DataSet(source.name, source.task, parts[0], parts[1], parts[1], names)

    def table(self, found: Found) -> Table:
        columns = ("method", "step", "test accuracy, mean", "test cross-entropy, mean")
        known = np.flatnonzero(np.isfinite(found.accuracy[0]).all(axis=1))
        rows = [
            (name, int(found.steps[k]), float(found.accuracy[m, k].mean()), float(found.loss[m, k].mean()))
            for m, name in enumerate(METHODS)
            for k in known
            if np.isfinite(found.accuracy[m, k]).all()
        ]
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """What the groups say of each average against the members at the last step, with Bonferroni's correction."""
        errors, averages = 1 - found.accuracy[:, -1], range(1, len(METHODS))
        level = 0.05 / len(averages)
        sentences = [
            compared(
                errors[m],
                errors[0],
                (f"the {METHODS[m]}", f"the {METHODS[0]}"),
                "test error",
                level=level,
                unit="groups",
            )
            for m in averages
        ]
        correction = f"The level of the intervals is that of Bonferroni's correction for {len(averages)} comparisons."
        return " ".join([*dict.fromkeys(sentences), correction])


def with_label_noise(labels: np.ndarray, classes: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """The labels (N,), of which a share, rounded to whole samples, is replaced by another class at random."""
    changed = rng.permutation(len(labels))[: round(share * len(labels))]
    noisy = labels.copy()
    noisy[changed] = (noisy[changed] + rng.integers(1, classes, len(changed))) % classes
    return noisy


def measures(probabilities: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """The accuracies and the mean cross-entropies (…) of probabilities (…, N, classes), for one-hot targets."""
    right = probabilities.argmax(axis=-1) == targets.argmax(axis=-1)
    chance = (probabilities * targets).sum(axis=-1)
    with np.errstate(divide="ignore"):
        return right.mean(axis=-1), -np.log(chance).mean(axis=-1)


def _probabilities(outputs: Floats) -> Floats:
    """The softmax of outputs (…, classes), in float64."""
    powers = np.exp(outputs.astype(float) - outputs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
