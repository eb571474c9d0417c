"""The changes of a map: functions from settings to settings that may raise `Refused`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.common import racers as lineup
from app.common.digits import short
from app.common.racers import Choice, Refused, Value, checked, sentence
from app.common.setting import declared, with_value
from app.common.words import unknown
from app.figures.map import extent
from app.maps.axes import MapAxis, within
from app.maps.choices import axes_of, axis_named, level, offered, span_of, suggested
from app.maps.settings import MAPPED, MOST_RACERS, Settings, Window
from optimizers import NOISES, OPTIMIZERS, RULES, size_objection, starting
from surfaces import Declared

FIRST_RACERS = ("momentum", "nesterov")
SETTINGS = declared(Settings)
"""The settings of a map by the names of their fields."""
LEAST = 64 * 2.0**-52
"""The smallest cell as a share of its place: in smaller ones, values are no longer different numbers."""


def first() -> Settings:
    """The plain map: that of a link which says nothing of surface and racers."""
    settings = Settings()
    for key in FIRST_RACERS:
        settings = add_racer(settings, key)
    return settings


def choose_surface(settings: Settings, key: str) -> Settings:
    """Choose a surface with its defaults. Start, rotation, window and the learning rates of all racers are reset."""
    changed = with_value(settings, SETTINGS["surface"], key)
    changed = dataclasses.replace(changed, start=None, rotation=0.0, window=None, preset="")
    if changed.built_noise().objection(changed.built_surface()):
        changed = dataclasses.replace(changed, noise=Choice("none"))
    racers = tuple(dataclasses.replace(r, rule=_starting(changed, r.rule)) for r in settings.racers)
    return _with_known_axes(dataclasses.replace(changed, racers=racers))


def _with_known_axes(settings: Settings) -> Settings:
    """The settings with the usual axes in the place of those that the surface or the noise does not have."""
    for name, usual in (("x", "learning_rate"), ("y", "momentum")):
        try:
            axis_named(settings, getattr(settings, name))
        except KeyError:
            settings = dataclasses.replace(settings, **{name: usual}, window=None)  # type: ignore[arg-type]
    if settings.view == "flat" and settings.surface.key != "sharp_and_flat":
        settings = dataclasses.replace(settings, view="stability", window=None)
    return settings


def set_parameters(settings: Settings, part: str, values: Mapping[str, Any]) -> Settings:
    """Set several parameters of the surface, the noise or the schedule at once; they may be legal only together."""
    if part == "schedule":
        for name, value in values.items():
            settings = lineup.set_schedule(settings, name, value)
        return settings
    registry: Mapping[str, type[Declared]] = MAPPED if part == "surface" else NOISES
    choice: Choice = getattr(settings, part)
    for name, value in values.items():
        choice = choice.having(name, checked(registry[choice.key], name, value))
    changes: dict[str, Any] = {part: choice}
    changed = dataclasses.replace(settings, **changes)
    try:
        problem = changed.built_noise().objection(changed.built_surface())
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    size = len(changed.built_start())
    for objection in (problem, *(size_objection(OPTIMIZERS[r.rule.key], size) for r in changed.racers)):
        if objection:
            raise Refused(sentence(objection))
    return changed


def set_parameter(settings: Settings, part: str, name: str, value: Any) -> Settings:
    """Set a parameter of the surface, the noise or the schedule."""
    return set_parameters(settings, part, {name: value})


def slide(settings: Settings, name: str, value: Any) -> Settings:
    """Another value of a slider of the surface."""
    if name == "rotation":
        return dataclasses.replace(with_value(settings, SETTINGS["rotation"], value), start=None)
    return set_parameter(settings, "surface", name, value)


def set_start(settings: Settings, x: Any, y: Any) -> Settings:
    """Set the start to a point of the map of the surface."""
    return choose_start(settings, (x, y))


def choose_start(settings: Settings, point: Any) -> Settings:
    """Set the start, as text or as two numbers, to a point of the map of the surface."""
    changed = with_value(settings, SETTINGS["start"], point)
    box = extent(settings.built_surface())
    if changed.start is None or all(low <= v <= high for v, (low, high) in zip(changed.start, box, strict=True)):
        return changed
    across, upward = (f"[{short(low, 3)}, {short(high, 3)}]" for low, high in box)
    x, y = map(short, changed.start)
    raise Refused(f"The start must lie on the map, with x in {across} and y in {upward}; got ({x}, {y}).")


def choose_noise(settings: Settings, key: str) -> Settings:
    """Choose a noise with its defaults."""
    changed = with_value(settings, SETTINGS["noise"], key)
    if problem := changed.built_noise().objection(changed.built_surface()):
        raise Refused(sentence(problem))
    return _with_known_axes(changed)


def choose_view(settings: Settings, key: str) -> Settings:
    """Show another view. Its window is that of its axes."""
    changed = with_value(settings, SETTINGS["view"], key)
    if key == "flat" and settings.surface.key != "sharp_and_flat":
        raise Refused("Only the surface Sharp and flat has a flat and a sharp minimum: choose it first.")
    if key == "basins" and not len(settings.built_surface().minima()):
        raise Refused(f"No minimum of {MAPPED[settings.surface.key].name} is known, so there are no basins to show.")
    return changed if key == settings.view else dataclasses.replace(changed, window=None)


def set_axis(settings: Settings, which: str, name: Any) -> Settings:
    """Choose what varies along the axis "x" or "y". The other axis takes its place if it was the same."""
    name = str(name)
    try:
        axis_named(settings, name)
    except (KeyError, ValueError, IndexError):
        raise Refused(unknown("axis", name, offered(settings))) from None
    other = {"x": "y", "y": "x"}[which]
    changes: dict[str, Any] = {which: name, "window": None}
    if getattr(settings, other) == name:
        changes[other] = getattr(settings, which)
    return settings if getattr(settings, which) == name else dataclasses.replace(settings, **changes)


def set_window(settings: Settings, window: Any) -> Settings:
    """Show a part of the map; all of it if `window` is None or an empty text."""
    if window is None or window == "":
        return dataclasses.replace(settings, window=None)
    edges: Window = SETTINGS["window"].read(window)
    spans = []
    for k, axis in enumerate(axes_of(settings)):
        span = edges[2 * k], edges[2 * k + 1]
        low, high = within(span, axis.limits)
        largest = max(abs(low), abs(high), 0.0 if axis.scale == "linear" else 1.0)
        if (high - low) / settings.cells < LEAST * largest:
            raise Refused(f"{axis.label} cannot be shown any larger: its values are no longer different numbers.")
        spans.append(tuple(round(edge, _decimals(high - low)) for edge in (low, high)))
    (left, right), (bottom, top) = (*spans, (edges[2], edges[3]))[:2]
    return dataclasses.replace(settings, window=(left, right, bottom, top))


def _decimals(size: float) -> int:
    """The decimals of an edge that are kept: no more than can be seen."""
    return max(0, 4 - math.floor(math.log10(size)))


def choose_cell(settings: Settings, point: tuple[float, float]) -> Settings:
    """Move all racers to the cell at a point of the map, given in places."""
    for k, (axis, place) in enumerate(zip(axes_of(settings), point, strict=False)):
        low, high = span_of(settings, k)
        if not low <= place <= high:
            raise Refused("Click on a cell of the map.")
        settings = set_value(settings, axis, axis.cell((low, high), settings.cells, place))
    return settings


def set_value(settings: Settings, axis: MapAxis, value: float) -> Settings:
    """Move all racers along an axis."""
    last = axis.name.rpartition(".")[2]
    if axis.room == "start":
        start = list(settings.built_start()[:2])
        start[int(last)] = value
        return choose_start(settings, tuple(start))
    if axis.name == "surface.angle":
        return with_value(settings, SETTINGS["rotation"], value)
    if axis.room in ("surface", "noise"):
        return set_parameter(settings, axis.room, last, value)
    for racer in settings.racers:
        if axis.name in RULES[racer.rule.key].parameters():
            settings = lineup.set_racer(settings, racer.id, axis.name, value)
    return settings


CHANGES: Mapping[str, Callable[[Settings, Any], Settings]] = {
    "view": choose_view,
    "surface": choose_surface,
    "start": choose_start,
    "steps": lineup.set_steps,
    "schedule": lineup.choose_schedule,
    "noise": choose_noise,
    "x": lambda settings, name: set_axis(settings, "x", name),
    "y": lambda settings, name: set_axis(settings, "y", name),
    "window": set_window,
}
"""The changes of those settings that have consequences for others."""


def change(settings: Settings, name: str, value: Any) -> Settings:
    """Set a setting, by its name, with its consequences for others."""
    if name in CHANGES:
        return CHANGES[name](settings, value)
    return with_value(settings, SETTINGS[name], value)


def add_racer(settings: Settings, key: str, rate: Value | None = None) -> Settings:
    """Add an optimizer with its defaults, and with the learning rate that the surface suggests, or with `rate`."""
    if key not in OPTIMIZERS:
        if key in RULES:
            raise Refused(f"{RULES[key].name} needs the matrices of a network. It runs on the Network page only.")
        raise Refused(unknown("optimizer", key, OPTIMIZERS))
    if len(settings.racers) >= MOST_RACERS:
        raise Refused(f"A map has at most {MOST_RACERS} racers; remove one first.")
    if problem := size_objection(OPTIMIZERS[key], len(settings.built_start())):
        raise Refused(sentence(problem))
    rule = Choice(key)
    return lineup.join(settings, _starting(settings, rule) if rate is None else rule.having("learning_rate", rate))


def duplicate_racer(settings: Settings, id: str) -> Settings:
    """Add a racer with the same rule and values."""
    if len(settings.racers) >= MOST_RACERS:
        raise Refused(f"A map has at most {MOST_RACERS} racers; remove one first.")
    return lineup.duplicate_racer(settings, id)


def reset_racer(settings: Settings, id: str) -> Settings:
    """A racer as it was when it joined: its rule at its defaults, and the learning rate that the surface suggests."""
    racer = lineup.find(settings, id)
    return lineup.put(settings, dataclasses.replace(racer, rule=_starting(settings, Choice(racer.rule.key))))


def _starting(settings: Settings, rule: Choice) -> Choice:
    rate = suggested(settings.surface.key, rule.key)
    return rule if rate is None else rule.having("learning_rate", rate)


def starting_reason(settings: Settings, rule: Choice) -> str:
    """A sentence that explains how the initial learning rate of a rule on the surface is chosen."""
    return starting.starting_reason(level(Choice(settings.surface.key)), OPTIMIZERS[rule.key])


def midpoint(settings: Settings) -> tuple[float, float]:
    """The middle of the window, in places."""
    spans = [span_of(settings, k) for k in range(len(axes_of(settings)))]
    middles = [float(np.mean(span)) for span in spans]
    return middles[0], middles[-1]
