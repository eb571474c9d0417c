"""The settings of a training as a query of the address bar, and back.

    data=spirals&data.turns=1.5&widths=32-32&activation=tanh&batch_size=32&steps=2000&seed=0
    &racer=adam:learning_rate=0.01&racer=adam:learning_rate=0.01,activation=sigmoid&views=outcome,accuracy,loss

Settings that are not given take their defaults. Bad values are dropped, each with a notice; the others are kept.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from app.common import racers
from app.common.digits import shortened
from app.common.link import VERSION, Reader, spell, spell_racers, spell_unless, text
from app.common.racers import Choice, Refused
from app.network.changes import (
    FIRST_RACERS,
    add_racer,
    checked_whole,
    choose_data,
    choose_file,
    set_batch_size,
    set_data,
    set_plane,
    set_racer,
    set_setup,
    set_standardised,
    set_widths,
)
from app.network.presets import first
from app.network.settings import FILE, Setup, Training, generated
from surfaces.network import DataSet


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
    link.read("steps", racers.set_steps)
    link.read("seed", racers.set_seed)
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
