"""A script in a Python of its own, for what is measured of a whole process or may end it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_apart(script: str, *arguments: str, **environment: str) -> str:
    """What a script prints.

    Raises:
        AssertionError: with its errors, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        # with the compiler as the server has it: the tests of this process spare its later passes
        env={**{name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


def memory(field: str) -> int:
    """Bytes of this process, as Linux counts them: "VmRSS", what it has in memory now, or "VmHWM", the most it had.

    Not `ru_maxrss`, which a child process takes over from the one that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
