"""Changes of a training: functions from settings to settings, which may refuse."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.common import racers as lineup
from app.common.digits import shortened
from app.common.forms import OneOf, OnePreset, SomeOf
from app.common.phrases import counted
from app.common.racers import Choice, Racer, Refused, Value, checked, number, sentence
from app.common.setting import declared, with_value, without_looks
from app.common.words import unknown
from app.network.effects import PRESETS
from app.network.landscape import PLANES
from app.network.search import SEARCHES
from app.network.settings import FILE, LEAST, MEMORY, MOST_STEPS, OWN, SAMPLES, Setup, Training, generated
from app.network.views import VIEWS
from optimizers import RULES, size_objection
from optimizers.starting import rate_in_units
from surfaces.caching import ENTRY, Cache, cached_with
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, LOSSES, MLP, REGULARIZERS, DataSet, Regularizer

FIRST_WIDTH = 8
"""The width of the first hidden layer of a network that had none."""
SETTINGS = declared(
    Training,
    views=SomeOf(3, 3, VIEWS),
    plane=OneOf(PLANES),
    search=OneOf(SEARCHES),
    preset=OnePreset({"": "none", **{key: preset.name for key, preset in PRESETS.items()}}),
)
"""Every setting of a training by the name of its field, with the views, planes, searches and presets that there are."""
OPTIONS = {"landscape": "plane", "network": "inside", "outcome": "shade", "search": "search"}
"""The settings that are options of a view, by the key of the view."""


def numbers_aside(training: Training) -> Training:
    """The training without what can change while its compiled programs stay: rates, seed, and what is shown."""
    racers = tuple(Racer(Choice(r.rule.key), 0, own=r.own) for r in training.racers)
    schedule = Choice(training.schedule.key)
    return without_looks(training, racers=racers, schedule=schedule, seed=0)


def choose_data(training: Training, key: str) -> Training:
    """Other data, with the hidden layers and the loss that suit them; learning rates start anew."""
    changed = with_value(training, SETTINGS["data"], key)
    changed = dataclasses.replace(changed, file="", target="", widths=DATASETS[key].widths, preset="")
    try:
        data = generated(changed)
    except Refused:  # the features of the data before are too many for these
        changed = dataclasses.replace(changed, features=())
        data = generated(changed)
    return fitted(changed, data)


def of_file(training: Training, name: str, target: str = "") -> Training:
    """The settings with which the samples of a file are read."""
    return dataclasses.replace(training, data=Choice(FILE), file=name, target=target, features=(), preset="")


def choose_file(training: Training, name: str, data: DataSet, target: str = "") -> Training:
    """Data out of a file, read as `of_file` says."""
    return fitted(of_file(training, name, target), data)


def prepare(training: Training, name: str, value: Any, find: Callable[[Training], DataSet]) -> Training:
    """Another value of a setting that says how the samples are drawn, split or prepared.

    Args:
        find: returns the data of a training.
    """
    changed = with_value(training, SETTINGS[name], value)
    data = find(changed)
    if changed.batch_size > len(data.train):
        changed = dataclasses.replace(changed, batch_size=0)
    return checked_whole(changed, data)


def draw_again(training: Training) -> Training:
    """Other samples from the same source, or the samples of a file split in another way."""
    return with_value(training, SETTINGS["sample"], training.sample + 1)


def fitted(training: Training, data: DataSet) -> Training:
    """Adapt the loss, the batch size and the regularizers to other data, and suggest learning rates again."""
    objective = training.of(None, "objective")
    if data.task not in LOSSES[objective].tasks:
        fits = next(key for key, loss in LOSSES.items() if data.task in loss.tasks)
        training = dataclasses.replace(training, setup=training.setup.having("objective", fits))
    if training.batch_size > len(data.train):
        training = dataclasses.replace(training, batch_size=0)
    for unfit in [key for key in training.views if not VIEWS[key].fits(data)]:
        instead = next(key for key in ("batch_loss", "gradients", "weights", "dead") if key not in training.views)
        views = tuple(instead if key == unfit else key for key in training.views)
        training = dataclasses.replace(training, views=views)
    dropped = {"objective", "batch_size", *(key for key, part in REGULARIZERS.items() if unsuitable(part, data))}
    setup = tuple((n, v) for n, v in training.setup.values if n == "objective" or n not in dropped)
    training = dataclasses.replace(training, setup=Choice("setup", setup))
    kept = tuple(
        dataclasses.replace(r, own=tuple((n, v) for n, v in r.own if n not in dropped)) for r in training.racers
    )
    training = dataclasses.replace(training, racers=kept)
    starting = tuple(dataclasses.replace(r, rule=_starting(training, r.rule, data)) for r in training.racers)
    return checked_whole(dataclasses.replace(training, racers=starting), data)


def set_parameters(training: Training, part: str, values: Mapping[str, Any], data: DataSet | None = None) -> Training:
    """Several parameters of the source of the data, of the model and its loss, or of the schedule, at once.

    Args:
        data: those that are learned; not needed for parameters of their source.
    """
    if part == "schedule":
        for name, value in values.items():
            training = lineup.set_schedule(training, name, value)
        return training
    choice: Choice = getattr(training, part)
    record = Setup if part == "setup" else DATASETS[choice.key]
    for name, value in values.items():
        choice = choice.having(name, checked(record, name, value))
    changes: dict[str, Any] = {part: choice}
    changed = dataclasses.replace(training, **changes)
    return checked_whole(changed, generated(changed) if part == "data" or data is None else data)


def set_data(training: Training, name: str, value: Any) -> Training:
    """A parameter of the source of the data."""
    return set_parameters(training, "data", {name: value})


def set_setup(training: Training, name: str, value: Any, data: DataSet) -> Training:
    """A parameter of the model or its loss, of all racers who have none of their own."""
    return set_parameters(training, "setup", {name: value}, data)


CHANGES: Mapping[str, Callable[[Training, Any], Training]] = {
    "steps": lineup.set_steps,
    "schedule": lineup.choose_schedule,
}
"""The changes of settings that have consequences for others; those of the data have functions of their own."""


def change(training: Training, name: str, value: Any, data: DataSet) -> Training:
    """The training with one of its settings, by its name, as a user wants it, and what follows from that."""
    if name in CHANGES:
        return CHANGES[name](training, value)
    return checked_whole(with_value(training, SETTINGS[name], value), data)


def set_epochs(training: Training, value: Any, data: DataSet) -> Training:
    """The fewest steps in which every training sample has been used so many times."""
    epochs = number(value, "epochs", "10")
    if not 0 < epochs <= MOST_STEPS:  # a step is at most one pass
        raise Refused(f"epochs must be above 0 and at most {MOST_STEPS:,}; got {shortened(value)}.")
    return lineup.set_steps(training, steps_of(training, epochs, data))


def steps_of(training: Training, epochs: float, data: DataSet) -> int:
    return math.ceil(round(epochs * training.epoch(data), 6))  # 0.1 + 0.2 is not a step more than 0.3


def set_view(training: Training, slot: int, key: str) -> Training:
    """What one of the three panels shows; a view that another panel shows changes places with it."""
    if key not in VIEWS:
        raise Refused(unknown("view", key, VIEWS))
    views = list(training.views)
    if key in views:
        views[views.index(key)] = views[slot]
    views[slot] = key
    return dataclasses.replace(training, views=tuple(views))


def resize(training: Training, how: str, data: DataSet) -> Training:
    """Change the hidden layers as a button of the view Network asks: "more k" or "less k", for one neuron in layer k,
    "deeper" or "shallower". If the racer has its own hidden layers, only those change.
    """
    racer = next((r for r in training.racers if r.slot == training.inside and not r.hidden), None)
    racer = racer or next((r for r in training.racers if not r.hidden), None)
    widths = list(training.of(racer, "widths"))
    word, _, layer = how.partition(" ")
    if word == "deeper":
        widths.append(widths[-1] if widths else FIRST_WIDTH)
    elif word == "shallower":
        del widths[-1:]
    elif word in ("more", "less") and layer.isdigit() and int(layer) < len(widths):
        widths[int(layer)] += 1 if word == "more" else -1
    else:
        raise Refused("That layer is no longer in the network.")
    spelled = SETTINGS["widths"].form.spell(tuple(widths))
    if racer and "widths" in dict(racer.own):
        if not spelled:
            raise Refused("This racer has its own hidden layers and needs at least one of them: see Run, Racers.")
        return checked_whole(set_racer(training, racer.id, "widths", spelled), data)
    return change(training, "widths", spelled, data)


def add_racer(training: Training, key: str, data: DataSet, rate: Value | None = None) -> Training:
    """One more racer, at a learning rate or, without one, at that which the network at its start suggests."""
    if key not in RULES:
        raise Refused(unknown("optimizer", key, RULES))
    rule = Choice(key)
    rule = _starting(training, rule, data) if rate is None else rule.having("learning_rate", rate)
    return checked_whole(lineup.join(training, rule), data)


def reset_racer(training: Training, id: str, data: DataSet) -> Training:
    """A racer's rule as it was when it joined: its defaults, and the learning rate that the network suggests."""
    racer = lineup.find(training, id)
    rule = _starting(training, Choice(racer.rule.key), data, racer)
    return lineup.put(training, dataclasses.replace(racer, rule=rule))


def suggest_rate(training: Training, id: str, data: DataSet) -> Training:
    """A racer at the learning rate that its network suggests; its other values stay."""
    racer = lineup.find(training, id)
    return lineup.put(training, dataclasses.replace(racer, rule=_starting(training, racer.rule, data, racer)))


def suggestion(key: str) -> str:
    """What learning rate is suggested for a rule, as a tooltip; an empty text if it has none."""
    if "learning_rate" not in RULES[key].parameters():
        return ""
    what = {
        "curvature": "half the inverse of the largest eigenvalue of the Hessian at the initial weights",
        "length": "1 % of the root mean square of the initial weights",
        "both": "1 % of the root mean square of the initial weights, or half the inverse of the largest eigenvalue of "
        "the Hessian there if that is less",
    }.get(RULES[key].rate_unit, "the default of the rule")
    return f"Set the learning rate to {what}"


def set_racer(training: Training, id: str, name: str, value: Any) -> Training:
    """A parameter of one racer's rule, or a setting that it has for itself; "" takes that away."""
    racer = lineup.find(training, id)
    if name not in OWN:
        return lineup.set_racer(training, id, name, value)
    own = {n: v for n, v in racer.own if n != name}
    if str(value) != "":
        own[name] = _own(name, value)
    return lineup.put(training, dataclasses.replace(racer, own=tuple(own.items())))


def set_values(training: Training, id: str, values: Mapping[str, float]) -> Training:
    """Several parameters of one racer at once, such as the best ones of a search."""
    for name, value in values.items():
        training = set_racer(training, id, name, value)
    return training


def _own(name: str, value: Any) -> Value:
    if name in Setup.parameters():
        return checked(Setup, name, value)
    found = SETTINGS[name].read(value)
    return found if isinstance(found, int) else SETTINGS[name].form.spell(found)


def checked_whole(training: Training, data: DataSet) -> Training:
    """The training, if every racer of it can be trained on these data.

    Raises:
        Refused: if it does not fit the data, the memory, or a racer's rule.
    """
    for racer in (None, *training.racers):
        for part in training.regularizers(racer, data):
            if problem := unsuitable(type(part), data):
                raise Refused(sentence(problem))
        objective, batch = training.of(racer, "objective"), training.of(racer, "batch_size")
        loss = LOSSES[objective]
        if data.task not in loss.tasks:
            raise Refused(
                f"{data.name} has {data.task} as targets, which {loss.name} does not support: choose another loss."
            )
        if batch > len(data.train):
            raise Refused(
                f"The batch size must lie between 1 and the number of training samples, {len(data.train):,}, or be all."
            )
        size = _model(training, racer, data).size
        count = max(1, len(training.racers))
        needed = 8 * size * LEAST * count
        if needed > MEMORY:
            raise Refused(
                f"A network of {size:,} weights is too large: recorded {LEAST} times, with the state of the rules, "
                f"{counted(count, 'racer')} {'needs' if count == 1 else 'need'} {needed / 2**20:,.0f} MB, and the "
                f"limit is {MEMORY >> 20} MB. Choose smaller widths, or fewer racers."
            )
        if racer and (problem := size_objection(RULES[racer.rule.key], size)):
            raise Refused(sentence(problem))
    return training


def unsuitable(regularizer: type[Regularizer], data: DataSet) -> str:
    """The reason why a regularizer does not suit the data, or an empty string."""
    return regularizer.objection(data.inputs, data.outputs if data.task == "classes" else 1)


def _model(training: Training, racer: Racer | None, data: DataSet) -> MLP:
    try:
        return training.model(racer, data)
    except ValueError as error:
        raise Refused(sentence(str(error))) from None


def _starting(training: Training, rule: Choice, data: DataSet, racer: Racer | None = None) -> Choice:
    """A rule at the learning rate that the network suggests: the common one, or that of a racer."""
    bare = without_looks(training, racers=(), steps=1, schedule=Choice("constant"))
    rate = rate_in_units(
        RULES[rule.key],
        lambda: _length(bare, data, racer),
        lambda: _sharpness(bare, data, racer),
    )
    return rule if rate is None else rule.having("learning_rate", rate)


@cached_with
def _measured(data: DataSet) -> Cache[float]:
    """What was measured of networks on some data at their start; it is dropped with the data, which may be large."""
    return Cache(256 * ENTRY)


def _length(bare: Training, data: DataSet, racer: Racer | None) -> float:
    """The root mean square of the weights at the start."""
    own = racer.own if racer else ()
    return _measured(data).get(("length", bare, own), lambda: _root_mean_square(bare.start(racer, data)))


def _root_mean_square(weights: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(weights, dtype=float))))


def _sharpness(bare: Training, data: DataSet, racer: Racer | None) -> float:
    """λmax at the start, over the first samples; 0 where it is not positive."""
    own = racer.own if racer else ()
    return _measured(data).get(("sharpness", bare, own), lambda: _largest_eigenvalue(bare, data, racer))


def _largest_eigenvalue(bare: Training, data: DataSet, racer: Racer | None) -> float:
    network = bare.network(racer, data).evaluated.first(SAMPLES)
    return max(0.0, float(top_eigenvalues(network, bare.start(racer, data))[0]))
