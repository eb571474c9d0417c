"""Benchmarks of exported films, decks and pictures, compared with matplotlib's animation writer and kaleido."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, seconds

ROUNDS = 3


def run() -> Iterator[Result]:
    """Yield the results of all comparisons. Files are made in separate processes, as on the page."""
    from app.export.making import make_apart
    from app.export.options import Cut, Look

    order = _order()
    cut = Cut(seconds=4.0, rate=25.0, hold=0.0)
    peer, _ = _timed(_matplotlib, 1)
    for kind, aim, most in (("gif", 3.0, 1.0), ("mp4", 2.5, None)):
        took, content = _timed(lambda kind=kind: make_apart(order(kind, Look(), cut)))  # type: ignore[misc]
        size = len(content) / 1e6
        yield Result(
            f"{kind.upper()}, 100 frames of 1280 × 720, 8 racers ({size:.2f} MB) / matplotlib's animation, as GIF",
            seconds(took),
            seconds(peer),
            f"{took / peer:.2f}",
            f"≤ {aim:g} s" + (", < 1 MB" if most else ""),
            took <= aim and (most is None or size < most),
        )
    slides = Cut(seconds=4.0, rate=20.0, hold=0.5)
    took, content = _timed(lambda: make_apart(order("pptx", Look(), slides)))
    yield Result(f"deck with three films ({len(content) / 1e6:.1f} MB)", seconds(took), "–", "–", "≤ 5 s", took <= 5)
    took, content = _timed(lambda: make_apart(order("png", Look(), cut)), 7)
    other = _kaleido()
    yield Result(
        f"PNG of 1280 × 720 ({len(content) / 1e6:.2f} MB) / kaleido",
        seconds(took),
        seconds(other) if other else "not installed",
        f"{took / other:.2f}" if other else "–",
        "≤ 0.5 s",
        took <= 0.5,
    )


def _order() -> Callable[..., Any]:
    from app.race import changes
    from app.race.export import order
    from app.race.runs import Race
    from app.race.settings import Settings

    settings = Settings()
    for key in ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "radam"):
        settings = changes.add_racer(settings, key)
    return lambda kind, look, cut: order(Race(settings), kind, look, cut)


def _timed(make: Callable[[], bytes], rounds: int = ROUNDS) -> tuple[float, bytes]:
    times, content = [], b""
    for _ in range(rounds):
        began = time.perf_counter()
        content = make()
        times.append(time.perf_counter() - began)
    return statistics.median(times), content


def _matplotlib() -> bytes:
    """The same 100 pictures as a GIF of matplotlib's animation, which draws the whole figure for each picture.

    Its writer of MP4 files would need the program ffmpeg.
    """
    from matplotlib.animation import FuncAnimation, PillowWriter

    from app.export.drawing import Drawing
    from app.export.films import moments
    from app.export.options import Cut, Look

    drawing = Drawing(_order()("gif", Look(), Cut()).scene, Look())
    steps = moments(drawing, Cut(seconds=4.0, rate=25.0, hold=0.0))

    def update(frame: int) -> list[Any]:
        drawing.show(steps[frame])
        return []

    film = FuncAnimation(drawing.figure, update, frames=len(steps), blit=False, cache_frame_data=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.gif"
        film.save(path, writer=PillowWriter(fps=25))
        return path.read_bytes()


def _kaleido() -> float | None:
    if importlib.util.find_spec("kaleido") is None:
        return None
    import plotly.graph_objects as go

    order = _order()
    from app.export.options import Cut, Look
    from app.figures.marks import Field

    marks = order("png", Look(), Cut()).scene.panels[0].marks
    field = next(mark for mark in marks if isinstance(mark, Field))
    figure = go.Figure(go.Contour(x=field.x, y=field.y, z=field.z))
    return _timed(lambda: figure.to_image("png", width=1280, height=720))[0]
