"""The benchmark of accelerators, in tiny sizes and with the kernel interpreted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.gpu", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.long
def test_every_row_agrees_with_the_cpu() -> None:
    rows = [line.split(" | ") for line in _command("--small").stdout.splitlines() if line.startswith("| ")][2:]
    kinds = ("sweep of", "784-256-10", "map of", "networks 2-32-32-1 together")
    assert all(any(kind in row[0] for row in rows) for kind in kinds)
    assert [row[2] for row in rows] == ["agrees"] * len(rows)


def test_a_machine_without_an_accelerator_gets_advice() -> None:
    done = _command()
    if "no accelerator" not in done.stderr:
        pytest.skip("this machine has an accelerator")
    assert done.returncode == 1 and "--small" in done.stderr
