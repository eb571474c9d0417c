"""The Tests page in a browser: from an empty table to a run that failed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.matrix import link
from optimizers.diagnostics.matrix import cell
from tests.app.driving import Race
from tests.app.views.test_accessibility_in_browser import findings

pytestmark = pytest.mark.browser

QUERY = "groups=ravines&rules=sgd,momentum&trials=4&seed=9"
PATIENCE = 240_000


@pytest.fixture(scope="module")
def computed(visit: Callable[..., Race]) -> Iterator[Race]:
    """Sixteen cells of four settings each, computed: one page for the tests below, in their order."""
    race = visit(QUERY, page="matrix")
    race.page.set_default_timeout(PATIENCE)
    assert _texts(race) == [["–", "–"]] * 8
    race.page.get_by_role("button", name="Run", exact=True).click()
    race.until("() => /16 of 16 cells · computed/.test(document.querySelector('.progress span')?.textContent)")
    race.settle()
    yield race
    assert race.complaints() == []
    race.close()


def _texts(race: Race) -> list[list[str]]:
    rows: list[list[str]] = race.page.evaluate(
        """() => [...document.querySelectorAll('.matrix tbody tr:not(.group)')]
                 .map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))"""
    )
    return rows


def _names(race: Race) -> list[str]:
    return list(race.page.locator(".matrix tbody th[scope=row]").all_inner_texts())


def _cell(race: Race, row: int, column: int) -> Any:
    return race.page.locator(f"[data-cell='{row},{column}']")


def test_the_cells_are_those_of_the_library(computed: Race) -> None:
    for column, rule in enumerate(("sgd", "momentum")):
        for row, test in ((0, "bowl"), (2, "ravine_10_45"), (7, "ravine_10000_45")):
            solved = cell(test, rule, 4, 9).solved
            assert _texts(computed)[row][column] == f"{25 * solved}", (test, rule)
    assert computed.at("progress").get_attribute("aria-valuenow") == "100"
    assert "Round bowl" in _names(computed)


def _play(race: Race) -> None:
    """Click on the cell of Momentum in the first test, and wait for its runs."""
    _cell(race, 0, 1).click()
    race.wait_query("test", "bowl")
    race.until("() => document.querySelector('[data-testid=preset-name]')?.textContent.startsWith('Momentum')")


def test_a_click_on_a_cell_plays_its_runs(computed: Race) -> None:
    _play(computed)
    assert computed.query()["rule"] == ["momentum"]
    assert _cell(computed, 0, 1).get_attribute("aria-pressed") == "true"
    assert (
        "settings" in computed.at("preset-about").inner_text()
        and "round bowl" in computed.at("preset-about").inner_text()
    )
    assert computed.titles()[0].startswith("Best setting")
    assert computed.at("cards").locator(".actions button").count() == 0, "nothing can be done with these racers"
    assert set(computed.table()) == {*computed.titles()}
    # it is played from its start
    computed.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 0")
    computed.until("() => document.querySelector('[data-testid=player]').dataset.playing === 'false'")
    assert computed.step() == 300


@pytest.mark.long
def test_the_runs_open_on_the_race_page(computed: Race, fresh: Callable[..., Race]) -> None:
    _play(computed)
    address = computed.page.get_by_role("link", name="Open in Race").get_attribute("href")
    race = fresh(address.partition("?")[2])
    assert race.notices() == [] and race.query()["surface"] == ["quadratic_ravine"]
    assert [title.split()[0] for title in race.titles()] == ["Momentum"] * len(computed.titles())


@pytest.mark.long
def test_headings_sort_the_table_and_the_toolbar_says_so(computed: Race) -> None:
    before = _names(computed)
    computed.page.locator("[data-column=momentum]").click()
    computed.wait_query("rows", "momentum")
    computed.until("() => document.querySelector('.matrix th[aria-sort]')?.textContent === 'Momentum'")
    shares = [float(row[1]) for row in _texts(computed)]
    assert shares == sorted(shares, reverse=True) and sorted(_names(computed)) == sorted(before)
    assert computed.page.locator(".matrix tr.group").count() == 0
    computed.page.locator("[data-column=momentum]").click()
    computed.until("() => !new URL(location.href).searchParams.has('rows')")
    computed.settle()
    assert _names(computed) == before


@pytest.mark.long
def test_the_arrow_keys_move_from_cell_to_cell(computed: Race) -> None:
    _cell(computed, 1, 0).focus()
    for key, place in (("ArrowRight", "1,1"), ("ArrowDown", "2,1"), ("ArrowLeft", "2,0"), ("ArrowUp", "1,0")):
        computed.page.keyboard.press(key)
        assert computed.page.evaluate("document.activeElement.dataset.cell") == place
    computed.page.keyboard.press("Enter")
    computed.wait_query("test", "ravine_10_0")
    assert computed.query()["rule"] == ["sgd"]
    assert computed.page.locator(".matrix button[tabindex='0']").count() == 1


@pytest.mark.long
def test_the_table_leaves_as_a_csv_file(computed: Race) -> None:
    computed.at("export").click()
    computed.page.get_by_role("button", name="Download PNG").wait_for()
    computed.page.get_by_text("Data", exact=True).click()
    name, content = computed.download("CSV")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert name == "tests-ravines-sgd-momentum.csv" and len(rows) == 16
    assert {(row["trials"], row["trials_seed"]) for row in rows} == {("4", "9")}
    computed.page.keyboard.press("Escape")
    computed.settle()


@pytest.mark.long
def test_axe_finds_nothing(computed: Race) -> None:
    assert findings(computed) == []


@pytest.mark.long
def test_the_link_restores_the_page_and_finds_the_cells(computed: Race, fresh: Callable[..., Race]) -> None:
    address = computed.page.url.partition("?")[2]
    settings, notices = link.parse(computed.query())
    assert notices == [] and settings.trials == 4
    again = fresh(address, page="matrix", dark=True, width=390, height=844)
    assert _texts(again) == _texts(computed) and again.query() == computed.query()
    assert findings(again) == []
    wide: float = again.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "the table scrolls, and the page does not"
