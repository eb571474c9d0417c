"""Scenes, tables and files of studies."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

from app.export.drawing import Drawing
from app.export.making import make
from app.export.options import Cut, Look
from app.figures.marks import Axes, Band, Line
from app.figures.series import around, color, keys, linear, log, plot, series
from app.player import Clock, Scene
from app.studies import captions, export, results, scene, views
from app.studies.job import Job
from optimizers.studies import STUDIES, Table
from tests.app.studies.test_settings import parsed

SMALL = "study=dimension_saddles&study.largest=3&study.samples=1000"


def _job(parts: int) -> Job:
    """A job that has received some of the three parts of a small study."""
    job = Job(parsed(SMALL))
    for _, progress in zip(range(parts), STUDIES["dimension_saddles"](largest=3, samples=1000).run(0), strict=False):
        job.take(*progress)
    return job


def test_a_scene_says_what_is_computed_so_far_and_shows_it() -> None:
    empty, partial, complete = _job(0), _job(2), _job(3)
    (message,) = scene.scene(empty.settings, empty).panels
    assert message.message == "Press Run: the result appears here." and message.title == "Saddles in high dimension"
    assert captions.caption(partial.settings, partial).endswith(f"seed 0 · {round(100 * partial.share)} % computed")
    assert captions.caption(complete.settings, complete) == "Saddles in high dimension (n = 3, N = 1,000) · seed 0"
    for job, known in ((partial, 2), (complete, 3)):
        shown = scene.scene(job.settings, job)
        assert shown.kind == "row" and shown.cards == () and shown.clock.end == 0
        assert all(panel.choices == ((panel.key, panel.title),) for panel in shown.panels)
        (line,) = [mark for mark in shown.panels[0].marks if isinstance(mark, Line)]
        assert np.isfinite(line.y).sum() == known


def test_a_failed_study_says_why_in_the_place_of_its_picture() -> None:
    job = _job(0)
    job.receive("failed", "ValueError: no")
    (panel,) = scene.scene(job.settings, job).panels
    assert panel.message == "ValueError: no"


def test_files_have_all_numbers() -> None:
    job = _job(3)
    settings = job.settings
    numbers = results.table(settings, job)
    assert numbers is not None
    rows = list(csv.reader(io.StringIO(export.numbers(settings, job, "study.csv").decode())))
    assert tuple(rows[0]) == numbers.columns
    np.testing.assert_array_equal(np.array(rows[1:], dtype=float), np.array(numbers.rows, dtype=float))
    table = parquet.read_table(io.BytesIO(export.numbers(settings, job, "study.parquet")))
    assert table.column_names == list(numbers.columns) and table["dimension"].to_pylist() == [1, 2, 3]
    assert b"study=dimension_saddles" in table.schema.metadata[b"link"]
    arrays = np.load(io.BytesIO(export.numbers(settings, job, "study.npz")))
    np.testing.assert_array_equal(arrays["saddles"], job.found.saddles)
    assert set(arrays) == set(job.found._fields)


def test_missing_numbers_are_dashes_on_the_page_and_empty_in_files() -> None:
    numbers = Table(("name", "count", "share"), [("a", 3, 0.123456), ("b", 4, float("nan")), ("c", 5, float("inf"))])
    assert results.texts(numbers) == [["a", "3", "0.1235"], ["b", "4", "–"], ["c", "5", "∞"]]
    assert results.to_csv(numbers).decode() == "name,count,share\na,3,0.123456\nb,4,\nc,5,inf\n"


def _timed(count: int) -> Scene:
    """A scene of panels with a curve that the clock reveals, member by member."""
    axes = Axes(x=linear([np.arange(5)], "member"), y=log([np.arange(1.0, 6.0)], "loss"))
    panels = []
    for k in range(count):
        x = np.arange(5 - k)
        line = series(x, x + 1.0, k, "a", "loss", time=x)
        panels.append(plot(f"panel-{k}", f"Panel {k}", axes, [line], "a note", keys(["a"], [k])))
    clock = Clock(views.end(tuple(panels)), unit="member")
    return Scene(panels=tuple(panels), cards=(), clock=clock, arrangement="side by side", caption="c", fixed=True)


def test_the_clock_ends_with_the_last_time_of_any_mark_and_counts_the_units_of_the_study() -> None:
    shown = _timed(2)
    assert shown.clock.end == 4 and shown.clock.words(2) == "member 2 of 4"
    assert shown.clock.note(1) == " · shown at member 1 of 4" and shown.clock.note(4) == ""


@pytest.mark.parametrize(("width", "height"), [(1200, 500), (500, 1200)])
def test_a_picture_of_a_study_gives_all_its_room_to_equal_panels(width: int, height: int) -> None:
    drawing = Drawing(_timed(3), Look(width=width, height=height, caption=False))
    boxes = np.array([axes.get_window_extent().bounds for axes in drawing.figure.axes])
    boxes = boxes[boxes[:, 2:].min(axis=1) > 50]  # without the squares of the legends
    assert len(boxes) == 3
    sizes = boxes[:, 2:]
    np.testing.assert_allclose(sizes, sizes[:1].repeat(3, axis=0), rtol=0.02)
    along, across = (0, 1) if width > height else (1, 0)
    assert np.ptp(boxes[:, across]) < 1 and (np.abs(np.diff(np.sort(boxes[:, along]))) > 100).all()
    whole = drawing.figure.get_window_extent()
    assert sizes[:, along].sum() > 0.6 * (whole.width if along == 0 else whole.height)
    words = [text.get_text() for text in drawing.figure.texts]
    assert "member 4 of 4" in words


def test_a_picture_without_a_time_has_no_clock_and_can_be_a_film() -> None:
    job = _job(3)
    still = scene.scene(job.settings, job)
    words = [text.get_text() for text in Drawing(still, Look(width=900, height=400)).figure.texts]
    assert not any("step" in word for word in words)
    look = Look(width=480, height=320, scale=1.0)
    frames = Image.open(
        io.BytesIO(make(export.order(job.settings, job, "gif", look, Cut(seconds=0.4, rate=5, hold=0))))
    )
    assert frames.size == (480, 320)


def test_series_leave_gaps_and_bands_stay_open_where_numbers_are_infinite() -> None:
    y = np.array([1.0, np.inf, 3.0, np.nan])
    line = series(range(4), y, 1, "name", "steps")
    assert np.isnan(line.y[[1, 3]]).all() and list(line.y[[0, 2]]) == [1.0, 3.0] and line.color == color(1)
    band: Band = around(range(4), y / 2, y, 1)
    assert np.isnan(band.high[1]) and band.low[0] == 0.5 and band.color == line.color
    legend = keys(["a", "b"])
    assert legend.keys == (("a", color(0)), ("b", color(1)))
    axis: Any = log([np.array([1.0, 100.0])], "steps")
    assert axis.scale == "log" and axis.low < 1 and axis.high > 100 and axis.title == "steps"
