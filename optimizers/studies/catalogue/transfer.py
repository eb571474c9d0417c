"""Weights that were trained on some classes of the digits, reused for the other classes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.rules.adam import Adam
from optimizers.studies import declared
from optimizers.studies.comparisons import Comparison, all_compared
from optimizers.studies.intervals import mean_interval
from optimizers.studies.layers import hidden
from optimizers.studies.networks import outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.network import DATASETS, MLP, Network, Samples

Floats = NDArray[np.floating[Any]]
ARMS = ("from scratch", "fine-tuned", "frozen", "random features")
"""The four ways of training, in the order of the axis of the result."""
NAMES = ("training from scratch", "fine-tuning", "the frozen layer", "the random layer")
COUNTS = (1, 2, 5, 10, 20, 50)
"""The numbers of training images of each new class. Each of them divides `MOST`."""
MOST = 100
"""The images are repeated until there are so many of each class, so that all counts share their programs."""
CLASSES = 10


class Found(NamedTuple):
    """The result; what is not computed yet is NaN.

    Attributes:
        counts: (counts,), the numbers of training images of each new class.
        accuracies: (arms, counts, seeds), the shares of test images of the new classes that are recognised.
        features: (moments, n, 64), the incoming weights of the reused layer's neurons for the first seed, before and
            after training on the old classes.
    """

    counts: NDArray[np.int64]
    accuracies: Floats
    features: Floats


class Transfer(Study):
    """A network is trained on some digits. Its hidden layer is then reused in a network for the other digits.

    The second network has a new softmax layer and few images of each class. Its hidden layer is either kept (frozen),
    trained further (fine-tuned), drawn anew and trained (from scratch), or drawn anew and kept (random features). All
    four start with the same softmax layer and use the same images, all of them in every step, with the same learning
    rate and number of steps. Each seed splits the images anew.
    """

    name = "Transfer"
    seconds = 12.0
    group = "Representations"
    about = (
        "On these digits, transfer does not help. With one or two images of each class, fine-tuning loses on average "
        "2 to 10 points of test accuracy against training from scratch, and a frozen layer that learned the digits 0 "
        "to 4 loses 5 to 15 points against a random layer. With ten or more images, both differences are below two "
        "points, and whether ten repetitions can tell them from zero depends on the seed."
    )
    source = "J. Yosinski et al. (2014), How transferable are features in deep neural networks?"

    old: int = declared.whole(
        "K", 5, 2, 8, "The first network learns the digits from 0 to K − 1, the second all others.", title="Old classes"
    )
    width: int = declared.whole("n", 64, 8, 128, "Neurons in the hidden layer.", log=True)
    learning_rate: float = declared.learning_rate()
    steps: int = declared.whole(
        "T", 200, 20, 1000, "Steps on the new classes; the old classes get twice as many.", log=True
    )
    seeds: int = declared.seeds(10, 2, 20)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        seeds = seeds_of(self.seeds, seed)
        data = [DATASETS["digits"]().make(each) for each in seeds]
        old = [selected(each.train, range(self.old)) for each in data]
        new = range(self.old, CLASSES)
        tests = [selected(each.test, new) for each in data]
        least = min(min(int(part.y.sum(axis=0).min()) for part in [selected(d.train, new) for d in data]), MOST)
        counts = np.array([count for count in COUNTS if count <= least])
        found = Found(counts, np.full((len(ARMS), len(counts), self.seeds), np.nan), np.zeros((0, self.width, 64)))
        rule = Adam(self.learning_rate)

        first = MLP((64, self.width, self.old))
        least_old = min(len(part) for part in old)
        networks = [Network(first, part.x[:least_old], part.y[:least_old]) for part in old]
        starts = starts_of(first, seeds)
        total, done = 2 + len(counts) * len(ARMS), 0
        for bundle in train_bundle(
            networks, rule, starts, 2 * self.steps, batch_size=min(64, least_old), seeds=seeds, stride=50
        ):
            yield Progress(bundle.step / self.steps / total, found)
        done += 2
        features = np.stack([np.asarray(first.unravel(w)[0].W).T for w in (starts[0], bundle.weights[0])])
        found = found._replace(features=features)

        second = MLP((64, self.width, len(new)))
        fresh = starts_of(second, seeds)
        reused = np.stack(
            [
                np.asarray(second.ravel([first.unravel(old_w)[0], second.unravel(w)[1]]))
                for old_w, w in zip(bundle.weights, fresh, strict=True)
            ]
        )
        for (column, count), row in itertools.product(enumerate(counts), range(len(ARMS))):
            few = [_few(selected(each.train, new), int(count)) for each in data]
            model, held, begin = second, tests, fresh if row in (0, 3) else reused
            if row >= 2:  # a layer that is kept only prepares the inputs of the next one
                model = MLP((self.width, len(new)))
                few, held = (
                    [_encoded(second, w, part) for w, part in zip(begin, parts, strict=True)] for parts in (few, tests)
                )
                begin = np.stack([np.asarray(model.ravel(second.unravel(w)[1:])) for w in fresh])
            networks = [Network(model, part.x, part.y) for part in few]
            *_, end = train_bundle(networks, rule, begin, self.steps, seeds=seeds, stride=self.steps)
            accuracies = found.accuracies.copy()
            accuracies[row, column] = [
                _accuracy(outputs_of(model, w[None], part.x)[0], part.y)
                for w, part in zip(end.weights, held, strict=True)
            ]
            found, done = found._replace(accuracies=accuracies), done + 1
            yield Progress(done / total, found)

    def finding(self, found: Found) -> str:
        """Fine-tuning against training from scratch, and frozen against random layers, with fewest and most images.

        The comparisons are corrected for their number by Holm's method.
        """
        errors, comparisons = 1 - found.accuracies, []
        for column in sorted({0, len(found.counts) - 1}):
            count = int(found.counts[column])
            where = f"with {count} image{'s' * (count > 1)} of each class"
            comparisons += [
                Comparison(errors[a, column], errors[b, column], (NAMES[a], NAMES[b]), "test error", where)
                for a, b in ((1, 0), (2, 3))
            ]
        return all_compared(comparisons)

    def table(self, found: Found) -> Table:
        columns = ("images of each class", "training", "test accuracy (mean)", "95 % interval from", "to", "seeds")
        rows: list[tuple[float | int | str, ...]] = []
        for (column, count), (row, name) in itertools.product(enumerate(found.counts), enumerate(ARMS)):
            interval = mean_interval(found.accuracies[row, column])
            if np.isfinite(interval.mean):
                rows.append((int(count), name, *map(float, interval), self.seeds))
        return Table(columns, rows)


def _encoded(model: MLP, w: Floats, part: Samples) -> Samples:
    """The samples as the hidden layer of a network represents them."""
    return Samples(hidden(model, w, part.x), part.y)


def selected(part: Samples, classes: Sequence[int]) -> Samples:
    """The samples of some classes alone, whose targets have one column for each of them."""
    rows = part.y[:, list(classes)].any(axis=1)
    return Samples(part.x[rows], part.y[rows][:, list(classes)])


def _few(part: Samples, count: int) -> Samples:
    """The first `count` samples of each class, repeated until there are `MOST` of each."""
    labels = part.y.argmax(axis=1)
    rows = np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(part.y.shape[1])])
    rows = np.tile(rows, MOST // count)
    return Samples(part.x[rows], part.y[rows])


def _accuracy(outputs: Floats, y: Floats) -> float:
    return float((outputs.argmax(axis=1) == y.argmax(axis=1)).mean()) if np.isfinite(outputs).all() else np.nan
