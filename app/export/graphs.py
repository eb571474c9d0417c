"""Paints graphs with matplotlib: nodes that are pictures, and the edges between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from app.export.look import points
from app.export.pen import Pen, moment
from app.figures.marks import Graph
from app.figures.strokes import EDGES, WEIGHTS


def paint_graphs(pen: Pen, graphs: Sequence[Graph], z: float) -> None:
    """Paint graphs, with the edges below the nodes."""
    for graph in graphs:
        _edges(pen, graph, z)
        _nodes(pen, graph, z + 1)


def _edges(pen: Pen, graph: Graph, z: float) -> None:
    places = np.column_stack([graph.x, graph.y]).astype(float)
    segments = np.stack([places[graph.source], places[graph.target]], axis=1)
    inks = np.array([to_rgb(pen.color(ink)) for ink in graph.palette])
    lines = LineCollection(list(segments), alpha=EDGES["opacity"], zorder=z, capstyle="butt")

    def move(time: float) -> None:
        strengths = graph.strengths[moment(graph.time, time)]
        lines.set_linewidth([points(EDGES["width"] * abs(float(strength))) for strength in strengths])
        lines.set_color(inks[(strengths >= 0).astype(int)])

    pen.sheet.moves(pen.plot, lines, move)


def _nodes(pen: Pen, graph: Graph, z: float) -> None:
    plot = pen.plot
    limits = plot.get_xlim(), plot.get_ylim()
    (x0, y0), (x1, y1) = pen.frame
    unit = (x1 - x0) / pen.box[2], (y1 - y0) / pen.box[3]
    half = min(graph.room[0] / unit[0], graph.room[1] / unit[1]) / 2
    across, upward = half * unit[0], half * unit[1]
    rows, columns = graph.grid
    artists = []
    for x, y in zip(graph.x, graph.y, strict=True):
        ends = (x - across, x + across, y - upward, y + upward)
        form: Any = {"extent": ends, "interpolation": "bilinear", "aspect": "auto", "zorder": z}
        artists.append(pen.sheet.moves(plot, plot.imshow(np.zeros((rows, columns, 3)), **form)))
        corners = [(ends[0], ends[2]), (ends[1], ends[2]), (ends[1], ends[3]), (ends[0], ends[3]), (ends[0], ends[2])]
        frame = LineCollection([corners], colors=[pen.color("muted")], lw=points(WEIGHTS["hair"]), zorder=z + 0.5)
        pen.sheet.moves(plot, frame)
    plot.set(xlim=limits[0], ylim=limits[1], aspect="auto")
    paper = np.array(to_rgb(pen.color("paper")))
    inks = np.array([to_rgb(pen.color(ink)) for ink in graph.palette])

    def move(time: float) -> None:
        for artist, levels in zip(artists, graph.pictures[moment(graph.time, time)], strict=True):
            artist.set_data(colored(levels.reshape(rows, columns), inks, paper))

    pen.sheet.moves_by(move)


def colored(levels: NDArray[np.uint8], inks: NDArray[Any], paper: NDArray[Any]) -> NDArray[np.float64]:
    """The colours (rows, columns, 3) of signed grey levels, between the paper and two inks."""
    share = np.clip((levels.astype(float) - 128) / 127, -1, 1)[..., None]
    return np.asarray(paper + np.abs(share) * (np.where(share < 0, inks[0], inks[1]) - paper))
