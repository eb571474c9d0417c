"""From settings to a scene: all that the player draws of a race."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.common.cards import card
from app.common.names import titles
from app.common.racers import Choice, Racer, built
from app.figures import map as maps
from app.figures import theme
from app.figures.loss import loss_line, loss_panel, losses_of
from app.figures.marks import AnyMark, Panel, Rule
from app.figures.panels import Shown, message, steps_axis
from app.figures.trails import GONE, trail
from app.player import Card, Clock, Relief, Scene
from app.race import bundles
from app.race.captions import caption, remarks_of
from app.race.inspector import inspected
from app.race.runs import _seeds, rounded, run, runs, strands, whole
from app.race.settings import MOST_WHOLE, Settings
from app.race.views import VIEWS, View
from optimizers import OPTIMIZERS, RULES, SCHEDULES, Optimizer, Trace
from optimizers.sensitivity import SENTENCE
from surfaces.caching import cached

UNITS = {"steps": "step", "evaluations": "gradient evaluations"}
HIDE = ("", "Hide this view")
"""The choice that takes a view away."""


@cached(48 * 2**20)
def mapped(surface: Choice, rotation: float, narrowest: float = maps.NARROWEST) -> maps.Map:
    """The map of a surface, drawn once."""
    return maps.map_of(Settings(surface=surface, rotation=rotation).built_surface(), narrowest)


def background_of(settings: Settings) -> maps.Map:
    """The map of a race, which may have to share the page's width."""
    return mapped(settings.surface, settings.rotation, maps.HALF if settings.half else maps.NARROWEST)


def _offered(item: tuple[str, type[Optimizer]]) -> tuple[bool, bool]:
    """First the lectures' rules by their years, then what is borrowed, last what needs a whole Hessian."""
    return item[1].dense, not item[1].elementwise


def scene(settings: Settings) -> Scene:
    """All that the player plays: the race, and what is beside it."""
    first = _scene(settings)
    second = settings.second()
    if second is None or settings.beside is None:
        return first
    other = _scene(second)
    clock = dataclasses.replace(first.clock, end=max(first.clock.end, other.clock.end))
    other = dataclasses.replace(other, clock=clock)
    return dataclasses.replace(first, clock=clock, beside=other, linked=settings.beside.linked)


def _scene(settings: Settings) -> Scene:
    traces = runs(settings)
    surface = settings.built_surface()
    background = background_of(settings)
    losses = losses_of(traces, surface, bundles.words(settings) if settings.bundled else "")
    racers = _shown(settings, traces)
    cards = tuple(
        _card(settings, racer, shown.title, shown.run) for racer, shown in zip(settings.racers, racers, strict=True)
    )
    # a run that leaves crosses the whole frame, and goes below those that stay
    order = sorted(range(len(cards)), key=lambda k: not cards[k].gone)
    trails: list[AnyMark] = [
        trail(racers[k], losses.values[k], background.extent, status=cards[k].status, settled=cards[k].settled)
        for k in order
    ]
    curves: list[AnyMark] = []
    for k in order:
        word, values = "loss", losses.values[k, : traces[k].last + 1]
        if settings.bundled and settings.bundle == "band":
            word, values = f"median loss of {settings.seeds} seeds", bundles.median(settings, racers[k])
        curves.append(loss_line(racers[k], values, word))
    if settings.bundled:
        trails = bundles.on_map(settings, racers, background.extent) + trails
        curves = bundles.on_losses(settings, racers) + curves
    x, y, *_ = settings.built_start()
    end = duration(settings)
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        panels=(
            maps.map_panel(background, trails, [(x, y)], handle=True),
            loss_panel(losses.axis, _drops(settings) + curves, end, UNITS[settings.axis]),
            *_views(settings),
        ),
        cards=cards,
        clock=Clock(end, settings.axis),  # type: ignore[arg-type]
        arrangement="one above",
        choices=tuple((key, rule.name) for key, rule in sorted(OPTIMIZERS.items(), key=_offered)),
        addable=tuple((key, view.name) for key, view in VIEWS.items() if key not in settings.views),
        caption=described(settings),
        description=f"{surface.surface.name}, the paths of {len(cards)} optimizers, {settings.steps} steps. {words}.",
        picture=settings.picture,
        relief=Relief(
            kind=background.levels.kind,
            base=background.levels.base,
            unit=background.levels.unit,
            offset=losses.offset,
            floor=background.floor,
            heights=settings.heights,
        ),
        inspected=_inspected(settings),
    )


def _shown(settings: Settings, traces: list[Trace]) -> list[Shown]:
    """Every racer's run, as it is drawn."""
    return [
        Shown(trace, racer.id, title, *theme.mark(racer.slot), _seeds(settings, racer), pace(settings, trace))
        for racer, title, trace in zip(settings.racers, titles(settings), traces, strict=True)
    ]


def described(settings: Settings) -> str:
    """The line under a saved picture: surface, racers, parameters and seed, and which runs rounding decides on."""
    names = [
        title
        for racer, title in zip(settings.racers, titles(settings), strict=True)
        if not racer.hidden and rounded(settings.bare(), racer.bare())
    ]
    line = caption(settings)
    return f"{line} · sensitive to rounding: {', '.join(names)}" if names else line


def _drops(settings: Settings) -> list[AnyMark]:
    """Rules on the losses where the schedule lets the learning rate drop; against evaluations there is no one place."""
    if settings.axis != "steps" or settings.schedule.key == "constant":
        return []
    drops = built(SCHEDULES, settings.schedule).drops(settings.steps)
    return [Rule(x=float(at), dash="dot", label="" if k else "η drops", layer="ground") for k, at in enumerate(drops)]


def told(settings: Settings, run: Trace, rounded: bool) -> dict[str, Any]:
    """What a card says of a run; `rounded` where rounding decides where it goes."""
    # where the clock counts evaluations, a bare number would be taken for one
    apart = pace(settings, run) > 1
    return {
        "status": str(run.status).replace("@ ", "@ step ") if apart else str(run.status),
        "why": f"{run.status.why} {SENTENCE}" if rounded else run.status.why,
        "gone": run.status.kind in GONE,
        "settled": run.steps if run.status.step is None else run.status.step,
    }


def _inspected(settings: Settings) -> dict[str, Any] | None:
    """What explains the steps of the racer inspected, if there is one."""
    for racer, title in zip(settings.racers, titles(settings), strict=True):
        if racer.id == settings.inspected:
            return inspected(whole(settings.bare(), racer.bare()), racer.id, title)
    return None


def _views(settings: Settings) -> list[Panel]:
    """The panels beside the losses."""
    panels = []
    for key in settings.views:
        others = [(other, view.name) for other, view in VIEWS.items() if other == key or other not in settings.views]
        panel = _view(settings, VIEWS[key])
        panels.append(dataclasses.replace(panel, key=key, title=VIEWS[key].name, choices=(*others, HIDE)))
    return panels


def _view(settings: Settings, view: View) -> Panel:
    if view.whole and len(settings.racers) * settings.steps * len(settings.built_start()) > MOST_WHOLE:
        return message("So many steps and coordinates are not kept for this view: take fewer of them.")
    traces = runs(settings, whole if view.whole else run)
    shown = [one for one, racer in zip(_shown(settings, traces), settings.racers, strict=True) if not racer.hidden]
    if not shown:
        return message("Nobody races: add a racer, or show one.")
    return view.panel(shown, steps_axis(duration(settings), UNITS[settings.axis]), settings.bundle)


def pace(settings: Settings, run: Trace) -> int:
    """What the clock counts for one step of a run: one, or the gradient evaluations that it costs."""
    return 1 if settings.axis == "steps" else run.cost


def duration(settings: Settings) -> int:
    """Where the clock ends: with the last step of the racer whose steps cost most."""
    return settings.steps * max((pace(settings, run) for run in runs(settings)), default=1)


def _card(settings: Settings, racer: Racer, title: str, run: Trace) -> Card:
    words = told(settings, run, rounded(settings.bare(), racer.bare()))
    if settings.bundled:
        status, why = bundles.outcome(strands(settings, racer))
        words = {**words, "status": status, "why": why, "settled": run.steps}
    why = " ".join([words["why"], *remarks_of(settings, RULES[racer.rule.key])])
    return card(racer, title, **{**words, "why": why, "cost": run.cost})
