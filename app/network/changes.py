"""Changes of a training: functions from settings to settings, which may refuse."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.common import racers as lineup
from app.common.digits import shortened
from app.common.racers import Choice, Racer, Refused, Value, checked, number, sentence
from app.network.settings import ALL, FILE, LEAST, MEMORY, OWN, SAMPLES, Setup, Training, generated, read_widths
from optimizers import RULES, size_objection
from optimizers.starting import rate_in_units
from surfaces.caching import ENTRY, Cache, cached_with
from surfaces.curvature import top_eigenvalues
from surfaces.network import DATASETS, LOSSES, DataSet

FIRST_RACERS = ("sgd", "momentum", "adam")


def numbers_aside(training: Training) -> Training:
    """The training without what can change while its compiled programs stay: rates, seed, and what is shown."""
    racers = tuple(Racer(Choice(r.rule.key), 0, own=r.own) for r in training.racers)
    return dataclasses.replace(
        training, racers=racers, schedule=Choice(training.schedule.key), seed=0, views=("", "", ""), plane=""
    )


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


def set_batch_size(training: Training, value: Any, data: DataSet) -> Training:
    return checked_whole(dataclasses.replace(training, batch_size=read_batch(value)), data)


def read_batch(value: Any) -> int:
    """A batch size as it is typed: a whole number, or "all"."""
    if str(value).strip().lower() in ALL:
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
    return lineup.set_steps(training, steps_of(training, epochs, data))


def steps_per_epoch(training: Training, data: DataSet) -> float:
    """Training samples over batch size, which need not be whole: a batch may hold the end of one pass through the
    samples and the beginning of the next.
    """
    return len(data.train) / (training.batch_size or len(data.train))


def steps_of(training: Training, epochs: float, data: DataSet) -> int:
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
        if racer and (problem := size_objection(RULES[racer.rule.key], size)):
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
