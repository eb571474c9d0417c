"""The command with streams, folders and numbers that are not as they should be."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.server import commands
from app.server.cli import main
from tests.app.conftest import ROOT

HUGE = "1" * 5000
LONG = "a" * 300 + ".png"
FULL = "optiscope: cannot write to standard output: No space left on device.\n"
CLOSED = "optiscope: cannot write to standard output: Bad file descriptor.\n"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells and signals are those of POSIX")


def _shell(line: str, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in a shell that knows `optiscope`."""
    line = line.replace("optiscope", f"{shlex.quote(sys.executable)} -m app", 1)
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [*before, "bash", "-o", "pipefail", "-c", line]
    return subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize(
    ("line", "status", "error"),
    [
        ("optiscope list schedules > /dev/full", 1, FULL),
        pytest.param("optiscope list optimizers --json > /dev/full", 1, FULL, marks=pytest.mark.long),
        ("optiscope --help > /dev/full", 1, FULL),
        ("optiscope --version >&-", 1, CLOSED),
        pytest.param("optiscope list schedules >&-", 1, CLOSED, marks=pytest.mark.long),
        ("optiscope list optimizers | head -1", 0, ""),
        ("optiscope list schedules > /dev/full 2>&-", 1, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_reported_with_a_sentence(
    line: str, status: int, error: str, tmp_path: Path
) -> None:
    done = _shell(line, tmp_path)
    assert (done.returncode, done.stderr) == (status, error)


def test_a_file_is_complete_even_if_the_other_streams_are_closed(tmp_path: Path) -> None:
    done = _shell("optiscope render --steps 5 -o race.json -o race.svg <&- >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "race.json").read_text())["query"]["steps"] == ["5"]
    assert (tmp_path / "race.svg").read_text().rstrip().endswith("</svg>")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (f"render -o {LONG}", "cannot be written: File name too long."),
        (f"render --size {HUGE}x720 -o race.png", "--size must be one of 16:9"),
        (f"render --step {HUGE} -o race.png", "invalid int value"),
        (f"render --seed {HUGE} -o race.png", "seed must be"),
        ("render --settings race.json -o race.png", "version 11111111111111111111111111111111… of the settings format"),
        (f"--port {HUGE}", "a port is a whole number"),
        (f"train --set widths={HUGE} -o run.npz", "width of a hidden layer"),
    ],
    ids=["name", "size", "step", "seed", "version", "port", "widths"],
)
def test_endless_numbers_and_names_are_refused_with_a_sentence(
    arguments: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"optiscope": "9", "page": "race", "version": HUGE, "query": {}}
    (tmp_path / "race.json").write_text(json.dumps(settings))
    monkeypatch.chdir(tmp_path)
    try:
        status: object = main(arguments.split())
    except SystemExit as end:  # argparse refuses an argument by itself
        status = end.code
    assert status == commands.BAD and error in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["race.json"]


def test_the_longest_possible_file_name_is_written(tmp_path: Path) -> None:
    name = "a" * 251 + ".csv"
    assert _shell(f"optiscope render --steps 5 -o {name}", tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.long
def test_slides_need_no_space_for_temporary_files(tmp_path: Path) -> None:
    """Run a command line in a namespace in which a folder is a full disk of 8 kB."""
    apart = ["unshare", "--mount", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*apart, "mount", "-t", "tmpfs", "none", "/mnt"]).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    (tmp_path / "full").mkdir()
    fill = "mount -t tmpfs -o size=8k none full && { head -c 9000 /dev/zero > full/zeros 2> /dev/null; true; }"
    film = "--size 300x300 --seconds 1 --rate 5 --hold 0 --steps 5 --racer sgd"
    done = _shell(f"{fill} && TMPDIR=$PWD/full optiscope render {film} -o race.pptx -o race.mp4", tmp_path, *apart)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "race.pptx").read_bytes().startswith(b"PK") and b"ftyp" in (tmp_path / "race.mp4").read_bytes()


def test_a_full_disk_is_reported_and_leaves_no_partial_file(tmp_path: Path) -> None:
    done = _shell("ulimit -f 4; optiscope render --steps 3000 -o race.csv", tmp_path)
    assert done.returncode == commands.FAILED and "race.csv could not be written: File too large." in done.stderr
    assert "Traceback" not in done.stderr and list(tmp_path.iterdir()) == []


def _session(leader: int) -> list[int]:
    """The processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                found.append(int(path.parent.name))
    return found


def _soon(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize(
    ("arguments", "group"),
    [
        ("render --steps 50 --seconds 50 --rate 50 -o race.mp4", True),
        pytest.param("render --steps 50 --seconds 50 --rate 50 -o race.pptx", True, marks=pytest.mark.long),
        ("render --steps 50 --seconds 50 --rate 50 -o race.pptx", False),
        ("train --set steps=100000 -o race.npz", True),
    ],
    ids=["film", "slides", "slides, the command alone", "training"],
)
def test_ctrl_c_ends_all_processes_and_leaves_no_partial_file(arguments: str, group: bool, tmp_path: Path) -> None:
    """Interrupt the whole process group, like a terminal, or only the process, like `kill`."""
    terminal, its_end = pty.openpty()
    words = [sys.executable, "-m", "app", *arguments.split()]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        words, cwd=tmp_path, env=variables, stdout=subprocess.DEVNULL, stderr=its_end, start_new_session=True
    )
    os.close(its_end)
    seen = ""
    with running, open(terminal, errors="replace", closefd=True, buffering=1) as shown:
        while not re.search(r" [1-9]\d?%", seen):  # the file is being made
            seen += shown.read(1)
        (os.killpg if group else os.kill)(running.pid, signal.SIGINT)
        with contextlib.suppress(OSError):  # Linux reports that the other end is closed
            while rest := shown.read(1):
                seen += rest
        assert running.wait(60) == 130
    assert "Traceback" not in seen and "Exception" not in seen and seen.rstrip().endswith("stopped"), seen
    assert list(tmp_path.iterdir()) == []
    assert _soon(lambda: _session(running.pid) == [])
