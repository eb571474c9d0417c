"""The fair race in a browser: the button, the verdict, the link, what ends it, and its files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from app.race import link, verdict
from app.race.runs import race_of
from tests.app.driving import Race
from tests.app.views.test_accessibility_in_browser import findings

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

TUNED = """(trials) => {
    const fair = window.optiscope.scenes()[0]?.fair;
    return fair?.trials === trials && fair.progress === 1;
}"""
NUMBERS = ("effect", "low", "high", "pairs", "wins_a", "rank_biserial", "p", "corrected_level", "pairs_needed")
OPENING = "preset=zigzag"
FAIR = "surface=quadratic_ravine&steps=60&racer=sgd&racer=momentum&fair=16"


def _press(race: Race) -> None:
    race.at("fair").click()
    race.until(TUNED, 64)
    race.wait_query("fair", "64")


def test_the_button_tunes_the_opening_race_and_the_link_restores_it(fresh: Visit) -> None:
    race = fresh(OPENING, reduced=True)
    own = race.values()
    _press(race)
    settings, notices = link.parse(race.query())
    assert notices == [] and settings.fair == 64 and settings.beside is None
    whole = race_of(settings)
    assert whole.fair is not None
    assert race.at("fair-words").inner_text() == verdict.sentence(whole.fair)
    rows = [row.inner_text().split("\t") for row in race.page.locator("[data-testid=verdict] tbody tr").all()]
    assert rows == verdict.pair_rows(whole.fair)
    assert race.page.locator("[data-testid=tuning] tbody tr").count() == 2
    text = race.page.locator("div.verdict").inner_text()
    assert all(remark in text for remark in verdict.remarks(whole.fair))
    assert race.at("map-beside").is_visible() and race.page.locator(".slot:visible").count() == 2
    assert race.values() != own
    assert findings(race) == []
    tuned, words = race.values(), race.at("fair-words").inner_text()
    race.page.reload()
    race.settle()
    race.until(TUNED, 64)
    race.settle()
    assert (race.values(), race.at("fair-words").inner_text()) == (tuned, words)
    race.at("fair").click()
    race.until("() => !new URL(location.href).searchParams.has('fair')")
    race.settle()
    assert race.values() == own and not race.at("fair-race").is_visible()
    assert race.page.locator("div.verdict").count() == 0
    _press(race)
    assert (race.values(), race.at("fair-words").inner_text()) == (tuned, words)


@pytest.mark.long
def test_a_moved_slider_ends_the_fair_race_and_says_so(fresh: Visit) -> None:
    race = fresh(FAIR, reduced=True)
    race.until(TUNED, 16)
    race.settle()
    tuned = race.values()
    race.at("fair-trials").select_option("4")
    race.until(TUNED, 4)
    race.wait_query("fair", "4")
    assert race.at("fair-words").inner_text().startswith("At their best of 4 trials each: ")
    race.at("fair-trials").select_option("16")
    race.until(TUNED, 16)
    race.wait_query("fair", "16")
    assert race.values() == tuned
    race.type_value("racer-0", "learning_rate", "0.025")
    race.wait_query("racer", "learning_rate=0.025")
    assert "fair" not in race.query() and race.at("fair").get_attribute("aria-pressed") == "false"
    assert race.at("fair-words").inner_text().startswith("A value was changed, so the verdict no longer holds.")
    assert race.values() == ["0.025", *tuned[1:]]
    assert race.page.locator("div.verdict").count() == 0


@pytest.mark.long
def test_files_of_a_fair_race_have_the_verdict(fresh: Visit) -> None:
    race = fresh(FAIR, reduced=True)
    race.until(TUNED, 16)
    race.settle()
    whole = race_of(link.parse(race.query())[0])
    assert whole.fair is not None
    race.export()
    race.choose("Size", next(option for option in _options(race, "Size") if option.startswith("Slide 16:9")))
    title = race.page.get_by_role("textbox", name="Title", exact=True)
    assert title.input_value() == verdict.headline(whole.fair)
    race.page.locator(".st-key-export-kind").get_by_text("Data", exact=True).click()
    name, content = race.download("VERDICT.CSV")
    (row,) = csv.DictReader(io.StringIO(content.decode()))
    expected = verdict.pair_data(whole.fair.verdicts[0])
    assert name.endswith(".verdict.csv") and row["verdict"] == expected["verdict"] == "Momentum ends lower"
    # The compiler of the tests rounds differently.
    assert [float(row[key]) for key in NUMBERS] == pytest.approx([expected[key] for key in NUMBERS], rel=1e-9)


def _options(race: Race, label: str) -> list[str]:
    """The options of a choice of Streamlit, which is closed again."""
    box = race.page.get_by_role("combobox", name=label)
    box.click()
    options = race.page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option").all_inner_texts()
    race.page.keyboard.press("Escape")
    return [str(option) for option in options]
