"""From settings to a scene: all that the player draws of a race."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from app.common.cards import card
from app.common.names import titles
from app.common.racers import Choice, Racer, built
from app.figures import plane, theme
from app.figures.panels import Panel, Shown, message, steps_axis
from app.player import Card, Scene, Slot
from app.race import bundles
from app.race.captions import caption, remarks_of
from app.race.inspector import inspected
from app.race.runs import _seeds, rounded, run, runs, strands, whole
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


def scene(settings: Settings) -> Scene:
    """All that the player plays: the race, and what is beside it."""
    made = _scene(settings)
    second = settings.second()
    if second is None or settings.beside is None:
        return made
    return dataclasses.replace(made, beside=_scene(second), linked=settings.beside.linked)


def _scene(settings: Settings) -> Scene:
    traces = runs(settings)
    surface = settings.built_surface()
    background = background_of(settings)
    curve = plane.curve_figure(traces, surface)
    positions, leaves = plane.drawn(traces, settings.steps, background.extent)
    curve.figure["layout"] = _drops(settings)
    cards = tuple(
        _card(settings, racer, title, t, last)
        for racer, title, t, last in zip(settings.racers, titles(settings), traces, leaves, strict=True)
    )
    bundle = None
    if settings.bundled:
        seeds = {racer.id: strands(settings, racer) for racer in settings.racers}
        bundle = bundles.bundle(settings, seeds, background.extent)
        curve.figure["titles"] = {axis: bundles.title(settings, said) for axis, said in curve.figure["titles"].items()}
    x, y, *_ = settings.built_start()
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
        slots=_slots(settings),
        inspected=_inspected(settings),
        bundle=bundle,
        axis=settings.axis,
        views=tuple((key, view.name) for key, view in VIEWS.items() if key not in settings.views),
        caption=described(settings),
        picture=settings.picture,
        heights=settings.heights,
        scale={**background.levels.spelled(), "offset": curve.offset, "floor": background.floor},
        description=f"{surface.surface.name}, the paths of {len(cards)} optimizers, {settings.steps} steps. {words}.",
    )


def described(settings: Settings) -> str:
    """The line under a saved picture: surface, racers, parameters and seed, and which runs rounding decides on."""
    names = [
        title
        for racer, title in zip(settings.racers, titles(settings), strict=True)
        if not racer.hidden and rounded(settings.bare(), racer.bare())
    ]
    line = caption(settings)
    return f"{line} · sensitive to rounding: {', '.join(names)}" if names else line


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


def told(settings: Settings, run: Trace, leaves: int, rounded: bool) -> dict[str, Any]:
    """What a card says of a run, and where its path and its losses end; `rounded` where rounding decides on both."""
    # where the clock counts evaluations, a bare number would be taken for one
    apart = pace(settings, run) > 1
    return {
        "status": str(run.status).replace("@ ", "@ step ") if apart else str(run.status),
        "why": f"{run.status.why} {SENTENCE}" if rounded else run.status.why,
        "gone": run.status.kind in plane.GONE,
        "last": run.last,
        "leaves": leaves,
        "settled": run.steps if run.status.step is None else run.status.step,
    }


def _inspected(settings: Settings) -> dict[str, Any] | None:
    """What explains the steps of the racer inspected, if there is one."""
    for racer, title in zip(settings.racers, titles(settings), strict=True):
        if racer.id == settings.inspected:
            return inspected(whole(settings.bare(), racer.bare()), racer.id, title)
    return None


def _slots(settings: Settings) -> tuple[Slot, ...]:
    """The panels beside the losses."""
    made = []
    for key in settings.views:
        others = [(other, view.name) for other, view in VIEWS.items() if other == key or other not in settings.views]
        made.append(Slot(key, (*others, HIDE), _beside(settings, VIEWS[key]), VIEWS[key].name))
    return tuple(made)


def _beside(settings: Settings, view: View) -> Panel:
    if view.whole and len(settings.racers) * settings.steps * len(settings.built_start()) > MOST_WHOLE:
        return message("So many steps and coordinates are not kept for this view: take fewer of them.")
    traces = runs(settings, whole if view.whole else run)
    shown = [
        Shown(one, racer.id, k, title, *theme.mark(racer.slot)[:2], _seeds(settings, racer), pace(settings, one))
        for k, (racer, title, one) in enumerate(zip(settings.racers, titles(settings), traces, strict=True))
        if not racer.hidden
    ]
    if not shown:
        return message("Nobody races: add a racer, or show one.")
    axis = steps_axis(duration(settings), UNITS[settings.axis])
    return view.panel(shown, axis, settings.bundle)


def pace(settings: Settings, run: Trace) -> int:
    """What the clock counts for one step of a run: one, or the gradient evaluations that it costs."""
    return 1 if settings.axis == "steps" else run.cost


def duration(settings: Settings) -> int:
    """Where the clock ends: with the last step of the racer whose steps cost most."""
    return settings.steps * max((pace(settings, run) for run in runs(settings)), default=1)


def _seen(window: Box, start: tuple[float, ...]) -> Box:
    """The window, widened to show a start that lies outside it, with room for its mark."""
    sides = []
    for (low, high), at in zip(window, start, strict=False):
        room = 0.04 * (high - low)
        sides.append(
            (low if low <= at <= high else min(low, at - room), high if low <= at <= high else max(high, at + room))
        )
    return sides[0], sides[1]


def _card(settings: Settings, racer: Racer, title: str, t: Trace, leaves: int) -> Card:
    said = told(settings, t, leaves, rounded(settings.bare(), racer.bare()))
    if settings.bundled:
        status, why = bundles.outcome(strands(settings, racer))
        said = {**said, "status": status, "why": why, "settled": t.steps}
    why = " ".join([said["why"], *remarks_of(settings, RULES[racer.rule.key])])
    return card(racer, title, **{**said, "why": why, "cost": t.cost})
