"""The computation of a fair race in a thread, so that the page shows racers as they are ready, and can stop it."""

from __future__ import annotations

import atexit
import contextlib
import threading
import weakref
from collections.abc import Mapping

from app.common import budget
from app.common.racers import Refused
from app.race import tuning
from app.race.settings import Settings
from app.race.tuning import PARTS, Entrant, Fair, Key

PROMPT = 0.15
"""Seconds that a new job is waited for: what is in the caches is then shown at once."""
FAILED = "The fair race could not be computed. Choose fewer trials or steps, or try again."

_turn = threading.Lock()
"""Held while a part is computed: the fair races of all visitors take turns."""
_jobs: weakref.WeakSet[Job] = weakref.WeakSet()


class Job:
    """The fair race of a page, which is computed racer by racer.

    Args:
        settings: the settings of the race, in which the racers have their own values.
        known: racers that have been computed before.
    """

    def __init__(self, settings: Settings, known: Mapping[Key, Entrant] | None = None) -> None:
        self.settings = settings
        self.keys = {racer.id: tuning.key(settings, racer) for racer in tuning.visible(settings)}
        self.known = {key: entrant for key, entrant in (known or {}).items() if key in self.keys.values()}
        self.problem = ""
        """The reason why the computation ended early, in a sentence."""
        self._parts = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if not self.fair.is_complete:
            self._thread = threading.Thread(target=self._run, name="fair race", daemon=True)
            _jobs.add(self)
            self._thread.start()
            self._thread.join(PROMPT)

    def covers(self, settings: Settings) -> bool:
        """Whether these settings have the same fair race."""
        return self.keys == {racer.id: tuning.key(settings, racer) for racer in tuning.visible(settings)}

    def follow(self, settings: Settings) -> None:
        """Take over settings that have the same fair race, but for example other views."""
        self.settings = settings

    @property
    def fair(self) -> Fair:
        """The fair race with those racers that are ready."""
        known = dict(self.known)
        return Fair(self.settings, {id: known[key] for id, key in self.keys.items() if key in known})

    @property
    def is_busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Whether the computation ended before all racers were ready."""
        return not self.is_busy and not self.fair.is_complete

    @property
    def progress(self) -> float:
        """The share of the parts that are computed."""
        return min(1.0, (PARTS * len(self.known) + self._parts) / max(1, PARTS * len(set(self.keys.values()))))

    def stop(self) -> None:
        """End the computation after the current part. The racers that are ready stay."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the computation has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for key in dict.fromkeys(self.keys.values()):
                if key not in self.known:
                    self._compute(key)
        except Refused as refused:
            self.problem = str(refused)
        except MemoryError:
            self.problem = budget.SHORT
        except Exception:
            self.problem = FAILED
            if not self._stop.is_set():  # at exit, JAX drops what a program that is being compiled still needs
                raise

    def _compute(self, key: Key) -> None:
        self._parts = 0
        parts = tuning.entrant(key)
        while True:
            with _turn:
                if self._stop.is_set():
                    return
                part = next(parts)
            if part is not None:
                self.known = {**self.known, key: part}
                self._parts = 0
                return
            self._parts += 1


@atexit.register
def _stop_all() -> None:
    """Let Python end only when no thread is compiling: XLA would abort with a dump."""
    for job in list(_jobs):
        job.stop()
    for job in list(_jobs):
        with contextlib.suppress(RuntimeError):
            job.wait(20)
