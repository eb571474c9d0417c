"""Standard output and standard error of a command, which may be full, closed, or read by a program that has ended."""

from __future__ import annotations

import contextlib
import os
import sys


class Unwritable(Exception):
    """Standard output cannot be written; the message says why."""


def open_missing() -> None:
    """Open the standard streams that are closed, because the first files opened would get their numbers otherwise.

    A closed output is opened for reading, so that writing to it raises an error and no text is lost unnoticed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)  # gets the lowest free number
            os.set_inheritable(number, True)
    # Python sets a stream to None if it was closed at the start
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def emit(text: str = "", end: str = "\n") -> None:
    """Print to standard output and flush it.

    Raises:
        Unwritable: with the reason.
        BrokenPipeError: if the reader has closed it.
    """
    try:
        # the name of a file may contain bytes that are not valid UTF-8
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + end)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes the rest once more when it ends, and that has to go somewhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            raise
        raise Unwritable(error.strerror) from None


def complain(text: str) -> None:
    """Print to standard error, if it can be written."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
