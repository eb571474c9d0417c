"""A process of lower priority that computes for all pages. Both sides exchange pickled messages through its pipes."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

NICE = 15
"""How much lower the priority of the process is than that of the server."""


class Receiver(Protocol):
    """What carries out the messages in the process."""

    def receive(self, kind: str, *content: Any) -> None: ...


class Child:
    """The server's side: a process that runs a module, which calls `serve`.

    Args:
        module: the name of the module.
        deliver: called with the content of each message from the process, in a thread.
        lose: called in that thread when the process has ended.
        flags: options of XLA for the process.
    """

    def __init__(
        self, module: str, deliver: Callable[..., None], lose: Callable[[], None], flags: tuple[str, ...] = ()
    ) -> None:
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        if flags:
            environment["XLA_FLAGS"] = " ".join([environment.get("XLA_FLAGS", ""), *flags])
        command = [sys.executable, "-m", module]
        self._deliver, self._lose = deliver, lose
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # a finalizer may put a message at any time
        for work in (self._write, self._listen):
            threading.Thread(target=work, name=module, daemon=True).start()

    @property
    def process(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, *message: Any) -> None:
        """Send a message to the process, without waiting."""
        self._outgoing.put(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))

    def end(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin
        with contextlib.suppress(OSError, ValueError):  # `_listen` notices when the process has ended
            while True:
                stdin.write(self._outgoing.get())
                stdin.flush()

    def _listen(self) -> None:
        stdout = self._process.stdout
        assert stdout
        with contextlib.suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
            while True:
                self._deliver(*pickle.load(stdout))
        for pipe in (stdout, self._process.stdin):
            with contextlib.suppress(OSError):  # what was not written yet is lost
                pipe.close()  # type: ignore[union-attr]
        self._lose()


def serve(make: Callable[[Callable[..., None]], Receiver]) -> None:
    """Carry out the messages on standard input, until the server ends.

    Args:
        make: makes the receiver from a function that sends a message to the server, from any thread.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the server, and with it the input
    if hasattr(os, "nice"):
        os.nice(NICE)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output that a library prints is not a message
    writing = threading.Lock()

    def send(*message: Any) -> None:
        with writing, contextlib.suppress(BrokenPipeError):
            pickle.dump(message, out, protocol=pickle.HIGHEST_PROTOCOL)
            out.flush()

    receiver = make(send)
    with contextlib.suppress(EOFError):
        while True:
            receiver.receive(*pickle.load(sys.stdin.buffer))
    os._exit(0)  # without waiting for the threads
