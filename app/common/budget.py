"""Limits on the memory and time that one computation may take; larger ones are refused before they begin."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.common.racers import Refused

resource: Any = None  # not available on Windows
with contextlib.suppress(ImportError):
    import resource

MOST_KEPT = 512 * 2**20
"""The largest number of bytes of all runs of a race, for all racers and seeds, including the second race."""
MOST_WORK = 4e9
"""The largest number of evaluated gradient coordinates of a race, which take one to three minutes on one core."""
MOST_LIVE = 5e8
"""The same for the runs and shadows that are computed while something is dragged, which take 5 to 15 seconds."""
BLOCK = 256 * 2**20
"""The largest number of bytes of runs that are computed in a single call. Larger runs are computed one by one."""
HEAVY = 32 * 2**20
"""The number of bytes above which a computation waits for other heavy ones and checks the free memory."""
SPARE = 128 * 2**20
"""The number of bytes that a heavy computation leaves free for the page that shows the result."""

SHORT = "The server is low on memory. Choose fewer steps, coordinates or racers, or try again in a moment."

_heavy = threading.Lock()


class NoRoom(Refused):
    """Raised when there is too little memory at the moment. The same computation may succeed later."""


def megabytes(count: float) -> str:
    """Return a number of bytes as text, in MB."""
    return f"{count / 2**20:,.0f} MB"


@contextlib.contextmanager
def room(needed: int) -> Iterator[None]:
    """Wait for the other heavy computations, and check that a number of bytes is free.

    A compiled program that runs out of memory ends the whole process, so this is checked before it starts.

    Raises:
        NoRoom: if there is too little memory.
    """
    if needed < HEAVY:
        yield
        return
    with _heavy:
        free = free_memory()
        if needed + SPARE > free:
            raise NoRoom(
                f"The server is low on memory: this computation needs {megabytes(needed)}, but only "
                f"{megabytes(max(0, free - SPARE))} are free. Choose fewer steps, coordinates or seeds, or try "
                "again later."
            )
        yield


def free_memory() -> int:
    """Return the number of bytes that this process can still take: the least that any of its limits allows."""
    return min(_free_on_machine(), _free_in_container(), _free_under_limit())


_UNKNOWN = 2**62


def _free_on_machine() -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return _UNKNOWN


def _free_in_container(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the number of bytes that the control group leaves, where inactive page cache counts as free.

    The files have different names in the two versions of control groups.
    """
    for folder, most, used, idle in (
        (root, "memory.max", "memory.current", "inactive_file"),
        (root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        with contextlib.suppress(OSError, ValueError, KeyError):  # "max" is not a number: there is no limit
            limit, taken = int((folder / most).read_text()), int((folder / used).read_text())
            statistics = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
            return limit - taken + int(dict(statistics)[idle])
    return _UNKNOWN


def _free_under_limit() -> int:
    if resource is None:
        return _UNKNOWN
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return _UNKNOWN
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return soft - pages * os.sysconf("SC_PAGE_SIZE")
    return _UNKNOWN
