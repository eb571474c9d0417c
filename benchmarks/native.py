"""The Race page's first race in `st.plotly_chart`, with which benchmarks.page compares the player."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from app.common import racers
from app.figures.marks import Field, Line, Panel
from app.race import changes
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings


def figure(settings: Settings) -> go.Figure:
    """The map and the losses of a race as one plotly figure."""
    panel, losses, *_ = race.scene(Race(settings)).panels
    figure = make_subplots(rows=2, cols=1, row_heights=[0.75, 0.25])
    field = _field(panel)
    levels = {"start": field.low, "end": field.high, "size": field.step}
    contour = go.Contour(
        x=field.x, y=field.y, z=field.z, contours=levels, colorscale=_colors(field), showscale=False, hoverinfo="skip"
    )
    figure.add_trace(contour, row=1, col=1)
    for row, lines in enumerate((_lines(panel), _lines(losses)), 1):
        for line in lines:
            style = {"color": line.color, "width": 2.5}
            figure.add_scatter(x=line.x, y=line.y, mode="lines", line=style, showlegend=False, row=row, col=1)
    figure.update_xaxes(range=[panel.axes[0].x.low, panel.axes[0].x.high], row=1, col=1)
    figure.update_yaxes(range=[panel.axes[0].y.low, panel.axes[0].y.high], row=1, col=1)
    figure.update_yaxes(type="log", row=2, col=1)
    return figure.update_layout(height=660, margin={"l": 40, "r": 10, "t": 10, "b": 30})


def solid(settings: Settings) -> go.Figure:
    """The surface and the trails of a race in three dimensions as a plotly figure."""
    panel, losses, *_ = race.scene(Race(settings)).panels
    field = _field(panel)
    figure = go.Figure(go.Surface(x=field.x, y=field.y, z=field.z, colorscale=_colors(field), showscale=False))
    for path, curve in zip(_lines(panel), _lines(losses), strict=True):
        z = np.log10(np.maximum(curve.y, 1e-6))
        style = {"color": path.color, "width": 5}
        figure.add_scatter3d(x=path.x, y=path.y, z=z, mode="lines", line=style, showlegend=False)
    return figure.update_layout(height=660, margin={"l": 0, "r": 0, "t": 0, "b": 0})


def _field(panel: Panel) -> Field:
    return next(mark for mark in panel.marks if isinstance(mark, Field))


def _lines(panel: Panel) -> list[Line]:
    """The paths of a map, or the losses of a chart, in the order of their racers."""
    lines = [mark for mark in panel.marks if isinstance(mark, Line) and mark.follows]
    return sorted(lines, key=lambda line: line.racer)


def _colors(field: Field) -> list[list[object]]:
    return [[share, color] for share, color in field.colors["light"]]


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    exponent = st.slider("learning rate, exponent of ten", -4.0, -1.0, -1.8, 0.01)
    first = changes.first()
    drawn = solid if st.query_params.get("view") == "3d" else figure
    st.plotly_chart(
        drawn(racers.set_racer(first, first.racers[0].id, "learning_rate", 10**exponent)), key="race", theme=None
    )
