"""Work is stopped after its session has ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.views import sessions
from tests.app.driving import Race

SERVER = """
import sys
from app.views import sessions
sessions.GRACE, sessions.INTERVAL = 1.0, 0.2
from app.server.cli import main
sys.exit(main(sys.argv[1:]))
"""


class _Work:
    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


def test_work_is_stopped_once_and_only_after_the_grace_period(monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[Any] = []
    monkeypatch.setattr(sessions, "_watched", watched)
    monkeypatch.setattr(sessions, "GRACE", 60.0)
    here, gone = _Work(), _Work()
    watched += [(name, sessions.weakref.WeakMethod(work.stop)) for name, work in (("a", here), ("b", gone))]
    away: dict[str, float] = {}
    for now, connected in ((0.0, "ab"), (10.0, "a"), (40.0, "ab"), (50.0, "a"), (109.0, "a")):
        sessions._end_abandoned(away, connected.__contains__, now)
    assert (here.stopped, gone.stopped) == (0, 0)  # b was away for 59 s after it had reconnected
    for now in (110.0, 500.0):
        sessions._end_abandoned(away, "a".__contains__, now)
    assert (here.stopped, gone.stopped) == (0, 1)
    del here
    sessions._end_abandoned(away, "a".__contains__, 501.0)
    assert watched == []


def _trainer(server: int) -> int:
    """The process id of a server's trainer."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == server and "app.network.trainer" in command:
            return int(folder.name)
    raise AssertionError("the server has no trainer")


def _cpu(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processor time of a process from /proc")
def test_a_training_ends_after_its_visitor_has_left(serve: Callable[..., Any], profile: Any) -> None:
    server = serve([sys.executable, "-c", SERVER, "--headless", "--port", "{port}"])
    race = Race(profile.new_page(), server.url)
    race.load("data=digits&widths=256-256&batch_size=256&steps=100000&racer=sgd&racer=adam", "network")
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => /[1-9][0-9,]* of/.test(document.querySelector('.progress span')?.textContent)")
    trainer = _trainer(server.process.pid)
    before = _cpu(trainer)
    time.sleep(1.0)
    assert _cpu(trainer) > before  # it trains
    race.page.close()
    end = time.monotonic() + 60
    tick = os.sysconf("SC_CLK_TCK")
    while True:
        before = _cpu(trainer)
        time.sleep(1.0)
        if _cpu(trainer) - before <= 0.05 * tick:
            break
        assert time.monotonic() < end, "it trains for nobody"
