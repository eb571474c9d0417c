"""Pages that stay open while their server is stopped and started again on the same port."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.conftest import ROOT, Server, free_port
from tests.app.driving import Race

pytestmark = pytest.mark.browser

CONNECTED = """(whether) =>
    (document.querySelector('[data-testid=stApp]').dataset.testConnectionState === 'CONNECTED') === whether"""


CHANGED = "(field) => { field.value = '0.012'; field.dispatchEvent(new Event('change')); }"


@pytest.fixture(scope="module")
def restarted(profile: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Race]]:
    """Three pages that were open while their server was stopped and started again, with one action meanwhile."""
    port, log = free_port(), tmp_path_factory.mktemp("restarting") / "server.log"
    command = [sys.executable, "-m", "app", "--headless", "--port", str(port)]
    links = {
        # the last run is of the whole script: after one of a fragment, Streamlit's front end reruns by itself
        "button": ("surface=saddle&racer=sgd:learning_rate=0.02&racer=adam:learning_rate=0.03", ""),
        "action": ("racer=sgd:learning_rate=0.01", ""),
        "train": ("data=xor&widths=4&steps=300&racer=sgd:learning_rate=0.2", "network"),
    }
    server = Server(command, port, ROOT, log).wait()
    pages = {}
    try:
        for name, (query, page) in links.items():
            tab = profile.new_page()
            tab.set_viewport_size({"width": 1280, "height": 800})
            pages[name] = Race(tab, server.url).load(query, page)
        server.stop()
        for race in pages.values():
            race.until(CONNECTED, False)
        # not with the mouse, because Streamlit covers a page without server with a dialog
        pages["action"].at("value-racer-0-learning_rate").evaluate(CHANGED)
        server = Server(command, port, ROOT, log).wait()
        for race in pages.values():
            race.until(CONNECTED, True)
        yield pages
    finally:
        server.stop()
        for race in pages.values():
            race.page.close()


@pytest.mark.long
def test_a_button_of_a_card_works_after_a_restart(restarted: dict[str, Race]) -> None:
    race = restarted["button"]
    race.page.locator("[data-testid=card-racer-1] [data-testid^=duplicate]").click()
    race.until("() => document.querySelectorAll('[data-testid=cards] h3').length === 3")
    race.settle()
    assert [title.split()[0] for title in race.titles()] == ["SGD", "Adam", "Adam"]
    assert race.query()["surface"] == ["saddle"] and len(race.query()["racer"]) == 3


@pytest.mark.long
def test_actions_during_a_restart_are_carried_out_afterwards(restarted: dict[str, Race]) -> None:
    race = restarted["action"]
    race.wait_query("racer", "sgd:learning_rate=0.012")
    assert race.values()[0] == "0.012"


@pytest.mark.long
def test_train_works_after_a_restart(restarted: dict[str, Race]) -> None:
    race = restarted["train"]
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => /trained in/.test(document.querySelector('.progress span')?.textContent)")
    race.settle()
    assert "loss" in race.statuses()[0]
