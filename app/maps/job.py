"""One map as its page sees it: the grids of all racers, which become finer in a thread of their own."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.common import budget
from app.common.racers import Refused
from app.maps import curves, grids
from app.maps.choices import CELLS
from app.maps.grids import Grid, Stopped
from app.maps.settings import Settings

_turn = threading.Lock()
"""Held while a part is computed, so that the maps of all visitors take turns."""
_jobs: weakref.WeakSet[Job] = weakref.WeakSet()


class Results:
    """What is known of a map, from which its picture is drawn.

    Attributes:
        settings: those of the map.
        complete: for each racer the finest grid that is complete.
        partial: for each racer a finer grid of a part of the window, or one that still grows.
        curves: the curves of a view without cells, by racer.
        error: why the computation failed, empty if it did not.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        count = len(settings.racers)
        self.complete: list[Grid | None] = [None] * count
        self.partial: list[Grid | None] = [None] * count
        self.curves: list[curves.Curve | None] = [None] * count
        self.error = ""

    @property
    def busy(self) -> bool:
        """Whether there will be more."""
        return False

    @property
    def size(self) -> int:
        """The number of cells along each side of the coarsest map that is complete, 0 if none is."""
        return min((len(one.y) if one else 0 for one in self.complete), default=0)

    @property
    def cells(self) -> int:
        """The number of runs whose results are shown."""
        return sum(one.x.size * one.y.size for one in self.complete if one)

    def ranged(self, shown: Sequence[int]) -> list[Grid]:
        """The grids over whose results the colours range: the complete ones, or while there are none, what is known.

        Args:
            shown: the indices of the racers that are shown.
        """
        complete = [one for k in shown if (one := self.complete[k])]
        return complete or [known[-1] for k in shown if (known := finest(self, k))]


class Job(Results):
    """A map that is being computed.

    Attributes:
        stopped: whether it was stopped; what was computed until then is kept.
        edition: ascends with each result.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.stopped = False
        self.edition = 0
        self._done = 0.0
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._finished = False
        self._first = False
        self._thread = threading.Thread(target=self._work, name="map", daemon=True)
        self._take_known()

    def begin(self, wait: float = 0.0) -> Job:
        """Start the computation, and wait some seconds at most for the first complete picture."""
        if not self._finished:
            _jobs.add(self)
            self._thread.start()
            with self._news:
                self._news.wait_for(lambda: self._first or self._finished, wait)
        return self

    def stop(self) -> None:
        """Stop the computation. What was computed is kept."""
        self.stopped |= self.busy
        self._stop.set()

    @property
    def busy(self) -> bool:
        """Whether the computation goes on."""
        return not self._finished and not self._stop.is_set()

    @property
    def progress(self) -> float:
        """The share of all cells that are computed, 0 to 1."""
        return 1.0 if self._finished and not self.stopped and not self.error else min(self._done, 0.99)

    def join(self) -> Job:
        """Wait until the computation has ended."""
        if self._thread.ident is not None:
            self._thread.join()
        return self

    def _take_known(self) -> None:
        """Take the finest grids that are in the cache; if all are as fine as wanted, there is nothing to compute."""
        if self.settings.view not in CELLS:
            return
        for k, racer in enumerate(self.settings.racers):
            for size in self.settings.sizes:
                found = grids.known(grids.key_of(self.settings, racer, size))
                self.complete[k] = found or self.complete[k]
        self._first = self.size > 0
        self._finished = not self.settings.racers or self.size == self.settings.cells

    def _work(self) -> None:
        try:
            (self._cells if self.settings.view in CELLS else self._curves)()
        except Stopped:
            pass
        except Refused as refused:
            self.error = str(refused)
        except ValueError as error:  # a value of an axis that the surface refuses, or a sweep that is too large
            self.error = f"{error}."
        except MemoryError:
            self.error = budget.SHORT
        finally:
            with self._news:
                self._finished = True
                self.edition += 1
                self._news.notify_all()

    def _cells(self) -> None:
        sizes = [size for size in self.settings.sizes if size > self.size]
        total = sum(size**2 for size in sizes) * max(1, len(self.settings.racers))
        done = 0
        for size in sizes:
            for k, racer in enumerate(self.settings.racers):
                if self._stop.is_set():
                    raise Stopped
                with _turn:
                    self.complete[k] = grids.grid(self.settings, racer, size, self._reporter(k, done, total))
                self.partial[k] = None
                done += size**2
                self._tell(done / total)
            with self._news:
                self._first = True
                self._news.notify_all()

    def _reporter(self, k: int, done: int, total: int) -> Callable[[Grid], None]:
        """The function that takes the parts of a racer's grid, when `done` cells of all are computed."""

        def report(part: Grid) -> None:
            self.partial[k] = part
            self._tell((done + part.rows * len(part.x)) / total)
            _turn.release()  # another map has its turn
            time.sleep(0)
            _turn.acquire()
            if self._stop.is_set():
                raise Stopped

        return report

    def _curves(self) -> None:
        count = len(self.settings.racers)
        for k, racer in enumerate(self.settings.racers):
            with _turn:
                for share, curve in curves.parts(self.settings, racer):
                    self.curves[k] = curve
                    self._tell((k + share) / count)
                    if self._stop.is_set():
                        raise Stopped

    def _tell(self, share: float) -> None:
        with self._news:
            self._done = share
            self.edition += 1


def finest(known: Results, k: int) -> list[Grid]:
    """The grids of a racer that are drawn, the coarser one first."""
    return [one for one in (known.complete[k], known.partial[k]) if one is not None and np.size(one.x)]


def _stop_all() -> None:
    """Stop all maps when Python ends: JAX must not compute then."""
    for job in list(_jobs):
        job.stop()
        if job._thread.ident is not None:
            job._thread.join(timeout=10)


atexit.register(_stop_all)


def same(settings: Settings) -> Any:
    """What the results of a job depend on: two settings with the same value share a job."""
    if settings.view in CELLS:
        size = settings.sizes[-1]
        return tuple(grids.key_of(settings, racer, size) for racer in settings.racers)
    return tuple(curves.key_of(settings, racer) for racer in settings.racers)
