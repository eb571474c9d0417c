"""The same race through `st.plotly_chart`: what the player is measured against. Run by benchmarks.page."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from app.common import racers
from app.race import changes
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings


def figure(settings: Settings) -> go.Figure:
    """Map and loss of a scene as one native plotly figure."""
    scene = race.scene(Race(settings))
    style = scene.styles["light"]
    figure = make_subplots(rows=2, cols=1, row_heights=[0.75, 0.25])
    contour = {**scene.map["data"][0], "colorscale": style["colorscale"], "showscale": False}
    figure.add_trace(contour, row=1, col=1)
    for card, path, losses in zip(scene.cards, scene.positions, scene.losses, strict=True):
        line = {"color": card.color, "width": 2.5}
        end = card.last + 1
        figure.add_scatter(x=path[:end, 0], y=path[:end, 1], mode="lines", line=line, name=card.title, row=1, col=1)
        figure.add_scatter(y=losses[:end], mode="lines", line=line, showlegend=False, row=2, col=1)
    (x0, x1), (y0, y1) = scene.window
    figure.update_xaxes(range=[x0, x1], row=1, col=1)
    figure.update_yaxes(range=[y0, y1], row=1, col=1)
    figure.update_yaxes(type="log", row=2, col=1)
    return figure.update_layout(height=660, margin={"l": 40, "r": 10, "t": 10, "b": 30})


def solid(settings: Settings) -> go.Figure:
    """The surface of a scene with its trails as one native plotly figure."""
    scene = race.scene(Race(settings))
    style = scene.styles["light"]
    ground = scene.map["data"][0]
    colors = {"colorscale": style["colorscale"], "showscale": False}
    figure = go.Figure(go.Surface(x=ground["x"], y=ground["y"], z=ground["z"], **colors))
    for card, path, losses in zip(scene.cards, scene.positions, scene.losses, strict=True):
        end = card.last + 1
        z = np.log10(np.maximum(losses[:end], 1e-6))
        line = {"color": card.color, "width": 5}
        figure.add_scatter3d(x=path[:end, 0], y=path[:end, 1], z=z, mode="lines", line=line, name=card.title)
    return figure.update_layout(height=660, margin={"l": 0, "r": 0, "t": 0, "b": 0})


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    exponent = st.slider("learning rate, exponent of ten", -4.0, -1.0, -1.8, 0.01)
    first = changes.first()
    drawn = solid if st.query_params.get("view") == "3d" else figure
    st.plotly_chart(
        drawn(racers.set_racer(first, first.racers[0].id, "learning_rate", 10**exponent)), key="race", theme=None
    )
