"""Regularizers on handwritten digits, each compared with training without a regularizer, over paired seeds."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers.averaged import Averaged
from optimizers.optimizer import Optimizer
from optimizers.rules.adamw import AdamW
from optimizers.studies import declared
from optimizers.studies.networks import Bundle, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Preset, Progress, Study, Table
from optimizers.verdicts import Verdict, holm_levels, signed_rank, verdict
from surfaces.compiled import compiled
from surfaces.network.data import DataSet, Samples, one_hot
from surfaces.network.datasets.digits import Digits
from surfaces.network.losses import LOSSES
from surfaces.network.mlp import MLP
from surfaces.network.network import Network, accuracy
from surfaces.network.regularizer import Regularizer
from surfaces.network.regularizers.dropconnect import DropConnect
from surfaces.network.regularizers.dropout import Dropout
from surfaces.network.regularizers.input_noise import InputNoise
from surfaces.network.regularizers.l1 import L1
from surfaces.network.regularizers.label_smoothing import LabelSmoothing
from surfaces.network.regularizers.mixup import Mixup
from surfaces.network.regularizers.rotation import Rotation
from surfaces.network.regularizers.shift import Shift
from surfaces.network.regularizers.weight_noise import WeightNoise
from surfaces.parameter import parameter

Floats = NDArray[np.float64]
BATCH = 32
RECORDS = 30
"""The number of times that networks are measured after the start."""
FEWEST = 6
"""The fewest pairs that can tell two methods apart: with five, the smallest p-value is 2/32 = 0.063."""
CLASSES = 10
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "none": "none",
        "early_stopping": "early stopping",
        "input_noise": "input noise",
        "dropout": "dropout",
        "decay": "decoupled decay",
        "l2": "L2",
        "average": "average of weights",
        "label_smoothing": "label smoothing",
        "mixup": "mixup",
        "batch_norm": "batch norm",
        "l1": "L1",
        "dropconnect": "DropConnect",
        "weight_noise": "noise on weights",
        "shift": "shifted images",
        "rotation": "rotated images",
    }
)
"""The names of the methods that are compared, by their keys."""
STOPPED = 1
"""The row of early stopping in a result; that of "none" is 0."""
MORE = ("l1", "dropconnect", "weight_noise", "shift", "rotation")
SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "first": tuple(key for key in METHODS if key not in MORE),
        "second": ("none", "early_stopping", *MORE),
    }
)
"""The methods that are compared in one study; more curves in one picture would be hard to tell apart."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing. Early stopping has the values of "none", which it cuts short.

    Attributes:
        steps: (records,), the steps after which networks were measured.
        training, validation: (methods, seeds, records), the mean losses on training and on validation samples, without
            penalties, random parts and label smoothing.
        test: (methods, seeds, records), the share of test samples that are classified correctly.
    """

    steps: NDArray[np.int64]
    training: Floats
    validation: Floats
    test: Floats


class Ends(NamedTuple):
    """The measures of each method at the end of training, or where early stopping ends it, (methods, seeds) each.

    Attributes:
        accuracy: on test samples.
        gap: the validation loss minus the training loss.
        step: at which training ended.
    """

    accuracy: Floats
    gap: Floats
    step: Floats


class Regularizers(Study):
    """Networks with one hidden layer learn a few digits, some with wrong labels, with one regularizer at a time.

    Each seed has its own training and validation samples, wrong labels, initial weights and batches, which all methods
    share. A wrong label is drawn from the nine other classes. Validation labels are as often wrong as training labels;
    test labels are right. Early stopping takes the weights with the lowest validation loss from the run without a
    regularizer. All other methods take the weights of the last step.

    The effects depend on the inputs: pixels that are nearly constant in 200 images become large when they are
    standardised. With grey levels, label smoothing, mixup and rotated images help as well, as their authors report.
    """

    name = "Regularizers"
    group = "Generalisation"
    rows = ("N8", "N9")
    about = (
        "Input noise raises the test accuracy by about 8 points. Dropout, decoupled decay and L2 raise it by 3 to 5 "
        "points, early stopping by 2 to 4, and the average of weights by less than one. Label smoothing and batch norm "
        "lower it by 1.5 to 3 points. Mixup changes it by less than one point, too little to tell with 20 seeds."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "further_regularizers": Preset(
                "Further regularizers",
                "Further regularizers",
                "DropConnect raises the test accuracy by about 9 points, shifted images by 4 to 6, early stopping by 2 "
                "to 4, and L1 and noise on weights by 1 to 2.5. Rotated images lower it by about half a point to one "
                "point, which 20 seeds cannot always tell from zero.",
                {"compared": "second"},
            )
        }
    )
    source = "I. Goodfellow, Y. Bengio & A. Courville (2016), Deep learning, chapter 7"

    seconds = 25.0

    compared: str = parameter(
        "M",
        default="first",
        choices={
            "first": "dropout, L2, mixup and six others",
            "second": "L1, DropConnect, noise on weights, moved images",
        },
        tuned=False,
        title="Methods",
        doc="The methods that are compared with training without a regularizer; early stopping is always one of them.",
    )
    samples: int = declared.whole("N", 200, 50, 500, "Number of training samples, and of validation samples.")
    inputs: str = parameter(
        "x",
        default="standardised",
        choices={"standardised": "standardised", "grey": "grey levels from 0 to 1"},
        tuned=False,
        doc="The inputs: each pixel with mean 0 and deviation 1 over the training samples, or grey levels.",
    )
    wrong: float = declared.number("ν", 0.2, 0.0, 0.5, "Share of wrong training and validation labels.")
    width: int = declared.whole("n", 64, 8, 128, "Neurons in the hidden layer.", log=True)
    steps: int = declared.steps(1500, 3000)
    learning_rate: float = declared.learning_rate(1e-3)
    seeds: int = declared.seeds(20)
    input_noise: float = declared.number("σ", 1.0, 0.0, 2.0, "Standard deviation of the noise on the inputs.")
    dropout: float = declared.number("p", 0.5, 0.0, 0.9, "Probability with which dropout sets an output to zero.")
    decay: float = declared.number("λ", 1.0, 0.0, 3.0, "Decoupled weight decay of AdamW.", title="Decoupled decay")
    l2: float = declared.number("λ", 0.01, 0.0, 0.1, "L2 penalty in the loss: λ/2 ‖w‖².", title="L2 penalty")
    average: float = declared.number("γ", 0.998, 0.0, 0.999, "Decay of the moving average of the weights.")
    label_smoothing: float = declared.number(
        "ε", 0.1, 0.0, 0.5, "Share of each target that is distributed evenly over all classes."
    )
    mixup: float = declared.number("α", 1.0, 0.0, 2.0, "Parameter of the distribution Beta(α, α) of mixup.")
    l1: float = declared.number("λ₁", 1e-3, 0.0, 0.01, "L1 penalty in the loss: λ₁ Σ |wᵢ|.", title="L1 penalty")
    dropconnect: float = declared.number(
        "q", 0.5, 0.0, 0.9, "Probability with which DropConnect sets a weight to zero.", title="DropConnect"
    )
    weight_noise: float = declared.number("σ_w", 0.1, 0.0, 0.5, "Standard deviation of the noise on the weights.")
    shift: float = declared.number("s", 1.0, 0.0, 3.0, "The largest shift of an image in pixels.")
    rotation: float = declared.number("a", 15.0, 0.0, 45.0, "The largest rotation of an image in degrees.")

    @property
    def methods(self) -> dict[str, str]:
        """The names of the methods of this study, by their keys: the rows of its result."""
        return {key: METHODS[key] for key in SETS[self.compared]}

    @property
    def trained(self) -> dict[int, str]:
        """The keys of the methods that train networks, by their rows: all but early stopping."""
        return {row: key for row, key in enumerate(self.methods) if row != STOPPED}

    def _only(self, name: str, key: str) -> float:
        """A parameter of one method, which is 0 in all other methods.

        Methods that differ in numbers alone share a program: Adam is AdamW without decay, the last weights are an
        average with γ = 0, and plain labels are smoothed with ε = 0.
        """
        return float(getattr(self, name)) if key == name else 0.0

    def rule(self, key: str) -> Optimizer:
        """The rule of a method."""
        rule = AdamW(self.learning_rate, weight_decay=self._only("decay", key))
        return Averaged(rule, self._only("average", key))

    def network(self, key: str, data: DataSet) -> Network:
        """The network of a method for some data."""
        model = MLP((data.inputs, self.width, CLASSES), "relu", "batch" if key == "batch_norm" else "none")
        parts = self.regularizers(key, data)
        return Network(model, data.train.x, data.train.y, decay=self._only("l2", key), regularizers=parts)

    def regularizers(self, key: str, data: DataSet) -> tuple[Regularizer, ...]:
        """The regularizers of a method for some data."""
        scales: Any = {"mean": data.mean, "deviation": data.deviation}  # images are moved before standardisation
        parts: dict[str, Regularizer] = {
            "input_noise": InputNoise(self.input_noise),
            "dropout": Dropout(self.dropout),
            "mixup": Mixup(self.mixup),
            "l1": L1(self.l1),
            "dropconnect": DropConnect(self.dropconnect),
            "weight_noise": WeightNoise(self.weight_noise),
            "shift": Shift(pixels=self.shift, **scales),
            "rotation": Rotation(degrees=self.rotation, **scales),
        }
        smoothing = LabelSmoothing(self._only("label_smoothing", key))
        return (smoothing, parts[key]) if key in parts else (smoothing,)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        seeds = seeds_of(self.seeds, seed)
        data = [drawn(self.samples, self.wrong, k, self.inputs) for k in seeds]
        stride = -(-self.steps // RECORDS)
        steps = np.unique([*range(0, self.steps, stride), self.steps])
        shape = (len(self.methods), self.seeds, len(steps))
        found = Found(steps, *(np.full(shape, np.nan) for _ in range(3)))
        options: dict[str, Any] = {"batch_size": min(BATCH, self.samples), "seeds": seeds, "stride": stride}

        def begun(key: str) -> tuple[Network, Iterator[Bundle]]:
            """The training of a method, whose first stride is done and whose program is compiled."""
            networks = [self.network(key, one) for one in data]
            model = networks[0].model
            bundles = train_bundle(networks, self.rule(key), starts_of(model, seeds), self.steps, **options)
            first = list(itertools.islice(bundles, 2))
            # measures need no regularizers, so methods with the same model share the program that computes them
            return Network(model, data[0].train.x, data[0].train.y), itertools.chain(first, bundles)

        trained = list(self.trained.items())
        with ThreadPoolExecutor(1) as pool:  # one method is compiled while the method before is trained
            ahead = pool.submit(begun, trained[0][1])
            for done, (row, key) in enumerate(trained):
                network, bundles = ahead.result()
                if done + 1 < len(trained):
                    ahead = pool.submit(begun, trained[done + 1][1])
                for k, bundle in enumerate(bundles):
                    found = Found(steps, *map(np.copy, found[1:]))
                    for values, measured in zip(found[1:], _measures(network, bundle.weights, data), strict=True):
                        values[row, :, k] = measured
                        if key == "none":
                            values[STOPPED] = values[row]
                    yield Progress((done + bundle.step / self.steps) / len(trained), found)

    def table(self, found: Found) -> Table:
        columns = (
            "regularizer",
            "test accuracy (%)",
            "difference from none (points)",
            "interval from",
            "to",
            "against none",
            "gap of the losses",
            "difference of the gaps",
            "seeds",
        )
        end, verdicts = ends(found), self.verdicts(found)
        rows = []
        for k, (key, name) in enumerate(self.methods.items()):
            if not np.isfinite(end.accuracy[k]).all():
                continue
            gap = float(end.gap[k].mean())
            row: list[float | int | str] = [name, round(100 * float(end.accuracy[k].mean()), 2)]
            if (judged := verdicts.get(key)) is not None:
                low, high = judged.interval
                row += [round(100 * value, 2) for value in (judged.effect, low, high)]
                row += [word(judged)]
            else:
                row += ["", "", "", ""]
            rows.append([*row, round(gap, 3), round(gap - float(end.gap[0].mean()), 3), self.seeds])
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """What the verdicts say, as soon as all methods are complete."""
        said = {METHODS[key]: word(judged) for key, judged in self.verdicts(found).items()}
        if len(said) < len(self.methods) - 1:
            return ""
        groups = {kind: [name for name, words in said.items() if words == kind] for kind in ("better", "worse")}
        parts = [f"{kind} than no regularizer: {', '.join(names)}" for kind, names in groups.items() if names]
        sentence = "; ".join(parts)
        if not parts:
            return f"{self.seeds} seeds cannot tell any method from no regularizer."
        return f"{sentence[:1].upper()}{sentence[1:]}."

    def verdicts(self, found: Found) -> dict[str, Verdict]:
        """The verdict on the test accuracy of each method that is complete against that of none, by its key.

        The verdicts are corrected for their number by Holm's method, and their effect is the difference of accuracies.
        """
        accuracies = ends(found).accuracy
        keys = list(self.methods)
        known = [k for k in range(1, len(keys)) if self.seeds >= FEWEST and np.isfinite(accuracies[[0, k]]).all()]
        p = [signed_rank(accuracies[k] - accuracies[0])[1] for k in known]
        # negative, because a verdict takes the smaller measure for the better one, and compares negative ones by
        # their difference
        return {
            keys[k]: verdict(-accuracies[k], -accuracies[0], names=(METHODS[keys[k]], "none"), level=level)
            for k, level in zip(known, holm_levels(p, 0.05) if p else [], strict=True)
        }


def word(judged: Verdict) -> str:
    """A verdict on a regularizer in a word or two."""
    return "cannot tell" if judged.winner is None else "worse" if judged.winner == "none" else "better"


def ends(found: Found) -> Ends:
    """The measures of each method at the end of training, NaN where it is not reached."""
    count, seeds, records = found.test.shape
    last = np.full((count, seeds), records - 1)
    if np.isfinite(found.validation[STOPPED]).all():
        last[STOPPED] = found.validation[STOPPED].argmin(axis=1)
    place = (*np.indices((count, seeds)), last)
    gap = found.validation[place] - found.training[place]
    return Ends(found.test[place], gap, np.where(np.isfinite(gap), found.steps[last], np.nan))


@functools.lru_cache(maxsize=1)
def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    x, labels = Digits().draw(np.random.default_rng(0))
    return x.astype(np.float32), labels


def drawn(samples: int, wrong: float, seed: int, inputs: str = "standardised") -> DataSet:
    """Training and validation samples, a share `wrong` of them with a wrong label; all other digits are test samples.

    Args:
        inputs: "standardised", by the training samples, or "grey" for grey levels from 0 to 1.
    """
    x, labels = _digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    others = (labels + rng.integers(1, CLASSES, len(x))) % CLASSES
    noisy = np.where(rng.random(len(x)) < wrong, others, labels)
    first, second, rest = np.split(order, [samples, 2 * samples])
    train, validation = (Samples(x[rows], one_hot(noisy[rows], CLASSES)) for rows in (first, second))
    test = Samples(x[rest], one_hot(labels[rest], CLASSES))
    data = DataSet("Digits", "classes", train, validation, test, tuple(map(str, range(CLASSES))))
    return data.standardised() if inputs == "standardised" else data


def _measures(network: Network, weights: Any, data: list[DataSet]) -> list[NDArray[Any]]:
    """Training loss, validation loss and test accuracy of each network, (networks,) each."""
    parts = [
        tuple(np.stack([getattr(getattr(one, part), name) for one in data]) for name in ("x", "y"))
        for part in ("train", "validation", "test")
    ]
    return [np.asarray(values, dtype=float) for values in _measured(network, weights, *parts)]


@compiled(network=True)
def _measured(network: Network, weights: Array, train: Any, validation: Any, test: Any) -> Any:
    each = LOSSES["cross_entropy"].function

    def one(arguments: Any) -> Any:
        w, train, validation, test = arguments
        own = network.replace(x=train[0], y=train[1])
        outputs = [own.outputs(w, x) for x in (own.x, validation[0], test[0])]
        losses = [each(outputs[k], y).mean() for k, y in enumerate((own.y, validation[1]))]
        share = accuracy(outputs[2], test[1])
        # the largest of outputs that are NaN would be the first class, and right for a tenth of the samples
        return *losses, jnp.where(jnp.isfinite(w).all(), share, jnp.nan)

    return jax.lax.map(one, (weights, train, validation, test))
