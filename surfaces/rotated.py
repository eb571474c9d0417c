"""Any surface, rotated in its drawn plane, to show which rules depend on the choice of coordinates."""

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

TURN = 1e-13
"""An angle in degrees within rounding: it moves a point at distance 1 from the centre by 2·10⁻¹⁵."""
BEND = 8 * 2.0**-52
"""A curvature within rounding of curvatures of about 1."""


class Rotated(Surface):
    r"""A surface rotated by the angle θ about the centre c of its domain.

    $$ L_\theta(w) = L\bigl(c + R_\theta^\top (w - c)\bigr) $$

    The start, the critical points and the domain are rotated with it. The new domain is the bounding box of the
    rotated ellipse that is inscribed in the inner domain, extended to contain the start and the critical points.
    At θ = 0 the arithmetic is exact: every value equals that of the inner surface to the last bit.

    `bend` is a curvature that is added along both axes. It is 0 but for the surface of a shadow run (`nudged`).

    Raises:
        ValueError: if the inner surface is rotated already.
    """

    name = "Rotated"
    formula = r"L\bigl(c + R_\theta^\top (w - c)\bigr)"
    teaches = "Rules that scale each coordinate separately depend on the axes; gradient descent does not."
    source = "Orthogonal change of variables"
    theme = "wrapper"

    surface: Surface
    angle: float = parameter(
        "θ", default=0.0, low=-90.0, high=90.0, tuned=False, doc="Rotation in degrees, anticlockwise."
    )
    bend: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.surface, Rotated):
            raise ValueError("surface must not be rotated already: pass the sum of the angles to a single Rotated")

    def _rotation(self, xp: Any) -> tuple[Any, Any, Any]:
        """cos θ, sin θ and the centre of the inner domain, computed with NumPy or its JAX counterpart."""
        radians = self.angle * (math.pi / 180.0)
        (x0, x1), (y0, y1) = self.surface.domain
        return xp.cos(radians), xp.sin(radians), ((x0 + x1) / 2, (y0 + y1) / 2)

    def _unrotate(self, w: Array) -> Array:
        cos, sin, (cx, cy) = self._rotation(jnp)
        # R'w + (c - R'c), so that there is no rounding at an angle of zero
        x = cos * w[0] + sin * w[1] + (cx - (cos * cx + sin * cy))
        y = cos * w[1] - sin * w[0] + (cy - (cos * cy - sin * cx))
        return jnp.concatenate([jnp.stack([x, y]), w[2:]])

    def __call__(self, w: Array) -> Array:
        return self.surface(self._unrotate(w)) + 0.5 * self.bend * w[0] * w[0] + 0.5 * self.bend * w[1] * w[1]

    @property
    def data(self) -> Any:
        return self.surface.data

    def loss(self, w: Array, batch: Any, key: Array | None = None, train: bool = True) -> Array:
        return self.surface.loss(self._unrotate(w), batch, key, train)

    def rotate(self, point: tuple[float, ...]) -> tuple[float, ...]:
        """The position on this surface of a point of the inner surface, whose coordinates are numbers or arrays."""
        cos, sin, (cx, cy) = self._rotation(np)
        dx, dy = point[0] - cx, point[1] - cy
        return cx + cos * dx - sin * dy, cy + sin * dx + cos * dy, *point[2:]

    @property
    def domain(self) -> Box:
        cos, sin, (cx, cy) = self._rotation(np)
        (x0, x1), (y0, y1) = self.surface.domain
        half_x, half_y = (x1 - x0) / 2, (y1 - y0) / 2
        width, height = np.hypot(half_x * cos, half_y * sin), np.hypot(half_x * sin, half_y * cos)
        points = [self.start, *(p.position for p in self.critical_points())]
        xs = [cx - width, cx + width, *(p[0] for p in points)]
        ys = [cy - height, cy + height, *(p[1] for p in points)]
        return (float(min(xs)), float(max(xs))), (float(min(ys)), float(max(ys)))

    @property
    def unrotated(self) -> Surface:
        return self.surface

    def nudged(self, start: ArrayLike) -> Rotated:
        """The surface rotated further by `TURN`, and bent by `BEND`.

        The bend is an error of the gradient at every step: without it, a run and its shadow may both stand at a minimum
        where the gradient is exactly 0, and would leave it if it were not, as in another program. At 0° a run that
        starts on an axis stays on it whatever the rounding, so there the surface is not rotated.
        """
        if self.angle == 0 and not np.all(start):
            return self.replace(bend=BEND)
        return self.replace(angle=self.angle - TURN if self.angle > 0 else self.angle + TURN, bend=BEND)

    @property
    def diagonal(self) -> float:
        return self.surface.diagonal

    @property
    def start(self) -> tuple[float, ...]:
        return self.rotate(self.surface.start)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return tuple(
            p._replace(position=tuple(map(float, self.rotate(p.position)))) for p in self.surface.critical_points()
        )

    def curves(self) -> tuple[Floats, ...]:
        return tuple(np.array([self.rotate(tuple(p)) for p in line]) for line in self.surface.curves())

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        cos, sin, centre = self._rotation(np)
        rotation = np.array([[cos, -sin], [sin, cos]])  # a surface with a curve of minima has two coordinates
        inner = centre + (np.asarray(w, dtype=float) - centre) @ rotation
        return np.asarray(centre + (self.surface.nearest_on_curve(inner, k) - centre) @ rotation.T)

    @property
    def complete(self) -> bool:  # type: ignore[override]
        return self.surface.complete

    @property
    def quadratic(self) -> bool:  # type: ignore[override]
        return self.surface.quadratic
