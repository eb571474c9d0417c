"""The Network page in a browser: from the first sight to trained networks, and back to the race."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.common.digits import short
from app.figures.theme import PALETTE
from app.network import link as network_link
from app.network import presets
from app.network.settings import Training, generated
from surfaces.network.data import DataSet, Samples, one_hot
from tests.app.driving import Race

pytestmark = pytest.mark.browser


def _parsed(race: Race) -> Training:
    training, notices = network_link.parse(race.query(), lambda training: None)  # type: ignore[arg-type,return-value]
    assert notices == []
    return training


def _train(race: Race) -> None:
    race.page.get_by_role("button", name="Train", exact=True).click()
    _train_ended(race)


def _train_ended(race: Race) -> None:
    race.until(
        """() => /trained in/.test(document.querySelector('.progress span')?.textContent)
             && ![...document.querySelectorAll('.status')].some((e) => /waiting|untrained/.test(e.textContent))"""
    )
    race.settle()


def _shows(race: Race, slot: int, view: str) -> None:
    race.until(
        "([slot, view]) => document.querySelector(`[data-testid=panel-${slot}]`)?.dataset.view === view", [slot, view]
    )
    race.settle()


@pytest.fixture(scope="module")
def trained(visit: Callable[..., Race]) -> Iterator[Race]:
    """Two racers on a small network, trained: one page for the tests below, in their order."""
    race = visit(
        "data=spirals&widths=8-8&steps=300&racer=adam:learning_rate=0.02&racer=sgd:learning_rate=0.3", page="network"
    )
    assert race.statuses() == ["untrained", "untrained"]
    race.page.evaluate("() => (window.mounted = document.querySelector('[data-testid=player]'))")
    _train(race)
    yield race
    assert race.complaints() == []
    race.close()


def test_the_first_sight_is_a_spiral_with_three_optimizers(fresh: Callable[..., Race]) -> None:
    race = fresh(page="network")
    assert race.titles() == ["SGD", "Momentum", "Adam"] and set(race.statuses()) == {"untrained"}
    assert _parsed(race) == presets.first()
    for testid in ("panel-0", "panel-1", "panel-2", "play", "scrub", "card-racer-2", "add-racer"):
        box = race.at(testid).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] + box["height"] <= 800, testid
    asks = race.page.evaluate(
        """() => [...document.querySelectorAll('.st-key-toolbar :is(input, [data-testid=stPopoverButton], button)')]
                 .filter((e) => e.checkVisibility()).length"""
    )
    assert asks <= 8


def test_training_is_seen_in_all_panels(trained: Race) -> None:
    assert all("loss" in status and "%" in status for status in trained.statuses())
    assert set(trained.table()) == {"Adam", "SGD"}
    width = trained.page.locator(".progress .bar").evaluate("(bar) => bar.style.width")
    assert width == "100%"
    curves = trained.page.locator("[data-testid=panel-2] .trace").count()
    assert curves >= 4  # training and validation of both


@pytest.mark.long
def test_what_is_dotted_is_dotted_at_rest(trained: Race) -> None:
    """Plotly has solid lines for the labels under the pointer, which would fill the gaps if they were visible."""
    seen = """(lines) => lines.map((line) => line.checkVisibility({ opacityProperty: true }))"""
    lines = trained.page.locator("[data-testid=panel-1] .trace[class*='traceracer-']").evaluate_all(seen)
    assert len(lines) >= 4 and not any(lines)


def test_the_boundary_moves_with_the_clock(trained: Race) -> None:
    def picture() -> np.ndarray:
        return trained.canvas("[data-testid=panel-0] canvas.moments").astype(int)

    end = picture()
    trained.at("to-start").click()
    trained.settle()
    start = picture()
    assert (np.abs(end - start).max(axis=-1) > 30).mean() > 0.05
    trained.at("to-end").click()
    trained.settle()
    np.testing.assert_array_equal(picture(), end)


@pytest.mark.long
def test_curves_stay_in_sight_while_the_clock_moves(trained: Race) -> None:
    def ink() -> int:
        return int((trained.canvas("[data-testid=panel-2] canvas.trails:not(.pale)")[..., 3] > 200).sum())

    rest = ink()
    assert rest > 40
    trained.at("to-start").click()
    trained.at("play").click()
    trained.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 20")
    assert trained.root.get_attribute("data-settled") == "false" and ink() > 40
    trained.at("to-end").click()
    trained.settle()
    assert ink() == pytest.approx(rest, rel=0.05)


@pytest.mark.long
def test_what_is_to_come_is_pale(trained: Race) -> None:
    def inked(canvas: str) -> int:
        return int((trained.canvas(f"[data-testid=panel-2] canvas.{canvas}")[..., 3] > 0).sum())

    trained.at("to-start").click()
    assert inked("pale") > 500 and inked("trails:not(.pale)") == 0
    trained.at("step-forward").click()
    trained.at("to-end").click()
    assert inked("trails:not(.pale)") > 500
    trained.settle()


@pytest.mark.long
@pytest.mark.parametrize("key", ["activations", "gradients", "landscape", "outcome"])
@pytest.mark.thinned(2)
def test_a_panel_shows_another_view(trained: Race, key: str) -> None:
    trained.at("view-1").select_option(key)
    trained.until("(key) => location.search.includes(key)", key)
    _shows(trained, 1, key)
    assert _parsed(trained).views[1] == key
    assert trained.at("plot-1").get_attribute("aria-label")


@pytest.mark.long
def test_the_landscape_names_its_plane(trained: Race) -> None:
    trained.at("view-1").select_option("landscape")
    _shows(trained, 1, "landscape")
    assert "variance" in trained.at("note-1").inner_text()
    trained.at("option-1").select_option("random")
    trained.until(
        "() => /true loss/.test(document.querySelector('[data-testid=note-1]')?.textContent)"
        " && !/variance/.test(document.querySelector('[data-testid=note-1]')?.textContent)"
    )
    assert _parsed(trained).plane == "random"


def test_a_slider_trains_again_by_itself_and_leaves_the_others(trained: Race) -> None:
    kept = trained.table()["Adam"]
    before = trained.table()["SGD"]
    trained.slide("racer-1", "learning_rate", 0.5)
    trained.until(
        """(old) => {
            const rows = [...document.querySelectorAll('[data-testid=results] tbody tr')];
            const cells = rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText));
            return cells.length === 2 && cells.every((row) => row.length > 2 && row[2] !== old)
                && /trained in/.test(document.querySelector('.progress span')?.textContent);
        }""",
        before[1],
    )
    trained.settle()
    table = trained.table()
    assert table["Adam"] == kept and table["SGD"] != before
    # through all that was trained and shown, the player was never taken down to be mounted anew
    assert trained.page.evaluate("() => window.mounted === document.querySelector('[data-testid=player]')")


@pytest.mark.long
def test_a_training_is_taken_away(trained: Race) -> None:
    trained.settle()
    trained.export()
    with trained.page.expect_download() as picture:
        trained.page.get_by_role("button", name="Download PNG").click()
    with Image.open(picture.value.path()) as image:
        assert image.size == (2560, 1440) and "Optiscope" in image.info["Software"]
        paper, colors = image.getpixel((4, 4)), image.convert("RGB").getcolors(2**24)
    inks = {"#{:02x}{:02x}{:02x}".format(*color) for _, color in colors or ()}
    assert paper == (255, 255, 255, 255) and set(PALETTE[:2]) <= inks
    trained.page.locator(".st-key-export-kind").get_by_text("Slides and HTML", exact=True).click()
    with trained.page.expect_download() as page:
        trained.page.get_by_role("button", name="Download HTML").click()
    assert page.value.suggested_filename == "spirals-adam-sgd.html"
    assert b"Adam" in Path(page.value.path()).read_bytes()
    trained.page.locator(".st-key-export-kind").get_by_text("Data", exact=True).click()
    with trained.page.expect_download() as table:
        trained.page.get_by_role("button", name="CSV").click()
    lines = Path(table.value.path()).read_text().splitlines()
    assert lines[0].startswith("racer,step,loss") and {line.split(",")[0] for line in lines[1:]} == {"Adam", "SGD"}
    trained.page.get_by_role("button", name="Close").click()
    trained.page.get_by_test_id("stDialog").wait_for(state="detached")
    trained.settle()


@pytest.mark.long
def test_pages_keep_what_was_set(trained: Race) -> None:
    link = trained.page.url
    trained.page.get_by_role("link", name="Race").click()
    trained.until("() => document.querySelector('[data-testid=map]')")
    trained.settle()
    assert trained.titles() == ["SGD", "Momentum"]
    trained.page.get_by_role("link", name="Network").click()
    trained.until("() => document.querySelector('.optiscope-player .board')")
    trained.settle()
    assert trained.titles() == ["Adam", "SGD"] and "untrained" not in trained.statuses()
    assert trained.page.url == link


def test_a_reload_comes_back_to_the_trained_networks(trained: Race) -> None:
    before = trained.statuses()
    trained.page.reload()
    trained.until("() => document.querySelectorAll('.status').length === 2")
    trained.settle()
    assert trained.statuses() == before and trained.notices() == []
    assert "trained in" in trained.page.locator(".progress span").first.inner_text()


@pytest.mark.long
def test_a_training_is_made_step_by_step_and_goes_on(trained: Race) -> None:
    def press(name: str) -> None:
        trained.page.get_by_role("button", name=name, exact=True).click()

    def taken() -> list[str]:
        return [row[-3] for row in trained.table().values()]

    press("Restart")
    trained.until("() => [...document.querySelectorAll('.status')].every((e) => e.textContent === 'untrained')")
    for step in (1, 2):
        press("Step")
        words = f"stopped @ {step} "
        trained.until(
            "(words) => [...document.querySelectorAll('.status')].every((e) => e.textContent.startsWith(words))", words
        )
        trained.settle()
        assert taken() == [str(step)] * 2 and trained.step() == step
    _train(trained)
    assert taken() == ["300", "300"]
    press("Train")  # what is finished goes on for as many steps again
    trained.wait_query("steps", "600")
    _train_ended(trained)
    assert taken() == ["600", "600"]


@pytest.mark.long
def test_stopping_keeps_what_was_learned(fresh: Callable[..., Race]) -> None:
    race = fresh("data=spirals&widths=64-64&steps=100000&racer=adam:learning_rate=0.01", page="network")
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => /^step /.test(document.querySelector('.status')?.textContent)")
    race.page.get_by_role("button", name="Stop").click()
    race.until("() => /^stopped @/.test(document.querySelector('.status')?.textContent)")
    assert "stopped" in race.page.locator(".progress span").first.inner_text()
    race.settle()
    (status,) = race.statuses()
    assert re.fullmatch(r"stopped @ [\d,]+ · val\. [\d.]+ %", status)
    (row,) = race.table().values()
    assert 0 < int(row[-3].replace(",", "")) < 100_000


@pytest.mark.long
def test_the_samples_are_changed_in_sight(fresh: Callable[..., Race]) -> None:
    race = fresh("data=circles&widths=&steps=20&racer=adam:learning_rate=0.1", page="network", dark=True)
    value = race.page.get_by_test_id("stSliderThumbValue").first
    color = "e => getComputedStyle(e).color"
    assert value.evaluate(color) == race.page.locator(".stApp").evaluate(color)
    box = race.page.locator(".st-key-data-row").bounding_box()
    assert box["y"] + box["height"] < race.root.bounding_box()["y"] + 1
    race.page.get_by_role("button", name="New samples").click()
    race.wait_query("sample", "1")
    race.page.locator(".st-key-data-row").get_by_role("button", name="xᵢ²").click()
    race.wait_query("features", "squares")
    # each to the next stop: from 0.08, 60 %, 32 and 0
    for label, key, value in (
        ("Noise", "data.noise", "0.1"),
        ("Training samples", "share", "70"),
        ("Batch size", "batch_size", "64"),
        ("L2 penalty (λ)", "l2", "0.0001"),
    ):
        race.page.get_by_role("slider", name=label).press("ArrowRight")
        race.wait_query(key, value)
    training = _parsed(race)
    assert (training.sample, training.share, training.features) == (1, 70, ("squares",))
    assert training.data.get("noise", 0) == 0.1 and training.batch_size == 64 and training.of(None, "l2") == 1e-4
    race.said("Press Train: the accuracy")
    assert race.complaints() == []


@pytest.mark.long
def test_a_bad_file_is_said_and_a_good_one_is_learned(fresh: Callable[..., Race], tmp_path: Path) -> None:
    race = fresh("steps=50&racer=adam:learning_rate=0.01", page="network")
    bad, good = tmp_path / "holes.csv", tmp_path / "good.csv"
    bad.write_text("a,b,kind\n1,2,x\n3,,y\n5,6,x\n7,8,y\n")
    good.write_text("a,b,kind\n" + "\n".join(f"{k},{k % 5},{'xy'[k % 2]}" for k in range(40)))
    race.page.get_by_role("button", name="Data", exact=True).click()
    race.page.locator("input[type=file]").set_input_files(str(bad))
    race.said("line 3: the column 'b' is empty")
    assert _data(race) == "spirals"
    race.page.locator("input[type=file]").set_input_files([])
    race.page.locator("input[type=file]").set_input_files(str(good))
    race.wait_query("file", "good.csv")
    race.page.keyboard.press("Escape")
    _train(race)
    assert "loss" in race.statuses()[0]


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.mark.long
def test_the_exercise_begins_with_four_idx_files(fresh: Callable[..., Race], tmp_path: Path) -> None:
    """Chosen before the files are there, it begins with them; they come back with a reload."""
    rng = np.random.default_rng(0)
    paths = []
    for part, count in (("train", 300), ("t10k", 30)):
        labels = np.arange(count, dtype=np.uint8) % 3
        images = rng.integers(0, 60, (count, 4, 4), dtype=np.uint8)
        images[np.arange(count), :, labels] += 150
        for kind, array in (("labels-idx1-ubyte", labels), ("images-idx3-ubyte", images)):
            paths.append(tmp_path / f"{part}-{kind}")
            paths[-1].write_bytes(_idx(array))
    race = fresh("steps=50&racer=adam:learning_rate=0.01", page="network")
    race.pick("Exercise: one hidden layer of 256")
    race.said("upload MNIST under Data")
    race.settle()
    race.page.get_by_role("button", name="Data", exact=True).click()
    race.page.locator("input[type=file]").set_input_files(list(map(str, paths)))
    race.wait_query("file", "train-images-idx3-ubyte")
    race.said("300 training and 30 test samples")
    race.page.keyboard.press("Escape")
    race.settle()
    share = race.page.get_by_role("slider", name="Training samples")
    assert share.get_attribute("aria-valuetext") == "Training 100 %"
    assert "share must" not in race.page.locator(".st-key-data-row").inner_text()
    training = _parsed_with(race, 300)
    assert (training.widths, training.batch_size, training.steps, training.axis) == ((256,), 128, 24, "epochs")
    _train(race)
    epochs = race.page.locator("[data-testid=epochs] tbody tr").all_inner_texts()
    assert [row.split()[0] for row in epochs] == [str(k) for k in range(11)]
    assert "100 %" in epochs[-1]
    heads = race.page.locator("[data-testid=epochs] th").all_inner_texts()
    assert heads == ["Epoch", "SGD, training", "SGD, test", "Adam, training", "Adam, test"]
    assert race.page.locator("[data-testid=panel-1] .xtitle").text_content() == "epoch"
    before = race.statuses()
    race.page.reload()
    race.until("() => document.querySelectorAll('.status').length === 2")
    race.settle()
    assert race.statuses() == before and race.notices() == [] and _data(race) == "file"


def _parsed_with(race: Race, samples: int) -> Training:
    """The settings in the address, without the file that they name."""
    part = Samples(np.zeros((samples, 16), np.float32), one_hot(np.arange(samples) % 3, 3))
    data = DataSet("file", "classes", part, part, part, ("0", "1", "2"))
    training, notices = network_link.parse(race.query(), lambda training: data)
    assert notices == []
    return training


def _data(race: Race) -> Any:
    return race.query().get("data", ["spirals"])[0]


@pytest.mark.long
def test_the_clock_counts_epochs_where_the_axis_does(fresh: Callable[..., Race]) -> None:
    race = fresh("data=moons&widths=4&steps=40&axis=epochs&racer=sgd:learning_rate=0.1", page="network")
    _train(race)
    training = _parsed(race)
    end = short(round(40 / training.epoch(generated(training)), 2))
    assert race.at("step").inner_text() == f"epoch {end} / {end}"
    race.at("to-start").click()
    race.at("step-forward").click()
    assert race.settle().step() == 1
    assert race.at("step").inner_text() == f"epoch {short(round(1 / training.epoch(generated(training)), 2))} / {end}"


@pytest.mark.long
def test_a_card_suggests_a_rate_that_suits_the_network(fresh: Callable[..., Race]) -> None:
    race = fresh("data=moons&widths=4&steps=20&racer=sgd:learning_rate=9&racer=adam:learning_rate=0.5", page="network")
    race.at("suggest-racer-0").click()
    race.until("() => !location.search.includes('learning_rate%3D9')")
    race.settle()
    assert 0.01 < float(race.values()[0]) < 5 and race.values()[1] == "0.5"
