"""Races worth seeing: each shows one thing that the lectures say, ready to be played."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

from app import settings as change
from app.racers import Refused
from app.settings import Settings


@dataclasses.dataclass(frozen=True)
class Preset:
    """A race worth seeing.

    Attributes:
        name: what it is called.
        about: what is to be seen, and what to move to see more.
        link: its settings, as a link spells them.
    """

    name: str
    about: str
    link: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "zigzag": Preset(
            "Zigzag in a ravine",
            "SGD changes sides at every step and crawls along the ravine; momentum adds up what the steps agree on. "
            "The table counts the crossings. Raise the condition number κ at the top: SGD diverges until its η is "
            "below 2/κ, and then it crawls the more.",
            "surface=quadratic_ravine&surface.condition_number=100&rotation=18&start=-2.93,-0.69&steps=300"
            "&racer=sgd:learning_rate=0.019&racer=momentum:learning_rate=0.01",
        ),
        "local": Preset(
            "The first or the deeper minimum",
            "SGD stops in the first minimum on its way; momentum rolls on into the deeper one. Drag β of momentum "
            "down, and it stops where SGD does.",
            "surface=tilted_wells&racer=sgd:learning_rate=0.04&racer=momentum:learning_rate=0.04&heights=linear",
        ),
        "saddle": Preset(
            "Stuck at a saddle",
            "Near the saddle the slope is almost nothing: SGD lingers there, rules that divide by the slope's size "
            "do not. The gradient norm shows the stay, the table counts its steps. Drag the start onto the ridge y = "
            "0.",
            "surface=saddle&steps=200&racer=sgd:learning_rate=0.1&racer=momentum:learning_rate=0.1"
            "&racer=adam:learning_rate=0.05&views=gradient",
        ),
        "noise": Preset(
            "Gradients of one sample",
            "Sixteen seeds of SGD on mini-batches of one sample: each wanders its own way and none comes to rest. "
            "Under More, Noise, raise the batch size, and the bundle draws together.",
            "surface=linear_regression&steps=300&racer=sgd:learning_rate=0.05&noise=mini_batch&noise.batch_size=1"
            "&bundle=spaghetti&seeds=16",
        ),
        "overshoot": Preset(
            "Overshooting",
            "Momentum runs beyond the minimum and turns back; Nesterov looks ahead and overshoots less; SGD does "
            "not. The table says how far. Drag β up.",
            "surface=quadratic_ravine&surface.condition_number=10&steps=200&racer=sgd:learning_rate=0.02"
            "&racer=momentum:learning_rate=0.02&racer=nesterov:learning_rate=0.02&views=distance",
        ),
        "trap": Preset(
            "Flying over a narrow minimum",
            "SGD falls into the narrow, deep hole on its way; momentum is too fast for it and ends in the wide "
            "minimum beyond. Drag β of momentum down, and it falls in as well.",
            "surface=narrow_trap&racer=sgd&racer=momentum",
        ),
        "freezing": Preset(
            "Adagrad freezes",
            "Adagrad divides by all that its gradients ever were: its rates only fall, and it creeps where it should "
            "run. RMSprop and Adadelta forget, and keep moving. The effective learning rates show it; drag Adagrad's "
            "η up.",
            "surface=quadratic_ravine&steps=1500&racer=adagrad:learning_rate=0.03&racer=rmsprop:learning_rate=0.01"
            "&racer=adadelta&views=rates",
        ),
        "drop": Preset(
            "A drop of the learning rate",
            "Under noise the loss flattens where the steps are as long as the noise throws them; where the learning "
            "rate drops to a tenth, the loss drops with it. Under More, Schedule, move the drop.",
            "surface=quadratic_ravine&surface.condition_number=3&steps=600&seed=1"
            "&racer=sgd:learning_rate=0.2&racer=adam:learning_rate=0.2&noise=isotropic&noise.scale=2&schedule=step_decay&schedule.every=300",
        ),
    }
)
"""Every preset by its key."""


def preset(key: str) -> Settings:
    """A race that shows what one came to see.

    Raises:
        Refused: if there is no such preset.
    """
    if key not in PRESETS:
        raise Refused(f"There is no preset {key!r}; there are {', '.join(PRESETS)}.")
    settings, _ = change.parse(parse_qs(PRESETS[key].link))
    return settings


def shown_by(settings: Settings) -> str:
    """What to look at, where a race has the surface, rules, noise and schedule of a preset; else nothing."""
    rules = tuple(racer.rule.key for racer in settings.racers)
    gist = (settings.surface.key, rules, settings.noise.key, settings.schedule.key)
    return _gists().get(gist, "") if settings.beside is None else ""


@functools.cache
def _gists() -> dict[tuple[Any, ...], str]:
    """What presets are about, by what they are known by: read from their links alone, so that nothing is compiled."""
    found = {}
    for one in PRESETS.values():
        query = parse_qs(one.link)
        rules = tuple(racer.partition(":")[0] for racer in query["racer"])
        noise, schedule = (query.get(part, [plain])[0] for part, plain in (("noise", "none"), ("schedule", "constant")))
        found[query["surface"][0], rules, noise, schedule] = one.about
    return found
