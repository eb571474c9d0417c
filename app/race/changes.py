"""The changes of a race: functions from settings to settings that may raise `Refused`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.common import racers as lineup
from app.common.digits import short
from app.common.forms import SomeOf
from app.common.racers import Choice, Refused, Value, checked, sentence
from app.common.setting import declared, with_value
from app.common.words import unknown
from app.figures.map import extent
from app.race import paired, rates
from app.race.settings import MOST_VIEWS, Beside, Settings
from app.race.views import VIEWS
from optimizers import NOISES, OPTIMIZERS, RULES, size_objection
from surfaces import SURFACES, Declared

FIRST_RACERS = ("sgd", "nesterov", "adam")
SETTINGS = declared(Settings, views=SomeOf(0, MOST_VIEWS, VIEWS))
"""The settings of a race by the names of their fields, with the available views."""


def first() -> Settings:
    """The plain race: that of a link which says nothing of surface and racers."""
    settings = Settings()
    for key in FIRST_RACERS:
        settings = add_racer(settings, key)
    return settings


def choose_surface(settings: Settings, key: str) -> Settings:
    """Choose a surface with its defaults. Start, rotation and the learning rates of all racers are reset."""
    changed = with_value(settings, SETTINGS["surface"], key)
    changed = dataclasses.replace(changed, start=None, rotation=SURFACES[key].default_rotation, preset="")
    if changed.noise.key == "mini_batch" and changed.built_noise().objection(changed.built_surface()):
        changed = dataclasses.replace(changed, noise=Choice("none"))
    racers = tuple(dataclasses.replace(r, rule=_starting(changed, r.rule)) for r in settings.racers)
    return dataclasses.replace(changed, racers=racers)


def set_parameter(settings: Settings, part: str, name: str, value: Any) -> Settings:
    """Set a parameter of the surface, the noise or the schedule."""
    return set_parameters(settings, part, {name: value})


def set_parameters(settings: Settings, part: str, values: Mapping[str, Any]) -> Settings:
    """Set several parameters of the surface, the noise or the schedule at once; they may be legal only together."""
    if part == "schedule":
        for name, value in values.items():
            settings = lineup.set_schedule(settings, name, value)
        return settings
    choice: Choice = getattr(settings, part)
    cls = _REGISTRIES[part][choice.key]
    for name, value in values.items():
        choice = choice.having(name, checked(cls, name, value))
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
    if changed.start is not None and not _within(extent(changed.built_surface()), changed.start):
        changed = dataclasses.replace(changed, start=None)
    return changed


def slide(settings: Settings, name: str, value: Any) -> Settings:
    """Another value of a slider of the surface."""
    return set_rotation(settings, value) if name == "rotation" else set_parameter(settings, "surface", name, value)


def set_rotation(settings: Settings, value: Any) -> Settings:
    """Set the rotation, and reset the start to that of the surface."""
    return dataclasses.replace(with_value(settings, SETTINGS["rotation"], value), start=None)


def set_start(settings: Settings, x: Any, y: Any) -> Settings:
    """Set the start to a point of the map."""
    return choose_start(settings, (x, y))


def choose_start(settings: Settings, point: Any) -> Settings:
    """Set the start, as text or as two numbers, to a point of the map."""
    changed = with_value(settings, SETTINGS["start"], point)
    box = extent(settings.built_surface())
    if changed.start is not None and not _within(box, changed.start):
        across, upward = (f"[{short(low, 3)}, {short(high, 3)}]" for low, high in box)
        x, y = map(short, changed.start)
        raise Refused(f"The start must lie on the map, with x in {across} and y in {upward}; got ({x}, {y}).")
    return changed


def choose_noise(settings: Settings, key: str) -> Settings:
    """Choose a noise with its defaults."""
    changed = with_value(settings, SETTINGS["noise"], key)
    if problem := changed.built_noise().objection(changed.built_surface()):
        raise Refused(sentence(problem))
    return changed


def set_view(settings: Settings, slot: int, key: str) -> Settings:
    """Show a view in a panel beside the losses or in a new one. An empty key removes the panel."""
    if key and key not in VIEWS:
        raise Refused(unknown("view", key, VIEWS))
    views = [*settings.views[:slot], *filter(None, [key]), *settings.views[slot + 1 :]]
    if len(set(views)) < len(views):
        raise Refused(f"{VIEWS[key].name} is already shown.")
    if len(views) > MOST_VIEWS:
        raise Refused(f"There is room for {MOST_VIEWS} views beside the losses.")
    return dataclasses.replace(settings, views=tuple(views))


def inspect(settings: Settings, id: str) -> Settings:
    """Inspect the steps of a racer, or of none if the id is empty."""
    if id:
        lineup.find(settings, id)
    return dataclasses.replace(settings, inspected=id)


CHANGES: Mapping[str, Callable[[Settings, Any], Settings]] = {
    "surface": choose_surface,
    "rotation": set_rotation,
    "start": choose_start,
    "steps": lineup.set_steps,
    "schedule": lineup.choose_schedule,
    "noise": choose_noise,
    "fair": lambda settings, trials: set_fair(settings, trials),
}
"""The changes of those settings that have consequences for others."""


def change(settings: Settings, name: str, value: Any) -> Settings:
    """Set a setting, by its name, with its consequences for others."""
    if name in CHANGES:
        return CHANGES[name](settings, value)
    return with_value(settings, SETTINGS[name], value)


def set_beside(settings: Settings, shown: bool) -> Settings:
    """Show or hide the second race, which first has the same surface with another rotation."""
    if not shown:
        return dataclasses.replace(settings, beside=None)
    rotation = 0.0 if settings.rotation else 45.0
    return dataclasses.replace(settings, beside=Beside(settings.surface, rotation))


def set_linked(settings: Settings, linked: bool) -> Settings:
    """Link or unlink the values of the second race. After unlinking, it first keeps its values."""
    if settings.beside is None:
        raise Refused("There is no race B.")
    beside = dataclasses.replace(settings.beside, linked=linked, racers=() if linked else settings.racers)
    return dataclasses.replace(settings, beside=beside)


FAIR_VIEWS = ("sensitivity", "budgets")
"""The views of a fair race that has none."""


def set_fair(settings: Settings, trials: Any) -> Settings:
    """Begin a fair race with a number of trials, or end it with 0: the racers then have their own values again."""
    changed = with_value(settings, SETTINGS["fair"], trials)
    if not changed.fair:
        return dataclasses.replace(changed, views=tuple(key for key in settings.views if key != "budgets"))
    if all(racer.hidden for racer in settings.racers):
        raise Refused("No optimizers to tune: add one, or show one that is hidden.")
    return dataclasses.replace(changed, beside=None, views=settings.views or FAIR_VIEWS)


def in_fair(shown: Settings, change: Callable[[Settings], Settings]) -> tuple[Settings, bool]:
    """Apply a change to a fair race, and return the settings, and whether the change has ended the fair race.

    It ends with a change of what its verdict depends on. The race then continues as it is shown, with the tuned values.

    Args:
        shown: the settings that are shown, whose source are the settings of the fair race.
    """
    after = change(shown)
    if shown.source is None or after.source is None:  # no fair race, or other settings altogether
        return after, False
    if after.fair != shown.fair or _alike(shown, after):
        return change(shown.source), False
    views = tuple(key for key in after.views if key != "budgets")
    return dataclasses.replace(after, fair=0, source=None, views=views), True


def _alike(one: Settings, other: Settings) -> bool:
    """Whether two settings have the same base of a fair race, and those racers that are in both the same values."""
    if paired.base(one) != paired.base(other) or (one.beside is None) != (other.beside is None):
        return False
    lineups = [(one.racers, other.racers)]
    if one.beside and other.beside:
        places = [(b.surface, b.rotation, b.linked) for b in (one.beside, other.beside)]
        if places[0] != places[1]:
            return False
        lineups.append((one.beside.racers, other.beside.racers))
    for before, after in lineups:
        rules = [{racer.id: racer.rule for racer in lineup} for lineup in (before, after)]
        if any(rules[0][id] != rules[1][id] for id in rules[0].keys() & rules[1].keys()):
            return False
    return True


def in_second(settings: Settings, change: Callable[..., Settings], *arguments: Any) -> Settings:
    """Apply a change to the second race."""
    second = settings.second()
    if second is None or settings.beside is None:
        raise Refused("There is no race B.")
    changed = change(second, *arguments)
    for racer in changed.racers:
        if problem := size_objection(OPTIMIZERS[racer.rule.key], len(changed.built_start())):
            raise Refused(sentence(problem))
    linked = settings.beside.linked
    beside = Beside(changed.surface, changed.rotation, changed.start, linked, () if linked else changed.racers)
    return dataclasses.replace(settings, beside=beside)


def add_racer(settings: Settings, key: str, rate: Value | None = None) -> Settings:
    """Add a racer with a learning rate, or with the one that the surface suggests."""
    if key not in OPTIMIZERS:
        if key in RULES:
            raise Refused(f"{RULES[key].name} needs the matrices of a network. It runs on the Network page only.")
        raise Refused(unknown("optimizer", key, OPTIMIZERS))
    if problem := size_objection(OPTIMIZERS[key], len(settings.built_start())):
        raise Refused(sentence(problem))
    rule = Choice(key)
    return lineup.join(settings, _starting(settings, rule) if rate is None else rule.having("learning_rate", rate))


def reset_racer(settings: Settings, id: str) -> Settings:
    """A racer as it was when it joined: its rule at its defaults, and the learning rate that the surface suggests."""
    racer = lineup.find(settings, id)
    return lineup.put(settings, dataclasses.replace(racer, rule=_starting(settings, Choice(racer.rule.key))))


_REGISTRIES: Mapping[str, Mapping[str, type[Declared]]] = {"surface": SURFACES, "noise": NOISES}


def _within(box: Any, point: Iterable[float]) -> bool:
    return all(low <= v <= high for v, (low, high) in zip(point, box, strict=True))


def _starting(settings: Settings, rule: Choice) -> Choice:
    rate = rates.suggested(settings.surface, rule.key)
    return rule if rate is None else rule.having("learning_rate", rate)


def starting_reason(settings: Settings, rule: Choice) -> str:
    """A sentence that explains how the initial learning rate of a rule on the surface is chosen."""
    return rates.reason(settings.surface, rule.key)
