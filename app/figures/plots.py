"""Runs as plotly figures, for a notebook or a script: what the Race page shows, from the same panels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from app.common.titles import distinct_titles
from app.figures import map as maps
from app.figures.loss import loss_line, loss_panel, losses_of
from app.figures.marks import Axes, Line, Panel
from app.figures.panels import Shown, finite, linear_axis, log_axis
from app.figures.theme import THEMES, mark
from app.figures.traces import figure_of
from app.figures.trails import trail
from optimizers import Trace
from surfaces import Surface

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Runs = Trace | Sequence[Trace] | Mapping[str, Trace]
Log = Any
"""The losses of a training of the user: (k,) of steps 0, 1, …, or a pair of steps (k,) and losses (k,)."""
Theme = Literal["light", "dark"]
Axis = Literal["log", "linear"]
AXES = ("log", "linear")
BELOW = 0.24, 0.36
"""Where the losses of a race end and where its map begins, as shares of the figure."""


def surface(surface: Surface, *, theme: Theme = "light") -> Figure:
    """The map of a surface: contours of its loss, known minima, saddles and maxima marked.

    Contours are spaced by the logarithm of the loss where its range demands it; the bar in the corner says so.

    Args:
        surface: of the plane; of one in more dimensions, the slice through its first two coordinates.
        theme: "light" or "dark".

    Returns:
        A plotly figure, 480 pixels high.

    Raises:
        ValueError: on another theme.
    """
    return figure_of(_map(maps.map_of(surface), [], []), _checked(theme), 480)


def paths(runs: Runs, *, theme: Theme = "light", step: int | None = None) -> Figure:
    """Runs as trails over the map of their surface, with their heads; the legend says what became of them.

    Args:
        runs: one run, a batch of runs, several runs, or a mapping from titles to runs; all on one surface, recorded
            at every step with positions and losses. Without titles they are called by their rules.
        theme: "light" or "dark".
        step: the last step shown; all of them unless named.

    Returns:
        A plotly figure, 480 pixels high. A run that leaves the map is drawn to its edge, and cropped there.

    Raises:
        ValueError: where the runs cannot be drawn together, saying what to do; on another theme, or a step below 0.
    """
    named = _named(runs)
    if step is not None and step < 0:
        raise ValueError(f"step must be 0 or more; got {step}")
    return figure_of(_paths(named, _common(named)), _checked(theme), 480, step, legend=_legend(named))


def losses(runs: Runs | Mapping[str, Log], *, theme: Theme = "light", axis: Axis = "log") -> Figure:
    """The loss of each run against the step; above the lowest minimum where that is not at zero, and then it says so.

    Losses from elsewhere can be drawn as well, beside runs too::

        figures.losses({"mine": np.loadtxt("losses.txt"), "every tenth": (np.arange(0, 500, 10), values)})

    Args:
        runs: as in `paths`; or a mapping in which a title may also stand for losses (k,) of steps 0, 1, …, or for a
            pair of steps (k,) and losses (k,). Then all losses are plain, and none is above a minimum.
        theme: "light" or "dark".
        axis: "log" or "linear". Runs that grow or diverge leave the frame, whose range the others make.

    Returns:
        A plotly figure, 320 pixels high.

    Raises:
        ValueError: as `paths`, on another axis, and on losses that are not numbers in that form.
    """
    if isinstance(runs, Mapping) and not all(isinstance(run, Trace) for run in runs.values()):
        return figure_of(_logs({str(title): run for title, run in runs.items()}, axis), _checked(theme), 320)
    named = _named(runs)
    panel = _losses(named, _common(named), axis)
    return figure_of(panel, _checked(theme), 320, legend=_legend(named))


def race(runs: Runs, *, theme: Theme = "light", axis: Axis = "log") -> Figure:
    """The paths of runs over the map of their surface, and below them their losses::

        surface = SURFACES["quadratic_ravine"]()
        run = trace(surface, OPTIMIZERS["adam"](learning_rate=0.05), steps=200)
        figures.race({"Adam": run})

    Args:
        runs: as in `paths`.
        theme: "light" or "dark".
        axis: of the losses, "log" or "linear".

    Returns:
        A plotly figure, 720 pixels high; a race that plays is what `optiscope render -o race.html` writes.

    Raises:
        ValueError: as `losses`.
    """
    named = _named(runs)
    above, below = _paths(named, _common(named)), _losses(named, _common(named), axis)
    end, begin = BELOW
    panel = Panel(
        axes=(_placed(above.axes[0], (0.0, begin, 1.0, 1.0)), _placed(below.axes[0], (0.0, 0.0, 1.0, end))),
        marks=(*above.marks, *(dataclasses.replace(one, axes=1) for one in below.marks)),
    )
    return figure_of(panel, _checked(theme), 720, legend=_legend(named))


def _placed(axes: Axes, place: tuple[float, float, float, float]) -> Axes:
    return dataclasses.replace(axes, place=place)


def _checked(name: str) -> Theme:
    if name not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}; got {name!r}")
    return cast(Theme, name)


# Panels.


def _map(background: maps.Map, trails: list[Line], starts: Sequence[tuple[float, float]]) -> Panel:
    panel = maps.map_panel(background, trails, starts, handle=False)
    return dataclasses.replace(panel, axes=(background.axes,))


def _paths(named: Mapping[str, Trace], surface: Surface) -> Panel:
    """The map with the trails of the runs."""
    background = maps.map_of(surface)
    values = losses_of(list(named.values()), surface).values
    trails = []
    for shown, loss in zip(_shown(named), values, strict=True):
        trails.append(trail(shown, loss, background.extent, precision=np.float64))
    starts = {(float(x), float(y)) for x, y in (run.positions[0, :2] for run in named.values())}
    return _map(background, trails, sorted(starts))


def _losses(named: Mapping[str, Trace], surface: Surface, axis: str) -> Panel:
    """The losses of the runs, on the axis of that scale."""
    if axis not in AXES:
        raise ValueError(f"axis must be one of {', '.join(AXES)}; got {axis!r}")
    found = losses_of(list(named.values()), surface)
    upright = next(one for one in (found.axis, *found.axis.alternatives) if one.scale == axis)
    lines = [
        loss_line(shown, values[: shown.run.last + 1])
        for shown, values in zip(_shown(named), found.values, strict=True)
    ]
    panel = loss_panel(upright, lines, found.values.shape[1] - 1)
    return dataclasses.replace(panel, marks=tuple(lines))


def _logs(named: Mapping[str, Any], axis: str) -> Panel:
    """The plain losses of runs and of trainings of the user, on the axis of that scale."""
    if axis not in AXES:
        raise ValueError(f"axis must be one of {', '.join(AXES)}; got {axis!r}")
    lines, all_values, end = [], [], 1.0
    for k, (title, run) in enumerate(named.items()):
        steps, values = _log(title, run)
        line = loss_line(Shown(None, title, title, *mark(k)), values)
        lines.append(dataclasses.replace(line, x=steps, time=steps))
        all_values.append(values)
        end = max(end, float(steps[-1]))
    upright = log_axis(all_values) if axis == "log" else linear_axis(all_values)
    panel = loss_panel(dataclasses.replace(upright, title="loss"), lines, math.ceil(end))
    return dataclasses.replace(panel, marks=tuple(lines))


def _log(title: str, run: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The steps and the losses of a run, or of a training of the user."""
    if isinstance(run, Trace):
        only = _named({title: run})[title]
        return np.arange(only.last + 1, dtype=float), only.losses[: only.last + 1]
    try:
        found = np.asarray(run, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    steps, values = found if found.ndim == 2 and len(found) == 2 else (np.arange(found.size, dtype=float), found)
    if values.ndim != 1 or not len(values):
        raise ValueError(
            f"{title} must be a run, as returned by trace(...), losses of shape (k,), or a pair of steps (k,) and "
            f"losses (k,); got {_described(run)}"
        )
    return steps, finite(values)


def _described(thing: Any) -> str:
    """What something is, in a word, with its shape if it has one."""
    shape = getattr(thing, "shape", None)
    return type(thing).__name__ if shape is None else f"{type(thing).__name__} of shape {shape}"


def _shown(named: Mapping[str, Trace]) -> list[Shown]:
    return [Shown(run, title, title, *mark(k)) for k, (title, run) in enumerate(named.items())]


def _legend(named: Mapping[str, Trace]) -> dict[str, str]:
    """What a legend says of each run."""
    return {title: f"{title}: {run.status}" for title, run in named.items()}


# Runs.


def _named(runs: Runs) -> dict[str, Trace]:
    """Titles and runs, checked to be such as can be drawn."""
    if isinstance(runs, Mapping):
        named = {str(title): run for title, run in runs.items()}
    else:
        alone = isinstance(runs, Trace) and runs.diverged.ndim == 0
        several: list[Any] = [runs] if alone else list(cast(Any, runs))  # a batch hands out its runs
        named = dict(zip(_titles(several), several, strict=True))
    if not named:
        raise ValueError("there is no run to draw")
    for title, run in named.items():
        if not isinstance(run, Trace):
            raise ValueError(
                f"{title} must be a run, as returned by trace(...); got {_described(run)}. figures.losses also draws "
                "a mapping from titles to arrays of losses"
            )
        if run.diverged.ndim:
            raise ValueError(f"{title} is a batch of {len(run)} runs: draw one of them, {title}[k], or the batch alone")
        if run.positions is None or run.losses is None:
            raise ValueError(f"{title} has no positions or losses: let trace(...) record both")
        if run.stride != 1:
            raise ValueError(f"{title} has only every {run.stride}th step: let trace(...) record each, stride=1")
    return named


def _titles(runs: Sequence[Any]) -> list[str]:
    """The rules' names, told apart where two are the same."""
    rules = [run.optimizer if isinstance(run, Trace) else None for run in runs]
    names = [rule.name if rule else "the run" for rule in rules]
    values = [{p.symbol: getattr(r, n) for n, p in r.parameters().items()} if r else {} for r in rules]
    return distinct_titles(names, values)


def _common(named: Mapping[str, Trace]) -> Surface:
    """The surface of all the runs."""
    (first, one), *rest = named.items()
    for title, run in rest:
        if _comparable(run.surface) != _comparable(one.surface):
            raise ValueError(f"{first} and {title} ran on different surfaces: draw a figure for each")
    return one.surface


def _comparable(surface: Any) -> Any:
    """What a surface is, to be compared."""
    if not dataclasses.is_dataclass(surface):
        return np.asarray(surface).tolist() if np.ndim(surface) else surface
    return type(surface), *(_comparable(getattr(surface, f.name)) for f in dataclasses.fields(surface))
