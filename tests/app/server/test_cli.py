"""The command `optiscope` in a shell, and the other ways to start the server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.server import cli
from app.server.cli import main
from tests.app.conftest import ROOT

Start = Callable[..., Any]


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")} | environment
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)


def test_help_lists_the_options() -> None:
    run = _run("--help")
    assert run.returncode == 0 and run.stderr == ""
    for word in ("optiscope", "--port", "8501", "--address", "127.0.0.1", "--headless", "--data", "Ctrl+C"):
        assert word in run.stdout


def test_version() -> None:
    run = _run("--version")
    assert run.returncode == 0 and re.fullmatch(r"optiscope (\d+\.\d+\.\d+|\(not installed\))\n", run.stdout)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "", "8501.5", "1e3"])
def test_an_invalid_port_is_refused_with_a_sentence(port: str) -> None:
    run = _run(f"--port={port}")
    assert run.returncode == 2 and run.stdout == ""
    assert f"a port is a whole number from 1 to 65535; got {port!r}" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_port_in_use_is_refused_with_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = _run("--headless", "--port", str(port))
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert f"port {port} is in use" in run.stderr and "--port" in run.stderr


def test_unreadable_data_are_refused_with_a_sentence(tmp_path: Path) -> None:
    cut = tmp_path / "cut.npz"
    cut.write_bytes(b"PK nonsense")
    for path, said in ((tmp_path / "none.npz", "cannot be read"), (cut, "not an .npz file")):
        run = _run("--headless", "--port", "18556", "--data", str(path))
        assert run.returncode == 1 and run.stdout == "" and "Traceback" not in run.stderr
        assert path.name in run.stderr and said in run.stderr


def test_a_foreign_address_is_refused_with_a_sentence() -> None:
    run = _run("--headless", "--address", "203.0.113.7", "--port", "18555")
    assert run.returncode == 1 and "'203.0.113.7'" in run.stderr and "Traceback" not in run.stderr


UNKNOWN = [
    (["serv"], "Unknown command 'serv'. Did you mean 'serve'? Choose from serve, render, train, list, map, sweep."),
    (["weather"], "Unknown command 'weather'. Choose from serve, render, train, list, map, sweep."),
    (["--prot=9000"], "unknown argument '--prot=9000'. Did you mean --port?"),
    (["serve", "--adress", "::1"], "unknown argument '--adress'. Did you mean --address?"),
    (["list", "optimizer"], "Unknown list 'optimizer'. Did you mean 'optimizers'?"),
    (["render", "--sufrace", "saddle", "-o", "a.png"], "unknown argument '--sufrace'. Did you mean --surface?"),
    (["render", "--time", "evn", "-o", "a.png"], "Unknown value of --time 'evn'. Did you mean 'even'?"),
]


@pytest.mark.parametrize(("arguments", "sentence"), UNKNOWN, ids=[" ".join(arguments) for arguments, _ in UNKNOWN])
def test_an_unknown_word_is_answered_with_what_was_meant_and_what_there_is(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "arguments", [["serve", "--port", "9123", "--headless"], ["--port", "9123", "--headless", "serve"]]
)
def test_the_options_of_the_server_stand_before_or_after_the_command(arguments: list[str]) -> None:
    parsed = cli.parser().parse_args(arguments)
    plain = cli.parser().parse_args(["serve"])
    assert (parsed.run, parsed.port, parsed.browser, parsed.data) == (cli.serve, 9123, False, [])
    assert (plain.run, plain.port, plain.address, plain.browser) == (cli.serve, 8501, "127.0.0.1", None)


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def _answers(server: Any) -> None:
    """Check that the page and the player's files are served."""
    assert "<!doctype html>" in _page(server.url).lower()
    from app.player.routes import index_path, plotly_path

    for path in (index_path(), plotly_path()):
        assert len(_page(server.url.rstrip("/") + path)) > 500
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}player/0/index.js", timeout=60)


@pytest.mark.long
@pytest.mark.parametrize("way", ["module", "streamlit", "command"])
def test_every_way_to_start_serves_the_page_from_another_folder(serve: Start, tmp_path: Path, way: str) -> None:
    commands = {
        "module": [sys.executable, "-m", "app", "--headless", "--port", "{port}"],
        "streamlit": [
            *(sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py")),
            *("--server.port={port}", "--server.headless=true"),
        ],
        "command": [str(Path(sys.executable).with_name("optiscope")), "--headless", "--port", "{port}"],
    }
    if way == "command" and not Path(commands[way][0]).exists():
        pytest.skip("the command is not installed here (`make setup` does that)")
    path = {} if way != "module" else {"PYTHONPATH": str(ROOT)}
    server = serve(commands[way], cwd=tmp_path, **path)
    _answers(server)
    log = server.log.read_text()
    assert "Traceback" not in log
    if way != "streamlit":
        assert f"localhost:{server.url.rsplit(':', 1)[1].rstrip('/')}" in log


@pytest.mark.long
def test_it_listens_on_this_machine_only_and_stops_on_ctrl_c(serve: Start) -> None:
    server = serve([sys.executable, "-m", "app", "--headless", "--port", "{port}"])
    port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
    table = Path("/proc/net/tcp")
    if table.exists():
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert listening == [f"0100007F:{port:04X}"]
    assert server.stop() in (0, -2, 130)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.long
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_second_start_spends_no_time_on_set_up() -> None:
    """`make --dry-run run` lists only the command that starts the server if .venv is ready."""
    if not (ROOT / ".venv" / ".ready").exists() or not _installed():
        pytest.skip("there is no .venv that make has set up")
    run = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "run"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if line] == [".venv/bin/python -m app --port 8501"]


def _installed() -> bool:
    code = "import importlib.metadata as m; m.version('optiscope')"
    return subprocess.run([str(ROOT / ".venv/bin/python"), "-c", code], capture_output=True).returncode == 0
