"""The Race page as a plain Streamlit app, with which benchmarks.load compares: `trace` and `st.plotly_chart`.

The query of the address says what a visitor does: a race on a `surface` with `rule`s, or with `do` an endless loop that
trains a network ("train"), writes films ("film") or computes the runs along a slider ("sweep").
"""

import tempfile
from pathlib import Path

from app.server import environment

environment.prepare()

import numpy as np  # noqa: E402
import plotly.graph_objects as go  # noqa: E402
import streamlit as st  # noqa: E402
from plotly.subplots import make_subplots  # noqa: E402

from optimizers import OPTIMIZERS, trace  # noqa: E402
from surfaces import SURFACES, Rotated  # noqa: E402

STEPS = 300
RECORD = ("positions", "losses")
RATES = {"sgd": 0.017, "nesterov": 0.017, "adam": 0.066}
POSITIONS = 101
FRAMES, WIDTH, HEIGHT = 188, 1280, 720  # the defaults of the Export panel: 6 + 1.5 seconds at 25 frames per second
RAVINE = "quadratic_ravine"


def surface_of(key):
    """The surface of a key; the ravine is rotated as on the Race page's first visit."""
    surface = SURFACES[key]()
    return Rotated(surface, angle=18.0) if key == RAVINE else surface


@st.cache_data
def ground(key):
    """The grid of the contours: x, y, and the logarithm of the height above the lowest point."""
    surface = surface_of(key)
    (x0, x1), (y0, y1) = np.asarray(surface.domain)
    x, y = np.linspace(x0, x1, 100), np.linspace(y0, y1, 100)
    heights = np.asarray(surface(np.stack(np.meshgrid(x, y)).astype("float32")))
    return x, y, np.log10(np.maximum(heights - heights.min(), 1e-6))


def run(key, rule, rate):
    """The run of a racer."""
    surface = surface_of(key)
    return trace(surface, OPTIMIZERS[rule](learning_rate=rate), surface.start, STEPS, record=RECORD)  # type: ignore[call-arg]


def figure(key, runs):
    """The map and the losses as a plotly figure."""
    x, y, heights = ground(key)
    figure = make_subplots(rows=2, cols=1, row_heights=[0.75, 0.25])
    figure.add_contour(x=x, y=y, z=heights, showscale=False, row=1, col=1)
    for rule, run in runs.items():
        figure.add_scatter(x=run.positions[:, 0], y=run.positions[:, 1], name=rule, mode="lines", row=1, col=1)
        figure.add_scatter(y=run.losses, showlegend=False, mode="lines", row=2, col=1)
    figure.update_xaxes(range=[x[0], x[-1]], row=1, col=1)
    figure.update_yaxes(range=[y[0], y[-1]], row=1, col=1)
    figure.update_yaxes(type="log", row=2, col=1)
    return figure.update_layout(height=660)


def race():
    """Show a slider for each learning rate, the figure, and a table."""
    key = st.query_params.get("surface", RAVINE)
    runs = {}
    for rule in st.query_params.get_all("rule") or RATES:
        exponent = st.slider(rule, -6.0, 0.0, float(np.log10(RATES.get(rule, 0.01))), 0.001)
        runs[rule] = run(key, rule, 10**exponent)
    st.plotly_chart(figure(key, runs), key="race")
    st.table([{"rule": rule, "loss": float(run.losses[-1]), "status": str(run.status)} for rule, run in runs.items()])


def sweep():
    """Show all runs along a slider as lines, again and again from different starts."""
    place, turn = st.empty(), 0
    surface, rule = surface_of(RAVINE), OPTIMIZERS["adam"](learning_rate=np.geomspace(1e-3, 1.0, POSITIONS))  # type: ignore[call-arg]
    while True:
        turn += 1
        runs = trace(surface, rule, np.asarray(surface.start) * (1 + 1e-4 * turn), STEPS, record=RECORD)
        lines = [go.Scatter(x=path[:, 0], y=path[:, 1], mode="lines") for path in runs.positions]
        place.plotly_chart(go.Figure(lines), key=f"sweep-{turn}")


def film():
    """Write a GIF of the race with matplotlib's animation, again and again in the thread of the visitor."""
    from matplotlib.animation import FuncAnimation, PillowWriter
    from matplotlib.figure import Figure

    progress = st.progress(0.0)
    x, y, heights = ground(RAVINE)
    runs = [run(RAVINE, rule, rate) for rule, rate in RATES.items()]
    picture = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100)
    axes = picture.subplots()
    axes.contourf(x, y, heights, 20)
    lines = [axes.plot([], [])[0] for _ in runs]

    def update(frame):
        end = 1 + frame * STEPS // FRAMES
        for line, run in zip(lines, runs, strict=True):
            line.set_data(run.positions[:end, 0], run.positions[:end, 1])
        progress.progress(frame / FRAMES)
        return lines

    animation = FuncAnimation(picture, update, frames=FRAMES, cache_frame_data=False)
    while True:
        with tempfile.TemporaryDirectory() as folder:
            animation.save(Path(folder) / "film.gif", writer=PillowWriter(fps=25), dpi=100)


def train():
    """Train the network of benchmarks.load, again and again in the thread of the visitor."""
    from benchmarks.load import NETWORK, problem
    from optimizers.training import train as pieces_of

    network, start, rules = problem(NETWORK)
    place = st.empty()
    while True:
        losses = [0.0]
        runs = [pieces_of(network, rule, start, 2000, batch_size=512, blocks=1) for rule in rules]
        for pieces in zip(*runs, strict=False):  # ten steps of each rule in turn
            losses += [float(piece.losses[-1]) for piece in pieces if len(piece.losses)][:1]
            place.line_chart(losses)


{"": race, "sweep": sweep, "film": film, "train": train}[st.query_params.get("do", "")]()
