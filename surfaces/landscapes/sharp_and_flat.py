"""A sharp and a flat minimum, side by side."""

import math

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import logsumexp

from surfaces.calculus import bisect
from surfaces.parameter import POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface

_SOFTENING = 40.0  # the ratio of the gap to τ: e^-40 is below the resolution of the curvatures in float64


class SharpAndFlat(Surface):
    r"""Two parabolas along x, joined by a soft minimum, plus y².

    $$ L(x, y) = \operatorname{softmin}_\tau\!\left(\tfrac{h_1}{2}(x - \tfrac d2)^2 - d_1,\;
       \tfrac{h_2}{2}(x + \tfrac d2)^2 - d_2\right) + y^2, \quad
       \operatorname{softmin}_\tau(a, b) = -\tau \ln\left(e^{-a/\tau} + e^{-b/\tau}\right) $$

    τ is a fortieth of the smaller gap between the parabolas at the two minima, so that the curvatures there are h₁
    and h₂ up to rounding. Gradient descent is unstable at the sharp minimum above η = 2/h₁: up to about 2 % above this
    limit it jumps back and forth around the minimum in a bounded cycle, and from 4 % above it leaves for the flat one.

    Raises:
        ValueError: if one parabola lies below the minimum of the other, whose basin it then swallows.
    """

    name = "Sharp and flat"
    formula = (
        r"\operatorname{softmin}_\tau\left(\tfrac{h_1}{2}(x - \tfrac d2)^2 - d_1,\;"
        r"\tfrac{h_2}{2}(x + \tfrac d2)^2 - d_2\right) + y^2"
    )
    teaches = (
        "A large learning rate, or noise like that of mini-batches, drives SGD from the sharp minimum to the flat one."
    )
    source = "S. Hochreiter & J. Schmidhuber (1997), Flat minima; N. S. Keskar et al. (2017)"
    theme = "several minima"

    sharp_curvature: float = parameter(
        "h₁",
        default=50.0,
        low=1.0,
        high=400.0,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Curvature of the right minimum.",
    )
    flat_curvature: float = parameter(
        "h₂",
        default=2.0,
        low=0.1,
        high=50.0,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Curvature of the left minimum.",
    )
    sharp_depth: float = parameter(
        "d₁", default=0.0, low=0.0, high=2.0, tuned=False, doc="Depth of the right minimum below zero."
    )
    flat_depth: float = parameter(
        "d₂", default=0.0, low=0.0, high=2.0, tuned=False, doc="Depth of the left minimum below zero."
    )
    distance: float = parameter(
        "d",
        default=2.5,
        low=1.0,
        high=4.0,
        legal=POSITIVE,
        tuned=False,
        doc="Distance between the two minima.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        at_sharp, at_flat = self._gaps()
        if not hasattr(at_sharp, "aval") and not hasattr(at_flat, "aval"):
            for gap, side, other in ((at_sharp, "right", "left"), (at_flat, "left", "right")):
                if np.any(np.asarray(gap) <= 0):
                    raise ValueError(
                        f"the {other} parabola lies below the {side} minimum and swallows its basin: "
                        f"raise the distance or the {other} curvature, or lower the {other} depth"
                    )

    def _gaps(self) -> tuple[Array, Array]:
        square = self.distance**2 / 2
        at_sharp = self.flat_curvature * square - self.flat_depth + self.sharp_depth
        at_flat = self.sharp_curvature * square - self.sharp_depth + self.flat_depth
        return at_sharp, at_flat  # type: ignore[return-value]

    def __call__(self, w: Array) -> Array:
        x, y = w
        sharp = 0.5 * self.sharp_curvature * (x - self.distance / 2) ** 2 - self.sharp_depth
        flat = 0.5 * self.flat_curvature * (x + self.distance / 2) ** 2 - self.flat_depth
        tau = jnp.minimum(*self._gaps()) / _SOFTENING
        return -tau * logsumexp(jnp.stack([-sharp / tau, -flat / tau]), axis=0) + y**2

    @property
    def domain(self) -> Box:
        half = self.distance / 2
        return (-half - 2.0, half + 1.5), (-1.6, 1.6)

    @property
    def start(self) -> tuple[float, ...]:
        return (self.distance / 2 + 0.9, 1.1)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        half = float(self.distance) / 2
        lower = max(self.sharp_depth, self.flat_depth)
        return (
            CriticalPoint((half, 0.0), "minimum" if self.sharp_depth == lower else "local minimum"),
            CriticalPoint((-half, 0.0), "minimum" if self.flat_depth == lower else "local minimum"),
            CriticalPoint((self._ridge(), 0.0), "saddle"),
        )

    def _ridge(self) -> float:
        """The x at which the slope vanishes between the minima, in concrete numbers."""
        h1, h2, half = float(self.sharp_curvature), float(self.flat_curvature), float(self.distance) / 2
        tau = min(float(g) for g in self._gaps()) / _SOFTENING

        def slope(x: float) -> float:
            sharp = h1 / 2 * (x - half) ** 2 - self.sharp_depth
            flat = h2 / 2 * (x + half) ** 2 - self.flat_depth
            share = 1 / (1 + math.exp(min(max((sharp - flat) / tau, -700.0), 700.0)))
            return share * h1 * (x - half) + (1 - share) * h2 * (x + half)

        return bisect(slope, -half * (1 - 1e-6), half * (1 - 1e-6))
