"""All that the Network page can be set to, as one frozen record, and its spelling in the address bar.

    data=spirals&data.turns=1.5&widths=32-32&activation=tanh&batch_size=32&steps=2000&seed=0
    &racer=adam:learning_rate=0.01&racer=adam:learning_rate=0.01,activation=sigmoid&views=outcome,accuracy,loss

What is not spelled has its default. Bad values are dropped, each with a notice, and the rest is kept.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from app.common import racers as lineup
from app.common.digits import shortened
from app.common.link import VERSION, Add, Reader, read_racer, spell, spell_racers, spell_unless, text
from app.common.racers import Choice, Lineup, Racer, Refused, Value, built, checked, number, sentence, whole
from optimizers import RULES, too_dense
from optimizers.starting import rate_in_units
from surfaces.caching import ENTRY, Cache, cached, cached_with
from surfaces.curvature import top_eigenvalues
from surfaces.network import ACTIVATIONS, DATASETS, INITIALIZATIONS, LOSSES, MLP, DataSet, Network
from surfaces.parameter import NON_NEGATIVE, Declared, parameter

MAX_LAYERS = 20
MAX_WIDTH = 4096
FILE = "file"
"""The key of data out of a file."""
FIRST_RACERS = ("sgd", "momentum", "adam")
MEMORY = 512 * 2**20
"""Bytes that the weights kept of all racers may take, and the preconditioners with them."""
LEAST, MOST = 11, 61
"""How many times the weights of a run are kept: no fewer, no more."""
SECOND = 1e10
"""Multiplications that a core does in about a second."""
MOST_BLOCKS = 10
PIECE_WORK = 0.05 * SECOND
"""Multiplications of one piece, after which other trainings get their turn."""
SAMPLES = 2000
"""Of so many training samples, the first, what is costly is measured."""


class Setup(Declared):
    """What every racer trains, unless it says otherwise for itself."""

    activation: str = parameter(
        "φ",
        default="tanh",
        choices={key: one.name for key, one in ACTIVATIONS.items()},
        tuned=False,
        doc="Between the layers. Its derivative at a kink is a convention: ReLU's at 0 is 0 here.",
    )
    initialization: str = parameter(
        "W₀",
        default="xavier_normal",
        choices={key: one.name for key, one in INITIALIZATIONS.items()},
        tuned=False,
        doc="How the weight matrices begin; biases begin at 0.",
    )
    sigma: float = parameter(
        "σ",
        default=0.1,
        low=1e-3,
        high=10.0,
        log=True,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="The deviation of N(0, σ²), and the value of constant.",
    )
    objective: str = parameter(
        "ℓ",
        default="cross_entropy",
        choices={key: one.name for key, one in LOSSES.items()},
        tuned=False,
        doc="The loss of one sample; the mean over samples is minimised.",
    )
    l2: float = parameter(
        "λ",
        default=0.0,
        low=0.0,
        high=0.1,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="L2 in the loss: λ/2 ‖w‖². AdamW's decoupled decay is another thing: race the two.",
    )


OWN = (*Setup.parameters(), "widths", "batch_size")
"""What a racer may have for itself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Lineup):
    """One training, entire: the data, the model, and who trains it.

    `file` names a file brought to the page or named when it was started, `target` the column of a table that is
    learned. `widths` are those of the hidden layers; `batch_size` is 0 for all samples at each step.
    """

    most_steps: ClassVar[int] = 100_000

    data: Choice = Choice("spirals")
    file: str = ""
    target: str = ""
    standardised: bool = True
    setup: Choice = Choice("setup")
    widths: tuple[int, ...] = (32, 32)
    batch_size: int = 32
    steps: int = 1500
    views: tuple[str, str, str] = ("outcome", "accuracy", "loss")
    plane: str = "principal"

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
        return MLP((data.inputs, *self.of(racer, "widths"), data.outputs), self.of(racer, "activation"))

    def network(self, racer: Racer | None, data: DataSet) -> Network:
        """The loss surface on which a racer moves."""
        return Network(
            model=self.model(racer, data),
            x=data.train.x,
            y=data.train.y,
            objective=self.of(racer, "objective"),
            decay=self.of(racer, "l2"),
        )

    def start(self, racer: Racer | None, data: DataSet) -> np.ndarray:
        """The weights that a racer begins with, (n,) float32."""
        scheme, sigma = self.of(racer, "initialization"), self.of(racer, "sigma")
        return np.asarray(self.model(racer, data).initial(self.seed, scheme, sigma))

    def stride(self, data: DataSet) -> int:
        """After how many steps the weights are kept and measured.

        As often as serves a picture, yet so seldom that measuring over all samples costs no more than a fraction of
        the training, or a second, and that what is kept fits the memory.
        """
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = min((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        worth = max(self.steps * batch / 4, SECOND / (6 * size)) / len(data.train)
        fits = MEMORY / (8 * size * max(1, len(self.racers)))
        times = max(LEAST, min(MOST, int(worth), int(fits))) - 1
        return max(1, -(-self.steps // times))

    def blocks(self, data: DataSet) -> int:
        """How many strides make a piece: many of a quick run, for each piece costs its overhead, and one of a slow one,
        for it to be seen and stopped.
        """
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = max((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        work = 6 * size * (batch * self.stride(data) + len(data.train))
        return max(1, min(MOST_BLOCKS, int(PIECE_WORK / work)))

    def stepwise(self, data: DataSet) -> bool:
        """Whether a stride takes so long that it is trained in pieces."""
        size = max((self.model(r, data).size for r in self.racers), default=1)
        batch = max((self.of(r, "batch_size") or len(data.train) for r in self.racers), default=1)
        return 6 * size * batch * self.stride(data) > PIECE_WORK

    def seconds(self, data: DataSet) -> float:
        """About how long training takes once its programs are there."""
        each = []
        for racer in self.racers:
            batch = self.of(racer, "batch_size") or len(data.train)
            each.append(6 * self.model(racer, data).size * (batch * self.steps + len(data.train) * self.kept(data)))
        return sum(each) / SECOND

    def kept(self, data: DataSet) -> int:
        """How many times the weights of a run are kept, the start among them."""
        return 1 + -(-self.steps // self.stride(data))


def first() -> Training:
    """What a first visit trains."""
    return preset("spirals", generated(Training()))


def generated(training: Training) -> DataSet:
    """The data of a source; those out of a file come by other ways."""
    return _generated(training.data, training.standardised)


@cached(64 * 2**20)
def _generated(choice: Choice, standardised: bool) -> DataSet:
    try:
        made: DataSet = built(DATASETS, choice).make()
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    return made.standardised() if standardised else made


def numbers_aside(training: Training) -> Training:
    """The training without what can change while its compiled programs stay: rates, seed, and what is shown."""
    racers = tuple(Racer(Choice(r.rule.key), 0, own=r.own) for r in training.racers)
    return dataclasses.replace(
        training, racers=racers, schedule=Choice(training.schedule.key), seed=0, views=("", "", ""), plane=""
    )


# Changes. Each takes a training and returns another, or raises `Refused` and leaves all as it was.


def preset(key: str, data: DataSet) -> Training:
    """A training that shows what one came to see, ready to be trained."""
    if key not in PRESETS:
        raise Refused(f"There is no preset {shortened(key)!r}; there are {', '.join(PRESETS)}.")
    chosen = PRESETS[key]
    base = _exercise(data) if key == "exercise" else chosen.base
    return _with_racers(base, functools.partial(add_racer, data=data), *chosen.racers)


def shown_by(training: Training) -> str:
    """What to look at, where a training is a preset's, learning rates and steps aside; else nothing."""
    return next((one.about for key, one in PRESETS.items() if _gist(training) == _preset_gist(key)), "")


def _gist(training: Training) -> tuple[Any, ...]:
    racers = tuple((racer.rule.key, frozenset(racer.own)) for racer in training.racers)
    return training.data.key, training.setup, training.widths, training.batch_size, racers


@functools.cache
def _preset_gist(key: str) -> tuple[Any, ...]:
    chosen = PRESETS[key]
    return _gist(_with_racers(chosen.base, lambda t, rule, rate: lineup.join(t, Choice(rule)), *chosen.racers))


@dataclasses.dataclass(frozen=True)
class Preset:
    """A training worth seeing, a sentence on what to see, and its racers as a link spells them."""

    name: str
    about: str
    base: Training
    racers: tuple[str, ...]

    @property
    def source(self) -> str:
        """The data that it is made for; `FILE` takes the page's own."""
        return self.base.data.key


def _with_racers(training: Training, add: Add[Training], *spelled: str) -> Training:
    for one in spelled:
        training = read_racer(training, one, [], add, set_racer)
    return training


def _exercise(data: DataSet) -> Training:
    """The exercise for the data at hand: ten epochs of them."""
    base = PRESETS["exercise"].base
    training = dataclasses.replace(base, batch_size=min(base.batch_size, len(data.train)))
    steps = min(Training.most_steps, _steps_of(training, 10.0, data))
    return dataclasses.replace(training, steps=steps)


def _setup(**values: Value) -> Choice:
    return Choice("setup", tuple(values.items()))


PRESETS: Mapping[str, Preset] = {
    "spirals": Preset(
        "Two spirals",
        "SGD, momentum and Adam bend the plane until it separates the two arms.",
        Training(),
        FIRST_RACERS,
    ),
    "digits": Preset(
        "Handwritten digits",
        "Ten classes of 8 × 8 pixels: one hidden layer learns all training samples, and misses a few of the others.",
        Training(
            data=Choice("digits"),
            widths=(64,),
            setup=_setup(activation="relu", initialization="he_normal"),
            batch_size=64,
            steps=800,
        ),
        FIRST_RACERS,
    ),
    "edge": Preset(
        "Edge of stability",
        "With full batches the sharpness climbs to 2/η and then stays close to it (Cohen et al. 2021).",
        Training(
            data=Choice("chebyshev"),
            standardised=False,
            widths=(50, 50),
            setup=_setup(objective="mse"),
            batch_size=0,
            steps=6000,
            views=("sharpness", "outcome", "loss"),
        ),
        ("sgd:learning_rate=0.03", "sgd:learning_rate=0.05", "sgd:learning_rate=0.1"),
    ),
    "outlier": Preset(
        "One outlier",
        "Mean squared error pulls the curve all the way to the outlier, mean absolute error less than a third of it.",
        Training(
            data=Choice("curve", (("outliers", 1),)),
            setup=_setup(objective="mse"),
            views=("outcome", "batch_loss", "loss"),
            steps=3000,
        ),
        ("adam:learning_rate=0.01", "adam:learning_rate=0.01,objective=mae"),
    ),
    "vanishing": Preset(
        "Vanishing gradients",
        "Eight hidden layers: from the last layer to the first, sigmoid's gradient shrinks ten-thousandfold; those of "
        "tanh and ReLU stay within a factor of ten.",
        Training(widths=(32,) * 8, views=("gradients", "activations", "loss"), steps=1000),
        (
            "sgd:learning_rate=0.05,activation=sigmoid,initialization=lecun_normal",
            "sgd:learning_rate=0.05,activation=tanh,initialization=xavier_normal",
            "sgd:learning_rate=0.05,activation=relu,initialization=he_normal",
        ),
    ),
    "initialisation": Preset(
        "Initialisation",
        "Weights of zero never break the symmetry: no hidden unit learns. With σ = 0.01 the activations die out from "
        "layer to layer; with σ = 1 they explode, and training diverges within a few steps. He's σ keeps them level.",
        Training(
            widths=(64,) * 5,
            setup=_setup(activation="relu", initialization="he_normal"),
            views=("activations", "gradients", "loss"),
            steps=1000,
        ),
        (
            "sgd:learning_rate=0.05,initialization=zeros",
            "sgd:learning_rate=0.05,initialization=normal,sigma=0.01",
            "sgd:learning_rate=0.05,initialization=he_normal",
            "sgd:learning_rate=0.05,initialization=normal,sigma=1",
        ),
    ),
    "batches": Preset(
        "Batch size",
        "Batches of 1, 32 and all samples: the smaller the batch, the noisier the loss of the batch.",
        Training(views=("batch_loss", "outcome", "loss")),
        (
            "sgd:learning_rate=0.1,batch_size=1",
            "sgd:learning_rate=0.1,batch_size=32",
            "sgd:learning_rate=0.1,batch_size=0",
        ),
    ),
    "decays": Preset(
        "L2 or weight decay",
        "Under Adam, L2 in the loss is divided by √v like the gradient; AdamW's decay is not. At λ = 0.02, L2 "
        "shrinks the weights to less than a fifth, AdamW's decay by less than a third.",
        Training(
            data=Choice("moons", (("noise", 0.3),)), widths=(64, 64), views=("weights", "outcome", "loss"), steps=4000
        ),
        (
            "adam:learning_rate=0.005",
            "adam:learning_rate=0.005,l2=0.02",
            "adamw:learning_rate=0.005,weight_decay=0.02",
        ),
    ),
    "exercise": Preset(
        "Exercise: one hidden layer of 256",
        "784-256-10, ReLU, He initialisation, batches of 128, ten epochs: bring MNIST as a file first.",
        Training(
            data=Choice(FILE),
            widths=(256,),
            setup=_setup(activation="relu", initialization="he_normal"),
            batch_size=128,
            standardised=False,
        ),
        ("sgd:learning_rate=0.1", "adam:learning_rate=0.001"),
    ),
}
"""Every preset by its key."""


def choose_data(training: Training, key: str) -> Training:
    """Other data, with the hidden layers and the loss that suit them; learning rates start anew."""
    if key not in DATASETS:
        raise Refused(f"There are no data {shortened(key)!r}; there are {', '.join(DATASETS)}.")
    source = DATASETS[key]
    changed = dataclasses.replace(training, data=Choice(key), file="", target="", widths=source.widths)
    return fitted(changed, generated(changed))


def choose_file(training: Training, name: str, data: DataSet, target: str = "") -> Training:
    """Data out of a file."""
    return fitted(dataclasses.replace(training, data=Choice(FILE), file=name, target=target), data)


def fitted(training: Training, data: DataSet) -> Training:
    """Loss and batch size put right for other data, and learning rates started anew."""
    objective = training.of(None, "objective")
    if data.task not in LOSSES[objective].tasks:
        fits = next(key for key, loss in LOSSES.items() if data.task in loss.tasks)
        training = dataclasses.replace(training, setup=training.setup.having("objective", fits))
    if training.batch_size > len(data.train):
        training = dataclasses.replace(training, batch_size=0)
    if data.task != "classes" and "accuracy" in training.views:  # a share of classes, of which there are none
        instead = next(key for key in ("batch_loss", "gradients", "weights") if key not in training.views)
        views = (instead if key == "accuracy" else key for key in training.views)
        training = dataclasses.replace(training, views=(next(views), next(views), next(views)))
    kept = tuple(
        dataclasses.replace(r, own=tuple((n, v) for n, v in r.own if n not in ("objective", "batch_size")))
        for r in training.racers
    )
    training = dataclasses.replace(training, racers=kept)
    starting = tuple(dataclasses.replace(r, rule=_starting(training, r.rule, data)) for r in training.racers)
    return checked_whole(dataclasses.replace(training, racers=starting), data)


def set_data(training: Training, name: str, value: Any) -> Training:
    """A parameter of the source of the data."""
    choice = training.data.having(name, checked(DATASETS[training.data.key], name, value))
    changed = dataclasses.replace(training, data=choice)
    return checked_whole(changed, generated(changed))


def set_setup(training: Training, name: str, value: Any, data: DataSet) -> Training:
    """A setting of all racers who have none of their own."""
    setup = training.setup.having(name, checked(Setup, name, value))
    return checked_whole(dataclasses.replace(training, setup=setup), data)


def set_widths(training: Training, value: Any, data: DataSet) -> Training:
    return checked_whole(dataclasses.replace(training, widths=read_widths(str(value))), data)


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


def set_batch_size(training: Training, value: Any, data: DataSet) -> Training:
    return checked_whole(dataclasses.replace(training, batch_size=read_batch(value)), data)


def read_batch(value: Any) -> int:
    """A batch size as it is typed: a whole number, or "all"."""
    if str(value).strip().lower() in ("all", "full"):
        return 0
    size = number(value, "The batch size", "32, or all")
    if size != int(size) or size < 0:
        raise Refused(f"The batch size must be a whole number from 1, or all; got {shortened(value)}.")
    return int(size)


def set_epochs(training: Training, value: Any, data: DataSet) -> Training:
    """The fewest steps in which every training sample has been used so many times."""
    epochs = number(value, "epochs", "10")
    if not 0 < epochs <= training.most_steps:  # a step is at most one pass
        raise Refused(f"epochs must be a number above 0, up to {training.most_steps:,}; got {shortened(value)}.")
    return lineup.set_steps(training, _steps_of(training, epochs, data))


def steps_per_epoch(training: Training, data: DataSet) -> float:
    """Training samples over batch size, which need not be whole: a batch may hold the end of one pass through the
    samples and the beginning of the next.
    """
    return len(data.train) / (training.batch_size or len(data.train))


def _steps_of(training: Training, epochs: float, data: DataSet) -> int:
    return math.ceil(round(epochs * steps_per_epoch(training, data), 6))  # 0.1 + 0.2 is not a step more than 0.3


def set_standardised(training: Training, value: bool) -> Training:
    return dataclasses.replace(training, standardised=bool(value))


def set_view(training: Training, slot: int, key: str, known: Mapping[str, Any]) -> Training:
    """What one of the three panels shows; a view that another panel shows changes places with it."""
    if key not in known:
        raise Refused(f"There is no view {shortened(key)!r}; there are {', '.join(known)}.")
    views = list(training.views)
    if key in views:
        views[views.index(key)] = views[slot]
    views[slot] = key
    return dataclasses.replace(training, views=(views[0], views[1], views[2]))


def set_plane(training: Training, key: str, known: Mapping[str, Any]) -> Training:
    if key not in known:
        raise Refused(f"There is no plane {shortened(key)!r}; there are {', '.join(known)}.")
    return dataclasses.replace(training, plane=key)


def add_racer(training: Training, key: str, data: DataSet, rate: Value | None = None) -> Training:
    """One more racer, at a learning rate or, without one, at that which the network at its start suggests."""
    if key not in RULES:
        raise Refused(f"There is no optimizer {shortened(key)!r}; there are {', '.join(RULES)}.")
    rule = Choice(key)
    rule = _starting(training, rule, data) if rate is None else rule.having("learning_rate", rate)
    return checked_whole(lineup.join(training, rule), data)


def set_racer(training: Training, id: str, name: str, value: Any) -> Training:
    """A parameter of one racer's rule, or a setting that it has for itself; "" takes that away."""
    racer = lineup.find(training, id)
    if name not in OWN:
        return lineup.set_racer(training, id, name, value)
    own = {n: v for n, v in racer.own if n != name}
    if str(value) != "":
        own[name] = _own(name, value)
    return lineup.put(training, dataclasses.replace(racer, own=tuple(own.items())))


def _own(name: str, value: Any) -> Value:
    if name == "widths":
        return "-".join(map(str, read_widths(str(value))))
    return read_batch(value) if name == "batch_size" else checked(Setup, name, value)


def checked_whole(training: Training, data: DataSet) -> Training:
    """The training, if every racer of it can be trained on these data.

    Raises:
        Refused: if it does not fit the data, the memory, or a racer's rule.
    """
    for racer in (None, *training.racers):
        objective, batch = training.of(racer, "objective"), training.of(racer, "batch_size")
        loss = LOSSES[objective]
        if data.task not in loss.tasks:
            raise Refused(f"{data.name} has {data.task} to learn, which {loss.name} does not serve: choose another.")
        if batch > len(data.train):
            raise Refused(f"The batch size must lie between 1 and the {len(data.train):,} training samples, or be all.")
        size = training.model(racer, data).size
        needed = 8 * size * LEAST * max(1, len(training.racers))
        if needed > MEMORY:
            raise Refused(
                f"A network of {size:,} weights is too large: kept {LEAST} times, with what rules keep beside them, "
                f"{max(1, len(training.racers))} racers take {needed / 2**20:,.0f} MB, and {MEMORY >> 20} MB are at "
                "hand. Choose smaller widths, or fewer racers."
            )
        if racer and (problem := too_dense(RULES[racer.rule.key], size)):
            raise Refused(sentence(problem))
    return training


def _starting(training: Training, rule: Choice, data: DataSet) -> Choice:
    bare = dataclasses.replace(training, racers=(), steps=1, schedule=Choice("constant"), views=("", "", ""))
    rate = rate_in_units(
        RULES[rule.key],
        lambda: _length(bare, data),
        lambda: _sharpness(bare, data),
    )
    return rule if rate is None else rule.having("learning_rate", rate)


@cached_with
def _measured(data: DataSet) -> Cache[float]:
    """What was measured of networks on some data at their start; it is dropped with the data, which may be large."""
    return Cache(256 * ENTRY)


def _length(bare: Training, data: DataSet) -> float:
    """The root mean square of the weights at the start."""
    return _measured(data).get(("length", bare), lambda: _root_mean_square(bare.start(None, data)))


def _root_mean_square(weights: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(weights, dtype=float))))


def _sharpness(bare: Training, data: DataSet) -> float:
    """λmax at the start, over the first samples; 0 where it is not positive."""
    return _measured(data).get(("sharpness", bare), lambda: _largest_eigenvalue(bare, data))


def _largest_eigenvalue(bare: Training, data: DataSet) -> float:
    network = bare.network(None, data).first(SAMPLES)
    return max(0.0, float(top_eigenvalues(network, bare.start(None, data))[0]))


# The address bar.


def query(training: Training) -> dict[str, list[str]]:
    """The training as a query: each key with its values, in the order they should stand."""
    out: dict[str, list[str]] = {"v": [VERSION], "data": [training.data.key]}
    spell(out, "data", training.data)
    for name in ("file", "target"):
        if value := getattr(training, name):
            out[name] = [value]
    if not training.standardised:
        out["standardised"] = ["0"]
    out["widths"] = ["-".join(map(str, training.widths))]
    for name, value in training.setup.values:
        out[name] = [text(value)]
    out["batch_size"] = [str(training.batch_size)]
    out["steps"] = [str(training.steps)]
    spell_unless("constant", out, "schedule", training.schedule)
    out["seed"] = [str(training.seed)]
    out["views"] = [",".join(training.views)]
    if training.plane != "principal":
        out["plane"] = [training.plane]
    out["racer"] = spell_racers(training)
    return out


def parse(
    given: Mapping[str, list[str]],
    brought: Callable[[Training], DataSet],
    views: Mapping[str, Any],
    planes: Mapping[str, Any],
) -> tuple[Training, list[str]]:
    """A training out of a query, and a notice for each value that had to be dropped.

    `brought` finds the data out of a file, and refuses where it is not there.
    """
    if not given:
        return first(), []
    link = Reader(given, Training())
    link.read("standardised", lambda t, word: set_standardised(t, word != "0"))
    _read_data(link, brought)
    data = brought(link.settings) if link.settings.data.key == FILE else generated(link.settings)
    for name in Setup.parameters():
        link.read(name, lambda t, word, name=name: set_setup(t, name, word, data))  # type: ignore[misc]
    link.read("widths", lambda t, word: set_widths(t, word, data))
    link.read("batch_size", lambda t, word: set_batch_size(t, word if word != "0" else "all", data))
    link.read("steps", lineup.set_steps)
    link.read("seed", lineup.set_seed)
    link.read_schedule()
    link.read("views", lambda t, word: _read_views(t, word, views))
    link.read("plane", lambda t, word: set_plane(t, word, planes))
    link.read_racers(FIRST_RACERS, functools.partial(add_racer, data=data), functools.partial(_set_fitting, data=data))
    return link.finished()


def _read_data(link: Reader[Training], brought: Callable[[Training], DataSet]) -> None:
    """The data that a link names: a file that is at hand, or a source with its parameters."""
    name, target = link.word("file"), link.word("target")
    if link.word("data") == FILE and name:
        asked = dataclasses.replace(link.settings, data=Choice(FILE), file=name, target=target)
        link.attempt(lambda t: choose_file(t, name, brought(asked), target))
    else:
        link.read("data", choose_data)
        link.read_values("data", set_data)


def _set_fitting(training: Training, id: str, name: str, value: Any, data: DataSet) -> Training:
    return checked_whole(set_racer(training, id, name, value), data)


def _read_views(training: Training, spelled: str, known: Mapping[str, Any]) -> Training:
    keys = spelled.split(",")
    if len(keys) != 3 or len(set(keys)) < 3 or not set(keys) <= set(known):
        raise Refused(f"views must be three different ones of {', '.join(known)}; got {shortened(spelled)!r}.")
    return dataclasses.replace(training, views=(keys[0], keys[1], keys[2]))
