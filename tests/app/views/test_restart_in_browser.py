"""A page that stays open while its server is stopped and started again on the same port."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import ROOT, Server, free_port
from tests.app.driving import Race

pytestmark = pytest.mark.browser

CONNECTED = """(whether) =>
    (document.querySelector('[data-testid=stApp]').dataset.testConnectionState === 'CONNECTED') === whether"""


class Restarting:
    """A server that can be stopped and started again, and a page that stays open meanwhile."""

    def __init__(self, tab: Any, logs: Path) -> None:
        self._port = free_port()
        self._logs = logs
        self.race = Race(tab, f"http://127.0.0.1:{self._port}/")

    def start(self) -> None:
        command = [sys.executable, "-m", "app", "--headless", "--port", str(self._port)]
        self._server = Server(command, self._port, ROOT, self._logs / "server.log").wait()

    def runs(self) -> bool:
        return self._server.process.poll() is None

    def stop(self) -> None:
        self._server.stop()

    def disconnect(self) -> None:
        """Stop the server, and wait until the page has noticed."""
        self.stop()
        self.race.until(CONNECTED, False)

    def reconnect(self) -> None:
        """Start the server again, and wait until the page is connected to it."""
        self.start()
        self.race.until(CONNECTED, True)


@pytest.fixture(scope="module")
def _restarting(profile: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarting]:
    tab = profile.new_page()
    tab.set_viewport_size({"width": 1280, "height": 800})
    server = Restarting(tab, tmp_path_factory.mktemp("restarting"))
    server.start()
    yield server
    server.stop()
    tab.close()


@pytest.fixture
def restarting(_restarting: Restarting) -> Restarting:
    """The server of the module, which a failed test may have left stopped."""
    if not _restarting.runs():
        _restarting.start()
    return _restarting


def test_a_button_of_a_card_works_after_a_restart(restarting: Restarting) -> None:
    # the last run is of the whole script: after one of a fragment, Streamlit's front end reruns by itself
    race = restarting.race.load("surface=saddle&racer=sgd:learning_rate=0.02&racer=adam:learning_rate=0.03")
    restarting.disconnect()
    restarting.reconnect()
    race.page.locator("[data-testid=card-racer-1] [data-testid^=duplicate]").click()
    race.until("() => document.querySelectorAll('[data-testid=cards] h3').length === 3")
    race.settle()
    assert [title.split()[0] for title in race.titles()] == ["SGD", "Adam", "Adam"]
    assert race.query()["surface"] == ["saddle"] and len(race.query()["racer"]) == 3


def test_actions_during_a_restart_are_carried_out_afterwards(restarting: Restarting) -> None:
    race = restarting.race.load("racer=sgd:learning_rate=0.01")
    restarting.disconnect()
    # not with the mouse, because Streamlit covers a page without server with a dialog
    race.at("value-racer-0-learning_rate").evaluate(
        "(field) => { field.value = '0.012'; field.dispatchEvent(new Event('change')); }"
    )
    restarting.reconnect()
    race.wait_query("racer", "sgd:learning_rate=0.012")
    assert race.values()[0] == "0.012"


def test_train_works_after_a_restart(restarting: Restarting) -> None:
    race = restarting.race.load("data=xor&widths=4&steps=300&racer=sgd:learning_rate=0.2", page="network")
    restarting.disconnect()
    restarting.reconnect()
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => /trained in/.test(document.querySelector('.progress span')?.textContent)")
    race.settle()
    assert "loss" in race.statuses()[0]
