"""The record of a unit test."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from optimizers.noise import Noise, NoNoise
from optimizers.optimizer import Optimizer
from optimizers.wrappers import Delayed, Drifting
from surfaces import SURFACES, Rotated, Surface
from surfaces.calculus import Floats, values
from surfaces.trainability import TanhNetwork

SHARES = (1.0, 0.9, 0.8)
"""Where the runs of a test begin: at its start, and on the way from there to the centre of the map."""
DECAY = "weight_decay"
"""A parameter that is 0 in all tests, because decay leads to the origin, where many tests have their minimum."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class UnitTest:
    """A task with a goal that shows whether a rule copes with one difficulty.

    A setting of a rule solves the test if all its runs do. A run solves the test if after the last step its height
    above the lowest minimum is at most the `goal` times its initial height.

    Attributes:
        key: the name in links and files.
        name: the name on the page.
        group: the difficulty.
        about: what the test asks of a rule, in a sentence.
        source: where the difficulty is described.
        surface: the key of a landscape, or "tanh_network".
        values: the parameters of the landscape that differ from their defaults.
        angle: the rotation of the landscape in degrees.
        start: the first start, rotated with the landscape; by default that of the landscape.
        noise: the noise of the gradient.
        delay: the age of gradients, in steps.
        drift: how far the landscape moves in each step, in each coordinate.
        steps: the number of gradient evaluations; a rule that needs several for a step takes fewer steps.
        goal: the share of the initial height that counts as solved.
    """

    key: str
    name: str
    group: str
    about: str
    surface: str
    source: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    angle: float = 0.0
    start: tuple[float, ...] | None = None
    noise: Noise = dataclasses.field(default_factory=NoNoise)
    delay: int = 0
    drift: float = 0.0
    steps: int = 300
    goal: float = 1e-3

    @functools.cached_property
    def landscape(self) -> Rotated:
        """The surface, rotated, also by 0°, so that tests on the same landscape share their programs."""
        kind: type[Surface] = TanhNetwork if self.surface == "tanh_network" else SURFACES[self.surface]
        return Rotated(kind(**self.values), angle=float(self.angle))

    @functools.cached_property
    def starts(self) -> Floats:
        """The starts of the runs, (3, n)."""
        inner = self.landscape.surface
        start = np.asarray(inner.start if self.start is None else self.start, dtype=float)
        centre = np.zeros(len(start))
        centre[:2] = np.mean(np.array(inner.domain, dtype=float), axis=1)
        points = centre + np.multiply.outer(SHARES, start - centre)
        points[0] = start
        return np.array([self.landscape.rotate(tuple(point)) for point in points], dtype=float)

    @functools.cached_property
    def bottom(self) -> float:
        """The loss at the lowest minimum; 0, below which no loss can be, for a landscape that lists none."""
        lowest = self.landscape.lowest()
        return 0.0 if lowest is None else lowest

    @functools.cached_property
    def heights(self) -> Floats:
        """The initial heights of the runs above the lowest minimum, (3,)."""
        return np.asarray(values(self.landscape, self.starts.T) - self.bottom)

    def rule(self, rule: Optimizer, steps: int = 0) -> Optimizer:
        """The rule under the conditions of the test: without weight decay, delayed, or on a landscape that moves.

        Args:
            rule: the rule.
            steps: the number of its steps; by default that of the test.
        """
        if DECAY in rule.parameters():
            rule = rule.replace(**{DECAY: 0.0})
        if self.delay:
            rule = Delayed(rule, delay=self.delay)
        if self.drift:
            rule = Drifting(rule, velocity=self.drift, horizon=float(steps or self.steps))
        return rule
