"""All that the Race page can be set to, as one frozen record, and its spelling in the address bar.

    surface=rosenbrock&surface.steepness=30&rotation=20&start=-1.5,2&steps=300&seed=0
    &schedule=cosine&schedule.horizon=200&noise=isotropic&noise.scale=0.1
    &racer=adam:learning_rate=0.05,beta1=0.9&racer=sgd:learning_rate=0.01,hidden=1

What is not spelled has its default. Bad values are dropped, each with a notice, and the rest is kept.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from app.common import budget
from app.common import racers as lineup
from app.common.digits import short, shortened
from app.common.link import VERSION, Reader, spell, spell_racers, spell_unless, text
from app.common.racers import Choice, Lineup, Racer, Refused, Value, built, checked, number, sentence
from app.figures.plane import extent
from app.player.scene import AXES, HEIGHTS, PICTURES
from app.race.bundles import WORDS as BUNDLES
from app.race.views import VIEWS
from optimizers import NOISES, OPTIMIZERS, RULES, starting, starting_learning_rate, too_dense
from optimizers.noise import Noise
from surfaces import SURFACES, Declared, Rotated, Surface

FIRST_RACERS = ("sgd", "nesterov", "adam")
MOST_VIEWS = 2
"""Panels beside the losses."""
MOST_WHOLE = 500_000
"""Steps times coordinates, and for a view times racers, of which states and steps are kept."""


LOOK = {"look": True}
"""Marks the fields that change how a race is looked at, and no run."""


@dataclasses.dataclass(frozen=True)
class Beside:
    """What the race beside has of its own. Its racers are those of the race; unless they are `linked`, with the values
    that they have in `racers`, one for one.
    """

    surface: Choice
    rotation: float = 0.0
    start: tuple[float, float] | None = None
    linked: bool = True
    racers: tuple[Racer, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Lineup):
    """One race, entire."""

    surface: Choice = Choice("quadratic_ravine")
    rotation: float = 18.0
    start: tuple[float, float] | None = None
    noise: Choice = Choice("none")
    views: tuple[str, ...] = dataclasses.field(default=(), metadata=LOOK)
    inspected: str = dataclasses.field(default="", metadata=LOOK)
    seeds: int = dataclasses.field(default=12, metadata=LOOK)
    bundle: str = dataclasses.field(default="one", metadata=LOOK)
    axis: str = dataclasses.field(default="steps", metadata=LOOK)
    picture: str = dataclasses.field(default="map", metadata=LOOK)
    heights: str = dataclasses.field(default="", metadata=LOOK)
    beside: Beside | None = dataclasses.field(default=None, metadata=LOOK)
    halved: bool = dataclasses.field(default=False, metadata=LOOK)
    """Whether it is itself the race beside another; no link says so."""

    def __post_init__(self) -> None:
        if self.inspected not in {racer.id for racer in self.racers}:  # who left is not looked at any more
            object.__setattr__(self, "inspected", "")
        if self.beside is not None:
            apart = {} if self.beside.linked else {racer.id: racer for racer in self.beside.racers}
            racers = () if self.beside.linked else tuple(_with_values(r, apart.get(r.id)) for r in self.racers)
            object.__setattr__(self, "beside", dataclasses.replace(self.beside, racers=racers))

    def built_surface(self) -> Rotated:
        """The surface with its parameters, under its rotation."""
        return Rotated(built(SURFACES, self.surface), angle=self.rotation)

    def built_start(self) -> tuple[float, ...]:
        """The start in all coordinates: the two that are drawn may be set, the rest are the surface's."""
        own = self.built_surface().start
        return tuple(float(v) for v in (*(self.start or own[:2]), *own[2:]))

    def built_noise(self) -> Noise:
        return built(NOISES, self.noise)

    def objection(self) -> str:
        """Why this race is too large for the server, or an empty string."""
        races = [self, *filter(None, [self.second()])]
        if (kept := sum(race._kept() for race in races)) > budget.MOST_KEPT:
            return (
                f"This race would fill {budget.megabytes(kept)} of memory, and a race may fill "
                f"{budget.megabytes(budget.MOST_KEPT)}: {self._size()}. Choose less of one of them."
            )
        if (work := sum(race._work() for race in races)) > budget.MOST_WORK:
            return (
                f"This race would take {work / budget.MOST_WORK:.1f} times as long as a race may: {self._size()}. "
                "Choose less of one of them."
            )
        many = len(self.built_start())
        if self.inspected and self.steps * many > MOST_WHOLE:
            return (
                f"{self.steps:,} steps in {many:,} coordinates are too many to explain: steps times coordinates may be "
                f"{MOST_WHOLE:,}. Choose fewer, or close the explanation."
            )
        return ""

    def _kept(self) -> int:
        """Bytes of all its runs, as they are drawn: points and losses in float64."""
        each = 8 * (self.steps + 1) * (len(self.built_start()) + 1)
        return len(self.racers) * each * self._runs()

    def _work(self) -> float:
        """What `Cost.work` is of all its runs, at two gradients a step, or as many as a dense rule has columns."""
        many = len(self.built_start())
        surface = self.built_surface()
        size = max(many, 0 if surface.data is None else sum(np.size(leaf) for leaf in surface.data))
        gradients = sum(1 + many if RULES[racer.rule.key].dense else 2 for racer in self.racers)
        return float(self.steps) * size * gradients * self._runs()

    def _runs(self) -> int:
        """How many runs of each racer are computed."""
        return 1 + (seeds_computed(self.seeds) if self.bundled else 0)

    def _size(self) -> str:
        """What its size is the product of, in words."""
        factors = [f"{len(self.racers)} racers", f"{self.steps:,} steps", f"{len(self.built_start()):,} coordinates"]
        factors += [f"{self.seeds} seeds"] if self.bundled else []
        factors += ["two races"] if self.beside else []
        return " × ".join(factors)

    @property
    def bundled(self) -> bool:
        """Whether several seeds are shown: without noise they would all walk the same path."""
        return self.bundle != "one" and self.seeds > 1 and self.noise.key != "none"

    @property
    def half(self) -> bool:
        """Whether its map shares the page's width with another."""
        return self.halved or self.beside is not None

    def bare(self) -> Settings:
        """What a run depends on besides its racer: the same record for all ways of looking at it."""
        looks: dict[str, Any] = {
            field.name: field.default for field in dataclasses.fields(self) if field.metadata == LOOK
        }
        return dataclasses.replace(self, racers=(), **looks)

    def second(self) -> Settings | None:
        """The race beside this one, if there is one: on its own surface, the same racers by the same rules.

        Noise of data is left out where that surface has none.
        """
        if self.beside is None:
            return None
        racers = self.racers if self.beside.linked else self.beside.racers
        own: dict[str, Any] = {
            "surface": self.beside.surface,
            "rotation": self.beside.rotation,
            "start": self.beside.start,
        }
        looks: dict[str, Any] = {
            "views": (),
            "inspected": "",
            "picture": "map",
            "heights": "",
            "beside": None,
            "halved": True,
        }
        second = dataclasses.replace(self, racers=racers, **own, **looks)
        return _fitting(second)


def seeds_computed(count: int) -> int:
    """How many seeds are computed where `count` are shown: a power of two, so that few programs serve all counts."""
    return max(8, 1 << (count - 1).bit_length())


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
        raise Refused(f"There is no surface {shortened(key)!r}; there are {', '.join(SURFACES)}.")
    changed = dataclasses.replace(settings, surface=Choice(key), start=None, rotation=SURFACES[key].opens_at)
    if changed.noise.key == "mini_batch" and changed.built_noise().fits(changed.built_surface()):
        changed = dataclasses.replace(changed, noise=Choice("none"))
    racers = tuple(dataclasses.replace(r, rule=_starting(changed, r.rule)) for r in settings.racers)
    return dataclasses.replace(changed, racers=racers)


def set_parameter(settings: Settings, part: str, name: str, value: Any) -> Settings:
    """A parameter of the surface or the noise."""
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
        across, upward = (f"[{short(low, 3)}, {short(high, 3)}]" for low, high in box)
        raise Refused(
            f"The start must lie on the map, x in {across} and y in {upward}; "
            f"got ({short(point[0])}, {short(point[1])})."
        )
    return dataclasses.replace(settings, start=point)


def choose_noise(settings: Settings, key: str) -> Settings:
    """Another noise, at its defaults."""
    if key not in NOISES:
        raise Refused(f"There is no noise {shortened(key)!r}; there are {', '.join(NOISES)}.")
    changed = dataclasses.replace(settings, noise=Choice(key))
    if problem := changed.built_noise().fits(changed.built_surface()):
        raise Refused(sentence(problem))
    return changed


def set_view(settings: Settings, slot: int, key: str) -> Settings:
    """Another view in a panel beside the losses, or in a new one; none takes the panel away."""
    if key and key not in VIEWS:
        raise Refused(f"There is no view {shortened(key)!r}; there are {', '.join(VIEWS)}.")
    views = [*settings.views[:slot], *filter(None, [key]), *settings.views[slot + 1 :]]
    if len(set(views)) < len(views):
        raise Refused(f"{VIEWS[key].name} is shown already.")
    if len(views) > MOST_VIEWS:
        raise Refused(f"Beside the losses there is room for {MOST_VIEWS} views.")
    return dataclasses.replace(settings, views=tuple(views))


def inspect(settings: Settings, id: str) -> Settings:
    """Another racer's steps explained, or none."""
    if id:
        lineup.find(settings, id)
    return dataclasses.replace(settings, inspected=id)


def set_look(settings: Settings, name: str, key: str) -> Settings:
    """Another way of looking at the race, of those in `LOOKS`: what is drawn of seeds, what the clock counts and curves
    are drawn against, what stands in the big panel, and how high the surface stands in three dimensions.
    """
    if key not in LOOKS[name]:
        raise Refused(f"{name} must be one of {', '.join(LOOKS[name])}; got {shortened(key)!r}.")
    changes: dict[str, Any] = {name: key}
    return dataclasses.replace(settings, **changes)


def set_seeds(settings: Settings, value: Any) -> Settings:
    """How many seeds a bundle has."""
    return dataclasses.replace(settings, seeds=lineup.whole(value, "seeds", 2, MOST_SEEDS, "12"))


def set_beside(settings: Settings, shown: bool) -> Settings:
    """A race beside this one, or none: at first on the same surface, turned."""
    if not shown:
        return dataclasses.replace(settings, beside=None)
    turned = 0.0 if settings.rotation else 45.0
    return dataclasses.replace(settings, beside=Beside(settings.surface, turned))


def set_linked(settings: Settings, linked: bool) -> Settings:
    """Whether the race beside has the same values; if not, it begins with those that it had."""
    if settings.beside is None:
        raise Refused("There is no race beside this one.")
    beside = dataclasses.replace(settings.beside, linked=linked, racers=() if linked else settings.racers)
    return dataclasses.replace(settings, beside=beside)


def in_second(settings: Settings, change: Callable[..., Settings], *arguments: Any) -> Settings:
    """A change of the race beside."""
    second = settings.second()
    if second is None or settings.beside is None:
        raise Refused("There is no race beside this one.")
    changed = change(second, *arguments)
    for racer in changed.racers:
        if problem := too_dense(OPTIMIZERS[racer.rule.key], len(changed.built_start())):
            raise Refused(sentence(problem))
    linked = settings.beside.linked
    beside = Beside(changed.surface, changed.rotation, changed.start, linked, () if linked else changed.racers)
    return dataclasses.replace(settings, beside=beside)


def add_racer(settings: Settings, key: str, rate: Value | None = None) -> Settings:
    """One more racer, at a learning rate or, without one, at that which this surface suggests."""
    if key not in OPTIMIZERS:
        raise Refused(f"There is no optimizer {shortened(key)!r}; there are {', '.join(OPTIMIZERS)}.")
    if problem := too_dense(OPTIMIZERS[key], len(settings.built_start())):
        raise Refused(sentence(problem))
    rule = Choice(key)
    return lineup.join(settings, _starting(settings, rule) if rate is None else rule.having("learning_rate", rate))


LOOKS = {"bundle": tuple(BUNDLES), "axis": AXES, "picture": PICTURES, "heights": HEIGHTS}
MOST_SEEDS = 64
_REGISTRIES: Mapping[str, Mapping[str, type[Declared]]] = {"surface": SURFACES, "noise": NOISES}


def _with_values(racer: Racer, other: Racer | None) -> Racer:
    """The racer with the values of the other, where that runs by the same rule."""
    same = other is not None and other.rule.key == racer.rule.key
    return dataclasses.replace(racer, rule=other.rule) if same and other else racer


def _fitting(settings: Settings) -> Settings:
    """Without the noise of data on a surface that has none."""
    if settings.built_noise().fits(settings.built_surface()):
        return dataclasses.replace(settings, noise=Choice("none"))
    return settings


def _within(box: Any, point: Iterable[float]) -> bool:
    return all(low <= v <= high for v, (low, high) in zip(point, box, strict=True))


def _starting(settings: Settings, rule: Choice) -> Choice:
    rate = starting_learning_rate(_level(settings.surface), OPTIMIZERS[rule.key])
    return rule if rate is None else rule.having("learning_rate", rate)


def starting_reason(settings: Settings, rule: Choice) -> str:
    """How the learning rate that a rule starts with on the surface is chosen, in a sentence."""
    return starting.starting_reason(_level(settings.surface), OPTIMIZERS[rule.key])


@functools.lru_cache(maxsize=64)
def _level(surface: Choice) -> Surface:
    """The surface at a rotation of zero, one record for all racers: a starting rate is the same at every rotation."""
    return built(SURFACES, surface)


# The address bar.


def query(settings: Settings) -> dict[str, list[str]]:
    """The settings as a query: each key with its values, in the order they should stand."""
    out: dict[str, list[str]] = {"v": [VERSION], "surface": [settings.surface.key]}
    spell(out, "surface", settings.surface)
    out["rotation"] = [text(settings.rotation)]
    if settings.start is not None:
        out["start"] = [",".join(text(v) for v in settings.start)]
    out["steps"] = [str(settings.steps)]
    spell_unless("constant", out, "schedule", settings.schedule)
    spell_unless("none", out, "noise", settings.noise)
    out["seed"] = [str(settings.seed)]
    out["racer"] = spell_racers(settings)
    if settings.views:
        out["views"] = [",".join(settings.views)]
    if settings.bundle != "one":
        out["bundle"] = [settings.bundle]
    if settings.bundle != "one" or settings.seeds != Settings.seeds:
        out["seeds"] = [str(settings.seeds)]
    if settings.axis != "steps":
        out["axis"] = [settings.axis]
    for k, racer in enumerate(settings.racers, start=1):
        if racer.id == settings.inspected:
            out["inspect"] = [str(k)]
    if (second := settings.second()) and settings.beside:
        own = query(second)
        kept = ("surface", "rotation", "start", *(() if settings.beside.linked else ("racer",)))
        out |= {f"b.{k}": v for k, v in own.items() if k.partition(".")[0] in kept}
    if settings.picture != "map":
        out["picture"] = [settings.picture]
    if settings.heights:
        out["heights"] = [settings.heights]
    return out


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped."""
    if not given:
        return first(), []
    link = Reader(given, Settings())
    link.read("steps", lineup.set_steps)
    link.read("seed", lineup.set_seed)
    link.read("surface", choose_surface)
    link.read("rotation", set_rotation)
    _read_parameters(link, "surface")
    link.read_schedule()
    link.read("noise", choose_noise)
    _read_parameters(link, "noise")
    link.read("start", _read_start)
    link.read_racers(FIRST_RACERS, add_racer)
    for key in filter(None, link.word("views").split(",")):
        link.attempt(lambda settings, key=key: set_view(settings, len(settings.views), key))
    if link.values("b"):
        own = {k.removeprefix("b."): words for k, words in link.given.items() if k.startswith("b.")}
        link.attempt(_read_beside, own, link.notices)
    link.read("seeds", set_seeds)
    for name in LOOKS:
        link.read(name, functools.partial(_read_look, name))
    link.read("inspect", _read_inspected)
    return link.finished()


def _read_parameters(link: Reader[Settings], part: str) -> None:
    """All at once, for what is refused half way may be whole at the end; else one by one, to keep what can be."""
    if not link.attempt(_set_together, part, link.values(part), quiet=True):
        link.read_values(part, lambda settings, name, value: set_parameter(settings, part, name, value))


def _set_together(settings: Settings, part: str, spelled: Mapping[str, Any]) -> Settings:
    choice: Choice = getattr(settings, part)
    cls = _REGISTRIES[part][choice.key]
    for name, value in spelled.items():
        choice = choice.having(name, checked(cls, name, value))
    changes: dict[str, Any] = {part: choice}
    changed = dataclasses.replace(settings, **changes)
    try:
        problem = changed.built_noise().fits(changed.built_surface())
    except ValueError as error:
        raise Refused(sentence(str(error))) from None
    many = len(changed.built_start())
    for found in (problem, *(too_dense(OPTIMIZERS[r.rule.key], many) for r in changed.racers)):
        if found:
            raise Refused(sentence(found))
    return changed


def _read_look(name: str, settings: Settings, key: str) -> Settings:
    return set_look(settings, name, key)


def _read_beside(settings: Settings, own: Mapping[str, list[str]], notices: list[str]) -> Settings:
    """The race beside: its surface, rotation and start, and its racers' values where it has any."""
    given = {key: words for key, words in own.items() if key.partition(".")[0] != "b"}
    if len(given) < len(own):
        notices.append("Dropped from the link: the race beside has no race beside it, so that nothing is set by b.b.")
    base = Settings(steps=settings.steps, schedule=settings.schedule, noise=settings.noise)
    link = Reader({"surface": [settings.surface.key], **given}, base)
    link.read("surface", choose_surface)
    link.read("rotation", set_rotation)
    _read_parameters(link, "surface")
    link.read("start", _read_start)
    if "racer" in given:
        link.read_racers((), add_racer)
    second, dropped = link.finished()
    notices += [f"The race beside: {notice}" for notice in dropped]
    for racer in settings.racers:
        if problem := too_dense(OPTIMIZERS[racer.rule.key], len(second.built_start())):
            raise Refused(sentence(problem))
    linked = "racer" not in given
    beside = Beside(second.surface, second.rotation, second.start, linked, second.racers)
    return dataclasses.replace(settings, beside=beside)


def _read_inspected(settings: Settings, spelled: str) -> Settings:
    place = lineup.whole(spelled, "inspect", 1, max(1, len(settings.racers)), "1, the first racer")
    return inspect(settings, settings.racers[place - 1].id if settings.racers else "")


def _read_start(settings: Settings, spelled: str) -> Settings:
    x, comma, y = spelled.partition(",")
    if not comma:
        raise Refused(f"start must be two numbers with a comma between, such as -1.5,2; got {shortened(spelled)!r}.")
    return set_start(settings, x, y)
