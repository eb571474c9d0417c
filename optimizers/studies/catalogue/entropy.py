"""Cross-entropy, entropy and KL divergence along a training whose labels are random with known probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import numpy as np

from optimizers.rules.adam import Adam
from optimizers.studies import declared
from optimizers.studies.curves import Floats
from optimizers.studies.networks import outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Preset, Progress, Study, Table
from surfaces.digits import short
from surfaces.network.data import one_hot
from surfaces.network.mlp import MLP
from surfaces.network.network import Network
from surfaces.parameter import parameter

CLASSES = 3
RADIUS = 2.0
"""The distance of the centres of the classes from the origin."""
TEST = 1000
RECORDS = 40
"""How often a training is measured."""
PARTS = ("training labels", "true probabilities")
"""What the predictions are compared with; the arrays of `Found` have them in this order along axis 0."""


class Found(NamedTuple):
    """The result so far, in nats, NaN where it is missing.

    Attributes:
        steps: (records,).
        cross_entropy, divergence: (2, records, seeds), of the targets of the training samples, and of the true
            probabilities at the test samples.
        entropy: (2, seeds), of the same targets.
    """

    steps: np.ndarray
    cross_entropy: Floats
    divergence: Floats
    entropy: Floats


class Entropy(Study):
    r"""A classifier on samples of three overlapping clouds, whose class probabilities are known at every point.

    For targets p and predictions q,

    $$ \underbrace{-\sum_k p_k \ln q_k}_{\text{cross-entropy}} = \underbrace{-\sum_k p_k \ln p_k}_{\text{entropy } H(p)}
       + \underbrace{\sum_k p_k \ln \frac{p_k}{q_k}}_{\text{divergence } D(p \Vert q)}, \qquad D \ge 0. $$

    The entropy does not depend on the network, so minimising the cross-entropy is minimising the divergence. The label
    of a sample is one class with certainty: its entropy is 0, and cross-entropy and divergence are the same. Smoothed
    labels $(1 - s)\, p + s / K$ and probabilities have an entropy above 0, below which the cross-entropy cannot fall.
    """

    name = "Cross-entropy, entropy and divergence"
    label = "Entropy"
    group = "Generalisation"
    rows = ("N17",)
    about = (
        "Cross-entropy and divergence differ by the entropy, a constant, so they fall and rise together. Measured "
        "against the training labels, whose entropy is 0, both fall to the end; against the true probabilities, both "
        "soon rise again."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "smoothed_labels": Preset(
                "Smoothed labels",
                "Smoothed labels",
                "Smoothed labels have an entropy above 0, below which the cross-entropy cannot fall. The divergence "
                "from the true probabilities still rises, but less than half as far as without smoothing.",
                {"labels": "smoothed"},
            ),
            "soft_labels": Preset(
                "Probabilities as labels",
                "Soft labels",
                "With the true probabilities as labels the cross-entropy falls to their entropy and no further, while "
                "the divergence goes to 0, on test samples as well.",
                {"labels": "probabilities"},
            ),
        }
    )
    source = "S. Kullback & R. Leibler (1951), On information and sufficiency; C. Szegedy et al. (2016), section 7"
    seconds = 5.0

    labels: str = parameter(
        "p",
        default="sampled",
        choices={"sampled": "sampled classes", "smoothed": "smoothed labels", "probabilities": "true probabilities"},
        tuned=False,
        doc="The targets of the training samples.",
    )
    smoothing: float = declared.number(
        "s", 0.1, 0.01, 0.9, "Share of each smoothed label that is divided evenly among all classes."
    )
    samples: int = declared.samples(100, high=500)
    spread: float = declared.number("σ", 1.5, 0.5, 3.0, "Standard deviation of each cloud.")
    width: int = declared.whole("n", 64, 1, 128, "Neurons in the hidden layer.", log=True)
    steps: int = declared.steps(1000, high=3000)
    learning_rate: float = declared.learning_rate(3e-3)
    seeds: int = declared.seeds(20)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        r, model = self.seeds, MLP((2, self.width, CLASSES), "tanh")
        rng = np.random.default_rng([seed, 0])
        test = points(rng, TEST, self.spread)[0]
        sets = [self._training_set(np.random.default_rng([seed, 1, k])) for k in range(r)]
        x, p = (np.stack(v) for v in zip(*sets, strict=True))
        targets = p, np.broadcast_to(probabilities(test, self.spread), (r, TEST, CLASSES))
        stride = max(1, self.steps // RECORDS)
        steps = np.array([*range(0, self.steps, stride), self.steps])
        shape = (len(PARTS), len(steps), r)
        entropies = np.stack([entropy(target).mean(axis=-1) for target in targets])
        found = Found(steps, np.full(shape, np.nan), np.full(shape, np.nan), entropies)
        networks = [Network(model, *(v.astype(np.float32) for v in pair)) for pair in zip(x, p, strict=True)]
        starts = starts_of(model, seeds_of(r, rng))
        bundle = train_bundle(networks, Adam(self.learning_rate), starts, self.steps, stride=stride)
        for record, part in enumerate(bundle):
            found = Found(*map(np.copy, found))
            for k, (target, inputs) in enumerate(zip(targets, (x, test), strict=True)):
                log_q = log_softmax(outputs_of(model, part.weights, inputs))
                found.cross_entropy[k, record] = -(target * log_q).sum(axis=-1).mean(axis=-1)
                found.divergence[k, record] = divergence(target, log_q).mean(axis=-1)
            yield Progress(part.step / self.steps, found)

    def _training_set(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Inputs (samples, 2) and targets (samples, classes)."""
        x, labels = points(rng, self.samples, self.spread)
        if self.labels == "probabilities":
            return x, probabilities(x, self.spread)
        p = one_hot(labels, CLASSES).astype(float)
        return x, (1 - self.smoothing) * p + self.smoothing / CLASSES if self.labels == "smoothed" else p

    def table(self, found: Found) -> Table:
        columns = ("targets", "step", "cross-entropy, median (nats)", "entropy (nats)", "divergence, median (nats)")
        rows: list[tuple[float | int | str, ...]] = []
        for part, name in enumerate(PARTS):
            for k in np.flatnonzero(np.isfinite(found.cross_entropy[0]).all(axis=1)):
                values = found.cross_entropy[part, k], found.entropy[part], found.divergence[part, k]
                rows.append((name, int(found.steps[k]), *(float(np.median(v)) for v in values)))
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """The three terms at the last step, and where the divergence from the true probabilities is lowest."""
        trained, true = (
            " = ".join(
                (
                    short(float(np.median(found.cross_entropy[part, -1])), 3),
                    f"{short(float(np.median(found.entropy[part])), 3)} + "
                    f"{short(float(np.median(found.divergence[part, -1])), 3)}",
                )
            )
            for part in range(len(PARTS))
        )
        along = np.median(found.divergence[1], axis=1)
        best = int(np.argmin(along))
        return (
            f"At the end cross-entropy = entropy + divergence is {trained} for the training labels, and {true} for "
            "the true probabilities (medians). The divergence from the true probabilities is lowest after "
            f"{found.steps[best]:,} steps: {short(along[best], 3)}."
        )


def centres() -> Floats:
    """The centres of the clouds, (classes, 2)."""
    angle = 2 * np.pi * np.arange(CLASSES) / CLASSES
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def points(rng: np.random.Generator, count: int, spread: float) -> tuple[Floats, np.ndarray]:
    """Points (count, 2) of equally likely normal distributions, and the class of each."""
    labels = rng.integers(CLASSES, size=count)
    return centres()[labels] + spread * rng.standard_normal((count, 2)), labels


def probabilities(x: Floats, spread: float) -> Floats:
    """The probabilities of the classes at points (N, 2), by Bayes' rule, (N, classes)."""
    squares = np.square(x[:, None] - centres()).sum(axis=-1)
    return np.exp(log_softmax(-squares / (2 * spread**2)))


def log_softmax(z: Floats) -> Floats:
    """The logarithms of the softmax of outputs (…, classes), in float64."""
    shifted = z.astype(float) - z.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def entropy(p: Floats) -> Floats:
    """−Σ p ln p (…) of probabilities (…, classes), with 0 ln 0 = 0."""
    return np.asarray(-(p * _log(p)).sum(axis=-1))


def divergence(p: Floats, log_q: Floats) -> Floats:
    """Σ p ln (p/q) (…) of probabilities p (…, classes) from those with the logarithms log_q."""
    return np.asarray((p * (_log(p) - log_q)).sum(axis=-1))


def _log(p: Floats) -> Floats:
    """ln p, and 0 where p is 0 and the product with p counts."""
    return np.log(np.where(p > 0, p, 1.0))
