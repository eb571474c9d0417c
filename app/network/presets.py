"""Presets of the Network page as settings: trainings that show what lectures say."""

from __future__ import annotations

import dataclasses
import functools

from app.common.differences import differences, sentence
from app.common.link import Add, read_racer
from app.common.racers import Refused
from app.common.words import unknown
from app.network.changes import add_racer, set_racer, steps_of
from app.network.changes import of_file as _of_file
from app.network.effects import PRESETS, Preset
from app.network.files import Brought
from app.network.settings import FILE, MOST_STEPS, Training, generated
from surfaces.network import DataSet

__all__ = ["PRESETS", "Preset", "changes", "first", "of_file", "preset", "shown_by"]
OPENING = "spirals"
"""The preset of a first visit."""


def first() -> Training:
    """What a first visit trains."""
    return preset(OPENING)


@functools.cache
def preset(key: str) -> Training:
    """A training that shows what one came to see, ready to be trained.

    Raises:
        Refused: if there is no such preset.
    """
    if key not in PRESETS:
        raise Refused(unknown("preset", key, PRESETS))
    training = dataclasses.replace(PRESETS[key].base, preset=key)
    return _with_racers(training, generated(training))


def of_file(key: str, file: Brought) -> Training:
    """A preset on the samples of a file."""
    training = dataclasses.replace(_of_file(PRESETS[key].base, file.name, file.target), preset=key)
    return _with_racers(training, file.read(training))


def _with_racers(training: Training, data: DataSet) -> Training:
    """A preset with its racers, and with the steps of so many epochs of the data."""
    chosen = PRESETS[training.preset]
    if chosen.epochs:
        training = dataclasses.replace(training, batch_size=min(training.batch_size, len(data.train)))
        steps = min(MOST_STEPS, steps_of(training, chosen.epochs, data))
        training = dataclasses.replace(training, steps=steps)
    return with_racers(training, functools.partial(add_racer, data=data), *chosen.racers)


def shown_by(training: Training) -> str:
    """What to look at in a training that began as a preset, whatever was changed since; an empty text in others."""
    if not training.preset:
        return ""
    chosen = PRESETS[training.preset]
    if not chosen.own_samples:
        return chosen.about
    if training.data.key == FILE:
        return f"{chosen.about} The samples are those of {training.file}."
    return f"{chosen.about} {chosen.own_samples}"


def changes(training: Training, data: DataSet) -> str:
    """What was changed in a training since it began as a preset, as a sentence; an empty text if nothing was.

    Args:
        data: the data of the training.
    """
    if not training.preset:
        return ""
    began = preset(training.preset)
    if training.data.key == FILE:
        began = dataclasses.replace(began, data=training.data, file=training.file, target=training.target)
        began = _with_racers(dataclasses.replace(began, racers=()), data)
    return sentence(differences(began, training))


def with_racers(training: Training, add: Add[Training], *spelled: str) -> Training:
    for one in spelled:
        training = read_racer(training, one, [], add, set_racer)
    return training
