"""What the page asks for while something is dragged: runs, computed at once and sent as bytes, without a rerun.

An address names the settings in full, as the address bar does, so that any replica can answer it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app.common import addresses, budget, racers
from app.common.racers import Racer, Refused, built
from app.common.stops import COUNT, Values, some, stops
from app.figures import loss, trails
from app.player.scene import Runs, Scene, Slider, pack, pack_runs
from app.race import changes, link, rates, runs, scene
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import RULES, Optimizer, Trace
from optimizers.sensitivity import nudged, sensitive
from surfaces.caching import Cache

FINE_STEPS = 1000
"""The most steps at which all stops of a slider are computed: more of so many runs are too much to send."""
COUNTS = (41, 21, 11, 5)
"""How many stops are computed where not all can be: as many as fit into the time that one may wait."""
Wanted = Callable[[], bool]
"""Whether somebody still waits for an answer; asked between two runs."""
MOST_BYTES = 2_000_000
"""Of one answer; where runs are longer, every second step is sent, or every third, and so on."""


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


def connected(scene: Scene, race: Race) -> Scene:
    """The scene of a race, and of the one beside it, with the address where other runs are asked for, and of each
    slider of a card a name for the runs along it.
    """
    first = _connected(scene, race.settings)
    if scene.beside is None or race.second is None:
        return first
    return dataclasses.replace(first, beside=_connected(scene.beside, race.second.settings))


def _connected(scene: Scene, settings: Settings) -> Scene:
    race = repr((settings.bare(), settings.half))

    def named(racer: Racer, slider: Slider) -> Slider:
        key = f"{race} {_swept(racer, slider.name)} {slider.name}"
        return dataclasses.replace(slider, sweep=hashlib.blake2b(key.encode(), digest_size=8).hexdigest())

    cards = tuple(
        dataclasses.replace(card, sliders=tuple(named(racer, slider) for slider in card.sliders))
        for racer, card in zip(settings.racers, scene.cards, strict=True)
    )
    return dataclasses.replace(scene, cards=cards, live=address(settings))


def address(settings: Settings) -> str:
    """Where runs at these settings, but for what is dragged, are asked for."""
    halved = "&live.halved=1" if settings.halved else ""
    return addresses.live(urlencode(link.query(settings), doseq=True) + halved)


def answer(what: str, given: Mapping[str, list[str]], asked: Mapping[str, str], wanted: Wanted = lambda: True) -> bytes:
    """What a page asks for, as the player takes it.

    Args:
        what: "sweep", of the slider of parameter "name" of "racer", "start", the race from "x" and "y", or "scene", all
            that is drawn when the slider "name" of the surface is at "value".
        given: the settings, as a query spells them.
        asked: what is wanted; "halved" of a race that is shown beside another, "beside" of the other race's surface.
        wanted: whether somebody still waits for the answer.

    Raises:
        Refused: if that cannot be.
        Abandoned: if nobody waits any more.
    """
    settings, _ = link.parse(given)
    settings = dataclasses.replace(settings, halved="halved" in asked)
    return pack(_changed(settings, asked)) if what == "scene" else pack_runs(_ask(settings, what, asked, wanted))


def _changed(settings: Settings, asked: Mapping[str, str]) -> Scene:
    """All that is drawn with another value of a slider of the surface."""
    if not scene.followed(settings):
        raise Refused("This race is too large to follow the slider. It is drawn when you let go.")
    name, value = asked.get("name", ""), racers.number(asked.get("value", ""), "value")
    if "beside" in asked:
        changed = changes.in_second(settings, changes.slide, name, value)
    else:
        changed = changes.slide(settings, name, value)
    race = Race(racers.accepted(changed))
    return connected(scene.scene(race), race)


def sweep(settings: Settings, racer: Racer, name: str, halved: bool = False, wanted: Wanted = lambda: True) -> Runs:
    """One racer's runs at the stops of one of its sliders; `settings` bare of racers.

    Every parameter travels as an array, so that all sliders of a rule share one program.

    Raises:
        Refused: if even the fewest stops would take too long.
        Abandoned: if they are not wanted any more.
    """
    return _SWEEPS.get((settings, racer, name, halved), lambda: _sweep(settings, racer, name, halved, wanted))


_SWEEPS: Cache[Runs] = Cache(64 * 2**20)


def _sweep(settings: Settings, racer: Racer, name: str, halved: bool, wanted: Wanted) -> Runs:
    kind = RULES[racer.rule.key]
    specs = {n: p for n, p in kind.parameters().items() if not p.static}
    every = stops(specs[name], float(racer.rule.get(name, specs[name].default)))
    values = _some(settings, racer, every)
    # sweeps of equally many runs share a compiled program
    padded = np.pad(values, (0, COUNT - len(values)), mode="edge") if len(values) not in COUNTS else values
    others = {n: np.full(len(padded), float(racer.rule.get(n, p.default))) for n, p in specs.items()}
    rule = settings.scheduled(built(RULES, racer.rule).replace(**{**others, name: padded}))
    shown = dataclasses.replace(settings, halved=halved)
    blocks = _first(_with_shadows(settings, rule), len(values))
    return _packed(shown, blocks, len(values), values, wanted)


def _first(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    """The blocks cut off after `count` runs."""
    for block, shadows in blocks:
        yield block[:count], shadows[:count]
        count -= len(block)
        if count <= 0:
            return


def _some(settings: Settings, racer: Racer, every: Values) -> Values:
    """The stops of a slider whose runs are computed: as many as can be while one waits."""
    each = 2 * runs.cost(settings, settings.rule(racer)).work  # with its shadow
    for values in [every] * (settings.steps <= FINE_STEPS) + [some(every, count) for count in COUNTS]:
        if len(values) * each <= budget.MOST_LIVE:
            return values
    raise Refused(_too_long("Runs along this slider", COUNTS[-1] * each, settings))


def moved(settings: Settings, start: tuple[float, float], wanted: Wanted = lambda: True) -> Runs:
    """Every racer's run from another start; none of them is kept, for the pointer moves on.

    Raises:
        Refused: if that would take too long.
        Abandoned: if they are not wanted any more.
    """
    elsewhere = changes.set_start(settings, *start)
    rules = [elsewhere.rule(racer) for racer in elsewhere.racers]
    work = 2 * sum(runs.cost(elsewhere, rule).work for rule in rules)  # with their shadows
    if work > budget.MOST_LIVE:
        raise Refused(_too_long("Runs from another start", work, settings))
    each = (([runs.traced(elsewhere, rule, record=runs.PATHS)], [runs.shadow(elsewhere, rule)]) for rule in rules)
    return _packed(elsewhere, each, len(rules), [], wanted)


def _too_long(what: str, work: float, settings: Settings) -> str:
    return (
        f"{what} take too long to compute while you drag: {settings.steps:,} steps in {len(settings.built_start()):,} "
        f"coordinates take {work / budget.MOST_LIVE:.1f} times the limit. "
        "They are computed when you let go."
    )


Block = tuple[Sequence[Trace], Sequence[Trace]]
"""Runs, and the shadow of each, which begins within rounding of it."""


def _with_shadows(settings: Settings, rule: Optimizer) -> Iterator[Block]:
    surface, changed, start = nudged(settings.built_surface(), rule, settings.built_start())
    shadows = runs.blocks(settings, changed, surface=surface, start=start)
    return zip(runs.blocks(settings, rule), shadows, strict=True)


def _packed(settings: Settings, blocks: Iterable[Block], count: int, values: Any, wanted: Wanted) -> Runs:
    """What the player draws of `count` runs; each block is dropped before the next one is computed."""
    surface, extent = settings.built_surface(), scene.background_of(settings).extent
    kept = trails.kept(settings.steps, count, MOST_BYTES)
    paths, losses, told = [], [], []
    for block, shadows in blocks:
        if not wanted():
            raise Abandoned
        drawn, leaves = trails.drawn(block, settings.steps, extent)
        paths.append(drawn[:, kept])
        losses.append(loss.heights(block, surface)[:, kept])
        rounded = [bool(sensitive(run, shadow)) for run, shadow in zip(block, shadows, strict=True)]
        told += [
            {
                **scene.told(run, sensitive, runs.pace(settings, run)),
                "caution": rates.caution(settings.surface, run.optimizer),
                "last": run.last,
                "leaves": leaving,
            }
            for run, leaving, sensitive in zip(block, leaves, rounded, strict=True)
        ]
        del block, shadows
    return Runs(np.concatenate(paths), np.concatenate(losses), kept, tuple(told), np.asarray(values, dtype=float))


def _ask(settings: Settings, what: str, asked: Mapping[str, str], wanted: Wanted = lambda: True) -> Runs:
    if what == "start":
        if not settings.racers:
            raise Refused("No optimizers yet: add one.")
        x, y = (racers.number(asked.get(key, ""), f"{key} of the start", "-1.5") for key in ("x", "y"))
        return moved(settings, (x, y), wanted)
    if what != "sweep":
        raise Refused(f"There is no request {what!r}; the choices are sweep and start.")
    racer = racers.find(settings, asked.get("racer", ""))
    specs = RULES[racer.rule.key].parameters()
    name = asked.get("name", "")
    if name not in specs or specs[name].static:
        raise Refused(f"{racer.rule.key} has no parameter {name!r} with a slider.")
    return sweep(settings.bare(), _swept(racer, name), name, settings.half, wanted)


def _swept(racer: Racer, name: str) -> Racer:
    """The racer without what makes no other sweep: its place, and the value of the parameter that is swept, unless that
    widens the range of the slider.
    """
    spec = RULES[racer.rule.key].parameters()[name]
    rest = tuple((n, v) for n, v in racer.rule.values if n != name or not spec.low <= float(v) <= spec.high)
    return dataclasses.replace(racer.bare(), rule=dataclasses.replace(racer.rule, values=rest))
