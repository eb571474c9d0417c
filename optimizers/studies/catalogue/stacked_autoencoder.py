"""Networks pretrained layer by layer as autoencoders, then fine-tuned, beside networks trained from scratch."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.rules.adam import Adam
from optimizers.studies import declared
from optimizers.studies.comparisons import Comparison, all_compared
from optimizers.studies.intervals import mean_interval
from optimizers.studies.layers import hidden
from optimizers.studies.networks import Bundle, losses_of, outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.network import DATASETS, MLP, DataSet, Network
from surfaces.network.mlp import Layer

Floats = NDArray[np.floating[Any]]
ARMS = ("stacked", "from scratch")
"""The two ways of training, in the order of the axis of the result."""
NAMES = ("stacking", "training from scratch")
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
"""The learning rates that each classifier tries."""
ACTIVATION = "tanh"
CODE = 2
"""The dimension of the code of the deep autoencoder."""
MOMENTS = 20
"""The number of records after the start."""
BATCH = 32


class Found(NamedTuple):
    """The result; what is not computed yet is NaN.

    Attributes:
        steps: (moments,), the steps of the records, of classifiers and of autoencoders.
        accuracies: (arms, seeds, moments), the share of test images that the classifiers recognise.
        rates: (arms, seeds), the learning rates of the classifiers with the lowest validation loss at the end.
        errors: (arms, seeds, moments), the mean squared error per pixel of deep autoencoders on test images.
        codes: (moments, test images, 2), the codes of the test images in the first stacked autoencoder.
        labels: (test images,), their classes.
    """

    steps: NDArray[np.int64]
    accuracies: Floats
    rates: Floats
    errors: Floats
    codes: Floats
    labels: NDArray[np.int64]


class StackedAutoencoder(Study):
    """Autoencoders trained one on top of the other, as the first layers of a classifier and of a deep autoencoder.

    Each autoencoder of the stack learns, from all training images without their labels, to reconstruct the outputs of
    the layer below. A classifier then has these layers and a new softmax head, and all of it is trained on a few
    labelled images. A deep autoencoder has a code of two numbers in its middle. Each is compared with a network of the
    same shape that is trained from random weights, with the same head, batches and number of steps. The time of
    pretraining is not counted.

    Each seed splits the images anew into training, validation and test images. The hidden layers use tanh.
    """

    name = "Stacked autoencoder"
    label = "Stacking"
    seconds = 12.0
    group = "Representations"
    rows = ("N11",)
    about = (
        "With 100 labelled images, the test accuracies of the stacked classifier and of the classifier trained from "
        "scratch differ by about one percentage point at most. Whether ten trainings can tell them apart depends on "
        "the seed: with seed 0 stacking is better, with seeds 1 and 2 they cannot tell. In the deep autoencoder, "
        "stacking lowers the reconstruction error by 5 to 12 %. Its code of two numbers groups the digits "
        "by class without using any label."
    )
    source = (
        "G. Hinton & R. Salakhutdinov (2006), Reducing the dimensionality of data with neural networks; "
        "Y. Bengio et al. (2007), Greedy layer-wise training of deep networks"
    )

    first: int = declared.whole("n₁", 48, 8, 96, "Neurons in the first hidden layer.", log=True, title="First layer")
    second: int = declared.whole("n₂", 24, 4, 96, "Neurons in the second hidden layer.", log=True, title="Second layer")
    labelled: int = declared.whole(
        "N", 100, BATCH, 1000, "Training images with labels. Pretraining uses all 1,079 training images.", log=True,
        title="Labelled images",
    )  # fmt: skip
    pretraining: int = declared.whole("P", 1000, 100, 3000, "Steps of each autoencoder of the stack.", log=True)
    steps: int = declared.whole("T", 600, 100, 3000, "Steps after pretraining, for both ways of training.", log=True)
    learning_rate: float = declared.number(
        "η", 0.003, 1e-4, 0.03, "Learning rate of Adam for all autoencoders. Classifiers use the best of four.",
        log=True,
    )  # fmt: skip
    seeds: int = declared.seeds(10, 2, 20)

    @property
    def classifier(self) -> MLP:
        return MLP((64, self.first, self.second, 10), ACTIVATION)

    @property
    def deep(self) -> MLP:
        return MLP((64, self.first, self.second, CODE, self.second, self.first, 64), ACTIVATION)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        seeds = seeds_of(self.seeds, seed)
        data = [DATASETS["digits"]().make(each) for each in seeds]
        stride = -(-self.steps // MOMENTS)
        steps = np.unique([*range(0, self.steps, stride), self.steps])
        shape = (len(ARMS), self.seeds, len(steps))
        tests = len(data[0].test)
        found = Found(
            steps,
            np.full(shape, np.nan),
            np.full(shape[:2], np.nan),
            np.full(shape, np.nan),
            np.full((len(steps), tests, CODE), np.nan, np.float32),
            data[0].test.y.argmax(axis=1),
        )
        heads = starts_of(self.classifier, seeds, "xavier_normal")
        whole = starts_of(self.deep, seeds, "xavier_normal")
        found = yield from self._classified(found, 1, data, heads, seeds, stride, (0.0, 0.15))
        stack = yield from self._pretrained(found, data, seeds, (0.15, 0.5))
        starts = _with_layers(self.classifier, heads, stack[:2])
        found = yield from self._classified(found, 0, data, starts, seeds, stride, (0.5, 0.65))
        unrolled = _unrolled(self.deep, stack)
        for arm, starts in enumerate((unrolled, whole)):
            found = yield from self._reconstructed(found, arm, data, starts, seeds, stride)
        yield Progress(1.0, found)

    def _pretrained(
        self, found: Found, data: Sequence[DataSet], seeds: Sequence[int], span: tuple[float, float]
    ) -> Generator[Progress, None, list[list[list[Layer]]]]:
        """Train the stack, between two shares of the work; return the encoders and decoders of each of its levels."""
        signals = [each.train.x for each in data]
        stack: list[list[list[Layer]]] = []
        widths = (64, self.first, self.second, CODE)
        for level, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
            model = MLP((inputs, outputs, inputs), ACTIVATION)
            networks = [Network(model, x, x, objective="mse") for x in signals]
            starts = starts_of(model, seeds, "xavier_normal")
            for bundle in self._trained(networks, starts, self.pretraining, seeds, 200):
                yield Progress(_between(span, (level + bundle.step / self.pretraining) / 3), found)
            stack.append([model.unravel(w) for w in bundle.weights])
            signals = [hidden(model, w, x) for w, x in zip(bundle.weights, signals, strict=True)]
        return stack

    def _trained(
        self, networks: Sequence[Network], starts: Floats, steps: int, seeds: Sequence[int], stride: int
    ) -> Iterator[Bundle]:
        rule = Adam(self.learning_rate)
        return train_bundle(networks, rule, starts, steps, batch_size=BATCH, seeds=seeds, stride=min(stride, steps))

    def _classified(
        self,
        found: Found,
        arm: int,
        data: Sequence[DataSet],
        starts: Floats,
        seeds: Sequence[int],
        stride: int,
        span: tuple[float, float],
    ) -> Generator[Progress, None, Found]:
        """Train the classifiers of an arm, each at all rates; return the result with those of the lowest loss."""
        model, few = self.classifier, slice(self.labelled)
        labelled = [Network(model, each.train.x[few], each.train.y[few]) for each in data]
        networks = [network for network in labelled for _ in RATES]
        rules = [Adam(rate) for _ in data for rate in RATES]
        repeated, orders = np.repeat(starts, len(RATES), axis=0), np.repeat(seeds, len(RATES)).tolist()
        records = []
        for bundle in train_bundle(
            networks, rules, repeated, self.steps, batch_size=BATCH, seeds=orders, stride=stride
        ):
            records.append(bundle.weights.reshape(len(data), len(RATES), -1))
            yield Progress(_between(span, bundle.step / self.steps), found)
        accuracies, rates = found.accuracies.copy(), found.rates.copy()
        for k, each in enumerate(data):
            scores = losses_of("cross_entropy", outputs_of(model, records[-1][k], each.validation.x), each.validation.y)
            best = int(np.argmin(np.where(np.isfinite(scores), scores, np.inf)))
            outputs = outputs_of(model, np.stack(records)[:, k, best], each.test.x)
            accuracies[arm, k] = (outputs.argmax(axis=-1) == each.test.y.argmax(axis=-1)).mean(axis=-1)
            rates[arm, k] = RATES[best]
        return found._replace(accuracies=accuracies, rates=rates)

    def _reconstructed(
        self, found: Found, arm: int, data: Sequence[DataSet], starts: Floats, seeds: Sequence[int], stride: int
    ) -> Generator[Progress, None, Found]:
        """Train the deep autoencoders of an arm."""
        model = self.deep
        networks = [Network(model, each.train.x, each.train.x, objective="mse") for each in data]
        images = np.stack([each.test.x for each in data])
        for k, bundle in enumerate(self._trained(networks, starts, self.steps, seeds, stride)):
            errors, codes = found.errors.copy(), found.codes.copy()
            errors[arm, :, k] = losses_of("mse", outputs_of(model, bundle.weights, images), images)
            if arm == 0:
                codes[k] = hidden(model, bundle.weights[0], data[0].test.x, layer=2)
            found = found._replace(errors=errors, codes=codes)
            yield Progress(0.65 + 0.34 * (arm + bundle.step / self.steps) / len(ARMS), found)
        return found

    def finding(self, found: Found) -> str:
        """The two networks with and without stacking, with Holm's correction."""
        (a, b), (c, d) = 1 - found.accuracies[..., -1], found.errors[..., -1]
        return all_compared(
            [
                Comparison(a, b, NAMES, "test error", "for the classifier"),
                Comparison(c, d, NAMES, "test error", "for the deep autoencoder"),
            ]
        )

    def table(self, found: Found) -> Table:
        columns = ("network", "measure", "training", "mean", "95 % interval from", "to", "seeds")
        rows: list[tuple[float | int | str, ...]] = []
        measures = (("classifier", "test accuracy", found.accuracies), ("autoencoder", "test error", found.errors))
        for (network, measure, values), (arm, name) in itertools.product(measures, enumerate(ARMS)):
            interval = mean_interval(values[arm, :, -1])
            if np.isfinite(interval.mean):
                rows.append((network, measure, name, *map(float, interval), self.seeds))
        return Table(columns, rows)


def _between(span: tuple[float, float], share: float) -> float:
    return span[0] + (span[1] - span[0]) * share


def _with_layers(model: MLP, starts: Floats, stack: Sequence[Sequence[Sequence[Layer]]]) -> Floats:
    """The weights of networks whose first layers are the encoders of a stack."""
    return np.stack(
        [
            np.asarray(model.ravel([*(level[k][0] for level in stack), *model.unravel(w)[len(stack) :]]))
            for k, w in enumerate(starts)
        ]
    )


def _unrolled(model: MLP, stack: Sequence[Sequence[Sequence[Layer]]]) -> Floats:
    """The weights of deep autoencoders: all encoders, then all decoders in the opposite order."""
    ravel = model.ravel
    return np.stack(
        [
            np.asarray(ravel([*(level[k][0] for level in stack), *(level[k][1] for level in reversed(stack))]))
            for k in range(len(stack[0]))
        ]
    )
