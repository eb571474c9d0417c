"""The loss on a plane through the space of weights, with the runs as they are seen from it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

import jax
import numpy as np
from numpy.typing import NDArray

from app.common.digits import percent, short
from app.figures import levels, theme
from app.figures.marks import AnyMark, Axes, Axis, Corner, Dots, Field, Head, Line, Note, Option, Panel, Text
from app.figures.panels import Shown, message
from app.network.job import Job
from app.network.run import Run
from app.network.settings import Training
from surfaces.compiled import compiled
from surfaces.network import Network
from surfaces.network.planes import Plane, plane_losses, plane_of_three, principal_plane, random_plane

LEGEND = (0.65, 0.2)
"""The shares of the panel's width and height that the legend of the losses takes."""
PLANE_SIDE = 41
PLANE_WORK = 2e11
"""Multiplications that a plane's picture may take: where a network is large, fewer samples are taken."""
PLANES: Mapping[str, str] = MappingProxyType(
    {
        "principal": "principal directions of the runs",
        "random": "random directions, filter-normalised",
        "three": "through the ends of three runs",
    }
)
"""How the plane of the loss landscape is chosen."""


AXES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "principal": ("first principal direction", "second principal direction"),
        "random": ("first random direction", "second random direction"),
        "three": ("from the first end towards the second", "towards the third"),
    }
)
"""The names of the axes of each kind of plane."""


@dataclasses.dataclass(frozen=True, eq=False)
class Landscape:
    """The loss on a plane, and the runs' nearest points on it."""

    plane: Plane
    x: NDArray[Any]
    y: NDArray[Any]
    losses: NDArray[Any]
    paths: Sequence[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]
    """Coordinates (k, 2), distances off the plane (k,), and the true losses there (k,), run by run."""
    samples: int


def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """The landscape round the runs once they have ended, worked out in the background."""
    if job.training_now or not any(one.run.last for one in shown):
        return message("The landscape around the runs appears here once they are trained.")
    alike = [one for one in shown if _loss_of(one.run.network) == _loss_of(shown[0].run.network)]
    ids = [racer.id for racer in training.racers]
    key = f"landscape-{training.plane}-{training.seed}-{','.join(f'{one.id}@{one.run.last}' for one in alike)}"
    found = job.ask(key, landscape, [ids.index(one.id) for one in alike], training.plane, training.seed)
    if found is None:
        return message("Drawing the landscape …")
    if isinstance(found, Exception):
        return message(str(found))
    apart = len(shown) - len(alike)
    return _panel(found, alike, apart, training.plane)


def _loss_of(network: Network) -> tuple[Any, ...]:
    """What the loss depends on besides the data: equal for networks that have the same landscape."""
    terms = [(part.name, float(getattr(part, part.strength))) for part in network.regularizers if not part.random]
    return network.model, network.objective, float(network.decay), terms


@compiled(network=True)
def _all_losses(network: Any, weights: Any) -> Any:
    return jax.lax.map(network, weights)


def landscape(runs: Sequence[Run], kind: str, seed: int) -> Landscape:
    """The plane of a kind, the losses on it, and the runs against it.

    Raises:
        ValueError: where the runs span no plane.
    """
    weights = [run.weights() for run in runs]
    network = runs[0].network.evaluated
    count = min(len(network.x), max(100, int(PLANE_WORK / (2 * network.model.size * PLANE_SIDE**2))))
    network = network.first(count)
    if kind == "random":
        plane = random_plane(network.model, weights[0][-1], seed)
    elif kind == "three":
        if len(runs) < 3:
            raise ValueError("A plane through three solutions needs three racers with the same network and loss.")
        plane = plane_of_three(*(w[-1] for w in weights[:3]))
    else:
        plane = principal_plane(np.concatenate(weights), runs=tuple(len(w) for w in weights))
    paths = []
    for w in weights:
        coordinates, distances = plane.coordinates(w)
        paths.append((coordinates, distances, np.asarray(_all_losses(network, w), dtype=float)))
    points = np.concatenate([p[0] for p in paths])
    if kind == "random":
        low, high = np.full(2, -1.2), np.full(2, 1.2)
    else:
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.maximum(0.2 * (high - low), 0.05 * (high - low).max())
        low, high = low - room, high + room
    x, y = (np.linspace(low[k], high[k], PLANE_SIDE) for k in (0, 1))
    return Landscape(plane, x, y, plane_losses(network, plane, x, y), paths, count)


def _panel(found: Landscape, shown: Sequence[Shown], apart: int, kind: str) -> Panel:
    true = np.concatenate([loss for _, _, loss in found.paths])
    finite = np.concatenate([found.losses[np.isfinite(found.losses)], true[np.isfinite(true)]])
    if not len(finite):
        return message("No loss on this plane is finite.")
    lowest = float(finite.min())
    scale = levels.Levels("log", lowest, max((float(np.median(finite)) - lowest) * 1e-2, 1e-9), 0.0, 1.0)
    heights = found.losses[np.isfinite(found.losses)]
    top = float(np.quantile(heights, 0.98)) if len(heights) else float(finite.max())
    scale = dataclasses.replace(scale, low=float(scale.height(lowest)), high=float(scale.height(max(top, lowest))))
    if not scale.high > scale.low:
        scale = dataclasses.replace(scale, high=scale.low + 1.0)
    ground = Field(
        x=found.x,
        y=found.y,
        z=scale.height(found.losses).astype(np.float32),
        low=scale.low,
        high=scale.high,
        step=(scale.high - scale.low) / levels.COUNT,
        colors=theme.scales(),
        scale=scale.kind,
        ticks=tuple(zip(*scale.ticks(), strict=True)),
        title=scale.title,
        corner=_corner(found),
    )
    paths: list[list[AnyMark]] = []
    for racer, (at, distance, loss) in zip(shown, found.paths, strict=True):
        shares = np.clip((scale.height(loss) - scale.low) / (scale.high - scale.low), 0, 1)
        near = 1e-3 * (found.x[-1] - found.x[0])
        paths.append(_path(racer, at, distance, loss, np.nan_to_num(shares, nan=1.0).astype(np.float32), near))
    axes = Axes(
        x=Axis(low=float(found.x[0]), high=float(found.x[-1]), grid=False, title=AXES[kind][0]),
        y=Axis(low=float(found.y[0]), high=float(found.y[-1]), grid=False, title=AXES[kind][1]),
    )
    return Panel(
        axes=(axes,),
        # all lines first, then all dots: marks of a kind that follow each other are drawn at once
        marks=(ground, *itertools.chain.from_iterable(zip(*paths, strict=True))),
        note=(Note(text=_note(found, apart, len(shown[0].run.data.train))),),
        option=Option(name="plane", value=kind, choices=tuple(PLANES.items())),
    )


def _path(
    racer: Shown, at: NDArray[Any], distance: NDArray[Any], loss: NDArray[Any], shares: NDArray[Any], near: float
) -> list[AnyMark]:
    """A run as it is seen from the plane, dots in the colour of its true loss, and how far off the plane it is."""
    x, y = at.T
    common: Any = {"racer": racer.id, "time": racer.run.steps(), "x": x, "y": y}
    words = tuple(
        f"{racer.title}: {short(float(far), 2)} off the plane" if far >= near else racer.title for far in distance
    )
    hover = (("true loss", loss), ("off the plane", distance))
    return [
        Line(
            color=racer.color,
            dash=racer.dash,
            weight="trail",
            future="absent",
            jumps=True,
            casing=True,
            head=Head(symbol=racer.symbol),
            **common,
        ),
        Dots(shares=shares, size="large", edge=racer.color, future="absent", name=racer.title, hover=hover, **common),
        Text(words=words, side="top right", backing=True, layer="over", **common),
    ]


def _corner(found: Landscape) -> Corner:
    """The corner in which the fewest points of the paths lie: there stands the legend of the losses."""
    low, high = np.array([found.x[0], found.y[0]]), np.array([found.x[-1], found.y[-1]])
    points = (np.concatenate([at for at, _, _ in found.paths]) - low) / (high - low)
    wide, tall = LEGEND

    def covered(corner: Corner) -> int:
        across = points[:, 0] > 1 - wide if "right" in corner else points[:, 0] < wide
        upward = points[:, 1] > 1 - tall if "top" in corner else points[:, 1] < tall
        return int(np.count_nonzero(across & upward))

    return min(get_args(Corner), key=covered)


def _note(found: Landscape, apart: int, samples: int) -> str:
    said = []
    plane = found.plane
    if plane.explained is not None and plane.chance is not None:
        explained, chance = percent(plane.explained, 2), percent(plane.chance, 2)
        said.append(f"captures {explained} of the runs' variance (random walks of this length: {chance})")
        if plane.explained < plane.chance:
            said.append("this plane says little about these runs")
    far = max(float(d.max()) for _, d, _ in found.paths)
    said.append(f"dots have the colour of their true loss and are up to {short(far, 2)} off the plane")
    if found.samples < samples:
        said.append(f"losses over the first {found.samples:,} training samples")
    if apart:
        said.append(f"{apart} with another network or loss {'is' if apart == 1 else 'are'} left out")
    return "; ".join(said)
