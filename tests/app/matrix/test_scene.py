"""What the Tests page plays and draws, and the same runs on the Race page."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from app.common.racers import Refused
from app.export.making import make
from app.export.options import Cut, Look
from app.figures.marks import Field, Line, Text, Tiles
from app.matrix import export, openings, scene, views
from app.matrix.job import Job
from app.matrix.runs import played
from app.matrix.settings import Settings
from app.player.scene import pack
from app.race import link as race_link
from app.race import runs as race_runs
from optimizers.diagnostics import UNIT_TESTS
from optimizers.diagnostics.matrix import cell
from tests.app.matrix.cells import cell_of
from tests.app.matrix.test_results import CELLS, SHOWN

PLACE = ("ravine_10_45", "momentum")


@pytest.fixture(scope="module")
def job() -> Job:
    made = Job(24, 0)
    made.cells[PLACE] = cell(*PLACE, 24, 0)
    return made


def _settings() -> Settings:
    return Settings(trials=24, test=PLACE[0], rule=PLACE[1])


def test_the_best_and_a_failed_setting_are_played(job: Job) -> None:
    shown = scene.scene(_settings(), job)
    assert [card.title for card in shown.cards] == ["Best setting", "Failed setting"] and shown.fixed
    assert shown.clock.end == UNIT_TESTS[PLACE[0]].steps and [panel.key for panel in shown.panels] == ["map", "loss"]
    best, failed = played(job.cells[PLACE])
    for one in (best, failed):
        path = next(m for m in shown.panels[0].marks if isinstance(m, Line) and m.racer == one.id)
        np.testing.assert_allclose(path.x[0], UNIT_TESTS[PLACE[0]].starts[one.setting.run][0], rtol=1e-5)
        loss = next(m for m in shown.panels[1].marks if isinstance(m, Line) and m.racer == one.id)
        height = loss.y[-1] / UNIT_TESTS[PLACE[0]].heights[one.setting.run]
        assert height == pytest.approx(one.setting.height, rel=1e-6)
    assert len(pack(shown)) > 1000


def test_before_a_cell_is_there_the_landscape_is_shown() -> None:
    shown = scene.scene(Settings(test="cliff", rule="sgd", seed=302), Job(64, 302))
    assert shown.cards == () and not shown.busy
    assert any(isinstance(mark, Field) for mark in shown.panels[0].marks)
    assert "not computed yet" in shown.caption


def test_a_cell_that_none_solves_has_only_one_run() -> None:
    none = cell_of("ravine_10_0", "sgd", 0)
    one = played(dataclasses.replace(none, failed=none.best))
    assert [run.title for run in one] == ["Best setting, failed"]


def test_the_matrix_is_a_picture_of_tiles() -> None:
    panel = views.matrix_panel(SHOWN, CELLS)
    (tiles,) = [mark for mark in panel.marks if isinstance(mark, Tiles)]
    shares = np.array([[0.25, 0.5, 1.0], [0.75, 0.0, 0.125]])
    np.testing.assert_allclose(tiles.values[0] / 255, np.sqrt(shares), atol=0.5 / 255)
    words = [word for mark in panel.marks if isinstance(mark, Text) for word in mark.words]
    assert {"Cliff 10, 0°", "Cliff 10, 45°", "SGD", "Momentum", "Adam", "25", "100"} <= {*words}
    first = next(mark for mark in panel.marks if isinstance(mark, Text) and mark.words == ("25",))
    assert (first.x, first.y) == (0.5, 1.5), "the first row stands at the top"


def test_the_matrix_is_exported_as_a_picture() -> None:
    job = Job(8, 303)
    job.cells = dict(CELLS)
    look = Look(width=800, height=450, scale=1.0, part="matrix")
    order = export.order(SHOWN, job, "png", look, Cut(), None)
    image = np.asarray(Image.open(io.BytesIO(make(order))).convert("RGB")).astype(int)
    assert image.shape == (450, 800, 3)
    blue = (image[..., 2] - image[..., 0] > 60).mean()
    assert 0.15 < blue < 0.8


def test_the_runs_can_be_opened_on_the_race_page(job: Job) -> None:
    """The race of the link has the same points, in the same precision."""
    runs = played(job.cells[PLACE])
    settings, notices = race_link.parse(openings.race_of(PLACE, runs))
    assert notices == [] and len(settings.racers) == 2
    raced = race_runs.runs(settings)[0]
    np.testing.assert_allclose(raced.positions, runs[0].run.positions, rtol=1e-5, atol=1e-7)


def test_noise_and_seed_are_opened_too() -> None:
    place = ("noise_low", "sgd")
    runs = played(cell(*place, 6, 1))
    settings, notices = race_link.parse(openings.race_of(place, runs))
    assert notices == [] and settings.noise.key == "isotropic" and settings.seed == runs[0].setting.run
    raced = race_runs.runs(settings)[0]
    np.testing.assert_allclose(raced.positions[:50], runs[0].run.positions[:50], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("test", "words"), [("delay_4_10", "delayed"), ("drift_slow", "moving"), ("small_network", "network")]
)
def test_what_the_race_page_lacks_is_said(test: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        openings.race_of((test, "sgd"), [])
