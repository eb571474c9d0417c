"""A surface is a function Rⁿ → R that knows what is true of it."""

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
Box = tuple[tuple[float, float], tuple[float, float]]


class CriticalPoint(NamedTuple):
    """A point where the gradient vanishes; or a kink, a lowest minimum that is a tip and has no gradient; or one
    point that stands for a curve of lowest minima.

    Args:
        position: its coordinates, (n,).
        kind: "minimum" for the lowest ones, "local minimum", "saddle", "maximum", "degenerate", "kink" or "curve".
    """

    position: tuple[float, ...]
    kind: Kind


class Surface(Declared):
    """What is minimised: a frozen record whose parameters are fields and whose call is the loss.

    The call maps w of shape (n, …) to the losses (…): axis 0 holds the coordinates, further axes are runs.
    Subclasses declare the class facts below, `domain`, `start` and `critical_points`. Of more than two
    coordinates the first two are drawn, at the others' values of the start's nearest minimum (`embed`).
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    formula: ClassVar[str]
    """The loss in LaTeX."""
    teaches: ClassVar[str]
    source: ClassVar[str]
    theme: ClassVar[str]
    complete: ClassVar[bool] = True
    """Whether `critical_points` lists every one in the domain."""
    opens_at: ClassVar[float] = 0.0
    """The rotation, in degrees, at which a page first shows it."""
    axes: ClassVar[tuple[str, str]] = ("x", "y")
    """What the drawn coordinates are called."""

    def __call__(self, w: Array) -> Array:
        raise NotImplementedError

    @property
    def data(self) -> Any:
        """The whole data set as a pytree of arrays (samples, …), or None where the loss needs none."""
        return None

    def loss(self, w: Array, batch: Any, key: Array | None = None, train: bool = True) -> Array:
        """The loss on a batch of `data`; `key` and `train` serve losses that draw (dropout, noise).

        Args:
            w: (n, …).
            batch: as `data`, with fewer samples along axis 0; further axes are runs.
        """
        return self(w)

    @property
    def domain(self) -> Box:
        """((x low, x high), (y low, y high)): the part worth drawing, by arithmetic in the parameters."""
        raise NotImplementedError

    @property
    def unturned(self) -> Surface:
        """The surface before any rotation."""
        return self

    @property
    def start(self) -> tuple[float, ...]:
        raise NotImplementedError

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        """The known critical points at these parameters, in concrete numbers."""
        raise NotImplementedError

    def curves(self) -> tuple[Floats, ...]:
        """Minima that lie along curves, each a polyline (k, n) within the domain; none by default."""
        return ()

    def minima(self, local: bool = False) -> Floats:
        """Positions of the lowest minima, shape (k, n); with `local`, of all minima. Curves count as one point."""
        return self._positions(*LOWEST, "local minimum") if local else self._positions(*LOWEST)

    def saddles(self) -> Floats:
        """Positions of the strict saddles, shape (k, n)."""
        return self._positions("saddle")

    def lowest(self) -> float | None:
        """The loss at the lowest minimum, or None where none is known (float64)."""
        minima = self.minima()
        return self.levels(minima)[1] if len(minima) else None

    def levels(self, minima: Floats) -> tuple[float, float]:
        """The loss at the surface's start, and the lowest loss at `minima` (k, n) (float64)."""
        start, *depths = values(self, np.column_stack([np.asarray(self.start, dtype=float), *minima]))
        return float(start), float(min(depths, default=np.nan))

    @property
    def diagonal(self) -> float:
        """The length of the domain's diagonal, which a rotation leaves as it is."""
        (x0, x1), (y0, y1) = self.domain
        return float(np.hypot(x1 - x0, y1 - y0))

    def distance_to_minimum(self, w: ArrayLike) -> Floats:
        """Distance from points (…, n) to the nearest of the lowest minima, curves included, shape (…)."""
        points = np.asarray(w, dtype=float)
        gaps = [np.linalg.norm(points - m, axis=-1) for m in self._positions("minimum", "kink")]
        gaps += [np.linalg.norm(points - self.nearest_on_curve(points, k), axis=-1) for k in range(len(self.curves()))]
        return np.min(gaps, axis=0) if gaps else np.full(points.shape[:-1], np.nan)

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        """The places on curve `k` of `curves()` that are nearest to points (…, n), shape (…, n).

        Here on the polyline; a surface that knows its curve in closed form gives the places on the curve itself.
        """
        points = np.asarray(w, dtype=float)
        best, places = np.full(points.shape[:-1], np.inf), np.zeros_like(points)
        for a, b in itertools.pairwise(self.curves()[k]):
            along = b - a
            share = np.clip((points - a) @ along / max(float(along @ along), 1e-300), 0.0, 1.0)
            place = a + share[..., None] * along
            gap = np.linalg.norm(points - place, axis=-1)
            places = np.where((gap < best)[..., None], place, places)
            best = np.minimum(gap, best)
        return places

    def signed_distance(self, w: ArrayLike, k: int) -> Floats:
        """Distance from points (…, 2) to curve `k`, positive to the left of its direction, shape (…)."""
        points, line = np.asarray(w, dtype=float), self.curves()[k]
        places = self.nearest_on_curve(points, k)
        gap = points - places
        vertex = np.argmin(np.linalg.norm(places[..., None, :] - line, axis=-1), axis=-1)
        along = line[np.minimum(vertex + 1, len(line) - 1)] - line[np.maximum(vertex - 1, 0)]
        left = along[..., 0] * gap[..., 1] - along[..., 1] * gap[..., 0]
        return np.asarray(np.copysign(np.linalg.norm(gap, axis=-1), left))

    def nearest_critical_point(self, w: ArrayLike) -> tuple[CriticalPoint, float] | None:
        """The listed critical point nearest to a point w (n,), of a curve its nearest place, and the distance to it."""
        point = np.asarray(w, dtype=float)
        lines = itertools.count()
        known = [
            p._replace(position=tuple(self.nearest_on_curve(point, next(lines)).tolist())) if p.kind == "curve" else p
            for p in _known(self)
        ]
        far = [float(np.linalg.norm(point - np.asarray(p.position))) for p in known]
        return min(zip(known, far, strict=True), key=lambda pair: pair[1], default=None)

    def nearest_minimum(self, w: ArrayLike) -> Any:
        """Which minimum points (…, n) lie nearest to, as indices (…) into `critical_points()`, −1 where none is known:
        lowest, local and kinks alike, and of a curve its nearest place. Where a run has settled, this is its basin.
        """
        points = np.asarray(w, dtype=float)
        lines = itertools.count()
        found, gaps = [], []
        for k, point in enumerate(self.critical_points()):
            if point.kind == "curve":
                gap = np.linalg.norm(points - self.nearest_on_curve(points, next(lines)), axis=-1)
            elif point.kind in (*LOWEST, "local minimum"):
                gap = np.linalg.norm(points - np.asarray(point.position), axis=-1)
            else:
                continue
            found.append(k)
            gaps.append(gap)
        if not found:
            return np.full(points.shape[:-1], -1)
        return np.asarray(found)[np.argmin(gaps, axis=0)]

    def embed(self, plane: ArrayLike) -> Floats:
        """Points of the drawn plane (2, k) in all coordinates (n, k): the rest as at the minimum, or the start."""
        points = np.asarray(plane, dtype=float)
        known = self.minima()
        rest = (known[0] if len(known) else np.asarray(self.start, dtype=float))[2:]
        return np.concatenate([points, np.broadcast_to(rest[:, None], (len(rest), points.shape[1]))])

    def _positions(self, *kinds: Kind) -> Floats:
        points = [p.position for p in self.critical_points() if p.kind in kinds]
        return np.asarray(points, dtype=float).reshape(len(points), len(self.start))


def polished(surface: Surface, near: Iterable[CriticalPoint]) -> tuple[CriticalPoint, ...]:
    """The critical points of `surface` next to approximate ones, to float64's resolution; not for use in a trace."""
    rough = tuple(near)
    exact = polish(surface, [p.position for p in rough])
    return tuple(p._replace(position=tuple(place)) for p, place in zip(rough, exact.tolist(), strict=True))


@functools.lru_cache(maxsize=32)
def _known(surface: Surface) -> tuple[CriticalPoint, ...]:
    """The critical points of a surface, which does not change: some of them take bisections to find."""
    return surface.critical_points()
