"""The base class of surfaces: functions Rⁿ → R that know their domain, their start and their critical points."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from surfaces.calculus import Floats, polish, values
from surfaces.parameter import Declared

Kind = Literal["minimum", "local minimum", "saddle", "maximum", "degenerate", "kink", "curve"]
LOWEST: tuple[Kind, ...] = ("minimum", "curve", "kink")
"""The kinds of critical points that are lowest minima."""
Box = tuple[tuple[float, float], tuple[float, float]]


class CriticalPoint(NamedTuple):
    """A point at which the gradient vanishes or, for a kink, does not exist.

    Args:
        position: its coordinates, (n,).
        kind: "minimum" for a lowest minimum, "local minimum" for one that is not the lowest, "saddle", "maximum",
            "degenerate" where the Hessian is singular, "kink" for a lowest minimum without a gradient, or "curve" for
            a point that represents a whole curve of lowest minima.
    """

    position: tuple[float, ...]
    kind: Kind


class Surface(Declared):
    """A function to minimise: a frozen record whose fields are its parameters and whose call is the loss.

    The call maps w of shape (n, …) to losses of shape (…): axis 0 holds the coordinates, further axes are runs.
    Subclasses define the class attributes below, `domain`, `start` and `critical_points`. If there are more than two
    coordinates, the first two are drawn, and `embed` says which values the others have.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    formula: ClassVar[str]
    """The loss in LaTeX."""
    teaches: ClassVar[str]
    source: ClassVar[str]
    theme: ClassVar[str]
    complete: ClassVar[bool] = True
    """Whether `critical_points` lists all critical points in the domain."""
    quadratic: ClassVar[bool] = False
    """Whether the loss is a polynomial of degree two, so that its Hessian is the same everywhere."""
    default_rotation: ClassVar[float] = 0.0
    """The rotation in degrees at which a page first shows the surface."""
    axes: ClassVar[tuple[str, str]] = ("x", "y")
    """The names of the drawn coordinates."""

    def __call__(self, w: Array) -> Array:
        raise NotImplementedError

    @property
    def data(self) -> Any:
        """The whole data set as a pytree of arrays (samples, …), or None if the loss needs no data."""
        return None

    @property
    def random(self) -> bool:
        """Whether the loss of training has random parts, for which `loss` needs a key."""
        return False

    def loss(self, w: Array, batch: Any, key: Array | None = None, train: bool = True) -> Array:
        """The loss on a batch of `data`.

        Args:
            w: (n, …).
            batch: a pytree like `data` with fewer samples along axis 0; further axes are runs.
            key: for losses with random parts, such as dropout.
            train: whether the loss is that of training, with its random parts, or that of evaluation.
        """
        return self(w)

    @property
    def domain(self) -> Box:
        """The part worth drawing, ((x low, x high), (y low, y high)), computed from the parameters by arithmetic."""
        raise NotImplementedError

    @property
    def unrotated(self) -> Surface:
        """The surface without its rotation."""
        return self

    def nudged(self, start: ArrayLike) -> Surface:
        """The surface for the shadow of a run from a start, which differs from this one by rounding at most.

        It has the same values but for a `Rotated` surface.
        """
        return self

    @property
    def start(self) -> tuple[float, ...]:
        raise NotImplementedError

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        """The known critical points for these parameters, in concrete numbers."""
        raise NotImplementedError

    def curves(self) -> tuple[Floats, ...]:
        """The curves of minima, each as a polyline (k, n), in the order of the critical points of that kind."""
        return ()

    def minima(self, local: bool = False) -> Floats:
        """The positions of the lowest minima or, with `local`, of all minima, (k, n); each curve counts as a point."""
        return self._positions(*LOWEST, "local minimum") if local else self._positions(*LOWEST)

    def saddles(self) -> Floats:
        """The positions of the strict saddles, (k, n)."""
        return self._positions("saddle")

    def lowest(self) -> float | None:
        """The loss at the lowest minimum in float64, or None if no minimum is known."""
        minima = self.minima()
        return self.levels(minima)[1] if len(minima) else None

    def levels(self, minima: Floats) -> tuple[float, float]:
        """The loss at the surface's start and the lowest loss at `minima` (k, n), both in float64."""
        start, *depths = values(self, np.column_stack([np.asarray(self.start, dtype=float), *minima]))
        return float(start), float(min(depths, default=np.nan))

    @property
    def diagonal(self) -> float:
        """The length of the diagonal of the unrotated domain."""
        (x0, x1), (y0, y1) = self.domain
        return float(np.hypot(x1 - x0, y1 - y0))

    def distance_to_minimum(self, w: ArrayLike) -> Floats:
        """The distances (…) from points (…, n) to the nearest of the lowest minima, including curves of minima."""
        points = np.asarray(w, dtype=float)
        gaps = [np.linalg.norm(points - m, axis=-1) for m in self._positions("minimum", "kink")]
        gaps += [np.linalg.norm(points - self.nearest_on_curve(points, k), axis=-1) for k in range(len(self.curves()))]
        return np.min(gaps, axis=0) if gaps else np.full(points.shape[:-1], np.nan)

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        """The points (…, n) of curve `k` of `curves()` that are nearest to points (…, n).

        They are points of the polyline, unless a surface that knows its curve in closed form overrides this method.
        """
        points = np.asarray(w, dtype=float)
        least, nearest = np.full(points.shape[:-1], np.inf), np.zeros_like(points)
        for a, b in itertools.pairwise(self.curves()[k]):
            along = b - a
            share = np.clip((points - a) @ along / max(float(along @ along), 1e-300), 0.0, 1.0)
            candidate = a + share[..., None] * along
            gap = np.linalg.norm(points - candidate, axis=-1)
            nearest = np.where((gap < least)[..., None], candidate, nearest)
            least = np.minimum(gap, least)
        return nearest

    def signed_distance(self, w: ArrayLike, k: int) -> Floats:
        """The distances (…) from points (…, 2) to curve `k`, positive to the left of its direction."""
        points, line = np.asarray(w, dtype=float), self.curves()[k]
        nearest = self.nearest_on_curve(points, k)
        gap = points - nearest
        vertex = np.argmin(np.linalg.norm(nearest[..., None, :] - line, axis=-1), axis=-1)
        along = line[np.minimum(vertex + 1, len(line) - 1)] - line[np.maximum(vertex - 1, 0)]
        left = along[..., 0] * gap[..., 1] - along[..., 1] * gap[..., 0]
        return np.asarray(np.copysign(np.linalg.norm(gap, axis=-1), left))

    def nearest_critical_point(self, w: ArrayLike) -> tuple[CriticalPoint, float] | None:
        """The listed critical point nearest to a point (n,), and its distance.

        A curve is represented by its point nearest to w.
        """
        point = np.asarray(w, dtype=float)
        lines = itertools.count()
        candidates = [
            p._replace(position=tuple(self.nearest_on_curve(point, next(lines)).tolist())) if p.kind == "curve" else p
            for p in _critical_points(self)
        ]
        distances = [float(np.linalg.norm(point - np.asarray(p.position))) for p in candidates]
        return min(zip(candidates, distances, strict=True), key=lambda pair: pair[1], default=None)

    def nearest_minimum(self, w: ArrayLike) -> Any:
        """The indices (…) into `critical_points()` of the minima nearest to points (…, n), or −1 if none is known.

        Lowest and local minima, kinks and curves all count. For the end of a run that has settled, this is its basin.
        """
        points = np.asarray(w, dtype=float)
        lines = itertools.count()
        indices, distances = [], []
        for index, point in enumerate(self.critical_points()):
            if point.kind == "curve":
                distance = np.linalg.norm(points - self.nearest_on_curve(points, next(lines)), axis=-1)
            elif point.kind in (*LOWEST, "local minimum"):
                distance = np.linalg.norm(points - np.asarray(point.position), axis=-1)
            else:
                continue
            indices.append(index)
            distances.append(distance)
        if not indices:
            return np.full(points.shape[:-1], -1)
        return np.asarray(indices)[np.argmin(distances, axis=0)]

    def embed(self, drawn: ArrayLike) -> Floats:
        """Points (n, k) with all coordinates for points (2, k) with the drawn coordinates.

        The other coordinates are those of the first lowest minimum or, if no minimum is known, of the start.
        """
        points = np.asarray(drawn, dtype=float)
        minima = self.minima()
        others = (minima[0] if len(minima) else np.asarray(self.start, dtype=float))[2:]
        return np.concatenate([points, np.broadcast_to(others[:, None], (len(others), points.shape[1]))])

    def _positions(self, *kinds: Kind) -> Floats:
        points = [p.position for p in self.critical_points() if p.kind in kinds]
        return np.asarray(points, dtype=float).reshape(len(points), len(self.start))


def polished(surface: Surface, approximate: Iterable[CriticalPoint]) -> tuple[CriticalPoint, ...]:
    """The critical points near approximate ones, to the resolution of float64; not to be called while tracing."""
    points = tuple(approximate)
    positions = polish(surface, [p.position for p in points])
    return tuple(p._replace(position=tuple(w)) for p, w in zip(points, positions.tolist(), strict=True))


@functools.lru_cache(maxsize=32)
def _critical_points(surface: Surface) -> tuple[CriticalPoint, ...]:
    """The critical points of a surface, cached because computing them can take bisections."""
    return surface.critical_points()
