"""Builds the scene of a map, which the player and the export draw."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any
from urllib.parse import urlencode

from app.common import addresses
from app.common.cards import card, slider
from app.common.names import titles
from app.common.racers import Choice, Racer, built
from app.figures import map as maps
from app.figures import theme
from app.figures.loss import loss_line, loss_panel, losses_of
from app.figures.marks import AnyMark, Panel
from app.figures.panels import Shown
from app.figures.trails import GONE, trail
from app.maps import link
from app.maps.captions import caption
from app.maps.choices import suggested
from app.maps.job import Results
from app.maps.runs import is_sensitive, runs
from app.maps.settings import MAPPED, Settings
from app.maps.views import VIEWS
from app.player import Card, Clock, Scene
from optimizers import OPTIMIZERS, RULES, Trace
from optimizers.sensitivity import SENTENCE
from surfaces import Rotated
from surfaces.caching import cached


@cached(48 * 2**20)
def mapped(surface: Choice, rotation: float) -> maps.Map:
    """The map of a surface, which is computed only once."""
    return maps.map_of(Rotated(built(MAPPED, surface), angle=rotation))


def scene(settings: Settings, job: Results) -> Scene:
    """All that the player plays: the view, and beside it the runs of the chosen cell."""
    busy = job.busy  # before anything is read: what comes later is asked for again
    traces, names = runs(settings), titles(settings)
    cards = tuple(_card(settings, racer, names[k], traces[k]) for k, racer in enumerate(settings.racers))
    first = panel(settings, job)
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        panels=(first, *_played(settings, traces, names, cards)),
        cards=cards,
        clock=Clock(settings.steps),
        arrangement="one beside",
        choices=tuple((key, rule.name) for key, rule in OPTIMIZERS.items()),
        caption=caption(settings),
        description=f"{first.title} of {MAPPED[settings.surface.key].name} for {len(cards)} optimizers. {words}.",
        sliders=(),
        busy=busy,
        live=_live(settings),
    )


def panel(settings: Settings, job: Results) -> Panel:
    """The panel of the view that is shown."""
    shown = [
        (k, racer, title, theme.mark(racer.slot)[0], theme.mark(racer.slot)[1])
        for k, (racer, title) in enumerate(zip(settings.racers, titles(settings), strict=True))
        if not racer.hidden
    ]
    view = VIEWS[settings.view]
    choices = tuple((key, one.name) for key, one in VIEWS.items() if one.fits(settings) or key == settings.view)
    return dataclasses.replace(view.panel(settings, job, shown), key=settings.view, title=view.name, choices=choices)


def _played(settings: Settings, traces: list[Trace], names: list[str], cards: tuple[Card, ...]) -> tuple[Panel, ...]:
    """The map of the surface with the trails of the runs that are played, and their losses."""
    background = mapped(settings.surface, settings.rotation)
    surface = settings.built_surface()
    losses = losses_of(traces, surface)
    shown = [
        Shown(run, racer.id, name, *theme.mark(racer.slot))
        for run, racer, name in zip(traces, settings.racers, names, strict=True)
    ]
    order = sorted(range(len(cards)), key=lambda k: not cards[k].gone)
    trails: list[AnyMark] = [
        trail(shown[k], losses.values[k], background.extent, status=cards[k].status, settled=cards[k].settled)
        for k in order
    ]
    curves: list[AnyMark] = [loss_line(shown[k], losses.values[k, : traces[k].last + 1]) for k in order]
    x, y, *_ = settings.built_start()
    return (
        maps.map_panel(background, trails, [(x, y)], handle=True),
        loss_panel(losses.axis, curves, settings.steps),
    )


def _card(settings: Settings, racer: Racer, title: str, run: Trace) -> Card:
    """The card of a racer, with the status of the run that is played."""
    rounded = is_sensitive(settings.bare(), racer.bare())
    why = f"{run.status.why} {SENTENCE}" if rounded else run.status.why
    status: dict[str, Any] = {
        "status": str(run.status),
        "why": " ".join(filter(None, [why, RULES[racer.rule.key].beginning])),
        "gone": run.status.kind in GONE,
        "settled": run.steps if run.status.step is None else run.status.step,
        "cost": run.cost,
    }
    made = card(racer, title, **status)
    rate = suggested(settings.surface.key, racer.rule.key)
    sliders = (
        dataclasses.replace(
            one,
            suggested=rate if one.name == "learning_rate" else None,
            sweep=_sweep(settings, racer, one.name),
        )
        for one in made.sliders
    )
    return dataclasses.replace(made, sliders=tuple(sliders))


def _sweep(settings: Settings, racer: Racer, name: str) -> str:
    """The name of the runs along a slider, which are the same as long as all other values are."""
    rest = tuple((n, v) for n, v in racer.rule.values if n != name)
    key = repr((settings.bare(), racer.rule.key, rest, name))
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def _live(settings: Settings) -> str:
    """The address of runs at other values of a slider or from another start, which the server computes as of a race."""
    query = link.race(settings)
    return addresses.live(urlencode(query, doseq=True)) if query else ""


def sliders(settings: Settings) -> tuple[Any, ...]:
    """The numbers of the surface and its rotation."""
    specs = [spec for spec in MAPPED[settings.surface.key].parameters().values() if not spec.choices]
    return tuple(slider(spec, settings.surface.get(spec.name, spec.default)) for spec in specs)
