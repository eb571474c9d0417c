"""The settings of a race as a frozen record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from app.common import budget, shared
from app.common.forms import Number, OneOf, OnePreset, OneRecord, Point, SomeOf, Whole
from app.common.phrases import counted
from app.common.racers import Choice, Lineup, Racer, built
from app.common.setting import Form, setting, without_looks
from app.race.effects import PRESETS
from optimizers import NOISES, RULES
from optimizers.noise import Noise
from optimizers.search import SEVERAL
from surfaces import SURFACES, Rotated

MOST_STEPS = 20_000
MOST_SEEDS = 64
MOST_VIEWS = 2
"""The largest number of panels beside the losses."""
MOST_TRIALS = 256
"""The largest budget of a fair race."""
PAIRS = 20
"""The starts or seeds on which the racers of a fair race are compared."""
RATES_EACH = 43
"""The learning rates of a curve: six in each decade from 10⁻⁶ to 10."""
MOST_WHOLE = 500_000
"""The largest product of steps and coordinates, and for a view of racers, for which states and steps are recorded."""


@dataclasses.dataclass(frozen=True)
class Beside:
    """The settings of the second race.

    It has the racers of the first race. If they are not `linked`, `racers` has their values in the second race, one for
    each racer.
    """

    surface: Choice
    rotation: float = 0.0
    start: tuple[float, float] | None = None
    linked: bool = True
    racers: tuple[Racer, ...] = ()


@dataclasses.dataclass(frozen=True)
class SecondRace(Form):
    """The form of a second race, whose settings have the keys of the first with the prefix "b."."""

    allowed = "a surface, its rotation and its start; the racers, if they have other values there"

    def keys(self, key: str) -> str:
        return ", ".join(f"`b.{name}`" for name in ("surface", "surface.NAME", "rotation", "start", "racer"))


@dataclasses.dataclass(frozen=True)
class PlaceOfRacer(Form):
    """The form of a racer's place in the race, counted from 1. The record contains its id instead."""

    metavar = "N"
    allowed = "the place of a racer, 1 for the first"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Lineup):
    """The settings of a race, in the order in which a link contains them."""

    surface: Choice = setting(
        Choice("quadratic_ravine"), OneRecord("surface", SURFACES), always=True, help="The surface that is minimised."
    )
    rotation: float = setting(
        18.0,
        Number(-90, 90, "45", "degrees"),
        always=True,
        help="The angle by which the surface is rotated about the centre of its domain.",
    )
    start: tuple[float, float] | None = setting(
        None,
        Point(),
        label="Start (or click on the map)",
        help="The point from which every racer starts; each surface has a default.",
    )
    steps: int = shared.steps(300, MOST_STEPS)
    schedule: Choice = shared.schedule()
    noise: Choice = setting(
        Choice("none"), OneRecord("noise", NOISES), label="Gradient noise", help="The noise in the gradient."
    )
    seed: int = shared.seed("the noise")
    racers: tuple[Racer, ...] = shared.racers()
    views: tuple[str, ...] = setting(
        (),
        SomeOf(0, MOST_VIEWS),
        look=True,
        help="The panels beside the losses.",
        always=lambda race: bool(race.fair),
    )
    bundle: str = setting(
        "one",
        OneOf(
            {
                "one": "one seed",
                "spaghetti": "all seeds, one thin line each",
                "band": "median of all seeds, with a 10–90 % band",
            }
        ),
        look=True,
        label="Seeds shown",
        help="How the seeds of a noisy race are drawn.",
    )
    seeds: int = setting(
        12,
        Whole(2, MOST_SEEDS, "12"),
        look=True,
        label="Number of seeds",
        help="The number of seeds that are shown, starting from the seed of the noise.",
        always=lambda race: race.bundle != "one",
    )
    axis: str = setting(
        "steps",
        OneOf({"steps": "steps", "evaluations": "gradient evaluations"}),
        look=True,
        help="What the clock counts, and what the curves are drawn against.",
    )
    inspected: str = setting("", PlaceOfRacer(), key="inspect", look=True, help="The racer whose steps are explained.")
    beside: Beside | None = setting(None, SecondRace(), key="b", look=True, help="The second race, beside this one.")
    picture: str = setting(
        "map",
        OneOf({"map": "map", "surface": "surface in three dimensions", "panels": "one map for each racer"}),
        look=True,
        help="What the large panel shows.",
    )
    heights: str = setting(
        "",
        OneOf({"log": "levels of the map", "linear": "plain loss"}),
        look=True,
        help="The scale of the heights in three dimensions; each surface has a default.",
    )
    preset: str = setting(
        "",
        OnePreset({"": "none", **{key: preset.name for key, preset in PRESETS.items()}}),
        look=True,
        help="The preset from which the race began; its sentence is shown. A link with nothing else opens the preset.",
    )
    fair: int = setting(
        0,
        Whole(0, MOST_TRIALS, "64"),
        look=True,
        help="The number of trials with which every racer is tuned; the race then shows the racers at their best. 0 "
        "shows them at their own values.",
    )
    halved: bool = False
    """Whether this is the second race. It is not part of a link."""
    source: Settings | None = None
    """The settings of the fair race that is shown, in which the racers have their own values. The link is theirs."""

    def __post_init__(self) -> None:
        if self.inspected not in {racer.id for racer in self.racers}:  # the inspected racer was removed
            object.__setattr__(self, "inspected", "")
        if self.beside is not None:
            apart = {} if self.beside.linked else {racer.id: racer for racer in self.beside.racers}
            racers = () if self.beside.linked else tuple(with_values(r, apart.get(r.id)) for r in self.racers)
            object.__setattr__(self, "beside", dataclasses.replace(self.beside, racers=racers))

    def built_surface(self) -> Rotated:
        """The surface with its parameters and its rotation."""
        return Rotated(built(SURFACES, self.surface), angle=self.rotation)

    def built_start(self) -> tuple[float, ...]:
        """The start with all its coordinates. The two that are drawn may be set; the others belong to the surface."""
        default = self.built_surface().start
        return tuple(float(v) for v in (*(self.start or default[:2]), *default[2:]))

    def built_noise(self) -> Noise:
        """The noise with its parameters."""
        return built(NOISES, self.noise)

    def objection(self) -> str:
        """The reason why this race is too large for the server, or an empty string."""
        races = [self, self] if self.fair else [self, *filter(None, [self.second()])]
        if (size := sum(race._bytes() for race in races)) > budget.MOST_KEPT:
            return (
                f"This race would need {budget.megabytes(size)} of memory, and the limit is "
                f"{budget.megabytes(budget.MOST_KEPT)}: {self._size()}. Reduce one of these numbers."
            )
        if (work := sum(race.work for race in races)) > budget.MOST_WORK:
            return (
                f"This race would take {work / budget.MOST_WORK:.1f} times as long as the limit allows: "
                f"{self._size()}. Reduce one of these numbers."
            )
        tuning = self._tuning_work()
        if self.fair and tuning > budget.MOST_WORK:
            return (
                f"Tuning with {counted(self.fair, 'trial')} would take {tuning / budget.MOST_WORK:.1f} times as long "
                f"as the limit allows: {self._size()}. Choose fewer trials, or reduce one of these numbers."
            )
        coordinates = len(self.built_start())
        if self.inspected and self.steps * coordinates > MOST_WHOLE:
            return (
                f"{self.steps:,} steps in {coordinates:,} coordinates are too many to explain: their product may "
                f"be at most {MOST_WHOLE:,}. Choose fewer, or close the explanation."
            )
        return ""

    def _bytes(self) -> int:
        """The number of bytes of all runs, with points and losses in float64."""
        run = 8 * (self.steps + 1) * (len(self.built_start()) + 1)
        return len(self.racers) * run * self.runs_each

    @property
    def work(self) -> float:
        """The `Cost.work` of all runs."""
        return self.work_of(self.racers) * self.runs_each

    def work_of(self, racers: Iterable[Racer]) -> float:
        """The `Cost.work` of a run of each racer, with two gradients per step, or one per column for a dense rule."""
        coordinates = len(self.built_start())
        surface = self.built_surface()
        size = max(coordinates, 0 if surface.data is None else sum(np.size(leaf) for leaf in surface.data))
        gradients = sum(1 + coordinates if RULES[racer.rule.key].dense else 2 for racer in racers)
        return float(self.steps) * size * gradients

    def _tuning_work(self) -> float:
        """The `Cost.work` of the trials, the comparison and the learning-rate curves of a fair race."""
        runs = SEVERAL * self.fair + PAIRS * (RATES_EACH + 1)
        return runs * self.work_of(racer for racer in self.racers if not racer.hidden)

    @property
    def runs_each(self) -> int:
        """How many runs of each racer are computed."""
        return 1 + (seeds_computed(self.seeds) if self.bundled else 0)

    def _size(self) -> str:
        """What its size is the product of, in words."""
        sizes = {"racer": len(self.racers), "step": self.steps, "coordinate": len(self.built_start())}
        factors = [counted(size, noun) for noun, size in sizes.items()]
        factors += [f"{self.seeds} seeds"] if self.bundled else []
        factors += ["two races"] if self.beside or self.fair else []
        return " × ".join(factors)

    @property
    def bundled(self) -> bool:
        """Whether several seeds are shown. Without noise, all seeds would give the same run."""
        return self.bundle != "one" and self.seeds > 1 and self.noise.key != "none"

    @property
    def half(self) -> bool:
        """Whether two maps share the width of the page."""
        return self.halved or self.beside is not None

    def bare(self) -> Settings:
        """The settings on which a run depends in addition to its racer. They do not depend on the look of the race."""
        return without_looks(self, racers=(), halved=False, source=None)

    def second(self) -> Settings | None:
        """The settings of the second race, if there is one. It has the same racers on another surface.

        Mini-batches are left out if that surface has no data.
        """
        if self.beside is None:
            return None
        racers = self.racers if self.beside.linked else self.beside.racers
        changes: dict[str, Any] = {
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
            "fair": 0,
            "source": None,
            "halved": True,
        }
        second = dataclasses.replace(self, racers=racers, **changes, **looks)
        return with_possible_noise(second)


def seeds_computed(count: int) -> int:
    """The number of seeds that are computed to show `count`: a power of two, so that few programs are compiled."""
    return max(8, 1 << (count - 1).bit_length())


def with_values(racer: Racer, other: Racer | None) -> Racer:
    """The racer with the values of another racer, if that has the same rule."""
    same = other is not None and other.rule.key == racer.rule.key
    return dataclasses.replace(racer, rule=other.rule) if same and other else racer


def with_possible_noise(settings: Settings) -> Settings:
    """The settings without noise if the noise is not possible on the surface."""
    if settings.built_noise().objection(settings.built_surface()):
        return dataclasses.replace(settings, noise=Choice("none"))
    return settings
