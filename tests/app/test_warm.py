"""What a server does before anybody asks."""

from __future__ import annotations

import subprocess
import sys

# Streamlit looks through all objects after every run of a page, while all threads wait.
COUNTED = """
import gc, time
from app import environment
environment.prepare()
from app import warm
thread = warm.start()
while thread.is_alive() and not gc.get_freeze_count():
    time.sleep(0.05)
print(gc.get_freeze_count(), len(gc.get_objects()))
warm._stop(thread)
"""


def test_nobody_looks_for_garbage_among_modules_and_programs() -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    settled, left = map(int, done.stdout.split())
    assert settled > 100_000 and left < settled / 20
