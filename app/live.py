"""What the page asks for while something is dragged: runs, computed at once and sent as bytes, without a rerun.

An address names the settings in full, as the address bar does, so that any replica can answer it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from app import live_route, race, racers
from app import settings as change
from app.figures import plane
from app.player.scene import Runs, pack_runs
from app.racers import Racer, Refused, built
from app.settings import Settings
from optimizers import RULES, Trace
from surfaces import Parameter

FINE, COARSE = 101, 41
"""Positions of a slider that are computed: the fewer where a run is long."""
FINE_STEPS = 1000
MOST_BYTES = 2_000_000
"""Of one answer; where runs are longer, every second step is sent, or every third, and so on."""


def address(settings: Settings) -> str:
    """Where runs at these settings, but for what is dragged, are asked for."""
    halved = "&live.halved=1" if settings.halved else ""
    return live_route.address(urlencode(change.query(settings), doseq=True) + halved)


def answer(what: str, given: Mapping[str, list[str]], asked: Mapping[str, str]) -> bytes:
    """What a page asks for, as the player takes it.

    Args:
        what: "sweep", of the slider of parameter "name" of "racer", or "start", the race from "x" and "y".
        given: the settings, as a query spells them.
        asked: what is wanted; "halved" of a race that is shown beside another.

    Raises:
        Refused: if that cannot be.
    """
    settings, _ = change.parse(given)
    settings = dataclasses.replace(settings, halved="halved" in asked)
    return pack_runs(_ask(settings, what, asked))


def positions(spec: Parameter, count: int) -> np.ndarray:
    """That many values over a slider's range on its scale, with three digits that count, as the slider shows them."""
    if spec.scale == "log":
        return np.array([float(f"{v:.3g}") for v in np.geomspace(spec.low, spec.high, count)])
    if spec.scale == "one_minus_log":
        found = [1 - gap for gap in np.geomspace(1 - spec.low, 1 - spec.high, count)]
        # near one it is the distance from one that counts
        neat = [1 - float(f"{1 - v:.3g}") if v > 0.9 else float(f"{v:.3g}") for v in found]
        return np.clip(np.array([float(f"{v:.12g}") for v in neat]), spec.low, spec.high)
    return np.clip([float(f"{v:.3g}") for v in np.linspace(spec.low, spec.high, count)], spec.low, spec.high)


@functools.lru_cache(maxsize=24)
def sweep(settings: Settings, racer: Racer, name: str, halved: bool = False) -> Runs:
    """One racer's runs at every position of one of its sliders, in one call; `settings` bare of racers.

    Every parameter travels as an array, so that all sliders of a rule share one program.
    """
    kind = RULES[racer.rule.key]
    specs = {n: p for n, p in kind.parameters().items() if not p.static}
    values = positions(specs[name], FINE if settings.steps <= FINE_STEPS else COARSE)
    given = {n: np.full(len(values), float(racer.rule.get(n, p.default))) for n, p in specs.items()}
    rule = settings.scheduled(built(RULES, racer.rule).replace(**{**given, name: values}))
    batch = race.traced(settings, rule, record=race.PATHS)
    return _packed(dataclasses.replace(settings, halved=halved), [batch[k] for k in range(len(values))], values)


def moved(settings: Settings, start: tuple[float, float]) -> Runs:
    """Every racer's run from another start; none of them is kept, for the pointer moves on."""
    elsewhere = change.set_start(settings, *start)
    made = [race.traced(elsewhere, elsewhere.rule(racer), record=race.PATHS) for racer in elsewhere.racers]
    return _packed(elsewhere, made, [])


def _packed(settings: Settings, runs: Sequence[Trace], values: Any) -> Runs:
    surface, extent = settings.built_surface(), race.background_of(settings).extent
    paths, leaves = plane.drawn(runs, settings.steps, extent)
    losses = plane.heights(runs, surface)
    kept = plane.kept(settings.steps, len(runs), MOST_BYTES)
    told = tuple(race.told(settings, run, last) for run, last in zip(runs, leaves, strict=True))
    return Runs(paths[:, kept], losses[:, kept], kept, told, np.asarray(values, dtype=float))


def _ask(settings: Settings, what: str, asked: Mapping[str, str]) -> Runs:
    if what == "start":
        if not settings.racers:
            raise Refused("Nobody races: add a racer first.")
        x, y = (racers.number(asked.get(key, ""), f"{key} of the start", "-1.5") for key in ("x", "y"))
        return moved(settings, (x, y))
    if what != "sweep":
        raise Refused(f"There is nothing to ask for under {what!r}; there are sweep and start.")
    racer = racers.find(settings, asked.get("racer", ""))
    specs = RULES[racer.rule.key].parameters()
    name = asked.get("name", "")
    if name not in specs or specs[name].static:
        raise Refused(f"{racer.rule.key} has no parameter {name!r} with a slider.")
    # the value of the parameter that is swept makes no other sweep
    rest = tuple((n, v) for n, v in racer.rule.values if n != name)
    rule = dataclasses.replace(racer.rule, values=rest)
    return sweep(settings.bare(), dataclasses.replace(racer.bare(), rule=rule), name, settings.half)
