"""The settings of the Maps page as a frozen record."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.common import budget, shared
from app.common.forms import Number, OneOf, OneRecord, Point, Whole, text
from app.common.phrases import counted
from app.common.racers import Choice, Lineup, Racer, Refused, built, number
from app.common.setting import Form, setting, without_looks
from app.maps.effects import PRESETS
from optimizers import NOISES, OPTIMIZERS
from optimizers.cost import estimate
from optimizers.noise import Noise
from surfaces import SURFACES, Rotated, Surface
from surfaces.trainability import TanhNetwork

MOST_STEPS = 5_000
MOST_RACERS = 4
CURVED = ("sensitivity", "flat")
"""The views that show curves instead of cells."""
POINTS = 81
"""The number of values of the parameter of a curve."""
SIZES = (64, 128, 256, 512, 1024)
"""The numbers of cells along each side, coarse first."""
MAPPED: Mapping[str, type[Surface]] = MappingProxyType({**SURFACES, "tanh_network": TanhNetwork})
"""The surfaces of the page, by their keys."""
Window = tuple[float, float, float, float]
"""The places of the left, the right, the lower and the upper edge."""


@dataclasses.dataclass(frozen=True)
class AxisName(Form):
    """The name of an axis. Which names are legal depends on the racers and the surface."""

    metavar = "NAME"
    allowed = "the name of a parameter of a rule, `start.0`, `start.1`, `surface.NAME`, or `noise.NAME`"

    def read(self, value: Any, name: str) -> str:
        return str(value)


@dataclasses.dataclass(frozen=True)
class Edges(Form):
    """Four numbers: the left, the right, the lower and the upper edge of a window."""

    metavar = "LEFT,RIGHT,BOTTOM,TOP"
    allowed = "four numbers separated by commas: left, right, bottom and top, in the units of the axes"

    def read(self, value: Any, name: str) -> Window:
        words = value.split(",") if isinstance(value, str) else list(value)
        if len(words) != 4:
            raise Refused(f"{name} must be four numbers separated by commas, such as -3,0,0,2; got {value!r}.")
        left, right, bottom, top = (number(word, f"edge of the {name}", "-3") for word in words)
        if not (left < right and bottom < top):
            raise Refused(f"{name} must have its left edge before its right, and its lower below its upper edge.")
        return left, right, bottom, top

    def spell(self, value: Window) -> str:
        return ",".join(text(edge) for edge in value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Lineup):
    """The settings of a map, in the order in which a link contains them."""

    view: str = setting(
        "stability",
        OneOf(
            {
                "stability": "stability map",
                "basins": "basins of the minima",
                "sensitivity": "sensitivity to the learning rate",
                "flat": "share that ends in the flat minimum",
            }
        ),
        always=True,
        help="What is shown of the runs.",
    )
    surface: Choice = setting(
        Choice("quadratic_ravine"), OneRecord("surface", MAPPED), always=True, help="The surface that is minimised."
    )
    rotation: float = setting(
        0.0,
        Number(-90, 90, "45", "degrees"),
        tab="Run",
        help="The angle by which the surface is rotated about the centre of its domain.",
    )
    start: tuple[float, float] | None = setting(
        None, Point(), label="Start", help="The point from which every run starts; each surface has a default."
    )
    steps: int = shared.steps(300, MOST_STEPS)
    schedule: Choice = shared.schedule()
    noise: Choice = setting(
        Choice("none"), OneRecord("noise", NOISES), label="Gradient noise", help="The noise in the gradient."
    )
    seed: int = shared.seed("the noise")
    racers: tuple[Racer, ...] = shared.racers()
    x: str = setting("learning_rate", AxisName(), label="Horizontal axis", help="What varies from left to right.")
    y: str = setting("momentum", AxisName(), label="Vertical axis", help="What varies from bottom to top.")
    window: Window | None = setting(None, Edges(), help="The part of the map that is shown; by default all of it.")
    cells: int = setting(
        256,
        Whole(SIZES[0], SIZES[-1], "256"),
        tab="Run",
        label="Finest cells",
        help="The number of cells along each side of the finest map. The map is first drawn with 64.",
    )
    trials: int = setting(
        16,
        Whole(1, 256, "16"),
        tab="Run",
        label="Starts for each point",
        help="The number of starts, each with a seed of its own, from which the curves of the views without cells are "
        "computed.",
    )
    color: str = setting(
        "reached",
        OneOf({"reached": "steps to converge", "final": "final loss", "status": "status", "rate": "convergence rate"}),
        look=True,
        label="Colour",
        help="What the colours of a stability map show.",
    )
    preset: str = setting(
        "",
        OneOf({"": "none", **{key: preset.name for key, preset in PRESETS.items()}}),
        look=True,
        help="The preset from which the map began; its sentence is shown. A link with nothing else opens the preset.",
    )

    def built_surface(self) -> Rotated:
        """The surface with its parameters and its rotation."""
        return Rotated(built(MAPPED, self.surface), angle=self.rotation)

    def built_start(self) -> tuple[float, ...]:
        """The start with all its coordinates. The two that are drawn may be set; the others belong to the surface."""
        default = self.built_surface().start
        return tuple(float(v) for v in (*(self.start or default[:2]), *default[2:]))

    def built_noise(self) -> Noise:
        """The noise with its parameters."""
        noise: Noise = built(NOISES, self.noise)
        return noise

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of cells along each side, coarse first."""
        return (*(size for size in SIZES if size < self.cells), self.cells)

    def bare(self) -> Settings:
        """The settings on which a single run depends in addition to its racer."""
        return without_looks(
            self, racers=(), view="stability", x="learning_rate", y="momentum", window=None, cells=256, trials=16
        )

    def objection(self) -> str:
        """The reason why this map is too large for the server, or an empty string."""
        if len(self.racers) > MOST_RACERS:
            return f"A map has at most {MOST_RACERS} racers; remove one first."
        if (work := self.work) > budget.MOST_WORK:
            runs = (
                f"{POINTS} values × {counted(self.trials, 'start')}" if self.view in CURVED else f"{self.cells}² cells"
            )
            return (
                f"This map would take {work / budget.MOST_WORK:.1f} times as long as the limit allows: "
                f"{counted(len(self.racers), 'racer')} × {runs} × {counted(self.steps, 'step')}. "
                "Reduce one of these numbers."
            )
        return ""

    @property
    def work(self) -> float:
        """The number of evaluated gradient coordinates of the finest map, or of the curves, of all racers."""
        runs = POINTS * self.trials if self.view in CURVED else self.cells**2
        return self.steps * runs * sum(_work(self.surface.key, racer.rule.key) for racer in self.racers)


@functools.lru_cache(maxsize=1024)
def _work(surface: str, rule: str) -> float:
    """The number of evaluated gradient coordinates of a step."""
    return estimate(MAPPED[surface](), OPTIMIZERS[rule](), 1, record=("losses",)).work / 2
