"""The settings of a training as a query of the address bar, and back.

    data=spirals&data.turns=1.5&widths=32-32&activation=tanh&batch_size=32&steps=2000&seed=0
    &racer=adam:learning_rate=0.01&racer=adam:learning_rate=0.01,activation=sigmoid&views=outcome,accuracy,loss

Settings that are not given take their defaults, and `epochs=10` may stand for `steps`. Bad values are dropped, each
with a notice; the others are kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from app.common.link import Reader, write
from app.common.racers import Refused
from app.common.setting import Query, with_value
from app.network.changes import (
    SETTINGS,
    add_racer,
    change,
    checked_whole,
    choose_data,
    choose_file,
    of_file,
    prepare,
    set_epochs,
    set_parameters,
    set_racer,
)
from app.network.effects import FIRST_RACERS
from app.network.presets import first, preset
from app.network.settings import FILE, Training, generated
from surfaces.network import DataSet

OF_DATA = ("data", "file", "target")
"""The settings that say which data are learned: they are read first, for the others have to fit the data."""
PREPARED = ("share", "sample", "standardised", "features")
"""The settings that say how the samples are drawn, split and prepared."""


def query(training: Training) -> Query:
    """The training as a query: each key with its values, in the order they should stand."""
    return write(training)


def parse(given: Mapping[str, list[str]], brought: Callable[[Training], DataSet]) -> tuple[Training, list[str]]:
    """A training out of a query, and a notice for each value that had to be dropped.

    A query that names a preset and nothing else stands for the preset.

    Args:
        brought: finds the data out of a file, and refuses where it is not there.
    """
    if not given:
        return first(), []
    if set(given) <= {"preset", "v"} and "preset" in given:
        return _preset(given["preset"][-1])
    link = Reader(given, Training())

    def find(training: Training) -> DataSet:
        return brought(training) if training.data.key == FILE else generated(training)

    _read_data(link, brought, find)
    data = find(link.settings)
    link.read_settings(
        (spec for name, spec in SETTINGS.items() if name not in (*OF_DATA, *PREPARED)),
        functools.partial(change, data=data),
        functools.partial(set_parameters, data=data),
        {
            "racers": lambda: link.read_racers(
                FIRST_RACERS, functools.partial(add_racer, data=data), functools.partial(_set_fitting, data=data)
            )
        },
    )
    link.read("epochs", functools.partial(set_epochs, data=data))  # another spelling of the steps
    return link.result()


def _preset(key: str) -> tuple[Training, list[str]]:
    """The training of a preset, or that of a first visit with a notice."""
    try:
        return preset(key), []
    except Refused as refused:
        return first(), [f"Dropped from the link: {refused}"]


def _read_data(
    link: Reader[Training], brought: Callable[[Training], DataSet], find: Callable[[Training], DataSet]
) -> None:
    """The data that a link names: a file that is at hand, or a source with its parameters."""
    *early, features = PREPARED
    for name in early:  # before the data, which take longest to read
        link.read(name, lambda t, word, name=name: with_value(t, SETTINGS[name], word))  # type: ignore[misc]
    name, target = link.word("file"), link.word("target")
    if link.word("data") == FILE and name:
        asked = of_file(link.settings, name, target)
        link.attempt(lambda t: choose_file(t, name, brought(asked), target))
    else:
        link.read("data", choose_data)
        link.read_parameters(SETTINGS["data"], set_parameters)
    link.read(features, lambda t, word: prepare(t, features, word, find))


def _set_fitting(training: Training, id: str, name: str, value: Any, data: DataSet) -> Training:
    return checked_whole(set_racer(training, id, name, value), data)
