"""Networks that reproduce their input through a narrow layer, trained by several optimizers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.optimizer import Optimizer
from optimizers.rules.adam import Adam
from optimizers.rules.momentum import Momentum
from optimizers.rules.rmsprop import RMSprop
from optimizers.rules.sgd import SGD
from optimizers.studies import declared
from optimizers.studies.comparisons import Comparison, all_compared
from optimizers.studies.intervals import mean_interval
from optimizers.studies.networks import Bundle, losses_of, outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Preset, Progress, Study, Table
from surfaces.network import DATASETS, MLP, Network
from surfaces.parameter import parameter

Floats = NDArray[np.floating[Any]]
OPTIMIZERS: tuple[type[Any], ...] = (SGD, Momentum, RMSprop, Adam)
"""The optimizers, in the order of the axis of the result."""
RATES = tuple(float(rate) for rate in np.logspace(-4, 2, 13))
"""The learning rates that each optimizer tries."""
MOMENTS = 25
"""The number of records after the start."""
IMAGES = 9
"""The number of test images that are shown."""
COPIES = 8
"""The number of corrupted versions of each training image."""
BATCH = 64
TUNING = 0.6
"""About the share of the time that the search for the learning rate takes."""


class Examples(NamedTuple):
    """Inputs (samples, 64) that are corrupted or not, and the images (samples, 64) that the network should return."""

    x: Floats
    y: Floats


class Found(NamedTuple):
    """The result; rows of optimizers that are not trained yet are NaN, or 0 in images.

    Attributes:
        steps: (moments,), the steps of the records.
        rates: (optimizers,), the learning rate with the lowest validation error.
        scores: (optimizers, rates), the validation errors at the end; infinite for a training that diverged.
        train, test: (optimizers, seeds, moments), the mean squared error per pixel at the best rate, over the training
            and the test images.
        images: (optimizers, moments, IMAGES, 64) uint8, the outputs of the first seed for test images; what lies
            outside the range from 0 to 1 has the shade of the end.
        originals, inputs: (IMAGES, 64) uint8, these test images, and what the network receives.
        reference: the error on training images that the outputs are compared with: that of principal components, or
            that of the corrupted inputs themselves.
        test_reference: the same on test images.
    """

    steps: NDArray[np.int64]
    rates: Floats
    scores: Floats
    train: Floats
    test: Floats
    images: NDArray[np.uint8]
    originals: NDArray[np.uint8]
    inputs: NDArray[np.uint8]
    reference: float
    test_reference: float


class Autoencoder(Study):
    r"""A network 64-c-64 on the digits, whose target is its input: $\tfrac1{64} \lVert \hat y(\tilde x) - x \rVert^2$.

    A plain autoencoder receives the image itself, x̃ = x. A denoising autoencoder receives a corrupted version and is
    trained to return the clean image. Each training image has eight fixed corrupted versions. Every optimizer tries the
    same learning rates from the same weights with the same batches of 64 images, and is then trained from other weights
    with other batches, those of each seed, at the rate with the lowest validation error.

    With one hidden layer and linear outputs, no autoencoder has a lower training error than c principal components,
    because its outputs lie in an affine space of c dimensions (Bourlard & Kamp 1988).
    """

    name = "Autoencoder"
    seconds = 8.0
    group = "Representations"
    rows = ("N11",)
    about = (
        "The network reconstructs the digits from a code of 16 numbers. At the best of 13 learning rates, Adam gets "
        "within 5 % of the error of 16 principal components, which no network of this kind can beat; momentum stays 5 "
        "to 20 % above it, SGD and RMSprop 15 to 30 %."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "denoising": Preset(
                "Denoising autoencoder",
                "Denoising",
                "The inputs are images with noise, and the targets are the clean images. All four optimizers remove "
                "75 to 85 % of the squared error.",
                {"corruption": "noise"},
            )
        }
    )
    source = (
        "P. Baldi & K. Hornik (1989), Neural networks and principal component analysis; H. Bourlard & Y. Kamp (1988); "
        "P. Vincent et al. (2008), Extracting and composing robust features with denoising autoencoders"
    )

    code: int = declared.whole("c", 16, 2, 48, "Hidden neurons: the size of the code.", log=True)
    activation: str = parameter(
        "φ",
        default="tanh",
        choices={"identity": "identity", "tanh": "tanh", "sigmoid": "sigmoid", "relu": "ReLU"},
        tuned=False,
        doc="Activation function of the hidden layer.",
    )
    corruption: str = parameter(
        "q",
        default="none",
        choices={"none": "none", "noise": "Gaussian noise", "masked": "erased pixels"},
        tuned=False,
        doc="How the inputs are corrupted.",
    )
    level: float = declared.number(
        "σ", 0.4, 0.0, 0.9, "Standard deviation of the noise, or share of erased pixels; no effect without corruption."
    )
    steps: int = declared.steps(1000)
    seeds: int = declared.seeds(8, 1, 20)

    @property
    def model(self) -> MLP:
        return MLP((64, self.code, 64), self.activation)

    def examples(self, seed: int = 0) -> tuple[Examples, Examples, Examples]:
        """The training, validation and test examples; corrupted training images come in several versions."""
        data = DATASETS["digits"]().make(seed)
        rng = np.random.default_rng([seed, 2])
        copies = 1 if self.corruption == "none" else COPIES
        return (
            self._corrupted(np.tile(data.train.x, (copies, 1)), rng),
            self._corrupted(data.validation.x, rng),
            self._corrupted(data.test.x, rng),
        )

    def _corrupted(self, images: Floats, rng: np.random.Generator) -> Examples:
        if self.corruption == "noise":
            return Examples((images + self.level * rng.standard_normal(images.shape)).astype(np.float32), images)
        if self.corruption == "masked":
            return Examples(np.where(rng.random(images.shape) < self.level, 0, images).astype(np.float32), images)
        return Examples(images, images)

    def reference(self, train: Examples, test: Examples) -> tuple[float, float]:
        """The errors of c principal components of the training images, or those of corrupted inputs."""
        if self.corruption != "none":
            return _error(train.x, train.y), _error(test.x, test.y)
        mean = train.y.mean(axis=0)
        axes = np.linalg.svd(train.y - mean, full_matrices=False)[2][: self.code]
        errors = [_error(mean + (part.y - mean) @ axes.T @ axes, part.y) for part in (train, test)]
        return errors[0], errors[1]

    def run(self, seed: int = 0) -> Iterator[Progress]:
        train, validation, test = self.examples(seed)
        once = Examples(*(part[: len(part) // (1 if self.corruption == "none" else COPIES)] for part in train))
        network = Network(self.model, train.x, train.y, objective="mse")
        tuning, *others = seeds_of(1 + self.seeds, seed)
        stride = -(-self.steps // MOMENTS)
        steps = np.unique([*range(0, self.steps, stride), self.steps])
        shape = (len(OPTIMIZERS), self.seeds, len(steps))
        found = Found(
            steps,
            np.full(shape[0], np.nan),
            np.full((shape[0], len(RATES)), np.nan),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            np.zeros((shape[0], len(steps), IMAGES, 64), np.uint8),
            shades(test.y[:IMAGES]),
            shades(test.x[:IMAGES]),
            *self.reference(once, test),
        )
        for k, optimizer in enumerate(OPTIMIZERS):
            rules = [optimizer(rate) for rate in RATES]
            for bundle in self._trained(network, rules, [tuning] * len(rules), stride):
                if bundle.step < self.steps:
                    yield Progress((k + TUNING * bundle.step / self.steps) / len(OPTIMIZERS), found)
            scores = losses_of("mse", outputs_of(self.model, bundle.weights, validation.x), validation.y)
            scores = np.where(np.isfinite(scores), scores, np.inf)
            rate, records = RATES[int(np.argmin(scores))], []
            for bundle in self._trained(network, [optimizer(rate)] * self.seeds, others, stride):
                records.append(bundle.weights)
                if bundle.step < self.steps:
                    share = TUNING + (1 - TUNING) * bundle.step / self.steps
                    yield Progress((k + share) / len(OPTIMIZERS), found)
            found = self._with_rule(found, k, scores, rate, np.stack(records, axis=1), once, test)
            yield Progress((k + 1) / len(OPTIMIZERS), found)

    def _trained(
        self, network: Network, rules: Sequence[Optimizer], seeds: Sequence[int], stride: int
    ) -> Iterator[Bundle]:
        starts = starts_of(self.model, seeds, "xavier_normal")
        return train_bundle(network, rules, starts, self.steps, batch_size=BATCH, seeds=seeds, stride=stride)

    def _with_rule(
        self, found: Found, k: int, scores: Floats, rate: float, weights: Floats, train: Examples, test: Examples
    ) -> Found:
        """The result with the trainings of optimizer `k`, whose weights are (seeds, moments, n)."""
        rates, all_scores, losses = found.rates.copy(), found.scores.copy(), found.train.copy()
        test_losses, images = found.test.copy(), found.images.copy()
        rates[k], all_scores[k] = rate, scores
        for seed, each in enumerate(weights):
            outputs = outputs_of(self.model, each, test.x)
            losses[k, seed] = losses_of("mse", outputs_of(self.model, each, train.x), train.y)
            test_losses[k, seed] = losses_of("mse", outputs, test.y)
            if not seed:
                images[k] = shades(outputs[:, :IMAGES])
        return found._replace(rates=rates, scores=all_scores, train=losses, test=test_losses, images=images)

    def finding(self, found: Found) -> str:
        """The optimizers from the lowest training error on, each compared with the next, with Holm's correction."""
        ends = found.train[..., -1]
        order = np.argsort(np.where(np.isfinite(ends), ends, np.inf).mean(axis=1))
        return all_compared(
            [
                Comparison(ends[a], ends[b], (OPTIMIZERS[a].name, OPTIMIZERS[b].name), "training error")
                for a, b in itertools.pairwise(order)
            ]
        )

    def table(self, found: Found) -> Table:
        columns = (
            "optimizer",
            "learning rate",
            "training error (mean)",
            "95 % interval from",
            "to",
            "test error (mean)",
            "training error over reference",
            "seeds",
        )
        rows: list[tuple[float | int | str, ...]] = [
            ("principal components" if self.corruption == "none" else "corrupted inputs", "",
             found.reference, "", "", found.test_reference, 1.0, "")
        ]  # fmt: skip
        for k, optimizer in enumerate(OPTIMIZERS):
            if np.isfinite(found.rates[k]):
                train, test = mean_interval(found.train[k, :, -1]), mean_interval(found.test[k, :, -1])
                numbers = (*map(float, train), float(test.mean), float(train.mean) / found.reference)
                rows.append((optimizer.name, float(found.rates[k]), *numbers, self.seeds))
        return Table(columns, rows)


def shades(images: Floats) -> NDArray[np.uint8]:
    """Images (…, 64) with pixels from 0 to 1 as shades from 0 to 255; what lies outside has the shade of the end."""
    return np.rint(255 * np.clip(np.nan_to_num(images), 0, 1)).astype(np.uint8)


def _error(outputs: Floats, targets: Floats) -> float:
    return float(((outputs.astype(float) - targets) ** 2).mean())
