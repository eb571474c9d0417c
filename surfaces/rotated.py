"""Any surface, turned in its drawn plane: coordinate-wise rules see their luck run out."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from surfaces.calculus import Floats
from surfaces.parameter import parameter
from surfaces.surface import Box, CriticalPoint, Surface


class Rotated(Surface):
    r"""A surface turned by an angle about the centre c of its domain.

    $$ L_\theta(w) = L\bigl(c + R_\theta^\top (w - c)\bigr) $$

    Start, critical points and domain turn with it; the new domain is the box round the turned ellipse that
    fills the inner domain, widened where start or a critical point lies outside.
    At θ = 0 the arithmetic is exact: every value equals the inner surface's to the last bit. Round a surface that is
    rotated already it raises ValueError.
    """

    name = "Rotated"
    formula = r"L\bigl(c + R_\theta^\top (w - c)\bigr)"
    teaches = "Rules that scale each coordinate by itself depend on the axes; gradient descent does not."
    source = "Orthogonal change of variables"
    theme = "wrapper"

    surface: Surface
    angle: float = parameter(
        "θ", default=0.0, low=-90.0, high=90.0, tuned=False, doc="Rotation in degrees, anticlockwise."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.surface, Rotated):
            raise ValueError("surface must not be rotated already: give the sum of the angles to one Rotated")

    def _turn(self, xp: Any) -> tuple[Any, Any, Any]:
        radians = self.angle * (math.pi / 180.0)
        (x0, x1), (y0, y1) = self.surface.domain
        return xp.cos(radians), xp.sin(radians), ((x0 + x1) / 2, (y0 + y1) / 2)

    def _back(self, w: Array) -> Array:
        cos, sin, (cx, cy) = self._turn(jnp)
        # R'w + (c - R'c), so that no rounding enters where the angle is zero
        x = cos * w[0] + sin * w[1] + (cx - (cos * cx + sin * cy))
        y = cos * w[1] - sin * w[0] + (cy - (cos * cy - sin * cx))
        return jnp.concatenate([jnp.stack([x, y]), w[2:]])

    def __call__(self, w: Array) -> Array:
        return self.surface(self._back(w))

    @property
    def data(self) -> Any:
        return self.surface.data

    def loss(self, w: Array, batch: Any, key: Array | None = None, train: bool = True) -> Array:
        return self.surface.loss(self._back(w), batch, key, train)

    def forth(self, point: tuple[float, ...]) -> tuple[float, ...]:
        """Where a point of the inner surface lies after the turn (concrete numbers, or batches of them)."""
        cos, sin, (cx, cy) = self._turn(np)
        dx, dy = point[0] - cx, point[1] - cy
        return cx + cos * dx - sin * dy, cy + sin * dx + cos * dy, *point[2:]

    @property
    def domain(self) -> Box:
        cos, sin, (cx, cy) = self._turn(np)
        (x0, x1), (y0, y1) = self.surface.domain
        half_x, half_y = (x1 - x0) / 2, (y1 - y0) / 2
        wide, high = np.hypot(half_x * cos, half_y * sin), np.hypot(half_x * sin, half_y * cos)
        kept = [self.start, *(p.position for p in self.critical_points())]
        xs, ys = [cx - wide, cx + wide, *(p[0] for p in kept)], [cy - high, cy + high, *(p[1] for p in kept)]
        return (float(min(xs)), float(max(xs))), (float(min(ys)), float(max(ys)))

    @property
    def unturned(self) -> Surface:
        return self.surface

    @property
    def diagonal(self) -> float:
        return self.surface.diagonal

    @property
    def start(self) -> tuple[float, ...]:
        return self.forth(self.surface.start)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return tuple(
            p._replace(position=tuple(map(float, self.forth(p.position)))) for p in self.surface.critical_points()
        )

    def curves(self) -> tuple[Floats, ...]:
        return tuple(np.array([self.forth(tuple(p)) for p in line]) for line in self.surface.curves())

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        cos, sin, center = self._turn(np)
        turn = np.array([[cos, -sin], [sin, cos]])  # in the plane: a curve of minima has two coordinates
        inner = center + (np.asarray(w, dtype=float) - center) @ turn
        return np.asarray(center + (self.surface.nearest_on_curve(inner, k) - center) @ turn.T)

    @property
    def complete(self) -> bool:  # type: ignore[override]
        return self.surface.complete
