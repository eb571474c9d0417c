"""The buttons above the cards that copy the link and export files."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.app.driving import Race

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_the_link_is_copied(fresh: Callable[..., Race]) -> None:
    race = fresh()
    race.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    race.at("copy-link").click()
    race.until("() => document.querySelector('[data-testid=copy-link]').textContent === 'Copied'")
    copied = race.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == race.page.url and urlsplit(copied).query


@pytest.mark.long
def test_keys_do_not_reach_the_player_behind_a_panel(fresh: Callable[..., Race]) -> None:
    race = fresh()
    race.export()
    race.page.evaluate("document.activeElement?.blur()")
    race.page.keyboard.press(" ")
    race.page.keyboard.press("Home")
    assert not race.playing() and race.step() == 300
    race.page.keyboard.press("Escape")
    race.page.get_by_test_id("stDialog").wait_for(state="detached")
    race.settle()
    race.page.keyboard.press("Home")
    assert race.step() == 0
