"""All that the Race page can be set to, as one frozen record, and its spelling in the address bar.

    surface=rosenbrock&surface.steepness=30&rotation=20&start=-1.5,2&steps=300&seed=0
    &schedule=cosine&schedule.horizon=200&noise=isotropic&noise.scale=0.1
    &racer=adam:learning_rate=0.05,beta1=0.9&racer=sgd:learning_rate=0.01,hidden=1

What is not spelled has its default. Bad values are dropped, each with a notice, and the rest is kept.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.figures.race import extent
from optimizers import NOISES, OPTIMIZERS, SCHEDULES, Optimizer, Scheduled, starting_learning_rate, too_dense
from optimizers.noise import Noise
from surfaces import SURFACES, Declared, Parameter, Rotated

VERSION = "1"
MAX_STEPS = 20_000
MAX_RACERS = 16
FIRST_RACERS = ("sgd", "nesterov", "adam")
Value = float | int | str


class Refused(ValueError):
    """A value that cannot be; the message says what is wrong and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One declared record by its key, with the values that differ from its defaults."""

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    def get(self, name: str, default: Value) -> Value:
        return dict(self.values).get(name, default)

    def having(self, name: str, value: Value) -> Choice:
        return Choice(self.key, tuple({**dict(self.values), name: value}.items()))


@dataclasses.dataclass(frozen=True)
class Racer:
    """One racer: its rule with values, its slot (colour, dash, shape), and whether it is hidden."""

    rule: Choice
    slot: int
    hidden: bool = False

    @property
    def id(self) -> str:
        return f"racer-{self.slot}"


@dataclasses.dataclass(frozen=True)
class Settings:
    """One race, entire."""

    surface: Choice = Choice("quadratic_ravine")
    rotation: float = 18.0
    start: tuple[float, float] | None = None
    steps: int = 300
    schedule: Choice = Choice("constant")
    noise: Choice = Choice("none")
    seed: int = 0
    racers: tuple[Racer, ...] = ()

    def built_surface(self) -> Rotated:
        """The surface with its parameters, under its rotation."""
        return Rotated(_built(SURFACES, self.surface), angle=self.rotation)

    def built_start(self) -> tuple[float, ...]:
        """The start in all coordinates: the two that are drawn may be set, the rest are the surface's."""
        own = self.built_surface().start
        return tuple(float(v) for v in (*(self.start or own[:2]), *own[2:]))

    def built_noise(self) -> Noise:
        return _built(NOISES, self.noise)

    def built_racer(self, racer: Racer) -> Optimizer:
        """The racer's rule, under the schedule where it has a learning rate."""
        rule = _built(OPTIMIZERS, racer.rule)
        if self.schedule.key == "constant" or "learning_rate" not in rule.parameters():
            return rule
        return Scheduled(rule, _built(SCHEDULES, self.schedule))


def _built(registry: Mapping[str, type[Any]], choice: Choice) -> Any:
    return registry[choice.key](**dict(choice.values))


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
    steps = number(value, "steps", "300")
    if steps != int(steps) or not 1 <= steps <= MAX_STEPS:
        raise Refused(f"steps must be a whole number from 1 to {MAX_STEPS:,}; got {value}.")
    schedule = settings.schedule
    if schedule.get("horizon", 0) == settings.steps:  # a schedule that ended with the run still does
        schedule = schedule.having("horizon", float(steps))
    return dataclasses.replace(settings, steps=int(steps), schedule=schedule)


def set_seed(settings: Settings, value: Any) -> Settings:
    seed = number(value, "seed", "0 or 7")
    if seed != int(seed) or not 0 <= seed < 2**31:
        raise Refused(f"seed must be a whole number from 0 to 2,147,483,647; got {seed:g}.")
    return dataclasses.replace(settings, seed=int(seed))


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
        raise Refused(_sentence(problem))
    return changed


def add_racer(settings: Settings, key: str) -> Settings:
    """One more racer, at the learning rate that this surface suggests."""
    if key not in OPTIMIZERS:
        raise Refused(f"There is no optimizer {key!r}; there are {', '.join(OPTIMIZERS)}.")
    if problem := too_dense(OPTIMIZERS[key], len(settings.built_start())):
        raise Refused(_sentence(problem))
    return _join(settings, _starting(settings, Choice(key)))


def duplicate_racer(settings: Settings, id: str) -> Settings:
    """A second racer with the same rule and values, to be set apart by its sliders."""
    return _join(settings, _racer(settings, id).rule)


def remove_racer(settings: Settings, id: str) -> Settings:
    _racer(settings, id)
    return dataclasses.replace(settings, racers=tuple(r for r in settings.racers if r.id != id))


def hide_racer(settings: Settings, id: str, hidden: bool) -> Settings:
    return _with_racer(settings, dataclasses.replace(_racer(settings, id), hidden=hidden))


def set_racer(settings: Settings, id: str, name: str, value: Any) -> Settings:
    """A parameter of one racer."""
    racer = _racer(settings, id)
    checked = _checked(OPTIMIZERS[racer.rule.key], name, value)
    return _with_racer(settings, dataclasses.replace(racer, rule=racer.rule.having(name, checked)))


def number(value: Any, what: str, example: str = "0.05 or 1e-3") -> float:
    """A finite number out of what a user typed, or a sentence that says why it is none."""
    text = str(value).strip().replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    try:
        found = float(text)
    except ValueError:
        raise Refused(f"{what} must be a number, such as {example}; got {str(value)!r}.") from None
    if not math.isfinite(found):
        raise Refused(f"{what} must be a finite number; got {value}.")
    return found


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


def _checked(cls: type[Declared], name: str, value: Any) -> Value:
    spec = cls.parameters().get(name)
    if spec is None:
        raise Refused(f"{cls.__name__} has no parameter {name!r}; it has {', '.join(cls.parameters()) or 'none'}.")
    return _legal(spec, value)


def _legal(spec: Parameter, value: Any) -> Value:
    """What the page allows is the declared range: what its sliders can show, it can set."""
    if spec.choices:
        checked: Value = str(value)
    else:
        checked = number(value, spec.name)
        if not spec.low <= checked <= spec.high and checked != spec.default:
            raise Refused(f"{spec.name} must lie in [{spec.low:g}, {spec.high:g}]; got {checked:g}.")
    try:
        spec.check(checked)
    except ValueError as error:
        raise Refused(_sentence(str(error))) from None
    return int(checked) if spec.integer else checked


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _within(box: Any, point: Iterable[float]) -> bool:
    return all(low <= v <= high for v, (low, high) in zip(point, box, strict=True))


def _starting(settings: Settings, rule: Choice) -> Choice:
    rate = _suggested(settings.surface, settings.rotation, rule.key)
    return rule if rate is None else rule.having("learning_rate", rate)


@functools.lru_cache(maxsize=512)
def _suggested(surface: Choice, rotation: float, key: str) -> float | None:
    return starting_learning_rate(Settings(surface=surface, rotation=rotation).built_surface(), OPTIMIZERS[key])


def _racer(settings: Settings, id: str) -> Racer:
    for racer in settings.racers:
        if racer.id == id:
            return racer
    raise Refused("That racer has left the race.")


def _with_racer(settings: Settings, racer: Racer) -> Settings:
    return dataclasses.replace(settings, racers=tuple(racer if r.id == racer.id else r for r in settings.racers))


def _join(settings: Settings, rule: Choice) -> Settings:
    if len(settings.racers) >= MAX_RACERS:
        raise Refused(f"A race has at most {MAX_RACERS} racers; remove one first.")
    taken = {r.slot for r in settings.racers}
    slot = next(k for k in range(MAX_RACERS) if k not in taken)
    return dataclasses.replace(settings, racers=(*settings.racers, Racer(rule, slot)))


# The address bar.


def query(settings: Settings) -> dict[str, list[str]]:
    """The settings as a query: each key with its values, in the order they should stand."""
    out: dict[str, list[str]] = {"v": [VERSION], "surface": [settings.surface.key]}
    _spell(out, "surface", settings.surface)
    out["rotation"] = [_text(settings.rotation)]
    if settings.start is not None:
        out["start"] = [",".join(_text(v) for v in settings.start)]
    out["steps"] = [str(settings.steps)]
    for part in ("schedule", "noise"):
        choice: Choice = getattr(settings, part)
        if choice.key not in ("constant", "none"):
            out[part] = [choice.key]
            _spell(out, part, choice)
    out["seed"] = [str(settings.seed)]
    out["racer"] = [_spell_racer(r, k) for k, r in enumerate(settings.racers)] or [""]  # nobody races
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
            attempt(_read_racer, spelled, notices)
    known = {"v", "surface", "rotation", "start", "steps", "schedule", "noise", "seed", "racer"}
    for key in given:
        if key not in known and key.partition(".")[0] not in ("surface", "schedule", "noise"):
            notices.append(f"Dropped from the link: there is no setting {key!r}.")
    return settings, list(dict.fromkeys(notices))


def _spell(out: dict[str, list[str]], part: str, choice: Choice) -> None:
    for name, value in choice.values:
        out[f"{part}.{name}"] = [_text(value)]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else repr(int(value)) if float(value).is_integer() else repr(float(value))


def _spell_racer(racer: Racer, position: int) -> str:
    values = [f"{name}={_text(value)}" for name, value in racer.rule.values]
    values += [f"slot={racer.slot}"] if racer.slot != position else []
    values += ["hidden=1"] if racer.hidden else []
    return ":".join([racer.rule.key, ",".join(values)]) if values else racer.rule.key


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
        choice = choice.having(name, _checked(cls, name, value))
    changed = _with(settings, part, choice)
    try:
        problem = changed.built_noise().fits(changed.built_surface())
    except ValueError as error:
        raise Refused(_sentence(str(error))) from None
    many = len(changed.built_start())
    for found in (problem, *(too_dense(OPTIMIZERS[r.rule.key], many) for r in changed.racers)):
        if found:
            raise Refused(_sentence(found))
    return changed


def _read_start(settings: Settings, spelled: str) -> Settings:
    x, comma, y = spelled.partition(",")
    if not comma:
        raise Refused(f"start must be two numbers with a comma between, such as -1.5,2; got {spelled!r}.")
    return set_start(settings, x, y)


def _read_racer(settings: Settings, spelled: str, notices: list[str]) -> Settings:
    key, _, rest = spelled.partition(":")
    settings = add_racer(settings, key)
    position = len(settings.racers) - 1
    if position not in {r.slot for r in settings.racers[:-1]}:
        settings = _with_slot(settings, position)
    racer = settings.racers[-1]
    for item in filter(None, rest.split(",")):
        name, _, value = item.partition("=")
        try:
            if name == "hidden":
                settings = hide_racer(settings, racer.id, value == "1")
            elif name == "slot":
                settings = _with_slot(settings, _free_slot(settings, value))
                racer = settings.racers[-1]
            else:
                settings = set_racer(settings, racer.id, name, value)
        except Refused as refusal:
            notices.append(f"Dropped from the link, racer {key}: {refusal}")
    return settings


def _with_slot(settings: Settings, slot: int) -> Settings:
    moved = dataclasses.replace(settings.racers[-1], slot=slot)
    return dataclasses.replace(settings, racers=(*settings.racers[:-1], moved))


def _free_slot(settings: Settings, value: str) -> int:
    slot = number(value, "slot")
    if slot not in range(MAX_RACERS) or slot in {r.slot for r in settings.racers[:-1]}:
        raise Refused(f"slot must be a free one of 0 to {MAX_RACERS - 1}; got {value}.")
    return int(slot)
