"""From settings to a scene: what one rerun computes, without a word of Streamlit."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.charts import VIEWS, View
from app.digits import short
from app.figures import plane, theme
from app.panels import Panel, Shown, message
from app.player import Card, Scene, Slider, Slot
from app.racers import Choice, Lineup, Racer
from app.settings import Settings
from app.titles import told_apart
from optimizers import NOISES, OPTIMIZERS, RULES, SCHEDULES, Optimizer, Trace, steps_to, trace
from surfaces import SURFACES, Parameter
from surfaces.surface import Box

ON_CARD = ("learning_rate", "momentum", "beta1")
"""The parameters whose sliders live on the racer's card, and nowhere else."""
SHARE = 0.01
CACHED = 256
MOST_WHOLE = 500_000
"""Racers times steps times coordinates of which states and steps are kept for a view."""
HIDE = ("", "Hide this view")
"""The choice that takes a view away."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table of results."""

    title: str
    status: str
    loss: float
    reached: int | None
    evaluations: int


@functools.lru_cache(maxsize=64)
def mapped(surface: Choice, rotation: float) -> plane.Map:
    """The map of a surface, drawn once."""
    return plane.map_figure(Settings(surface=surface, rotation=rotation).built_surface())


@functools.lru_cache(maxsize=CACHED)
def run(settings: Settings, racer: Racer) -> Trace:
    """One racer's run; `settings` without racers, so that moving one slider reruns one racer."""
    return traced(settings, racer, record=("positions", "losses"))


@functools.lru_cache(maxsize=16)
def whole(settings: Settings, racer: Racer) -> Trace:
    """One racer's run with its states and steps; `settings` without racers."""
    return traced(settings, racer)


def traced(settings: Settings, racer: Racer, **options: Any) -> Trace:
    """One racer's run; all that `trace` records, unless the options say otherwise."""
    surface, start, noise = settings.built_surface(), settings.built_start(), settings.built_noise()
    return trace(surface, settings.rule(racer), start, settings.steps, noise=noise, seed=settings.seed, **options)


def runs(settings: Settings, make: Callable[[Settings, Racer], Trace] = run) -> list[Trace]:
    """Every racer's run, in order."""
    bare = dataclasses.replace(settings, racers=(), views=())
    return [make(bare, dataclasses.replace(r, hidden=False, slot=0)) for r in settings.racers]


def _offered(item: tuple[str, type[Optimizer]]) -> tuple[bool, bool]:
    """First the lectures' rules by their years, then what is borrowed, last what needs a whole Hessian."""
    return item[1].dense, not item[1].elementwise


def titles(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """The racers' names, with the words of what they are set to choose, such as "RMSprop (PyTorch)", and `words`
    besides; where two are still called the same, with the first value in which they differ, or a number.
    """
    names = [called(racer, words) for racer in settings.racers]
    values = [
        {p.symbol: racer.rule.get(name, p.default) for name, p in RULES[racer.rule.key].parameters().items()}
        for racer in settings.racers
    ]
    return told_apart(names, values)


def called(racer: Racer, words: Callable[[Racer], list[str]] = lambda racer: []) -> str:
    """A racer's rule with the words of what it is set to choose, and `words` besides."""
    rule = RULES[racer.rule.key]
    chosen = [
        p.label(str(racer.rule.get(name, p.default)))
        for name, p in rule.parameters().items()
        if p.choices and racer.rule.get(name, p.default) != p.default
    ]
    chosen += words(racer)
    return f"{rule.name} ({', '.join(chosen)})" if chosen else rule.name


def scene(settings: Settings) -> Scene:
    """All that the player plays."""
    traces = runs(settings)
    surface = settings.built_surface()
    drawn = mapped(settings.surface, settings.rotation)
    curve = plane.curve_figure(traces, surface)
    positions = np.zeros((len(traces), settings.steps + 1, 2))
    leaves = []
    for k, t in enumerate(traces):
        path = t.positions[:, :2]
        last, end = plane.leave(path, t.last, drawn.extent)
        positions[k] = path
        positions[k, last:] = end
        leaves.append(last)
    cards = tuple(
        _card(settings, racer, title, t, last)
        for racer, title, t, last in zip(settings.racers, titles(settings), traces, leaves, strict=True)
    )
    x, y, *_ = settings.built_start()
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        map=drawn.figure,
        curve=curve.figure,
        styles=theme.styles(drawn.levels.zero),
        cards=cards,
        positions=positions,
        losses=curve.values if traces else np.zeros((0, settings.steps + 1)),
        start=(x, y),
        window=_seen(drawn.window, (x, y)),
        choices=tuple((key, rule.name) for key, rule in sorted(OPTIMIZERS.items(), key=_offered)),
        slots=_slots(settings),
        views=tuple((key, view.name) for key, view in VIEWS.items() if key not in settings.views),
        caption=caption(settings),
        description=f"{surface.surface.name}, the paths of {len(cards)} optimizers, {settings.steps} steps. {words}.",
    )


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
        Shown(one, racer.id, k, title, *theme.mark(racer.slot)[:2])
        for k, (racer, title, one) in enumerate(zip(settings.racers, titles(settings), traces, strict=True))
        if not racer.hidden
    ]
    return view.panel(shown, settings.steps) if shown else message("Nobody races: add a racer, or show one.")


def table(settings: Settings) -> list[Row]:
    """What became of every racer that is shown."""
    return [
        Row(title, str(t.status), float(t.losses[t.last]), steps_to(t, SHARE), t.evaluations)
        for racer, title, t in zip(settings.racers, titles(settings), runs(settings), strict=True)
        if not racer.hidden
    ]


def cells(settings: Settings) -> list[list[str]]:
    """The table of results in words: racer, status, final loss, steps to `SHARE`, gradient evaluations."""
    return [
        [
            row.title,
            row.status,
            short(row.loss, 4),
            "–" if row.reached is None else f"{row.reached:,}",
            f"{row.evaluations:,}",
        ]
        for row in table(settings)
    ]


def heads() -> list[str]:
    """What stands above those columns."""
    return ["Racer", "Status", "Final loss", f"Steps to {SHARE:.0%} of the start's height", "Gradient evaluations"]


def caption(settings: Settings) -> str:
    """The line under a saved picture: surface, racers, parameters and seed."""
    surface = SURFACES[settings.surface.key]
    parts = [surface.name + spelled_values(surface.parameters(), settings.surface)]
    if settings.rotation:
        parts.append(f"rotated {settings.rotation:g}°")
    x, y, *_ = settings.built_start()
    parts.append(f"from ({short(x, 4)}, {short(y, 4)})")
    parts.append(f"{settings.steps} steps")
    parts += spelled_racers(settings)
    if settings.noise.key != "none":
        noise = NOISES[settings.noise.key]
        parts.append(f"{noise.name} noise{spelled_values(noise.parameters(), settings.noise)}, seed {settings.seed}")
    return " · ".join(parts)


def spelled_racers(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """Every racer that is shown, with its values, and their schedule."""
    spelled = []
    for racer in settings.racers:
        if not racer.hidden:
            specs = {n: p for n, p in RULES[racer.rule.key].parameters().items() if not p.choices}
            spelled.append(called(racer, words) + spelled_values(specs, racer.rule))
    if settings.schedule.key != "constant":
        schedule = SCHEDULES[settings.schedule.key]
        spelled.append(f"{schedule.name} schedule{spelled_values(schedule.parameters(), settings.schedule)}")
    return spelled


def spelled_values(specs: Mapping[str, Parameter], choice: Choice) -> str:
    """The values of a choice in brackets, by their symbols; nothing where it has none."""
    spelled = [f"{p.symbol} = {short(choice.get(name, p.default))}" for name, p in specs.items()]
    return f" ({', '.join(spelled)})" if spelled else ""


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
    return card(
        racer,
        title,
        status=str(t.status),
        why=" ".join([t.status.why, *_remarks(settings, RULES[racer.rule.key])]),
        gone=t.status.kind in plane.GONE,
        last=t.last,
        leaves=leaves,
        settled=t.steps if t.status.step is None else t.status.step,
    )


def card(racer: Racer, title: str, **told: Any) -> Card:
    """A racer's card with its mark and its sliders; `told` is what became of it."""
    color, dash, shape = theme.mark(racer.slot)
    specs = RULES[racer.rule.key].parameters()
    sliders = tuple(slider(p, racer) for name, p in specs.items() if name in ON_CARD)
    common: Any = {"color": color, "dash": dash, "shape": shape, "hidden": racer.hidden, "sliders": sliders}
    return Card(id=racer.id, title=title, **common, **told)


def remarks(settings: Settings) -> list[str]:
    """What a class would take for a fault of the racers shown, rule by rule."""
    rules = dict.fromkeys(RULES[r.rule.key] for r in settings.racers if not r.hidden)
    return [f"{rule.name}: {' '.join(said)}" for rule in rules if (said := _remarks(settings, rule))]


def _remarks(settings: Settings, rule: type[Optimizer]) -> list[str]:
    said = [rule.beginning] if rule.beginning else []
    if settings.schedule.key != "constant" and "learning_rate" not in rule.parameters():
        said.append("It has no learning rate to schedule, so the schedule leaves it alone.")
    return said


def slider(spec: Parameter, racer: Racer) -> Slider:
    """A card's slider for a declared parameter."""
    value = float(racer.rule.get(spec.name, spec.default))
    return Slider(
        name=spec.name,
        symbol=spec.symbol,
        label=spec.name.replace("_", " "),
        value=value,
        low=spec.low,
        high=spec.high,
        scale=spec.scale,
    )
