"""The Studies page in a browser: a study is chosen, computed, shown, stopped, changed and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.app.driving import Race
from tests.app.studying import PATIENCE, check, panels, studied
from tests.app.views.test_accessibility_in_browser import findings

pytestmark = pytest.mark.browser

SMALL = "study=dimension_saddles&study.largest=6&study.samples=2000"


@pytest.fixture(scope="module")
def saddles(visit: Callable[..., Race]) -> Iterator[Race]:
    """A small study, computed: one page for the tests below, in their order."""
    race = studied(visit, SMALL)
    yield race
    assert race.complaints() == []
    race.close()


def test_a_study_is_drawn_and_saved(saddles: Race) -> None:
    assert [panel["key"] for panel in panels(saddles)] == ["saddles", "extrema", "directions"]
    rows = check(saddles)
    shares = {int(row[0]): float(row[1]) for row in rows[1:]}
    assert list(shares) == [1, 2, 3, 4, 5, 6] and shares[2] == pytest.approx(0.5, abs=0.1)
    assert list(saddles.table()) == [str(n) for n in shares]
    assert not saddles.page.locator(".transport").is_visible(), "nothing of this study has a time"


@pytest.mark.long
def test_axe_finds_nothing(saddles: Race) -> None:
    assert findings(saddles) == []


@pytest.mark.long
def test_the_link_restores_the_page_and_finds_the_result(saddles: Race, fresh: Callable[..., Race]) -> None:
    again = fresh(saddles.page.url.partition("?")[2], page="studies", dark=True, width=390, height=844)
    again.until("() => /^computed/.test(document.querySelector('.progress span')?.textContent)")
    assert again.table() == saddles.table() and again.query() == saddles.query()
    assert findings(again) == []
    wide: float = again.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "tables scroll, and the page does not"


@pytest.mark.long
def test_a_changed_parameter_gives_another_result_and_a_bad_one_is_refused(saddles: Race) -> None:
    saddles.page.get_by_role("button", name="Parameters").click()
    field = saddles.page.get_by_role("textbox", name="largest, exact value")
    field.fill("99")
    field.press("Enter")
    saddles.said("largest must lie in the range from 2 to 40; got 99.")
    field.fill("3")
    field.press("Enter")
    saddles.wait_query("study.largest", "3")
    saddles.until("() => document.querySelectorAll('[data-testid=results] tbody tr').length === 3")
    saddles.page.keyboard.press("Escape")
    saddles.settle()
    assert saddles.at("preset-changes").inner_text() == "Changed: n 24 → 3; N 20,000 → 2,000."


@pytest.mark.long
def test_a_long_study_waits_for_run_and_can_be_stopped(fresh: Callable[..., Race]) -> None:
    race = fresh("study=dimension_steps&study.steps=2500", page="studies")
    race.page.set_default_timeout(PATIENCE)
    race.said("press Run: about")
    race.page.get_by_role("button", name="Run", exact=True).click()
    race.until("() => window.optiscope.scenes()[0].panels.length === 3")  # a first result is drawn
    race.page.get_by_role("button", name="Stop", exact=True).click()
    race.said("press Run to compute it from the beginning")
    race.settle()
    assert {panel["key"] for panel in panels(race)} == {"fixed", "grown", "conditioning"}
    assert not race.query().get("study.condition_number")
