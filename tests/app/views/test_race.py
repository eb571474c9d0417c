"""The Race page in Streamlit's test driver: its widgets, and invalid input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest, app_test

from app.common import budget
from app.common.digits import parsed
from app.race import captions as words
from app.race import changes, presets
from app.race import link as race_link
from app.race import settings as change
from app.views import export
from surfaces import SURFACES

ROUTER = str(Path(change.__file__).parents[1] / "router.py")
Page = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _tidy() -> Iterator[None]:
    """Remove the folder that the driver would leave to the garbage collector, which would warn when Python ends."""
    yield
    app_test.TMP_DIR.cleanup()


@pytest.fixture
def page() -> Iterator[Page]:
    """The page opened with a link."""

    def open_(**query: Any) -> AppTest:
        test = AppTest.from_file(ROUTER, default_timeout=120)
        for key, value in query.items():
            test.query_params[key.replace("__", ".")] = value
        test.run()
        assert not test.exception
        return test

    yield open_


def _refusals(test: AppTest) -> list[str]:
    return [m.value.removeprefix(":red[").removesuffix("]") for m in test.markdown if m.value.startswith(":red[")]


def _link(test: AppTest) -> dict[str, list[str]]:
    return {key: [v] if isinstance(v, str) else list(v) for key, v in test.query_params.items()}


def _widget(widgets: Any, key: str) -> Any:
    """The widget of a control, whose key changes after each change elsewhere."""
    (found,) = (w for w in widgets if re.fullmatch(rf"{re.escape(key)}(-again-\d+)?", w.key))
    return found


def _exporting(test: AppTest, kind: str) -> None:
    """Open the Export panel as the button of the player does, with one kind of files."""
    test.session_state["exporting"], test.session_state["screens"] = test.session_state["page"], 1
    test.session_state["export-kind"] = kind
    test.run()


def _type(test: AppTest, key: str, text: str) -> AppTest:
    _widget(test.text_input, key).set_value(text).run()
    assert not test.exception
    return test


FIELDS = [
    ("steps-field", "one million", "steps must be a number"),
    ("steps-field", "1000000", "from 1 to 20,000"),
    ("steps-field", "nan", "finite"),
    ("seed-field", "-3", "seed must be a whole number"),
    ("seed-field", "1e999", "finite"),
    ("start-field", "1", "two numbers separated by a comma"),
    ("start-field", "1, nan", "finite"),
    ("start-field", "1000, 0", "must lie on the map"),
    ("racer-2-adam-beta2-field", "1", "beta2 must lie in"),
    ("racer-2-adam-epsilon-field", "tiny", "'tiny'"),
    ("noise-isotropic-scale-field", "NaN", "finite"),
    ("schedule-cosine-horizon-field", "0", "1 to 20,000"),
]


@pytest.mark.parametrize(("key", "text", "said"), FIELDS, ids=[f"{k}: {t}" for k, t, _ in FIELDS])
@pytest.mark.thinned(3)
def test_invalid_text_is_refused_below_its_field_and_nothing_else_changes(
    page: Page, key: str, text: str, said: str
) -> None:
    test = page(noise="isotropic", schedule="cosine", racer=["sgd", "nesterov", "adam:learning_rate=0.05"])
    link = _link(test)
    good = _widget(test.text_input, key).value
    _type(test, key, text)
    (refusal,) = _refusals(test)
    assert said in refusal and refusal.endswith(".")
    assert _link(test) == link
    assert _widget(test.text_input, key).value == text  # to be mended
    _type(test, key, good)
    assert _refusals(test) == []
    before, after = (race_link.parse(spelled)[0] for spelled in (link, _link(test)))
    assert words.caption(after) == words.caption(before)  # a default may now be spelled out


def test_two_invalid_fields_have_a_sentence_each(page: Page) -> None:
    test = page(surface="quadratic_ravine")
    _type(test, "steps-field", "x")
    _type(test, "seed-field", "y")
    assert [text.split()[0] for text in _refusals(test)] == ["steps", "seed"]
    _type(test, "steps-field", "200")
    assert [text.split()[0] for text in _refusals(test)] == ["seed"]
    assert _link(test)["steps"] == ["200"]


def test_no_link_is_the_opening_preset_and_is_spelled_out(page: Page) -> None:
    link = _link(page())
    assert race_link.parse(link) == (presets.preset(race_link.OPENING), []) and "surface" in link


def test_an_invalid_link_gives_notices_and_a_page(page: Page) -> None:
    test = page(steps="many", surface="himmelblau", racer=["adam", "nobody"], v="99")
    (warning,) = test.warning
    lines = warning.value.splitlines()
    assert len(lines) == 3 and all(any(word in line for line in lines) for word in ("many", "nobody", "99"))
    assert _link(test)["surface"] == ["himmelblau"] and len(_link(test)["racer"]) == 1
    _type(test, "steps-field", "50")
    assert len(test.warning) == 1  # until it has been read
    next(b for b in test.button if b.label == "Dismiss").click().run()
    assert len(test.warning) == 0 and _link(test)["steps"] == ["50"]


@pytest.mark.parametrize("key", SURFACES)
@pytest.mark.thinned(20)
def test_every_surface_can_be_shown(page: Page, key: str) -> None:
    test = page(surface=key, racer=["sgd", "adam"])
    assert _link(test)["surface"] == [key]


def test_a_surface_is_chosen_from_the_list(page: Page) -> None:
    test = page(surface="quadratic_ravine")
    _widget(test.selectbox, "surface").set_value("rosenbrock").run()
    assert not test.exception
    assert race_link.parse(_link(test))[0] == changes.choose_surface(changes.first(), "rosenbrock")


def test_a_slider_and_its_field_show_the_same_value(page: Page) -> None:
    test = page(surface="quadratic_ravine")
    key = "racer-2-adam-beta2"
    slider = _widget(test.select_slider, f"{key}-slider")
    assert slider.value == 0.999
    slider.set_value(0.99).run()
    assert "beta2=0.99" in _link(test)["racer"][2]
    assert parsed(_widget(test.text_input, f"{key}-field").value) == 0.99
    _type(test, f"{key}-field", "0.99995")  # beyond the slider's own range
    assert _widget(test.select_slider, f"{key}-slider").value == 0.99995
    assert "beta2=0.99995" in _link(test)["racer"][2]


def test_mini_batches_are_refused_on_a_surface_without_data(page: Page) -> None:
    test = page(surface="quadratic_ravine")
    _widget(test.selectbox, "noise").set_value("mini_batch").run()
    assert len(_refusals(test)) == 1 and "no data" in _refusals(test)[0]
    assert "noise" not in _link(test)
    _widget(test.selectbox, "surface").set_value("linear_regression").run()
    _widget(test.selectbox, "noise").set_value("mini_batch").run()
    assert _link(test)["noise"] == ["mini_batch"] and not test.exception and _refusals(test) == []


def test_a_race_without_racers_is_a_page(page: Page) -> None:
    test = page(surface="rosenbrock")
    assert not test.exception


def test_two_sessions_are_independent(page: Page) -> None:
    one, other = page(surface="quadratic_ravine"), page(surface="quadratic_ravine")
    _type(one, "steps-field", "77")
    other.run()
    assert (_link(one)["steps"], _link(other)["steps"]) == (["77"], ["300"])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"racer": "sgd:hidden=1"}, "No optimizers to export: add one, or show one that is hidden."),
        ({"surface": "ravine_nd", "surface__dimension": "1000", "steps": "2001", "racer": "sgd"}, "Use fewer of them"),
    ],
    ids=["nobody", "too many"],
)
def test_exports_that_are_too_large_are_refused_before_they_are_computed(page: Page, query: Any, said: str) -> None:
    test = page(**query)
    _exporting(test, "Data")
    assert not test.exception
    assert any(said in refusal for refusal in _refusals(test))
    assert not [b for b in test.get("download_button") if b.proto.label in ("CSV", "PARQUET", "NPZ")]
    test = page(racer="sgd")
    _exporting(test, "Data")
    assert {"CSV", "PARQUET", "NPZ"} <= {b.proto.label for b in test.get("download_button")}


def test_a_race_that_is_too_large_is_refused_below_the_field(page: Page) -> None:
    test = page(surface="ravine_nd", surface__dimension="100", steps="300", racer="sgd", inspect="1")
    _type(test, "steps-field", "6000")
    assert any("too many to explain" in refusal for refusal in _refusals(test))
    assert _link(test)["steps"] == ["300"]


@pytest.mark.long
def test_the_page_says_when_the_server_is_low_on_memory(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_memory", lambda: 0)
    test = page(surface="ravine_nd", surface__dimension="500", steps="5000", racer="sgd")
    assert [error.value.partition(":")[0] for error in test.error] == ["The server is low on memory"]
    _type(test, "steps-field", "300")
    assert not test.error


@pytest.mark.parametrize(
    ("kind", "lasts", "slowed"),
    [("gif", "200 frames, 4.00 seconds in total", True), ("mp4", "240 frames, 4.00", False)],
)
def test_the_panel_shows_the_length_of_a_film_and_the_limit_of_gifs(
    page: Page, kind: str, lasts: str, slowed: bool
) -> None:
    test = page(racer="sgd:learning_rate=0.01", steps="20")
    test.session_state["export-kept"] = {
        **export.FIELDS,
        "step": "20",
        "picture": "map",
        "axis": "log",
        "theme": "light",
        "zoomed": True,
        "caption": export.CAPTIONS[0],
        "film": kind,
        "seconds": 2.5,
        "rate": 60.0,
    }
    _exporting(test, "Film")
    captions = " ".join(caption.value for caption in test.caption)
    assert lasts in captions and "2.50 seconds of motion" in captions
    assert ("at most 50 frames per second" in captions) is slowed
