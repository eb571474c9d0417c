"""Fixtures: a server of the app, and a browser that fails tests on errors of the page."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.driving import Race

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
PLAIN = "surface=quadratic_ravine"
"""The race of tests that do not care which: no preset, and none that plays by itself."""
PATIENCE = 60_000
"""The timeout of conditions in milliseconds on a busy machine, which only limits hanging tests."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all browser tests in one worker, so that they share its server and its browser."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process that serves the app. Its output is part of the report of a failure."""

    def __init__(self, command: list[str], port: int, folder: Path, log: Path, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self.log = log
        variables = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_") and k != "XLA_FLAGS"}
        with log.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**variables, **environment}, stdout=out, stderr=out, start_new_session=True
            )

    def wait(self, seconds: float = 120) -> Server:
        """Wait until it answers, and raise an error with its output if it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}_stcore/health", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the server did not answer:\n{self.log.read_text()}")

    def stop(self) -> int:
        """Stop it like Ctrl+C."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers by command, in which `{port}` is replaced by a free port. All are stopped in the end."""
    servers: list[Server] = []
    folder = tmp_path_factory.mktemp("servers")

    def start(command: list[str], cwd: Path = ROOT, **environment: str) -> Server:
        port = free_port()
        words = [word.format(port=port) for word in command]
        server = Server(words, port, cwd, folder / f"{len(servers)}.log", **environment)
        servers.append(server)
        return server.wait()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """The server of the command `optiscope`."""
    return serve([sys.executable, "-m", "app", "--headless", "--port", "{port}"])


@pytest.fixture(scope="session")
def playing() -> Iterator[tuple[Any, str]]:
    """Playwright's browser type, and the path of the system's Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        why = f"no browser found: none of {', '.join(BROWSERS)} is on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{why}; with CI=true the browser tests must run", pytrace=False)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium, found


@pytest.fixture(scope="session")
def chromium(playing: tuple[Any, str]) -> Iterator[Any]:
    """A browser without state, for contexts with other options."""
    launcher, found = playing
    browser = launcher.launch(executable_path=found, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def profile(playing: tuple[Any, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that keeps what it has compiled of the page's scripts, as a visitor's does: the page comes twice as
    quickly.
    """
    launcher, found = playing
    folder = tmp_path_factory.mktemp("profile")
    context = launcher.launch_persistent_context(folder, executable_path=found, args=FLAGS, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="session")
def visit(profile: Any, server: Server) -> Callable[..., Race]:
    """Open the app in a page of its own: `visit(query, width=…, dark=…)`; whoever visits also leaves.

    Without a query it is the plain race, and on the Network page what a first visit shows.
    """

    def open_(
        query: str | None = None,
        *,
        page: str = "",
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        reduced: bool = False,
    ) -> Race:
        tab = profile.new_page()
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if reduced else "no-preference",
        )
        return Race(tab, server.url).load(query if query is not None else "" if page else PLAIN, page)

    return open_


@pytest.fixture
def fresh(visit: Callable[..., Race]) -> Iterator[Callable[..., Race]]:
    """`visit` with pages that are checked for errors and closed after the test."""
    races: list[Race] = []

    def open_(*arguments: Any, **options: Any) -> Race:
        races.append(visit(*arguments, **options))
        return races[-1]

    yield open_
    for race in races:
        complaints = race.complaints()
        race.close()
        assert complaints == []


@pytest.fixture(scope="module")
def _kept(visit: Callable[..., Race]) -> Iterator[Race]:
    race = visit()
    yield race
    race.close()


@pytest.fixture
def shared(_kept: Race) -> Iterator[Race]:
    """A page that all tests of a module share if they do not change settings, with the playhead at the end."""
    _kept.reset()
    yield _kept
    assert _kept.complaints() == []
