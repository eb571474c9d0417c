"""The settings of a training, as one frozen record."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from app.common import shared
from app.common.digits import shortened
from app.common.forms import Flag, OneOf, OnePreset, OneRecord, Parameters, SomeOf, Text, Whole
from app.common.racers import MAX_RACERS, Choice, Lineup, Racer, Refused, built, number, sentence, whole
from app.common.setting import Form, setting
from optimizers import Averaged, Optimizer
from optimizers.training import Stride
from surfaces.caching import cached
from surfaces.network import (
    ACTIVATIONS,
    DATASETS,
    FEATURES,
    INITIALIZATIONS,
    LOSSES,
    MLP,
    NORMS,
    REGULARIZERS,
    DataSet,
    Network,
    Regularizer,
)
from surfaces.network.data import SHARE
from surfaces.network.regularizer import Augmentation
from surfaces.parameter import AT_LEAST_ONE, NON_NEGATIVE, Declared, parameter, redeclared

MOST_STEPS = 100_000
MAX_LAYERS = 20
MAX_WIDTH = 4096
ALL = ("all", "full")
"""The words for a batch of all samples."""
FILE = "file"
"""The key of data out of a file."""
MEMORY = 512 * 2**20
"""Bytes that the weights kept of all racers may take, and the preconditioners with them."""
LEAST, MOST = 11, 61
"""How many times the weights of a run are recorded: no fewer, no more."""
FEWEST = 4
"""How many records of a run are worth their time even if measuring then takes as long as training."""
SECOND = 1e10
"""Multiplications that a core does in about a second."""
MOST_BLOCKS = 10
PIECE_WORK = 0.05 * SECOND
"""Multiplications of one piece, after which other trainings get their turn."""
LEAST_SHARE, MOST_SHARE = 10, 90
"""The share of training samples that can be asked for, in per cent."""
SAMPLES = 2000
"""Of so many training samples, the first, what is costly is measured."""


SHADES: Mapping[str, str] = MappingProxyType({"probability": "by probability", "classes": "by class"})
"""How decision boundaries can be coloured."""


def _off(key: str) -> Any:
    """Declare the strength of a regularizer, which is 0 unless another is set."""
    regularizer = REGULARIZERS[key]
    return redeclared(regularizer.parameters()[regularizer.strength], default=0.0)


class Setup(Declared):
    """What every racer trains, unless it says otherwise for itself."""

    activation: str = parameter(
        "φ",
        default="tanh",
        choices={key: one.name for key, one in ACTIVATIONS.items()},
        tuned=False,
        doc="The activation function between the layers. Its derivative at a kink is a matter of convention: here, the "
        "derivative of ReLU at 0 is 0.",
    )
    initialization: str = parameter(
        "W₀",
        default="xavier_normal",
        choices={key: one.name for key, one in INITIALIZATIONS.items()},
        tuned=False,
        title="Initialisation",
        doc="How the weight matrices are initialised; biases start at 0.",
    )
    sigma: float = parameter(
        "σ",
        default=0.1,
        low=1e-3,
        high=10.0,
        log=True,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the weights under N(0, σ²); the value of every weight under “constant”.",
    )
    norm: str = parameter(
        "norm",
        default="none",
        choices={"none": "none"} | {key: one.name for key, one in NORMS.items() if key != "instance"},
        tuned=False,
        title="Normalisation",
        doc="The normalisation of the hidden layers, before the activation. Instance norm is not offered: it would "
        "make every sum of a fully connected layer 0.",
    )
    groups: int = parameter(
        "G",
        default=4,
        low=1,
        high=64,
        integer=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        title="Groups",
        doc="The number of groups into which group norm divides the neurons of a layer.",
    )
    objective: str = parameter(
        "ℓ",
        default="cross_entropy",
        choices={key: one.name for key, one in LOSSES.items()},
        tuned=False,
        title="Loss function",
        doc="The loss of one sample; the mean over samples is minimised.",
    )
    l2: float = parameter(
        "λ",
        default=0.0,
        low=0.0,
        high=0.1,
        legal=NON_NEGATIVE,
        tuned=False,
        title="L2 penalty",
        doc="The L2 penalty in the loss: λ/2 ‖w‖². AdamW's decoupled decay is different; compare the two in a race.",
    )
    l1: float = _off("l1")
    label_smoothing: float = _off("label_smoothing")
    mixup: float = _off("mixup")
    input_noise: float = _off("input_noise")
    shift: float = _off("shift")
    rotation: float = _off("rotation")
    dropout: float = _off("dropout")
    dropconnect: float = _off("dropconnect")
    weight_noise: float = _off("weight_noise")
    average: float = redeclared(Averaged.parameters()["decay"], default=0.0)


OWN = (*Setup.parameters(), "widths", "batch_size")
"""What a racer may have for itself."""
REGULARIZATION = ("l2", *REGULARIZERS, "average")
"""The strengths of regularizers among the parameters of `Setup`, each of which 0 switches off."""


@dataclasses.dataclass(frozen=True)
class Data(OneRecord):
    """A data set that is generated, or a file."""

    @property
    def allowed(self) -> str:
        return f"the key of a data set, with its parameters, or `{FILE}`"


@dataclasses.dataclass(frozen=True)
class Widths(Form):
    """The widths of the hidden layers."""

    metavar = "N-N"
    allowed = (
        f"up to {MAX_LAYERS} widths from 1 to {MAX_WIDTH:,}, separated by dashes, such as 32-32; empty for a "
        "linear model"
    )

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        return read_widths(str(value))

    def spell(self, value: tuple[int, ...]) -> str:
        return "-".join(map(str, value))


@dataclasses.dataclass(frozen=True)
class BatchSize(Form):
    """The number of samples of a step, 0 for all."""

    metavar = "N|all"
    allowed = "a whole number from 1 to the number of training samples, or all"

    def read(self, value: Any, name: str) -> int:
        return read_batch(value)

    def typed(self, value: int) -> str:
        return str(value) if value else ALL[0]

    def keys(self, key: str) -> str:
        return f"`{key}` (0 for all)"


@dataclasses.dataclass(frozen=True)
class Share(Form):
    """The share of training samples in per cent, 0 for that of the data."""

    metavar = "PERCENT"
    allowed = f"a whole number from {LEAST_SHARE} to {MOST_SHARE}, or empty for the default of the data"

    def read(self, value: Any, name: str) -> int:
        word = str(value).strip().removesuffix("%").strip()
        return whole(word, name, LEAST_SHARE, MOST_SHARE, "80") if word not in ("", "0") else 0

    def typed(self, value: int) -> str:
        return str(value) if value else ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Lineup):
    """The settings of one training, in the order in which a link has them."""

    data: Choice = setting(
        Choice("spirals"), Data("data set", DATASETS), always=True, help="The data that the networks learn."
    )
    file: str = setting(
        "", Text(), help="The name of a file that was uploaded on the page or named when the app was started."
    )
    target: str = setting("", Text(), help="The target column of a table.")
    share: int = setting(
        0,
        Share(),
        label="Training samples (%)",
        help="The share of the samples that are used for training; of the others, half are for validation and half "
        "for testing. By default it is 60 %; if a file includes test samples, all its other samples are used for "
        "training.",
    )
    features: tuple[str, ...] = setting(
        (),
        SomeOf(0, len(FEATURES), FEATURES),
        label="Features",
        help="Functions of the inputs that the networks receive as further inputs.",
    )
    sample: int = setting(
        0,
        Whole(0, 2**31 - 1, "0 or 7"),
        label="Seed of the samples",
        help="The seed from which the samples are drawn and split.",
    )
    standardised: bool = setting(
        True,
        Flag(),
        label="Standardise the inputs",
        help="Whether the inputs are scaled to mean 0 and standard deviation 1 over the training samples; the "
        "same scaling is applied to the other samples.",
    )
    widths: tuple[int, ...] = setting(
        (32, 32), Widths(), label="Hidden layers", always=True, help="The widths of the hidden layers."
    )
    setup: Choice = setting(Choice("setup"), Parameters(Setup), help="The model and its loss.")
    batch_size: int = setting(
        32,
        BatchSize(),
        tab="Run",
        always=True,
        help="The number of samples per step. The samples are reshuffled for every epoch, in the same way for all "
        "racers: those with the same batch size see the same batches.",
    )
    steps: int = shared.steps(1500, MOST_STEPS)
    endless: bool = setting(
        False,
        Flag(),
        tab="Run",
        label="Continue until stopped",
        help="Whether training continues beyond the number of steps, until it is stopped.",
    )
    schedule: Choice = shared.schedule()
    seed: int = shared.seed("weights and batches")
    views: tuple[str, ...] = setting(
        ("outcome", "accuracy", "loss"), SomeOf(3, 3), look=True, always=True, help="What the three panels show."
    )
    axis: str = setting(
        "steps",
        OneOf({"steps": "steps", "epochs": "epochs"}),
        label="Count in",
        tab="Run",
        look=True,
        help="What the curves are drawn against. With epochs, a table lists the results after each epoch.",
    )
    shade: str = setting(
        "probability",
        OneOf(SHADES),
        look=True,
        help="How decision boundaries are coloured: by the probability of the predicted class, or by the class alone.",
    )
    inside: int = setting(
        0,
        Whole(0, MAX_RACERS - 1, "0"),
        look=True,
        help="The racer whose network the view Network shows: its `slot`, the number of its colour. If that racer is "
        "hidden or missing, the first visible one is shown.",
    )
    plane: str = setting("principal", OneOf({}), look=True, help="The plane on which the loss landscape is drawn.")
    search: str = setting(
        "random", OneOf({}), look=True, help="The hyperparameters that the search varies, and how they are chosen."
    )
    preset: str = setting(
        "",
        OnePreset({}),
        look=True,
        help="The preset from which the training began; its sentence is shown. A link with nothing else opens the "
        "preset.",
    )
    racers: tuple[Racer, ...] = shared.racers()

    def of(self, racer: Racer | None, name: str) -> Any:
        """A setting as it holds for one racer, or for all who do not say otherwise."""
        own = dict(racer.own) if racer else {}
        if name == "widths":
            return read_widths(str(own[name])) if name in own else self.widths
        if name == "batch_size":
            return int(own[name]) if name in own else self.batch_size
        return own.get(name, self.setup.get(name, Setup.parameters()[name].default))

    def model(self, racer: Racer | None, data: DataSet) -> MLP:
        """The network that a racer trains."""
        widths = (data.inputs, *self.of(racer, "widths"), data.outputs)
        return MLP(widths, self.of(racer, "activation"), self.of(racer, "norm"), self.of(racer, "groups"))

    def regularizers(self, racer: Racer | None, data: DataSet) -> tuple[Regularizer, ...]:
        """The regularizers of a racer whose strength is not 0, except for the L2 penalty."""
        strengths = {key: self.of(racer, key) for key in REGULARIZERS}
        scale = {"mean": data.mean, "deviation": data.deviation}
        return tuple(
            REGULARIZERS[key](**{REGULARIZERS[key].strength: value}, **(scale if moves_images(key) else {}))
            for key, value in strengths.items()
            if value
        )

    def rule(self, racer: Racer) -> Optimizer:
        """The rule of a racer, with the schedule and the average of its weights."""
        rule, decay = super().rule(racer), self.of(racer, "average")
        return Averaged(rule, decay) if decay else rule

    def network(self, racer: Racer | None, data: DataSet) -> Network:
        """The loss surface on which a racer moves."""
        return Network(
            model=self.model(racer, data),
            x=data.train.x,
            y=data.train.y,
            objective=self.of(racer, "objective"),
            decay=self.of(racer, "l2"),
            regularizers=self.regularizers(racer, data),
        )

    def start(self, racer: Racer | None, data: DataSet) -> np.ndarray:
        """The weights that a racer begins with, (n,) float32."""
        scheme, sigma = self.of(racer, "initialization"), self.of(racer, "sigma")
        return np.asarray(self.model(racer, data).initial(self.seed, scheme, sigma))

    def epoch(self, data: DataSet) -> float:
        """The steps of one epoch, which need not be a whole number: a batch may hold the end of one pass through the
        samples and the beginning of the next.
        """
        return float(self.exact_epoch(data))

    def exact_epoch(self, data: DataSet) -> Fraction:
        """The steps of one epoch, without rounding."""
        return Fraction(len(data.train), self.batch_size or len(data.train))

    def end_of_epoch(self, number: int, data: DataSet) -> int:
        """The first step at or after the end of an epoch; 0 for epoch 0, the start."""
        return math.ceil(number * self.exact_epoch(data))

    @property
    def counts_epochs(self) -> bool:
        """Whether curves are drawn against epochs, which must be equally long for all racers."""
        return self.axis == "epochs" and all(self.of(r, "batch_size") == self.batch_size for r in self.racers)

    def stride(self, data: DataSet) -> Stride:
        """After how many steps the weights are recorded and measured: see `optimizers.training.train`.

        As often as serves a picture, yet so seldom that measuring over all samples costs no more than a fraction of
        the training, or a second, and that what is recorded fits the memory. Of up to `MOST` − 1 epochs each ends with
        a record, if the memory allows it; of more epochs, every second or third and so on, if they are counted. Where
        epochs are few and slow, there are at least `FEWEST` records.
        """
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = min((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        epoch = self.exact_epoch(data)
        worth = int(max(self.steps * batch / 4, SECOND / (6 * size)) / len(data.train))
        most = max(LEAST, min(MOST, int(MEMORY / (8 * size * max(1, len(self.racers))))))
        times = max(LEAST, min(most, worth)) - 1
        stride = max(1, -(-self.steps // times))
        if self.steps <= epoch * (MOST - 1) or self.counts_epochs:
            if worth < LEAST:
                stride = -(-self.steps // max(FEWEST, worth))
            return self._in_step(stride, epoch, most - 1)
        return stride

    def _in_step(self, stride: int, epoch: Fraction, most: int) -> Stride:
        """A stride near this one, and at most an epoch, such that epochs end with a record; several epochs long if
        more than `most` records were needed.

        An epoch is halved, and halved again, so that every second record can be dropped, and epochs still end with one.
        """
        parts = 1
        while epoch >= 2 * parts and epoch > 1.05 * stride * parts and 2 * parts * self.steps <= most * epoch:
            parts *= 2
        fit = epoch / parts if parts > 1 else epoch * max(1, math.ceil(self.steps / (most * epoch)))
        return max(Fraction(1), fit)

    def blocks(self, data: DataSet, stride: Stride | None = None) -> int:
        """How many strides make a piece: many of a quick run, for each piece costs its overhead, and one of a slow one,
        for it to be seen and stopped.
        """
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = max((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        work = 6 * size * (batch * (stride or self.stride(data)) + len(data.train))
        return max(1, min(MOST_BLOCKS, int(PIECE_WORK / work)))

    def stepwise(self, data: DataSet, stride: Stride | None = None) -> bool:
        """Whether a stride takes so long that it is trained in pieces."""
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = max((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        return 6 * size * batch * (stride or self.stride(data)) > PIECE_WORK

    def most_records(self, data: DataSet) -> int:
        """How many records of a run that is continued are kept; beyond, every second one is dropped."""
        size = max((self.model(r, data).size for r in self.racers), default=1)
        return max(LEAST, min(2 * MOST, int(MEMORY / (8 * size * max(1, len(self.racers))))))

    def seconds(self, data: DataSet) -> float:
        """About how long training takes once its programs are there."""
        each = []
        for racer in self.racers:
            batch = self.of(racer, "batch_size") or len(data.train)
            each.append(6 * self.model(racer, data).size * (batch * self.steps + len(data.train) * self.kept(data)))
        return sum(each) / SECOND

    def kept(self, data: DataSet) -> int:
        """How many times the weights of a run are kept, the start among them."""
        stride = self.stride(data)
        ends = int(self.steps // stride)
        return 1 + ends + (math.ceil(ends * stride) < self.steps)


def moves_images(key: str) -> bool:
    """Whether a regularizer works on images as they are before standardisation."""
    return issubclass(REGULARIZERS[key], Augmentation)


def generated(training: Training) -> DataSet:
    """The data of a source; those out of a file come by other ways."""
    return _generated(training.data, training.sample, training.share, training.features, training.standardised)


@cached(64 * 2**20)
def _generated(choice: Choice, seed: int, share: int, features: tuple[str, ...], standardised: bool) -> DataSet:
    try:
        made: DataSet = built(DATASETS, choice).make(seed, share / 100 if share else SHARE)
        return prepared(made, features, standardised)
    except ValueError as error:
        raise Refused(sentence(str(error))) from None


def prepared(data: DataSet, features: tuple[str, ...], standardised: bool) -> DataSet:
    """The samples as the networks receive them."""
    data = data.with_features(features)
    return data.standardised() if standardised else data


def read_widths(spelled: str) -> tuple[int, ...]:
    """Hidden layers as they are typed: 32-32, or 64, 64, or 32×3, or nothing for none."""
    if re.match(r"\s*[-−–]", spelled):
        raise Refused(
            f"The width of a hidden layer must be a whole number from 1 to {MAX_WIDTH:,}; got {shortened(spelled)!r}."
        )
    parts = []
    for part in filter(None, re.split(r"[-–,\s]+", spelled)):
        width, _, times = part.partition("×" if "×" in part else "x")
        parts += [width] * whole(times or 1, "The number of layers after ×", 1, MAX_LAYERS, "32×3")
    if len(parts) > MAX_LAYERS:
        raise Refused(f"There may be at most {MAX_LAYERS} hidden layers; got {len(parts)}.")
    return tuple(whole(part, "The width of a hidden layer", 1, MAX_WIDTH, "32-32") for part in parts)


def read_batch(value: Any) -> int:
    """A batch size as it is typed: a whole number, or "all"."""
    if str(value).strip().lower() in ALL:
        return 0
    size = number(value, "The batch size", "32, or all")
    if size != int(size) or size < 0:
        raise Refused(f"The batch size must be a whole number of at least 1, or all; got {shortened(value)}.")
    return int(size)
