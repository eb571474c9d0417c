"""From settings to a scene: all that the player draws of a race."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from app.common.cards import card
from app.common.racers import Choice, built
from app.figures import plane, theme
from app.figures.panels import Panel, Shown, message, steps_axis
from app.player import Card, Scene, Slot
from app.race import bundles
from app.race.captions import described, remarks_of
from app.race.inspector import inspected
from app.race.runs import Race, whole
from app.race.settings import MOST_WHOLE, Settings
from app.race.views import VIEWS, View
from optimizers import OPTIMIZERS, RULES, SCHEDULES, Optimizer, Trace
from optimizers.sensitivity import SENTENCE
from surfaces.caching import cached
from surfaces.surface import Box

UNITS = {"steps": "step", "evaluations": "gradient evaluations"}
HIDE = ("", "Hide this view")
"""The choice that takes a view away."""


@cached(48 * 2**20)
def mapped(surface: Choice, rotation: float, narrowest: float = plane.NARROWEST) -> plane.Map:
    """The map of a surface, drawn once."""
    return plane.map_figure(Settings(surface=surface, rotation=rotation).built_surface(), narrowest)


def background_of(settings: Settings) -> plane.Map:
    """The map of a race, which may have to share the page's width."""
    return mapped(settings.surface, settings.rotation, plane.HALF if settings.half else plane.NARROWEST)


def _offered(item: tuple[str, type[Optimizer]]) -> tuple[bool, bool]:
    """First the lectures' rules by their years, then what is borrowed, last what needs a whole Hessian."""
    return item[1].dense, not item[1].elementwise


def scene(race: Race) -> Scene:
    """All that the player plays: the race, and what is beside it."""
    made = _scene(race)
    if race.second is None or race.settings.beside is None:
        return made
    return dataclasses.replace(made, beside=_scene(race.second), linked=race.settings.beside.linked)


def _scene(race: Race) -> Scene:
    settings, traces, surface = race.settings, race.runs, race.surface
    background = background_of(settings)
    curve = plane.curve_figure(traces, surface)
    positions, leaves = plane.drawn(traces, settings.steps, background.extent)
    curve.figure["layout"] = _drops(settings)
    cards = tuple(_card(race, k, last) for k, last in enumerate(leaves))
    bundle = None
    if settings.bundled:
        seeds = {racer.id: runs for racer, runs in zip(settings.racers, race.seeds, strict=True)}
        bundle = bundles.bundle(settings, seeds, background.extent)
        curve.figure["titles"] = {axis: bundles.title(settings, said) for axis, said in curve.figure["titles"].items()}
    x, y, *_ = race.start
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        map=background.figure,
        curve=curve.figure,
        styles=theme.styles(background.levels.zero),
        cards=cards,
        positions=positions,
        losses=curve.values if traces else np.zeros((0, settings.steps + 1)),
        start=(x, y),
        window=_seen(background.window, (x, y)),
        choices=tuple((key, rule.name) for key, rule in sorted(OPTIMIZERS.items(), key=_offered)),
        slots=_slots(race),
        inspected=_inspected(race),
        bundle=bundle,
        axis=settings.axis,
        views=tuple((key, view.name) for key, view in VIEWS.items() if key not in settings.views),
        caption=described(race),
        picture=settings.picture,
        heights=settings.heights,
        scale={**background.levels.spelled(), "offset": curve.offset, "floor": background.floor},
        description=f"{surface.surface.name}, the paths of {len(cards)} optimizers, {settings.steps} steps. {words}.",
    )


def _drops(settings: Settings) -> dict[str, Any]:
    """Marks on the losses where the schedule lets the learning rate drop; against evaluations there is no one place."""
    if settings.axis != "steps" or settings.schedule.key == "constant":
        return {}
    line = {"width": 1, "dash": "dot", "color": "muted"}
    place = {"type": "line", "xref": "x", "yref": "y domain", "y0": 0, "y1": 1, "layer": "above", "line": line}
    drops = built(SCHEDULES, settings.schedule).drops(settings.steps)
    words = {"text": " η drops", "font": {"size": 10, "color": "muted"}}
    label = {**words, "textposition": "end", "textangle": 0, "xanchor": "left", "yanchor": "top"}
    return {
        "shapes": [{**place, "x0": at, "x1": at, **({"label": label} if k == 0 else {})} for k, at in enumerate(drops)]
    }


def told(run: Trace, leaves: int, rounded: bool, pace: int) -> dict[str, Any]:
    """What a card says of a run, and where its path and its losses end; `rounded` where rounding decides on both."""
    # where the clock counts evaluations, a bare number would be taken for one
    apart = pace > 1
    return {
        "status": str(run.status).replace("@ ", "@ step ") if apart else str(run.status),
        "why": f"{run.status.why} {SENTENCE}" if rounded else run.status.why,
        "gone": run.status.kind in plane.GONE,
        "last": run.last,
        "leaves": leaves,
        "settled": run.steps if run.status.step is None else run.status.step,
    }


def _inspected(race: Race) -> dict[str, Any] | None:
    """What explains the steps of the racer inspected, if there is one."""
    for racer, title in zip(race.settings.racers, race.titles, strict=True):
        if racer.id == race.settings.inspected:
            return inspected(whole(race.settings.bare(), racer.bare()), racer.id, title)
    return None


def _slots(race: Race) -> tuple[Slot, ...]:
    """The panels beside the losses."""
    settings = race.settings
    made = []
    for key in settings.views:
        others = [(other, view.name) for other, view in VIEWS.items() if other == key or other not in settings.views]
        made.append(Slot(key, (*others, HIDE), _beside(race, VIEWS[key]), VIEWS[key].name))
    return tuple(made)


def _beside(race: Race, view: View) -> Panel:
    settings = race.settings
    if view.whole and len(settings.racers) * settings.steps * len(race.start) > MOST_WHOLE:
        return message("So many steps and coordinates are not kept for this view: take fewer of them.")
    traces = race.whole_runs if view.whole else race.runs
    shown = [
        Shown(traces[k], racer.id, k, race.titles[k], *theme.mark(racer.slot)[:2], race.seeds[k], race.paces[k])
        for k, racer in enumerate(settings.racers)
        if not racer.hidden
    ]
    if not shown:
        return message("Nobody races: add a racer, or show one.")
    axis = steps_axis(race.duration, UNITS[settings.axis])
    return view.panel(shown, axis, settings.bundle)


def _seen(window: Box, start: tuple[float, ...]) -> Box:
    """The window, widened to show a start that lies outside it, with room for its mark."""
    sides = []
    for (low, high), at in zip(window, start, strict=False):
        room = 0.04 * (high - low)
        sides.append(
            (low if low <= at <= high else min(low, at - room), high if low <= at <= high else max(high, at + room))
        )
    return sides[0], sides[1]


def _card(race: Race, k: int, leaves: int) -> Card:
    """The card of racer k, whose path leaves the map at a step."""
    settings, racer, run = race.settings, race.settings.racers[k], race.runs[k]
    said = told(run, leaves, race.sensitive[k], race.paces[k])
    if settings.bundled:
        status, why = bundles.outcome(race.seeds[k])
        said = {**said, "status": status, "why": why, "settled": run.steps}
    why = " ".join([said["why"], *remarks_of(settings, RULES[racer.rule.key])])
    return card(racer, race.titles[k], **{**said, "why": why, "cost": run.cost})
