"""Timing shared by all benchmarks: the two sides take turns, and the medians are compared."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Result:
    """One line of the table."""

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


def alternate(*sides: Callable[[], object], rounds: int = 7, repeats: int | tuple[int, ...] = 1) -> list[float]:
    """Median seconds of each side over rounds in which they take turns, so that both meet the same machine.

    `repeats` says how often a side is called in its turn, one number for all or one for each: a call of
    microseconds between two of a second would be timed with its code and data gone from every cache.
    """
    times: list[list[float]] = [[] for _ in sides]
    counts = (repeats,) * len(sides) if isinstance(repeats, int) else repeats
    for side in sides:
        side()
    for _ in range(rounds):
        for side, count, seen in zip(sides, counts, times, strict=True):
            start = time.perf_counter()
            for _ in range(count):
                side()
            seen.append((time.perf_counter() - start) / count)
    return [statistics.median(seen) for seen in times]


def seconds(value: float) -> str:
    """A duration in the unit that reads best."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
