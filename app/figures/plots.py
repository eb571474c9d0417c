"""Runs as plotly figures, for a notebook or a script: what the Race page shows, from the same arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short
from app.common.titles import told_apart
from app.figures import plane
from app.figures.theme import mark, styles
from optimizers import Trace
from surfaces import Surface

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Runs = Trace | Sequence[Trace] | Mapping[str, Trace]
Theme = Literal["light", "dark"]
Axis = Literal["log", "linear"]
_TRAIL, _CASING, _LOSS = 2.5, 5.5, 2.25


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
    sheet = _Sheet(surface, theme)
    return _figure(sheet.map(), sheet.style, 480, **sheet.layout())


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
    sheet = _Sheet(_common(named), theme)
    data = [*sheet.map(), *sheet.trails(named, step), *sheet.starts(named)]
    return _figure(data, sheet.style, 480, **sheet.layout())


def losses(runs: Runs, *, theme: Theme = "light", axis: Axis = "log") -> Figure:
    """The loss of each run against the step; above the lowest minimum where that is not at zero, and then it says so.

    Args:
        runs: as in `paths`.
        theme: "light" or "dark".
        axis: "log" or "linear". Runs that grow or diverge leave the frame, whose range the others make.

    Returns:
        A plotly figure, 320 pixels high.

    Raises:
        ValueError: as `paths`, and on another axis.
    """
    named = _named(runs)
    curve = plane.curve_figure(list(named.values()), _common(named))
    x, y = _axes(curve, axis)
    style = _style(theme)
    return _figure(_curves(named, curve.values, ""), style, 320, xaxis=x, yaxis=y)


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
    sheet = _Sheet(_common(named), theme)
    curve = plane.curve_figure(list(named.values()), _common(named))
    below = dict(zip(("xaxis2", "yaxis2"), _axes(curve, axis), strict=True))
    below["xaxis2"] |= {"anchor": "y2"}
    below["yaxis2"] |= {"anchor": "x2", "domain": [0.0, 0.24]}
    layout = sheet.layout()
    layout["yaxis"] |= {"domain": [0.36, 1.0]}
    data = [
        *sheet.map(bottom=0.36),
        *sheet.trails(named, None),
        *sheet.starts(named),
        *_curves(named, curve.values, "2"),
    ]
    return _figure(data, sheet.style, 720, **layout, **below)


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
            raise ValueError(f"{title} must be a run, as trace(...) returns it; got {type(run).__name__}")
        if run.diverged.ndim:
            raise ValueError(f"{title} is a batch of {len(run)} runs: draw one of them, {title}[k], or the batch alone")
        if run.positions is None or run.losses is None:
            raise ValueError(f"{title} was run without positions or losses: have trace(...) record both")
        if run.stride != 1:
            raise ValueError(f"{title} has every {run.stride}th step alone: have trace(...) record each, stride=1")
    return named


def _titles(runs: Sequence[Any]) -> list[str]:
    """The rules' names, told apart where two are the same."""
    rules = [run.optimizer if isinstance(run, Trace) else None for run in runs]
    names = [rule.name if rule else "the run" for rule in rules]
    values = [{p.symbol: getattr(r, n) for n, p in r.parameters().items()} if r else {} for r in rules]
    return told_apart(names, values)


def _common(named: Mapping[str, Trace]) -> Surface:
    """The surface of all the runs."""
    (first, one), *rest = named.items()
    for title, run in rest:
        if _spelled(run.surface) != _spelled(one.surface):
            raise ValueError(f"{first} and {title} ran on different surfaces: draw a figure for each")
    return one.surface


def _spelled(surface: Any) -> Any:
    """What a surface is, to be compared."""
    if not dataclasses.is_dataclass(surface):
        return np.asarray(surface).tolist() if np.ndim(surface) else surface
    return type(surface), *(_spelled(getattr(surface, f.name)) for f in dataclasses.fields(surface))


class _Sheet:
    """A surface's map, and what is drawn on it, in the colours of a theme."""

    def __init__(self, surface: Surface, name: Theme) -> None:
        self.drawn = plane.map_figure(surface)
        self.style = _style(name, self.drawn.levels.zero)

    def layout(self) -> dict[str, Any]:
        """The axes of the map, on which a unit is as long on either, and what is written on it."""
        layout, (x, y) = self.drawn.figure["layout"], self.drawn.window
        common = {"showgrid": False, "constrain": "range"}
        return {
            "xaxis": {**layout["xaxis"], "range": list(x), **common},
            "yaxis": {**layout["yaxis"], "range": list(y), "scaleanchor": "x", **common},
            "annotations": layout["annotations"],
        }

    def map(self, bottom: float = 0.0) -> list[dict[str, Any]]:
        """Contours and marks; `bottom` is where the axes of the map end, as a share of the figure."""
        traces = _tinted(self.drawn.figure["data"], self.style)
        for one in traces:
            one["showlegend"] = False
            if one["type"] == "contour":
                one["colorscale"] = self.style["colorscale"]
                one["line"] = {"width": 0.8, "color": self.style["contour_line"], **one.get("line", {})}
                one["colorbar"] = {**one["colorbar"], **_BAR, "y": bottom, "tickfont": {"size": 10}}
                one["colorbar"]["title"] = {**one["colorbar"]["title"], "side": "top", "font": {"size": 10}}
            else:
                thin = "thin" in str(one.get("marker", {}).get("symbol"))
                ink = self.style["ink"]
                one["marker"] = {"color": ink, **one.get("marker", {})}
                one["marker"]["line"] = {"color": ink if thin else self.style["paper"], **one["marker"].get("line", {})}
                one["textfont"] = {"size": 11, "color": self.style["muted"]}
        return traces

    def starts(self, named: Mapping[str, Trace]) -> list[dict[str, Any]]:
        at = np.unique([run.positions[0, :2] for run in named.values()], axis=0)
        marker = {"symbol": "circle-open", "size": 11, "color": self.style["ink"], "line": {"width": 2}}
        return [
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": at[:, 0],
                "y": at[:, 1],
                "marker": marker,
                "text": ["start"] * len(at),
                "textposition": "top center",
                "hoverinfo": "skip",
                "showlegend": False,
                "textfont": {"size": 11, "color": self.style["muted"]},
            }
        ]

    def path(self, run: Trace, step: int | None) -> NDArray[np.float64]:
        """The points to draw, (k, 2): where the run leaves the map, its last far enough outside and no further."""
        last, end = plane.leave(run.positions[:, :2], run.last, self.drawn.extent)
        points = np.vstack([run.positions[:last, :2], end])
        return points if step is None else points[: step + 1]

    def trails(self, named: Mapping[str, Trace], step: int | None) -> list[dict[str, Any]]:
        """Of each run its casing, its line and its head."""
        if step is not None and step < 0:
            raise ValueError(f"step must be 0 or more; got {step}")
        found = []
        for k, (title, run) in enumerate(named.items()):
            color, dash, shape = mark(k)
            x, y = self.path(run, step).T
            common = {"type": "scatter", "x": x, "y": y, "legendgroup": title}
            quiet = {"hoverinfo": "skip", "showlegend": False}
            casing = {"width": _CASING, "color": self.style["paper"], "dash": dash}
            head = {"symbol": shape, "size": 12, "color": color, "line": {"width": 2, "color": self.style["paper"]}}
            numbers = zip(x, y, run.losses[: len(x)], strict=True)
            said = [f"x {short(a, 4)}, y {short(b, 4)}<br>loss {short(loss, 4)}" for a, b, loss in numbers]
            found += [
                {**common, **quiet, "mode": "lines", "line": casing},
                {
                    **common,
                    "mode": "lines+markers",
                    "name": f"{title}: {run.status}",
                    "text": said,
                    "line": {"width": _TRAIL, "color": color, "dash": dash},
                    "hovertemplate": _SAID,
                    "marker": {"size": 4, "color": color},
                },
                {**common, **quiet, "mode": "markers", "x": x[-1:], "y": y[-1:], "marker": head},
            ]
        return found


_SAID = "<b>%{fullData.name}</b>, step %{pointNumber}<br>%{text}<extra></extra>"
_BAR = {
    "orientation": "h",
    "lenmode": "pixels",
    "len": 200,
    "thickness": 6,
    "xpad": 14,
    "ypad": 4,
    "ticks": "",
    "x": 1,
    "xanchor": "right",
    "yanchor": "bottom",
    "outlinewidth": 0.5,
}


def _style(name: str, zero: float | None = None) -> dict[str, Any]:
    known = styles(zero)
    if name not in known:
        raise ValueError(f"theme must be one of {', '.join(known)}; got {name!r}")
    return known[name]


def _tinted(tree: Any, style: Mapping[str, Any]) -> Any:
    """A copy with the words of a theme as its colours."""
    if isinstance(tree, Mapping):
        return {key: _tinted(item, style) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_tinted(item, style) for item in tree]
    return style.get(tree, tree) if isinstance(tree, str) else tree


def _curves(named: Mapping[str, Trace], values: NDArray[np.float64], on: str) -> list[dict[str, Any]]:
    """Each run's losses, as far as they are finite, on the axes of that number."""
    found = []
    for k, (title, run) in enumerate(named.items()):
        color, dash, _ = mark(k)
        said = "<b>%{fullData.name}</b>, step %{x}<br>loss %{text}<extra></extra>"
        found.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{title}: {run.status}",
                "legendgroup": title,
                "x": np.arange(run.last + 1),
                "y": values[k, : run.last + 1],
                "text": [short(value, 4) for value in values[k, : run.last + 1]],
                "hovertemplate": said,
                "line": {"width": _LOSS, "color": color, "dash": dash},
                "xaxis": f"x{on}",
                "yaxis": f"y{on}",
                "showlegend": not on,
            }
        )
    return found


def _axes(curve: plane.Curve, axis: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The axes of the losses."""
    if axis not in curve.figure["ranges"]:
        raise ValueError(f"axis must be one of {', '.join(curve.figure['ranges'])}; got {axis!r}")
    low, high = curve.figure["ranges"][axis]
    title = {"text": curve.figure["titles"][axis]}
    x = {"range": [0, max(1, curve.values.shape[1] - 1)], "title": {"text": "step"}}
    return x, {"type": axis, "range": [low, high], "title": title, "exponentformat": "power"}


def _figure(data: list[Any], style: Mapping[str, Any], height: int, **layout: Any) -> Figure:
    """A figure in the colours of a theme."""
    from plotly.graph_objects import Figure  # slow to import, and needed for nothing else

    plain = {"gridcolor": style["grid"], "linecolor": style["grid"], "zeroline": False}
    axes = {name: {**plain, **one} for name, one in layout.items() if name[1:5] == "axis"}
    notes = layout.get("annotations", [])
    return Figure(
        {
            "data": data,
            "layout": {
                "height": height,
                "paper_bgcolor": style["paper"],
                "plot_bgcolor": style["paper"],
                "font": {"size": 12, "color": style["ink"]},
                "hovermode": "closest",
                "template": "none",
                "margin": {"l": 56, "r": 16, "t": 24, "b": 44},
                "annotations": _tinted(notes, style),
                **axes,
            },
        }
    )
