"""Every statement of the lectures is shown by a preset, and the page that lists them links to it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from app.maps import link as map_link
from app.matrix import link as matrix_link
from app.network import link as network_link
from app.network.settings import Training
from app.race import link as race_link
from app.studies import link as study_link
from docs import lectures
from docs.lectures import PRESETS, RULES, STATEMENTS, places
from surfaces.network import DataSet

PAGE = lectures.page()


def _nowhere(training: Training) -> DataSet:
    raise AssertionError("no file was named")


PARSE = {
    "race": race_link.parse,
    "maps": map_link.parse,
    "network": lambda given: network_link.parse(given, _nowhere),
    "studies": study_link.parse,
    "matrix": matrix_link.parse,
}


@pytest.mark.parametrize("row", STATEMENTS)
def test_every_statement_has_a_preset(row: str) -> None:
    assert list(places(row))


def test_statements_are_those_of_the_lectures_and_presets_name_no_others() -> None:
    wanted = [*(f"P{k}" for k in range(1, 13)), *(f"N{k}" for k in range(1, 18))]
    assert [*STATEMENTS] == wanted
    assert [*RULES] == ["U1", "U2", "U3", "U3b", *(f"U{k}" for k in range(4, 9))]
    named = {row for presets in PRESETS.values() for preset in presets.values() for row in preset.rows}
    assert named <= {*STATEMENTS, *RULES}


@pytest.mark.parametrize("page", PRESETS)
def test_a_link_with_a_preset_alone_opens_it(page: str) -> None:
    for key in PRESETS[page]:
        settings, notices = PARSE[page]({"preset": [key]})
        bare, _ = PARSE[page]({})
        assert notices == [], key
        assert settings != bare or key in ("zigzag", "edge", "spirals", "rotation"), key
    settings, (notice,) = PARSE[page]({"preset": ["sadle"]})
    assert "'sadle'" in notice


def test_all_links_of_the_page_open_what_they_name() -> None:
    links = re.findall(r"\]\((http[^)]*)\)", PAGE)
    assert len(links) > 25
    for address in links:
        assert address.startswith(lectures.ADDRESS)
        url = urlsplit(address)
        page = url.path.strip("/") or "race"
        _, notices = PARSE[page](parse_qs(url.query))
        assert notices == [], address


@pytest.mark.parametrize("row", ["U3b", "P1", "N4"])
def test_the_page_has_a_line_for_each_statement(row: str) -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {row} |")]
    assert RULES[row][0] in line if row in RULES else STATEMENTS[row] in line
    for place in places(row):
        assert f"[{place.page}: {place.name}]({lectures.ADDRESS}{place.address})" in line
