"""Computes the runs that the player requests while something is dragged, without a rerun of the page.

A request contains all settings, like a link, so that any replica of the server can answer it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app.common import addresses, budget, racers
from app.common.racers import Racer, Refused, built
from app.common.stops import COUNT, Values, some, stops
from app.figures import loss, trails
from app.figures import map as maps
from app.figures.marks import Field
from app.player.scene import Runs, Scene, Slider, pack, pack_ground, pack_runs
from app.race import changes, link, rates, runs, scene
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import RULES, Optimizer, Trace
from optimizers.sensitivity import nudged, sensitive
from surfaces.caching import Cache

FINE_STEPS = 1000
"""The largest number of steps at which runs are computed for all stops of a slider; longer runs would be too large."""
COUNTS = (41, 21, 11, 5)
"""The numbers of stops that are computed if not all can be, of which the largest possible is used."""
Wanted = Callable[[], bool]
"""A function that returns whether a client still waits for the answer. It is called between two runs."""
MARGIN = 0.15
"""The margin of the ground of a window, as a share of its size."""
MOST_BYTES = 2_000_000
"""The largest size of an answer. If it is exceeded, only every second step is sent, and so on."""


class Abandoned(Exception):
    """Raised when no client waits for the answer any more."""


def connected(scene: Scene, race: Race) -> Scene:
    """The scene of a race, with the address of its live runs, and with the name of the sweep of each slider."""
    if race.fair is not None and not race.fair.is_complete:
        return scene  # the settings of the address do not give these runs before all racers are tuned
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
    """The address of runs at these settings, except for the value that is dragged."""
    halved = "&live.halved=1" if settings.halved else ""
    return addresses.live(urlencode(link.query(settings), doseq=True) + halved)


def answer(
    what: str, query: Mapping[str, list[str]], request: Mapping[str, str], wanted: Wanted = lambda: True
) -> bytes:
    """The packed runs or the packed scene for a request of the player.

    Args:
        what: "sweep" for the runs along the slider of the parameter "name" of "racer", "start" for all runs from the
            start "x", "y", "scene" for the scene with the slider "name" of the surface at "value", or "ground" for the
            ground of the map in the window from "left" to "right" and from "bottom" to "top".
        query: the query of the settings.
        request: the parameters of the request; "halved" if the race is the second one, and "beside" if the slider
            belongs to the second race.
        wanted: whether a client still waits for the answer.

    Raises:
        Refused: if the answer cannot be computed.
        Abandoned: if no client waits any more.
    """
    settings, _ = link.parse(query)
    if settings.fair:
        settings = dataclasses.replace(runs.race_of(settings).settings, fair=0, source=None)
    settings = dataclasses.replace(settings, halved="halved" in request)
    if what == "scene":
        return pack(_changed(settings, request))
    if what == "ground":
        return pack_ground(_ground(settings, request))
    return pack_runs(_runs(settings, what, request, wanted))


def _ground(settings: Settings, request: Mapping[str, str]) -> Field:
    """The ground of the map in a window, which is widened by a margin for the views that follow."""
    left, right, bottom, top = (
        racers.number(request.get(side, ""), f"{side} of the window") for side in ("left", "right", "bottom", "top")
    )
    background = scene.background_of(settings)
    spans = zip(((left, right), (bottom, top)), background.extent, strict=True)
    x, y = (_widened(span, limits) for span, limits in spans)
    return maps.ground(background, settings.built_surface(), (x, y))


def _widened(span: tuple[float, float], limits: tuple[float, float]) -> tuple[float, float]:
    """A span with a margin, within its limits.

    Raises:
        Refused: if it is empty, or so short that a grid of it would have equal points.
    """
    room = MARGIN * (span[1] - span[0])
    low, high = max(limits[0], span[0] - room), min(limits[1], span[1] + room)
    if not high - low > 1e-9 * (abs(low) + abs(high)):
        raise Refused(f"The map cannot be drawn from {span[0]:g} to {span[1]:g}.")
    return low, high


def _changed(settings: Settings, request: Mapping[str, str]) -> Scene:
    """The scene with another value of a slider of the surface."""
    if not scene.followed(settings):
        raise Refused("This race is too large to follow the slider. It is drawn when you let go of it.")
    name, value = request.get("name", ""), racers.number(request.get("value", ""), "value")
    if "beside" in request:
        changed = changes.in_second(settings, changes.slide, name, value)
    else:
        changed = changes.slide(settings, name, value)
    race = Race(racers.accepted(changed))
    return connected(scene.scene(race), race)


def sweep(settings: Settings, racer: Racer, name: str, halved: bool = False, wanted: Wanted = lambda: True) -> Runs:
    """The runs of a racer at the stops of one of its sliders. `settings` have no racers.

    Every parameter is passed as an array, so that all sliders of a rule share one compiled program.

    Raises:
        Refused: if even the fewest stops would take too long.
        Abandoned: if no client waits any more.
    """
    return _SWEEPS.get((settings, racer, name, halved), lambda: _sweep(settings, racer, name, halved, wanted))


_SWEEPS: Cache[Runs] = Cache(64 * 2**20)


def _sweep(settings: Settings, racer: Racer, name: str, halved: bool, wanted: Wanted) -> Runs:
    kind = RULES[racer.rule.key]
    specs = {n: p for n, p in kind.parameters().items() if not p.static}
    every = stops(specs[name], float(racer.rule.get(name, specs[name].default)))
    values = _some(settings, racer, every)
    # sweeps with the same number of runs share a compiled program
    padded = np.pad(values, (0, COUNT - len(values)), mode="edge") if len(values) not in COUNTS else values
    others = {n: np.full(len(padded), float(racer.rule.get(n, p.default))) for n, p in specs.items()}
    rule = settings.scheduled(built(RULES, racer.rule).replace(**{**others, name: padded}))
    shown = dataclasses.replace(settings, halved=halved)
    return _packed(shown, _with_shadows(settings, rule), len(values), values, wanted)


def _some(settings: Settings, racer: Racer, every: Values) -> Values:
    """The stops of a slider at which runs are computed: as many as the time limit allows."""
    each = 2 * runs.cost(settings, settings.rule(racer)).work  # with its shadow
    for values in [every] * (settings.steps <= FINE_STEPS) + [some(every, count) for count in COUNTS]:
        if len(values) * each <= budget.MOST_LIVE:
            return values
    raise Refused(_too_long("Runs along this slider", COUNTS[-1] * each, settings))


def moved(settings: Settings, start: tuple[float, float], wanted: Wanted = lambda: True) -> Runs:
    """The runs of all racers from another start. They are not cached, because the pointer moves on.

    Raises:
        Refused: if they would take too long.
        Abandoned: if no client waits any more.
    """
    elsewhere = changes.set_start(settings, *start)
    rules = [elsewhere.rule(racer) for racer in elsewhere.racers]
    work = 2 * sum(runs.cost(elsewhere, rule).work for rule in rules)  # with their shadows
    if work > budget.MOST_LIVE:
        raise Refused(_too_long("Runs from another start", work, settings))
    each = ((runs.traced(elsewhere, rule, record=runs.PATHS), runs.shadow(elsewhere, rule)) for rule in rules)
    return _packed(elsewhere, each, len(rules), [], wanted)


def _too_long(what: str, work: float, settings: Settings) -> str:
    return (
        f"{what} take too long to compute while you drag: {settings.steps:,} steps in {len(settings.built_start()):,} "
        f"coordinates take {work / budget.MOST_LIVE:.1f} times the limit. "
        "They are computed when you let go."
    )


Block = tuple[Trace, Trace]
"""A run or a batch of runs with its shadow, which differs from it only by rounding."""


def _with_shadows(settings: Settings, rule: Optimizer) -> Iterator[Block]:
    surface, changed, start = nudged(settings.built_surface(), rule, settings.built_start())
    shadows = runs.blocks(settings, changed, surface=surface, start=start)
    return zip(runs.blocks(settings, rule), shadows, strict=True)


def _packed(settings: Settings, blocks: Iterable[Block], count: int, values: Any, wanted: Wanted) -> Runs:
    """The parts of the first `count` runs that the player draws. Each block is released before the next is computed."""
    surface, extent = settings.built_surface(), scene.background_of(settings).extent
    kept = trails.kept(settings.steps, count, MOST_BYTES)
    paths, losses = [], []
    statuses = list[dict[str, Any]]()
    for batch, shadows in blocks:
        if not wanted():
            raise Abandoned
        block = runs.members(batch)[: count - len(statuses)]
        rounded = np.atleast_1d(sensitive(batch, shadows))[: len(block)].tolist()
        drawn, leaves = trails.drawn(block, settings.steps, extent)
        paths.append(drawn[:, kept])
        losses.append(loss.heights(block, surface)[:, kept])
        statuses += [
            {
                **scene.status_fields(run, flag, runs.pace(settings, run)),
                "caution": rates.caution(settings.surface, run.optimizer),
                "last": run.last,
                "leaves": leaving,
            }
            for run, leaving, flag in zip(block, leaves, rounded, strict=True)
        ]
        del batch, block, shadows
        if len(statuses) == count:
            break
    return Runs(np.concatenate(paths), np.concatenate(losses), kept, tuple(statuses), np.asarray(values, dtype=float))


def _runs(settings: Settings, what: str, request: Mapping[str, str], wanted: Wanted = lambda: True) -> Runs:
    """The runs for a request."""
    if what == "start":
        if not settings.racers:
            raise Refused("No optimizers yet: add one.")
        x, y = (racers.number(request.get(key, ""), f"{key} of the start", "-1.5") for key in ("x", "y"))
        return moved(settings, (x, y), wanted)
    if what != "sweep":
        raise Refused(f"There is no request {what!r}; the choices are sweep, start, scene and ground.")
    racer = racers.find(settings, request.get("racer", ""))
    specs = RULES[racer.rule.key].parameters()
    name = request.get("name", "")
    if name not in specs or specs[name].static:
        raise Refused(f"{racer.rule.key} has no parameter {name!r} with a slider.")
    return sweep(settings.bare(), _swept(racer, name), name, settings.half, wanted)


def _swept(racer: Racer, name: str) -> Racer:
    """The part of a racer on which a sweep depends: all except its slot and the value of the swept parameter, unless
    that value widens the range of the slider.
    """
    spec = RULES[racer.rule.key].parameters()[name]
    rest = tuple((n, v) for n, v in racer.rule.values if n != name or not spec.low <= float(v) <= spec.high)
    return dataclasses.replace(racer.bare(), rule=dataclasses.replace(racer.rule, values=rest))
