"""The film that zooms into a map, and the command that makes files of maps."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.common.racers import Refused
from app.export.making import make
from app.export.options import Cut, Look
from app.figures.marks import Cells
from app.maps import changes, export, link, zoom
from app.maps.grids import Stopped
from app.maps.job import Job
from app.maps.settings import Settings
from app.server import cli

LOOK = Look(width=640, height=400, part="stability", caption=False)
CUT = Cut(seconds=1.0, rate=6.0, hold=0.0, time="zoom")


def _zoomed() -> Settings:
    """A map of momentum on the ravine, of whose η a hundredth of the usual decades is in view."""
    query = {"surface": ["quadratic_ravine"], "racer": ["momentum"], "steps": ["40"], "cells": ["64"]}
    settings, notices = link.parse(query)
    assert notices == []
    return changes.set_window(settings, (-2.0, -1.5, 0.2, 0.8))


def test_the_film_begins_with_the_whole_map_and_ends_with_the_window() -> None:
    settings = _zoomed()
    assert zoom.at(settings, 0.0).window == pytest.approx([edge for span in zoom.whole(settings) for edge in span])
    assert zoom.at(settings, 1.0).window == pytest.approx(settings.window)
    sizes = [w[1] - w[0] for share in np.linspace(0, 1, 5) if (w := zoom.at(settings, share).window)]
    ratios = np.divide(sizes[1:], sizes[:-1])
    np.testing.assert_allclose(ratios, ratios[0])  # the same factor in the same time
    assert ratios[0] ** 4 == pytest.approx(1 / zoom.factor(settings), rel=0.2)


def test_a_window_stays_inside_the_one_before() -> None:
    windows = [zoom.at(_zoomed(), share).window for share in np.linspace(0, 1, 9)]
    for before, after in itertools.pairwise(windows):
        assert before and after
        assert before[0] <= after[0] < after[1] <= before[1] + 1e-12
        assert before[2] <= after[2] < after[3] <= before[3] + 1e-12


def test_scenes_share_the_cells_of_few_grids_and_their_colours() -> None:
    settings = _zoomed()
    scenes = zoom.film(settings, 12)
    cells = [mark for scene in scenes for mark in scene.panels[0].marks if isinstance(mark, Cells)]
    assert len(scenes) == 12 and len(cells) == 24
    assert len({id(mark) for mark in cells}) <= 2 + np.ceil(np.log2(zoom.factor(settings)))
    assert len({scene.panels[0].legend for scene in scenes}) == 1
    axes = [scene.panels[0].axes[0] for scene in scenes]
    assert (axes[-1].x.low, axes[-1].x.high) == pytest.approx(settings.window[:2] if settings.window else ())


def test_a_film_of_losses_has_one_bar_of_colours_where_initial_losses_differ() -> None:
    query = {"surface": "himmelblau", "racer": "sgd:learning_rate=0.01", "steps": "20", "cells": "64", "color": "final"}
    settings, notices = link.parse({k: [v] for k, v in {**query, "x": "start.0", "y": "start.1"}.items()})
    assert notices == []
    scenes = zoom.film(changes.set_window(settings, (-1.0, 1.0, -1.0, 1.0)), 4)
    assert len({scene.panels[0].legend for scene in scenes}) == 1


def test_the_film_ends_with_the_picture_of_the_map() -> None:
    settings = _zoomed()
    job = Job(settings).begin().join()
    film = make(export.order(settings, job, "gif", LOOK, CUT))
    still = make(export.order(settings, job, "png", LOOK, Cut()))
    frames = Image.open(io.BytesIO(film))
    assert frames.n_frames == 6  # type: ignore[attr-defined]
    frames.seek(5)
    last = np.asarray(frames.convert("RGB"), float)
    first = np.asarray(Image.open(io.BytesIO(film)).convert("RGB"), float)
    picture = np.asarray(Image.open(io.BytesIO(still)).convert("RGB"), float)
    assert np.abs(last - picture).mean() < 2  # the palette of a GIF rounds colours
    assert np.abs(first - picture).mean() > 10


def test_a_film_of_a_zoom_needs_a_zoomed_map_and_can_be_stopped() -> None:
    settings = _zoomed()
    with pytest.raises(Refused, match="The map is not zoomed"):
        zoom.film(dataclasses.replace(settings, window=None), 3)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        zoom.film(settings, 3, stop=stop)


def test_the_command_writes_what_the_page_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tmp_path / name) for name in ("map.png", "map.csv", "map.json")]
    words = "map --surface quadratic_ravine --racer momentum --steps 40 --cells 64 --window=-2,-1.5,0.2,0.8 --json"
    assert cli.main([*words.split(), *(word for file in files for word in ("-o", file))]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [file["file"] for file in printed["files"]] == files
    settings = _zoomed()
    job = Job(settings).begin().join()
    assert Path(files[1]).read_bytes() == export.numbers(settings, job, "map.csv")
    with Image.open(files[0]) as picture:
        assert picture.size == (1280, 720)
    assert cli.main(["map", "--settings", files[2], "-o", str(tmp_path / "again.csv")]) == 0
    assert (tmp_path / "again.csv").read_bytes() == Path(files[1]).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--preset nothing", "unknown preset 'nothing'"),
        ("--window 3,1,0,1", "left edge before its right"),
        ("--racer nothing", "unknown optimizer"),
        ("--x nothing", "unknown axis"),
        ("--part nothing", "--part must be one of"),
        ("--time zoom --cells 64 --surface booth", "the map is not zoomed"),
    ],
)
def test_the_command_refuses_with_a_sentence(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "film.gif" if "zoom" in words else "map.png"
    assert cli.main(["map", *words.split(), "-o", name]) == 2
    assert said.lower() in capsys.readouterr().err.lower()
    assert not list(tmp_path.iterdir())
