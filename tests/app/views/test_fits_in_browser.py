"""A study with a clock in a browser: boosting, member by member."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app.driving import Race
from tests.app.studying import check, panels, studied

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_boosting_is_played_member_by_member(fresh: Callable[..., Race]) -> None:
    race = studied(fresh, "study=boosting&study.members=4&study.steps=60&study.data_sets=2")
    rows = check(race)
    errors = [float(row[1]) for row in rows[1:]]
    assert len(errors) == 5 and errors == sorted(errors, reverse=True) and len(set(errors)) == 5
    assert [panel["key"] for panel in panels(race)] == ["fits", "errors"]
    assert race.page.locator(".transport").is_visible()
    clock = race.page.evaluate("window.optiscope.scenes()[0].clock")
    assert (clock["end"], clock["unit"]) == (4, "member")
    assert race.at("finding").inner_text().startswith("The training error falls to")
