"""The axes that a map can have, and the values of its racers along them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from app.common.racers import Choice, Racer
from app.figures.map import extent
from app.maps.axes import MapAxis, Span, of_parameter
from app.maps.settings import MAPPED, Settings
from optimizers import NOISES, OPTIMIZERS, starting_learning_rate
from surfaces import SURFACES, Parameter, Rotated, Surface

STARTS = ("start.0", "start.1")
DECADES = 100.0
"""The first window of the learning rate reaches from its suggestion divided by this to as many times the suggestion."""
CELLS = ("stability", "basins")
"""The views whose panels are cells."""


def axes_of(settings: Settings) -> tuple[MapAxis, ...]:
    """The axes of the view that is shown: two of a map of cells, one of a chart of curves."""
    names = {
        "stability": (settings.x, settings.y),
        "basins": STARTS,
        "sensitivity": ("learning_rate",),
        "flat": (settings.x,),
    }[settings.view]
    return tuple(axis_named(settings, name) for name in names)


def axis_named(settings: Settings, name: str) -> MapAxis:
    """The axis with a name.

    Raises:
        KeyError: if no rule, surface or noise has it.
    """
    room, _, last = name.rpartition(".")
    if room == "start":
        span = extent(settings.built_surface())[int(last)]
        ends = settings.built_surface().domain[int(last)]
        symbol = MAPPED[settings.surface.key].axes[int(last)] if not settings.rotation else "xy"[int(last)]
        return MapAxis(name, symbol, "start", "linear", *span, (float(ends[0]), float(ends[1])))
    if room == "surface":
        spec = Rotated.parameters()["angle"] if last == "angle" else MAPPED[settings.surface.key].parameters()[last]
        return of_parameter(name, spec)
    if room == "noise":
        return of_parameter(name, NOISES[settings.noise.key].parameters()[last])
    if room:
        raise KeyError(name)
    spec = _parameter(settings, name)
    return of_parameter(name, spec, _rates(settings, spec) if name == "learning_rate" else None)


def _parameter(settings: Settings, name: str) -> Parameter:
    """The declaration of a parameter: that of the first racer that has it, or of any rule."""
    rules = [*(OPTIMIZERS[racer.rule.key] for racer in settings.racers), *OPTIMIZERS.values()]
    spec = next((rule.parameters()[name] for rule in rules if name in rule.parameters()), None)
    if spec is None or spec.static:
        raise KeyError(name)
    return spec


def _rates(settings: Settings, spec: Parameter) -> tuple[float, float]:
    """The learning rates that are first shown, around those that the surface suggests."""
    rates = [rate for racer in settings.racers if (rate := suggested(settings.surface.key, racer.rule.key))]
    low, high = (min(rates), max(rates)) if rates else (spec.default, spec.default)
    return max(spec.low, low / DECADES), min(spec.high, high * DECADES)


@functools.lru_cache(maxsize=512)
def suggested(surface: str, rule: str) -> float | None:
    """The learning rate that a racer starts with on a surface with its default parameters; None without one.

    It is not measured on networks, which would take a minute.
    """
    if surface not in SURFACES:
        return None
    return starting_learning_rate(level(Choice(surface)), OPTIMIZERS[rule])


@functools.lru_cache(maxsize=64)
def level(surface: Choice) -> Surface:
    """The surface without rotation."""
    return MAPPED[surface.key](**dict(surface.values))


def offered(settings: Settings) -> Mapping[str, str]:
    """The names of the axes that a stability map can have, with their labels."""
    specs: dict[str, Parameter] = {}
    for racer in settings.racers:
        specs = {**OPTIMIZERS[racer.rule.key].parameters(), **specs}
    named = {name: spec for name, spec in specs.items() if not spec.static}
    surface = {f"surface.{n}": p for n, p in MAPPED[settings.surface.key].parameters().items() if not p.static}
    noise = {f"noise.{n}": p for n, p in NOISES[settings.noise.key].parameters().items() if not p.static}
    every = {**named, **surface, "surface.angle": Rotated.parameters()["angle"], **noise}
    labels = {name: of_parameter(name, spec).label for name, spec in every.items()}
    starts = {name: axis_named(settings, name).label for name in STARTS}
    chosen = {name: axis_named(settings, name).label for name in (settings.x, settings.y)}
    return {**labels, **starts, **chosen}


def span_of(settings: Settings, k: int) -> Span:
    """The places of the ends of an axis in view."""
    axis = axes_of(settings)[k]
    if settings.window is None:
        return axis.first
    return settings.window[2 * k], settings.window[2 * k + 1]


def varies(axis: MapAxis, racer: Racer) -> bool:
    """Whether the runs of a racer depend on an axis."""
    return axis.room != "optimizer" or axis.name in OPTIMIZERS[racer.rule.key].parameters()


def value_of(settings: Settings, axis: MapAxis, racer: Racer) -> float | None:
    """Where a racer stands on an axis; None if its rule has no such parameter."""
    last = axis.name.rpartition(".")[2]
    if axis.room == "start":
        return settings.built_start()[int(last)]
    if axis.name == "surface.angle":
        return settings.rotation
    if axis.room in ("surface", "noise"):
        choice: Choice = getattr(settings, axis.room)
        record: Any = MAPPED[choice.key] if axis.room == "surface" else NOISES[choice.key]
        return float(choice.get(last, record.parameters()[last].default))
    spec = OPTIMIZERS[racer.rule.key].parameters().get(axis.name)
    return None if spec is None else float(racer.rule.get(axis.name, spec.default))


def swept(settings: Settings, racer: Racer) -> tuple[Settings, Racer]:
    """The settings and the racer on which a map depends: without the values that vary along its axes."""
    racer = racer.bare()
    for axis in axes_of(settings):
        last = axis.name.rpartition(".")[2]
        if axis.room == "start":
            start = list(settings.built_start()[:2])
            start[int(last)] = 0.0
            settings = dataclasses.replace(settings, start=(start[0], start[1]))
        elif axis.name == "surface.angle":
            settings = dataclasses.replace(settings, rotation=0.0)
        elif axis.room in ("surface", "noise"):
            choice: Choice = getattr(settings, axis.room)
            kept = tuple(item for item in choice.values if item[0] != last)
            changes: dict[str, Any] = {axis.room: Choice(choice.key, kept)}
            settings = dataclasses.replace(settings, **changes)
        else:
            kept = tuple(item for item in racer.rule.values if item[0] != axis.name)
            racer = dataclasses.replace(racer, rule=Choice(racer.rule.key, kept))
    return settings, racer
