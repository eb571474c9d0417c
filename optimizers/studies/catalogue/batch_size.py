"""Small against large batches: sharpness, generalisation, and the loss on the line between the two solutions."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.rules.adam import Adam
from optimizers.rules.sgd import SGD
from optimizers.studies import declared
from optimizers.studies.comparisons import Comparison, all_compared
from optimizers.studies.intervals import mean_interval
from optimizers.studies.networks import losses_of, outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Preset, Progress, Study, Table
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, MLP, Network, Samples
from surfaces.network.data import one_hot

Floats = NDArray[np.floating[Any]]
OPTIMIZERS: tuple[type[Any], ...] = (SGD, Adam)
"""The optimizers, in the order of the axis of the result."""
SIZES = ("small batches", "large batches")
TRAINING = 500
"""The number of training images."""
STRIDES = (20, 5)
"""The number of steps between two computations of the training loss, with small and with large batches."""
LINE = np.linspace(-0.5, 1.5, 41)
"""The places on the line: 0 is the solution of small batches, 1 that of large ones."""


class Found(NamedTuple):
    """The result; NaN where it is not computed yet, or where a training has not reached the loss.

    Attributes:
        steps: (optimizers, sizes, seeds), the number of steps to the loss.
        losses: (optimizers, sizes, seeds), the training loss there, which is at most the chosen loss.
        sharpness: (optimizers, sizes, seeds), the largest eigenvalue of the Hessian of the training loss.
        train, test: (optimizers, sizes, seeds), the shares of training images, with their noisy labels, and of test
            images that are classified correctly.
        test_losses: (optimizers, sizes, seeds).
        line, test_line: (optimizers, seeds, places), the training and the test loss at `LINE`.
    """

    steps: Floats
    losses: Floats
    sharpness: Floats
    train: Floats
    test: Floats
    test_losses: Floats
    line: Floats
    test_line: Floats


class BatchSize(Study):
    r"""Networks trained with small and with large batches until both have the same training loss.

    $$ L\bigl((1 - \alpha)\, w_\text{small} + \alpha\, w_\text{large}\bigr) $$

    For each seed both networks have the same images, initial weights and learning rate, and each stops as soon as the
    loss over all training images, computed every 20 steps with small and every 5 steps with large batches, is at most
    the chosen loss. Networks that stop at different losses cannot be compared: the sharpness of cross-entropy falls
    with the loss. Sharpness depends on how weights are scaled (Dinh et al. 2017), so it is shown beside the test
    accuracy, and not as its cause.
    """

    name = "Small and large batches"
    label = "Batch size"
    seconds = 12.0
    group = "Generalisation"
    rows = ("P12",)
    about = (
        "At the same training loss, the solutions of large batches are about five times as sharp as those of small "
        "batches with SGD, and about twice as sharp with Adam. Their test accuracy is lower by about 2 to 3 "
        "percentage points with SGD, and by 1 to 2 with Adam. Here a tenth of the training labels is wrong."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "right_labels": Preset(
                "Batch sizes with right labels",
                "Right labels",
                "If all training labels are right, the solutions of large batches are about twice as sharp as those of "
                "small batches with SGD, and about 1.2 times as sharp with Adam. Yet the mean test accuracies differ "
                "by less than one percentage point, and ten seeds do not show that large batches are worse.",
                {"label_noise": 0.0},
            )
        }
    )
    source = "N. S. Keskar et al. (2017), On large-batch training: generalization gap and sharp minima"

    small: int = declared.whole("B₁", 8, 2, 64, "Images in a small batch.", log=True, title="Small batch")
    large: int = declared.whole(
        "B₂", 500, 100, TRAINING, "Images in a large batch; 500 are all training images.", log=True, title="Large batch"
    )
    label_noise: float = declared.number("p", 0.1, 0.0, 0.4, "Share of training images with a wrong label.")
    loss: float = declared.number(
        "L", 0.1, 0.01, 0.5, "The training loss at which the networks are compared.", log=True, title="Training loss"
    )
    learning_rate: float = declared.number(
        "η", 0.3, 0.01, 1.0, "Learning rate of SGD, for batches of both sizes.", log=True, title="Learning rate of SGD"
    )
    adam_rate: float = declared.number(
        "η′", 0.003, 1e-4, 0.03, "Learning rate of Adam, for batches of both sizes.", log=True,
        title="Learning rate of Adam",
    )  # fmt: skip
    most: int = declared.whole(
        "T", 8000, 1000, 20_000, "Most steps; a training that has not reached the loss by then is stopped.", log=True,
        title="Most steps",
    )  # fmt: skip
    seeds: int = declared.seeds(10, 2, 20)

    @property
    def model(self) -> MLP:
        return MLP((64, 64, 10))

    def samples(self, seed: int) -> tuple[Samples, Samples]:
        """The training images with their noisy labels, and the test images, whose labels are right."""
        data = DATASETS["digits"]().make(seed)
        rng = np.random.default_rng([seed, 3])
        labels = data.train.y[:TRAINING].argmax(axis=1)
        wrong = rng.permutation(TRAINING)[: round(self.label_noise * TRAINING)]
        labels[wrong] = (labels[wrong] + rng.integers(1, 10, len(wrong))) % 10
        return Samples(data.train.x[:TRAINING], one_hot(labels, 10)), data.test

    def run(self, seed: int = 0) -> Iterator[Progress]:
        seeds = seeds_of(self.seeds, seed)
        data = [self.samples(each) for each in seeds]
        networks = [Network(self.model, train.x, train.y) for train, _ in data]
        shape = (len(OPTIMIZERS), len(SIZES), self.seeds)
        lines = (len(OPTIMIZERS), self.seeds, len(LINE))
        found = Found(*(np.full(shape, np.nan) for _ in range(6)), *(np.full(lines, np.nan) for _ in range(2)))
        weights = np.full((*shape, self.model.size), np.nan, np.float32)
        parts = list(itertools.product(range(len(OPTIMIZERS)), range(len(SIZES))))
        for done, (rule, size) in enumerate(parts):
            begun = Progress(done / len(parts), found)
            steps, reached = yield from self._trained(rule, size, networks, seeds, begun, 0.9 / len(parts))
            weights[rule, size] = reached
            found = self._measured(found, rule, size, steps, reached, networks, data)
            if size == 1:
                found = self._between(found, rule, weights[rule], data)
            yield Progress((done + 1) / len(parts), found)

    def _trained(
        self, rule: int, size: int, networks: list[Network], seeds: list[int], begun: Progress, share: float
    ) -> Generator[Progress, None, tuple[Floats, Floats]]:
        """Train until all networks have the loss; return the step and the weights of each, NaN without it."""
        optimizer = OPTIMIZERS[rule]((self.learning_rate, self.adam_rate)[rule])
        steps = np.full(len(seeds), np.nan)
        weights = np.full((len(seeds), self.model.size), np.nan, np.float32)
        x, y = (np.stack([getattr(network, name) for network in networks]) for name in ("x", "y"))
        starts = starts_of(self.model, seeds)
        batch = (self.small, self.large)[size]
        for bundle in train_bundle(
            networks, optimizer, starts, self.most, batch_size=batch, seeds=seeds, stride=STRIDES[size]
        ):
            losses = losses_of("cross_entropy", outputs_of(self.model, bundle.weights, x), y)
            first = np.isnan(steps) & (losses <= self.loss)
            steps[first], weights[first] = bundle.step, bundle.weights[first]
            if (np.isfinite(steps) | (bundle.diverged >= 0)).all():
                break
            yield begun._replace(share=begun.share + share * bundle.step / self.most)
        return steps, weights

    def _measured(
        self,
        found: Found,
        rule: int,
        size: int,
        steps: Floats,
        weights: Floats,
        networks: list[Network],
        data: list[tuple[Samples, Samples]],
    ) -> Found:
        arrays = [np.copy(part) for part in found[:6]]
        arrays[0][rule, size] = steps
        for k in np.flatnonzero(np.isfinite(steps)):
            (loss, share), (test_loss, test_share) = (self._scores(weights[k], part) for part in data[k])
            sharpness = float(top_eigenvalues(networks[k], weights[k])[0])
            for array, value in zip(arrays[1:], (loss, sharpness, share, test_share, test_loss), strict=True):
                array[rule, size, k] = value
        return found._replace(**dict(zip(Found._fields[:6], arrays, strict=True)))

    def _scores(self, w: Floats, part: Samples) -> tuple[float, float]:
        """Loss and accuracy of a network."""
        outputs = outputs_of(self.model, w[None], part.x)[0]
        share = (outputs.argmax(axis=1) == part.y.argmax(axis=1)).mean()
        return float(losses_of("cross_entropy", outputs, part.y)), float(share)

    def _between(self, found: Found, rule: int, ends: Floats, data: list[tuple[Samples, Samples]]) -> Found:
        """The result with the losses on the lines between the solutions of an optimizer, (sizes, seeds, n)."""
        line, test_line = found.line.copy(), found.test_line.copy()
        for k, parts in enumerate(data):
            weights = (1 - LINE)[:, None] * ends[0, k] + LINE[:, None] * ends[1, k]
            for target, part in zip((line, test_line), parts, strict=True):
                outputs = outputs_of(self.model, weights.astype(np.float32), part.x)
                target[rule, k] = losses_of("cross_entropy", outputs, part.y)
        return found._replace(line=line, test_line=test_line)

    def finding(self, found: Found) -> str:
        """Sharpness and test error of small and large batches for each optimizer, with Holm's correction."""
        comparisons = []
        for rule, optimizer in enumerate(OPTIMIZERS):
            for values, word in ((found.sharpness, "sharpness"), (1 - found.test, "test error")):
                where = f"with {optimizer.name}"
                comparisons.append(Comparison(values[rule, 1], values[rule, 0], (SIZES[1], SIZES[0]), word, where))
        return all_compared(comparisons)

    def table(self, found: Found) -> Table:
        columns = (
            "optimizer",
            "batch",
            "steps (mean)",
            "training loss (mean)",
            "sharpness (mean)",
            "training accuracy (mean)",
            "test accuracy (mean)",
            "95 % interval from",
            "to",
            "test loss (mean)",
            "seeds",
        )
        rows: list[tuple[float | int | str, ...]] = []
        for (rule, optimizer), size in itertools.product(enumerate(OPTIMIZERS), range(len(SIZES))):
            reached = int(np.isfinite(found.losses[rule, size]).sum())
            if not reached:
                continue
            means = [float(mean_interval(part[rule, size]).mean) for part in found[:6]]
            interval = mean_interval(found.test[rule, size])
            rows.append(
                (
                    optimizer.name,
                    (self.small, self.large)[size],
                    *means[:4],
                    *map(float, interval),
                    means[5],
                    reached,
                )
            )
        return Table(columns, rows)
