"""Races for a lecture: each shows one effect, ready to be played."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs

from app.common.racers import Refused
from app.common.words import unknown
from app.race.link import parse
from app.race.settings import Settings


@dataclasses.dataclass(frozen=True)
class Preset:
    """A race that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        about: what happens, and which setting to change next.
        link: the settings of the race, as an address spells them.
    """

    name: str
    about: str
    link: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "zigzag": Preset(
            "Zigzag in a ravine",
            "SGD jumps from side to side at every step and crawls along the ravine; momentum gathers speed along it "
            "and needs less than a quarter of the steps. Raise the condition number κ, at the top, above 2/η ≈ "
            "105, and SGD's steps grow without bound. With η below 2/κ it converges again, but more slowly.",
            "surface=quadratic_ravine&surface.condition_number=100&rotation=18&start=-2.93,-0.69&steps=300"
            "&racer=sgd:learning_rate=0.019&racer=momentum:learning_rate=0.01",
        ),
        "local": Preset(
            "A local minimum or the global one",
            "SGD stops in the first minimum on its way; momentum rolls on into the deeper one. Lower momentum's β to "
            "0.8 or less, and it stops where SGD does.",
            "surface=tilted_wells&racer=sgd:learning_rate=0.04&racer=momentum:learning_rate=0.04&heights=linear",
        ),
        "saddle": Preset(
            "Stuck at a saddle",
            "The start lies only 10⁻⁹ off the line y = 0, which leads into the saddle, where the gradient vanishes: "
            "SGD is still there after 150 steps, momentum escapes after about 75, Adam after about 15. Under More, set "
            "the start to -1.8, 0, and none of the three ever leaves the line.",
            "surface=saddle&start=-1.8,1e-9&steps=150&racer=sgd:learning_rate=0.1&racer=momentum:learning_rate=0.1"
            "&racer=adam:learning_rate=0.05&views=gradient",
        ),
        "noise": Preset(
            "Gradients from single samples",
            "Sixteen runs of SGD, each with different random samples, one per step: every run takes a different "
            "path, and none comes to rest. Under More, Noise, raise the batch size, and the runs move closer "
            "together.",
            "surface=linear_regression&steps=300&racer=sgd:learning_rate=0.05&noise=mini_batch&noise.batch_size=1"
            "&bundle=spaghetti&seeds=16",
        ),
        "overshoot": Preset(
            "Overshooting",
            "Momentum runs past the minimum and turns back; Nesterov looks ahead and overshoots less; SGD does not "
            "overshoot. The table says how far. Raise β, and both overshoot further.",
            "surface=quadratic_ravine&surface.condition_number=10&steps=200&racer=sgd:learning_rate=0.02"
            "&racer=momentum:learning_rate=0.02&racer=nesterov:learning_rate=0.02&views=distance",
        ),
        "trap": Preset(
            "Flying over a narrow minimum",
            "SGD falls into the narrow, deep hole on its way; momentum flies over it and ends in the wide minimum "
            "beyond. Lower momentum's β to 0.8 or less, and it falls in as well.",
            "surface=narrow_trap&racer=sgd:learning_rate=0.011&racer=momentum:learning_rate=0.011",
        ),
        "freezing": Preset(
            "Adagrad's shrinking steps",
            "Adagrad divides by the root of the sum of all its squared gradients, so its learning rates only fall, "
            "and it creeps along without getting near the minimum. RMSprop and Adadelta forget old gradients, "
            "so their rates rise again and they reach it. Raise Adagrad's η to 0.3, and it gets there too.",
            "surface=quadratic_ravine&steps=1500&racer=adagrad:learning_rate=0.03&racer=rmsprop:learning_rate=0.01"
            "&racer=adadelta&views=rates",
        ),
        "drop": Preset(
            "Dropping the learning rate",
            "With noise, the loss levels off at a height set by the learning rate. After 300 steps the rate drops "
            "to a tenth, and the loss to less than a fifth. Move the drop under More, Schedule.",
            "surface=quadratic_ravine&surface.condition_number=3&steps=600&seed=1"
            "&racer=sgd:learning_rate=0.2&racer=adam:learning_rate=0.2&noise=isotropic&noise.scale=2&schedule=step_decay&schedule.every=300",
        ),
    }
)
"""Every preset by its key."""


def preset(key: str) -> Settings:
    """The settings of a preset's race.

    Raises:
        Refused: if there is no such preset.
    """
    if key not in PRESETS:
        raise Refused(unknown("preset", key, PRESETS))
    settings, _ = parse(parse_qs(PRESETS[key].link))
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
