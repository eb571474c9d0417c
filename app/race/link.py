"""The settings of a race as a query of the address bar, and back.

    surface=rosenbrock&surface.steepness=30&rotation=20&start=-1.5,2&steps=300&seed=0
    &schedule=cosine&schedule.horizon=200&noise=isotropic&noise.scale=0.1
    &racer=adam:learning_rate=0.05,beta1=0.9&racer=sgd:learning_rate=0.01,hidden=1

Settings that are not given take their defaults. Bad values are dropped, each with a notice; the others are kept.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from app.common import racers
from app.common.digits import shortened
from app.common.link import VERSION, Reader, spell, spell_racers, spell_unless, text
from app.common.racers import Refused, sentence
from app.race.changes import (
    FIRST_RACERS,
    LOOKS,
    add_racer,
    choose_noise,
    choose_surface,
    first,
    inspect,
    set_look,
    set_parameter,
    set_rotation,
    set_seeds,
    set_start,
    set_together,
    set_view,
)
from app.race.settings import Beside, Settings
from optimizers import OPTIMIZERS, size_objection


def query(settings: Settings) -> dict[str, list[str]]:
    """The settings as a query: each key with its values, in the order they should stand."""
    out: dict[str, list[str]] = {"v": [VERSION], "surface": [settings.surface.key]}
    spell(out, "surface", settings.surface)
    out["rotation"] = [text(settings.rotation)]
    if settings.start is not None:
        out["start"] = [",".join(text(v) for v in settings.start)]
    out["steps"] = [str(settings.steps)]
    spell_unless("constant", out, "schedule", settings.schedule)
    spell_unless("none", out, "noise", settings.noise)
    out["seed"] = [str(settings.seed)]
    out["racer"] = spell_racers(settings)
    if settings.views:
        out["views"] = [",".join(settings.views)]
    if settings.bundle != "one":
        out["bundle"] = [settings.bundle]
    if settings.bundle != "one" or settings.seeds != Settings.seeds:
        out["seeds"] = [str(settings.seeds)]
    if settings.axis != "steps":
        out["axis"] = [settings.axis]
    for k, racer in enumerate(settings.racers, start=1):
        if racer.id == settings.inspected:
            out["inspect"] = [str(k)]
    if (second := settings.second()) and settings.beside:
        own = query(second)
        kept = ("surface", "rotation", "start", *(() if settings.beside.linked else ("racer",)))
        out |= {f"b.{k}": v for k, v in own.items() if k.partition(".")[0] in kept}
    if settings.picture != "map":
        out["picture"] = [settings.picture]
    if settings.heights:
        out["heights"] = [settings.heights]
    return out


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped."""
    if not given:
        return first(), []
    link = Reader(given, Settings())
    link.read("steps", racers.set_steps)
    link.read("seed", racers.set_seed)
    link.read("surface", choose_surface)
    link.read("rotation", set_rotation)
    _read_parameters(link, "surface")
    link.read_schedule()
    link.read("noise", choose_noise)
    _read_parameters(link, "noise")
    link.read("start", _read_start)
    link.read_racers(FIRST_RACERS, add_racer)
    for key in filter(None, link.word("views").split(",")):
        link.attempt(lambda settings, key=key: set_view(settings, len(settings.views), key))
    if link.values("b"):
        own = {k.removeprefix("b."): words for k, words in link.given.items() if k.startswith("b.")}
        link.attempt(_read_beside, own, link.notices)
    link.read("seeds", set_seeds)
    for name in LOOKS:
        link.read(name, functools.partial(_read_look, name))
    link.read("inspect", _read_inspected)
    return link.finished()


def _read_parameters(link: Reader[Settings], part: str) -> None:
    """All at once, for what is refused half way may be whole at the end; else one by one, to keep what can be."""
    if not link.attempt(set_together, part, link.values(part), quiet=True):
        link.read_values(part, lambda settings, name, value: set_parameter(settings, part, name, value))


def _read_look(name: str, settings: Settings, key: str) -> Settings:
    return set_look(settings, name, key)


def _read_beside(settings: Settings, own: Mapping[str, list[str]], notices: list[str]) -> Settings:
    """The race beside: its surface, rotation and start, and its racers' values where it has any."""
    given = {key: words for key, words in own.items() if key.partition(".")[0] != "b"}
    if len(given) < len(own):
        notices.append("Dropped from the link: the race beside has no race beside it, so that nothing is set by b.b.")
    base = Settings(steps=settings.steps, schedule=settings.schedule, noise=settings.noise)
    link = Reader({"surface": [settings.surface.key], **given}, base)
    link.read("surface", choose_surface)
    link.read("rotation", set_rotation)
    _read_parameters(link, "surface")
    link.read("start", _read_start)
    if "racer" in given:
        link.read_racers((), add_racer)
    second, dropped = link.finished()
    notices += [f"The race beside: {notice}" for notice in dropped]
    for racer in settings.racers:
        if problem := size_objection(OPTIMIZERS[racer.rule.key], len(second.built_start())):
            raise Refused(sentence(problem))
    linked = "racer" not in given
    beside = Beside(second.surface, second.rotation, second.start, linked, second.racers)
    return dataclasses.replace(settings, beside=beside)


def _read_inspected(settings: Settings, spelled: str) -> Settings:
    place = racers.whole(spelled, "inspect", 1, max(1, len(settings.racers)), "1, the first racer")
    return inspect(settings, settings.racers[place - 1].id if settings.racers else "")


def _read_start(settings: Settings, spelled: str) -> Settings:
    x, comma, y = spelled.partition(",")
    if not comma:
        raise Refused(f"start must be two numbers with a comma between, such as -1.5,2; got {shortened(spelled)!r}.")
    return set_start(settings, x, y)
