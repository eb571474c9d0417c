"""The search of two hyperparameters on the Network page, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.network import link
from app.network.settings import Training
from tests.app.driving import Race
from tests.app.views.test_accessibility_in_browser import findings

pytestmark = pytest.mark.browser

COMPLETE = "() => /best: η = /.test(document.querySelector('[data-testid=note-0]')?.textContent)"


def _settings(race: Race) -> Training:
    return link.parse(race.query(), lambda training: None)[0]  # type: ignore[arg-type,return-value]


@pytest.mark.long
def test_a_search_finds_a_setting_that_is_used_and_tested_once(fresh: Callable[..., Race]) -> None:
    race = fresh(
        "data=moons&widths=4&steps=20&views=search,loss,accuracy&racer=momentum:learning_rate=0.0002", page="network"
    )
    race.until(COMPLETE)
    race.settle()
    assert "36 settings with 36 values of η" in race.at("note-0").inner_text()
    assert findings(race) == []
    race.page.get_by_role("button", name="Use the best setting").click()
    race.until("() => !/learning_rate=0.0002/.test(decodeURIComponent(location.search))")
    (racer,) = _settings(race).racers
    assert float(racer.rule.get("learning_rate", 0.0)) > 0.0002
    race.until(COMPLETE)
    race.page.get_by_role("button", name="Test the best setting, once").click()
    race.until("() => /The best setting on the test samples.*accuracy .*loss /.test(document.body.textContent)")
    assert race.page.get_by_role("button", name="Test the best setting, once").count() == 0

    race.at("option-0").select_option("grid")
    race.until(
        "() => /36 settings with 6 values of η/.test(document.querySelector('[data-testid=note-0]').textContent)"
    )
    assert _settings(race).search == "grid"
