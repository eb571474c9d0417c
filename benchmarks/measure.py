"""Timing for all benchmarks: the competitors take turns, and their medians are compared."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Literal, get_args


@dataclasses.dataclass(frozen=True)
class Result:
    """A row of the table."""

    what: str
    ours: str
    theirs: str
    ratio: str
    aim: str
    holds: bool

    def row(self) -> str:
        reached = "yes" if self.holds else "**no**"
        return f"| {self.what} | {self.ours} | {self.theirs} | {self.ratio} | {self.aim} | {reached} |"


HEADER = "| what | ours | compared with | ratio | aim | reached |\n| --- | --- | --- | --- | --- | --- |"


Clock = Literal["wall", "processor"]
"""What is measured: the time that passes, or the time for which this process keeps processors busy, all together.

On a machine that other programs use as well, the first says how long a side had to wait for a processor, and the second
how much it had to do.
"""
CLOCKS: tuple[Clock, ...] = get_args(Clock)


def alternate(
    *sides: Callable[[], object], rounds: int = 7, repeats: int | tuple[int, ...] = 1, clock: Clock = "wall"
) -> list[float]:
    """The median seconds of each side over rounds in which they take turns, so that all meet the same conditions.

    `repeats` is the number of calls of a side in its turn, for all sides or for each. A single call of microseconds
    between two calls of a second would be timed with cold caches.
    """
    now = time.perf_counter if clock == "wall" else time.process_time
    times: list[list[float]] = [[] for _ in sides]
    counts = (repeats,) * len(sides) if isinstance(repeats, int) else repeats
    for side in sides:
        side()
    for _ in range(rounds):
        for side, count, measured in zip(sides, counts, times, strict=True):
            start = now()
            for _ in range(count):
                side()
            measured.append((now() - start) / count)
    return [statistics.median(measured) for measured in times]


def seconds(value: float) -> str:
    """A duration as text, in a suitable unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
