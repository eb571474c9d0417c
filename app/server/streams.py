"""The standard streams of a command, which may be full, closed, or read by a program that has gone."""

from __future__ import annotations

import contextlib
import os
import sys


class Unwritable(Exception):
    """The standard output takes no text; the message says why."""


def open_missing() -> None:
    """Open the standard streams that are closed: else the first files that are opened would get their numbers.

    A closed output is opened for reading, so that to write to it is an error, and nothing is lost unnoticed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)  # gets the lowest number that is free
            os.set_inheritable(number, True)
    # Python has None in the place of a stream that was closed when it started
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def emit(text: str = "", end: str = "\n") -> None:
    """Print to the standard output, at once.

    Raises:
        Unwritable: with the reason.
        BrokenPipeError: if its reader has gone.
    """
    try:
        # a name of a file may hold bytes that are no text
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + end)
        sys.stdout.flush()
    except OSError as error:
        # Python writes what is left once more when it ends: that must go somewhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            raise
        raise Unwritable(error.strerror) from None


def complain(text: str) -> None:
    """Print to the standard error, where it can be written."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
