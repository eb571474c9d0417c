"""Starts and ends servers for benchmarks, on free local ports."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def chromium() -> str | None:
    """The path of Chromium, or None if it is not installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclasses.dataclass(frozen=True)
class Serving:
    """A running server: its address, with a slash at the end, and its process."""

    address: str
    process: subprocess.Popen[bytes]

    def rest(self, quiet: float = 2.0, most: float = 90.0) -> None:
        """Wait until the process has used almost no processor time for `quiet` seconds, but at most `most` seconds."""
        end = time.monotonic() + most
        before = self._used()
        while time.monotonic() < end:
            time.sleep(quiet)
            now = self._used()
            if now - before < 0.05 * quiet:
                return
            before = now

    def _used(self) -> float:
        """The processor time of the process in seconds, or the time of a clock if it is not available."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return time.monotonic()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(command: Sequence[str], cache: str = "", root: Path = ROOT, quiet: bool = False) -> Iterator[Serving]:
    """Start a server, wait until it listens, and end it at the end of the block.

    Args:
        command: the command that starts it, to which a free port is added.
        cache: a folder for compiled programs; empty for that of the user.
        root: the checkout in which it runs.
        quiet: whether to discard its error messages.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second start does not compile Python either
    if cache:
        environment["JAX_COMPILATION_CACHE_DIR"] = cache
    errors = subprocess.DEVNULL if quiet else None
    server = subprocess.Popen(
        [*command, str(port)], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=errors
    )
    try:
        while server.poll() is None:
            with contextlib.suppress(OSError):  # a connection costs the server less than a request
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            time.sleep(0.02)
        else:
            raise RuntimeError(f"the server ended with status {server.returncode}: {' '.join(command)}")
        yield Serving(f"http://127.0.0.1:{port}/", server)
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:  # a server under load may not react
            server.kill()
            server.wait()


def app(cache: str = "", root: Path = ROOT, quiet: bool = False) -> contextlib.AbstractContextManager[Serving]:
    """Serve the app of a checkout, with the Python of its .venv if it has one."""
    python = root / ".venv" / "bin" / "python"
    command = [str(python) if root != ROOT and python.exists() else sys.executable, "-m", "app", "--headless", "--port"]
    return serving(command, cache, root, quiet)


def script(name: str, cache: str = "", quiet: bool = False) -> contextlib.AbstractContextManager[Serving]:
    """Serve a plain Streamlit script of this folder."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "benchmarks" / name), "--server.headless=true"]
    return serving([*command, "--server.address=127.0.0.1", "--server.port"], cache, quiet=quiet)
