"""Writes the settings of a race as the query of a link, and reads them.

    surface=rosenbrock&surface.steepness=30&rotation=20&start=-1.5,2&steps=300&seed=0
    &schedule=cosine&schedule.horizon=200&noise=isotropic&noise.scale=0.1
    &racer=adam:learning_rate=0.05,beta1=0.9&racer=sgd:learning_rate=0.01,hidden=1

Settings that are not given take their defaults. Bad values are dropped, each with a notice; the others are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from urllib.parse import parse_qs

from app.common import racers
from app.common.link import Reader, write
from app.common.racers import Refused, sentence
from app.common.setting import Query
from app.race.changes import FIRST_RACERS, SETTINGS, add_racer, change, inspect, set_fair, set_parameters, set_view
from app.race.effects import PRESETS
from app.race.settings import Beside, Settings
from optimizers import OPTIMIZERS, size_objection

OPENING = "zigzag"
"""The preset of a first visit."""
BESIDE = ("surface", "rotation", "start")
"""The settings that the second race always has for itself."""


def query(settings: Settings) -> Query:
    """The query of the settings, in the order of their declarations. Of a fair race, it is that of its source."""
    settings = settings.source or settings
    return write(settings, {"inspected": _write_inspected, "beside": _write_beside})


def _write_inspected(settings: Settings) -> Query:
    ids = [racer.id for racer in settings.racers]
    return {"inspect": [str(ids.index(settings.inspected) + 1)]} if settings.inspected else {}


def _write_beside(settings: Settings) -> Query:
    second = settings.second()
    if second is None or settings.beside is None:
        return {}
    names = BESIDE if settings.beside.linked else (*BESIDE, "racers")
    return {f"b.{key}": words for name in names for key, words in SETTINGS[name].write(second).items()}


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped.

    A query that names a preset and nothing else stands for the preset, an empty one for that of a first visit.
    """
    given = given or {"preset": [OPENING]}
    if opens(given) and given["preset"][-1] in PRESETS:
        key = given["preset"][-1]
        given = {**parse_qs(PRESETS[key].link), "preset": [key]}
    link = Reader(given, Settings())
    special = {
        "racers": lambda: link.read_racers(FIRST_RACERS, add_racer),
        "views": lambda: _read_views(link),
        "inspected": lambda: link.read("inspect", _read_inspected),
        "beside": lambda: _read_beside(link),
        "fair": lambda: link.read("fair", lambda s, word: _with_fair(s, word, "views" in link.query)),
    }
    # the number of seeds is read first, because a bundle may be too large with the default number
    specs = {"seeds": SETTINGS["seeds"], **SETTINGS}
    link.read_settings(specs.values(), change, set_parameters, special)
    return link.result()


def opens(given: Mapping[str, list[str]]) -> bool:
    """Whether a query leaves all settings to a preset, so that a race begins before the visitor has done anything."""
    return not given or (set(given) <= {"preset", "v"} and "preset" in given)


def _read_views(link: Reader[Settings]) -> None:
    for key in filter(None, link.word("views").split(",")):
        link.attempt(lambda settings, key=key: set_view(settings, len(settings.views), key))


def _with_fair(settings: Settings, spelled: str, has_views: bool) -> Settings:
    """Begin a fair race. A link that names views, or none, keeps them."""
    changed = set_fair(settings, spelled)
    return dataclasses.replace(changed, views=settings.views) if has_views else changed


def _read_inspected(settings: Settings, spelled: str) -> Settings:
    place = racers.whole(spelled, "inspect", 1, max(1, len(settings.racers)), "1, the first racer")
    return inspect(settings, settings.racers[place - 1].id if settings.racers else "")


def _read_beside(link: Reader[Settings]) -> None:
    if link.values("b"):
        second = {key.removeprefix("b."): words for key, words in link.query.items() if key.startswith("b.")}
        link.attempt(_with_beside, second, link.notices)


def _with_beside(settings: Settings, query: Mapping[str, list[str]], notices: list[str]) -> Settings:
    """Add the second race of a query: its surface, rotation and start, and the values of its racers if it has any."""
    plain = {key: words for key, words in query.items() if key.partition(".")[0] != "b"}
    if len(plain) < len(query):
        notices.append(
            "Dropped from the link: race B cannot have a second race itself, so b.b settings have no effect."
        )
    base = Settings(steps=settings.steps, schedule=settings.schedule, noise=settings.noise)
    link = Reader({"surface": [settings.surface.key], **plain}, base)
    link.read_settings((SETTINGS[name] for name in BESIDE), change, set_parameters)
    linked = "racer" not in plain
    if not linked:
        link.read_racers((), add_racer)
    second, dropped = link.result()
    notices += [f"Race B: {notice}" for notice in dropped]
    for racer in settings.racers:
        if problem := size_objection(OPTIMIZERS[racer.rule.key], len(second.built_start())):
            raise Refused(sentence(problem))
    beside = Beside(second.surface, second.rotation, second.start, linked, second.racers)
    return dataclasses.replace(settings, beside=beside)
