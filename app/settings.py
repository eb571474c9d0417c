"""All that the Race page can be set to, as one frozen record, and its spelling in the address bar.

    surface=rosenbrock&surface.steepness=30&rotation=20&start=-1.5,2&steps=300&seed=0
    &schedule=cosine&schedule.horizon=200&noise=isotropic&noise.scale=0.1
    &racer=adam:learning_rate=0.05,beta1=0.9&racer=sgd:learning_rate=0.01,hidden=1

What is not spelled has its default. Bad values are dropped, each with a notice, and the rest is kept.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from app import racers as lineup
from app.figures.race import extent
from app.racers import Choice, Lineup, Racer, Refused, built, checked, number, sentence, spell, text, whole
from optimizers import NOISES, OPTIMIZERS, SCHEDULES, Optimizer, Scheduled, starting_learning_rate, too_dense
from optimizers.noise import Noise
from surfaces import SURFACES, Declared, Rotated

VERSION = "1"
MAX_STEPS = 20_000
FIRST_RACERS = ("sgd", "nesterov", "adam")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Lineup):
    """One race, entire."""

    surface: Choice = Choice("quadratic_ravine")
    rotation: float = 18.0
    start: tuple[float, float] | None = None
    steps: int = 300
    schedule: Choice = Choice("constant")
    noise: Choice = Choice("none")
    seed: int = 0

    def built_surface(self) -> Rotated:
        """The surface with its parameters, under its rotation."""
        return Rotated(built(SURFACES, self.surface), angle=self.rotation)

    def built_start(self) -> tuple[float, ...]:
        """The start in all coordinates: the two that are drawn may be set, the rest are the surface's."""
        own = self.built_surface().start
        return tuple(float(v) for v in (*(self.start or own[:2]), *own[2:]))

    def built_noise(self) -> Noise:
        return built(NOISES, self.noise)

    def built_racer(self, racer: Racer) -> Optimizer:
        """The racer's rule, under the schedule where it has a learning rate."""
        rule = built(OPTIMIZERS, racer.rule)
        if self.schedule.key == "constant" or "learning_rate" not in rule.parameters():
            return rule
        return Scheduled(rule, built(SCHEDULES, self.schedule))


def first() -> Settings:
    """The race of a first visit."""
    settings = Settings()
    for key in FIRST_RACERS:
        settings = add_racer(settings, key)
    return settings


# Changes. Each takes settings and returns others, or raises `Refused` and leaves all as it was.


def choose_surface(settings: Settings, key: str) -> Settings:
    """Another surface at its defaults: start and rotation are its own, every racer's learning rate starts anew."""
    if key not in SURFACES:
        raise Refused(f"There is no surface {key!r}; there are {', '.join(SURFACES)}.")
    changed = dataclasses.replace(settings, surface=Choice(key), start=None, rotation=SURFACES[key].opens_at)
    if changed.noise.key == "mini_batch" and changed.built_noise().fits(changed.built_surface()):
        changed = dataclasses.replace(changed, noise=Choice("none"))
    racers = tuple(dataclasses.replace(r, rule=_starting(changed, r.rule)) for r in settings.racers)
    return dataclasses.replace(changed, racers=racers)


def set_parameter(settings: Settings, part: str, name: str, value: Any) -> Settings:
    """A parameter of the surface, the schedule or the noise."""
    changed = _set_together(settings, part, {name: value})
    surface = changed.built_surface()
    if changed.start is not None and not _within(extent(surface), changed.start):
        changed = dataclasses.replace(changed, start=None)
    return changed


def set_rotation(settings: Settings, value: Any) -> Settings:
    angle = number(value, "rotation", "45")
    if not -90 <= angle <= 90:
        raise Refused(f"rotation must lie in [−90, 90] degrees; got {value}.")
    return dataclasses.replace(settings, rotation=angle, start=None)


def set_start(settings: Settings, x: Any, y: Any) -> Settings:
    """Another start, within the part of the plane that the map covers."""
    point = (number(x, "x of the start", "-1.5"), number(y, "y of the start", "2"))
    box = extent(settings.built_surface())
    if not _within(box, point):
        (x0, x1), (y0, y1) = box
        raise Refused(
            f"The start must lie on the map, x in [{x0:.3g}, {x1:.3g}] and y in [{y0:.3g}, {y1:.3g}]; "
            f"got ({point[0]:g}, {point[1]:g})."
        )
    return dataclasses.replace(settings, start=point)


def set_steps(settings: Settings, value: Any) -> Settings:
    steps = whole(value, "steps", 1, MAX_STEPS, "300")
    schedule = settings.schedule
    if schedule.get("horizon", 0) == settings.steps:  # a schedule that ended with the run still does
        schedule = schedule.having("horizon", float(steps))
    return dataclasses.replace(settings, steps=steps, schedule=schedule)


def set_seed(settings: Settings, value: Any) -> Settings:
    return dataclasses.replace(settings, seed=whole(value, "seed", 0, 2**31 - 1, "0 or 7"))


def choose(settings: Settings, part: str, key: str) -> Settings:
    """Another schedule or noise, at its defaults."""
    registry = _registry(part)
    if key not in registry:
        raise Refused(f"There is no {part} {key!r}; there are {', '.join(registry)}.")
    chosen = Choice(key)
    if part == "schedule" and "horizon" in SCHEDULES[key].parameters():
        chosen = chosen.having("horizon", float(settings.steps))
    changed = _with(settings, part, chosen)
    if problem := changed.built_noise().fits(changed.built_surface()):
        raise Refused(sentence(problem))
    return changed


def add_racer(settings: Settings, key: str) -> Settings:
    """One more racer, at the learning rate that this surface suggests."""
    if key not in OPTIMIZERS:
        raise Refused(f"There is no optimizer {key!r}; there are {', '.join(OPTIMIZERS)}.")
    if problem := too_dense(OPTIMIZERS[key], len(settings.built_start())):
        raise Refused(sentence(problem))
    return lineup.join(settings, _starting(settings, Choice(key)))


def _registry(part: str) -> Mapping[str, type[Declared]]:
    registries: dict[str, Mapping[str, type[Declared]]] = {
        "surface": SURFACES,
        "schedule": SCHEDULES,
        "noise": NOISES,
    }
    return registries[part]


def _with(settings: Settings, part: str, choice: Choice) -> Settings:
    changes: dict[str, Any] = {part: choice}
    return dataclasses.replace(settings, **changes)


def _within(box: Any, point: Iterable[float]) -> bool:
    return all(low <= v <= high for v, (low, high) in zip(point, box, strict=True))


def _starting(settings: Settings, rule: Choice) -> Choice:
    rate = _suggested(settings.surface, settings.rotation, rule.key)
    return rule if rate is None else rule.having("learning_rate", rate)


@functools.lru_cache(maxsize=512)
def _suggested(surface: Choice, rotation: float, key: str) -> float | None:
    return starting_learning_rate(Settings(surface=surface, rotation=rotation).built_surface(), OPTIMIZERS[key])


# The address bar.


def query(settings: Settings) -> dict[str, list[str]]:
    """The settings as a query: each key with its values, in the order they should stand."""
    out: dict[str, list[str]] = {"v": [VERSION], "surface": [settings.surface.key]}
    spell(out, "surface", settings.surface)
    out["rotation"] = [text(settings.rotation)]
    if settings.start is not None:
        out["start"] = [",".join(text(v) for v in settings.start)]
    out["steps"] = [str(settings.steps)]
    for part in ("schedule", "noise"):
        choice: Choice = getattr(settings, part)
        if choice.key not in ("constant", "none"):
            out[part] = [choice.key]
            spell(out, part, choice)
    out["seed"] = [str(settings.seed)]
    out["racer"] = [lineup.spell_racer(r, k) for k, r in enumerate(settings.racers)] or [""]  # nobody races
    return out


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped."""
    notices: list[str] = []
    if not given:
        return first(), notices
    version = given.get("v", [VERSION])[-1]
    if version != VERSION:
        notices.append(f"This link is of version {version!r}, this app reads version {VERSION}: what it knows is kept.")
    settings = Settings()

    def attempt(change: Any, *arguments: Any, quiet: bool = False) -> bool:
        nonlocal settings
        try:
            settings = change(settings, *arguments)
        except Refused as refusal:
            if not quiet:
                notices.append(f"Dropped from the link: {refusal}")
            return False
        return True

    for name, change in (("steps", set_steps), ("seed", set_seed)):
        if name in given:
            attempt(change, given[name][-1])
    if "surface" in given:
        attempt(choose_surface, given["surface"][-1])
    if "rotation" in given:
        attempt(set_rotation, given["rotation"][-1])
    _read_parameters(given, "surface", attempt)
    for part in ("schedule", "noise"):
        if part in given:
            attempt(choose, part, given[part][-1])
            _read_parameters(given, part, attempt)
    if "start" in given:
        attempt(_read_start, given["start"][-1])
    for spelled in given.get("racer", FIRST_RACERS):
        if spelled:
            attempt(lineup.read_racer, spelled, notices, add_racer)
    known = {"v", "surface", "rotation", "start", "steps", "schedule", "noise", "seed", "racer"}
    for key in given:
        if key not in known and key.partition(".")[0] not in ("surface", "schedule", "noise"):
            notices.append(f"Dropped from the link: there is no setting {key!r}.")
    return settings, list(dict.fromkeys(notices))


def _read_parameters(given: Mapping[str, list[str]], part: str, attempt: Any) -> None:
    """All at once, for what is refused half way may be whole at the end; else one by one, to keep what can be."""
    spelled = {key.partition(".")[2]: given[key][-1] for key in given if key.startswith(f"{part}.")}
    if not attempt(_set_together, part, spelled, quiet=True):
        for name, value in spelled.items():
            attempt(set_parameter, part, name, value)


def _set_together(settings: Settings, part: str, spelled: Mapping[str, Any]) -> Settings:
    choice: Choice = getattr(settings, part)
    cls = _registry(part)[choice.key]
    for name, value in spelled.items():
        choice = choice.having(name, checked(cls, name, value))
    changed = _with(settings, part, choice)
    try:
        problem = changed.built_noise().fits(changed.built_surface())
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    many = len(changed.built_start())
    for found in (problem, *(too_dense(OPTIMIZERS[r.rule.key], many) for r in changed.racers)):
        if found:
            raise Refused(sentence(found))
    return changed


def _read_start(settings: Settings, spelled: str) -> Settings:
    x, comma, y = spelled.partition(",")
    if not comma:
        raise Refused(f"start must be two numbers with a comma between, such as -1.5,2; got {spelled!r}.")
    return set_start(settings, x, y)
