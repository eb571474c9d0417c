"""A surface is a function Rⁿ → R that knows what is true of it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from jax import Array

from surfaces.calculus import expand
from surfaces.parameter import Declared

Kind = Literal["minimum", "local minimum", "saddle", "maximum", "degenerate", "kink", "curve"]
Box = tuple[tuple[float, float], tuple[float, float]]


class CriticalPoint(NamedTuple):
    """A point of the surface where the gradient vanishes, or that stands for where it has none (kink)."""

    position: tuple[float, ...]
    kind: Kind


class Surface(Declared):
    """What is minimised: a frozen record whose parameters are fields and whose call is the loss.

    The call maps w of shape (2, …) to the losses (…): axis 0 holds the coordinates, further axes are runs.
    Subclasses declare the class facts below, `domain`, `start` and `critical_points`.
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
            w: (2, …).
            batch: as `data`, with fewer samples along axis 0; further axes are runs.
        """
        return self(w)

    @property
    def domain(self) -> Box:
        """((x low, x high), (y low, y high)): the part worth drawing, by arithmetic in the parameters."""
        raise NotImplementedError

    @property
    def start(self) -> tuple[float, ...]:
        raise NotImplementedError

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        """The known critical points at these parameters, in concrete numbers."""
        raise NotImplementedError

    def minima(self, local: bool = False) -> np.ndarray:
        """Positions of the lowest minima, shape (k, 2); with `local`, of all minima."""
        return self._positions("minimum", "local minimum") if local else self._positions("minimum")

    def saddles(self) -> np.ndarray:
        """Positions of the strict saddles, shape (k, 2)."""
        return self._positions("saddle")

    def lowest(self) -> float | None:
        """The loss at the lowest minimum, or None where none is known (float64)."""
        minima = self.minima()
        if not len(minima):
            return None
        return min(expand(self, m)[0] for m in minima)

    def _positions(self, *kinds: Kind) -> np.ndarray:
        points = [p.position for p in self.critical_points() if p.kind in kinds]
        return np.asarray(points, dtype=float).reshape(len(points), len(self.start))
