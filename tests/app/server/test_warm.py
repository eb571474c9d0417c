"""The warm-up of a server before its first visitor."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from app.server import warm

# Streamlit collects garbage after every run of a page, while all threads wait.
COUNTED = """
import gc, time
from app.server import environment
environment.prepare()
from app.server import warm
thread = warm.start()
while thread.is_alive() and not gc.get_freeze_count():
    time.sleep(0.05)
print(gc.get_freeze_count(), len(gc.get_objects()))
warm._stop(thread)
"""


@pytest.mark.long
def test_garbage_collection_skips_modules_and_programs() -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    settled, left = map(int, done.stdout.split())
    assert settled > 100_000 and left < settled / 20


# A server that is stopped while JAX compiles programs of the first page.
STOPPED = """
import sys, time
from app.server import environment
environment.prepare()
from app.server import warm
warm.start()
while "optimizers.engine" not in sys.modules:
    time.sleep(0.01)
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("after", [pytest.param("0.5", marks=pytest.mark.long), "1.5"])
def test_a_server_that_stops_during_warm_up_prints_nothing(after: str) -> None:
    variables = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false"}
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, after], env=variables, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_part_waits_for_the_pages_that_run_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    page = threading.Thread(target=end.wait, name=warm.SCRIPT)
    page.start()
    monkeypatch.setattr(warm, "LONGEST", 0.3)
    warm._give_way()
    assert page.is_alive(), "a page that runs all the time cannot hold the warm-up back"
    monkeypatch.setattr(warm, "LONGEST", 60.0)
    threading.Timer(0.3, end.set).start()
    warm._give_way()
    assert not page.is_alive()
