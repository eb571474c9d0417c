"""The computation of a fair race in a thread, so that the page shows racers as they are ready, and can stop it."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
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


@dataclasses.dataclass(frozen=True, eq=False)
class Now:
    """A fair race at a moment of its computation.

    Attributes:
        fair: the race with those racers that were ready.
        busy: whether more will be computed.
        progress: the share that was computed.
        problem: the reason why the computation ended early, in a sentence.
    """

    fair: Fair
    busy: bool
    progress: float
    problem: str

    @property
    def is_stopped(self) -> bool:
        """Whether the computation ended before all racers were ready."""
        return not self.busy and not self.fair.is_complete


class Job:
    """The fair race of a page, which is computed racer by racer.

    Args:
        settings: the settings of the race, in which the racers have their own values.
        known: racers that have been computed before.
    """

    def __init__(self, settings: Settings, known: Mapping[Key, Entrant] | None = None) -> None:
        self.settings = settings
        self.keys = {racer.id: tuning.key(settings, racer) for racer in tuning.taking_part(settings)}
        kept = {key: entrant for key, entrant in (known or {}).items() if key in self.keys.values()}
        self._state: tuple[Mapping[Key, Entrant], int] = (kept, 0)
        """The racers that are ready, and the number of parts of the next one."""
        self.problem = ""
        """The reason why the computation ended early, in a sentence."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if not self.fair.is_complete:
            self._thread = threading.Thread(target=self._run, name="fair race", daemon=True)
            _jobs.add(self)
            self._thread.start()
            self._thread.join(PROMPT)

    def covers(self, settings: Settings) -> bool:
        """Whether these settings have the same fair race."""
        return self.keys == {racer.id: tuning.key(settings, racer) for racer in tuning.taking_part(settings)}

    def follow(self, settings: Settings) -> None:
        """Take over settings that have the same fair race, but for example other views."""
        self.settings = settings

    @property
    def known(self) -> Mapping[Key, Entrant]:
        """The racers that are ready."""
        return self._state[0]

    @property
    def fair(self) -> Fair:
        """The fair race with those racers that are ready."""
        return self._fair(self.known)

    def _fair(self, known: Mapping[Key, Entrant]) -> Fair:
        return Fair(self.settings, {id: known[key] for id, key in self.keys.items() if key in known})

    @property
    def is_busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def now(self) -> Now:
        """The fair race at this moment."""
        busy = self.is_busy  # first, so that a race that ends meanwhile is asked for once more
        known, parts = self._state
        total = PARTS * len({*self.keys.values()})
        share = (PARTS * len(known) + parts) / total if total else 1.0
        return Now(self._fair(known), busy, share, self.problem)

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
        parts = tuning.entrant(key)
        for count in range(1, PARTS + 1):
            with _turn:
                if self._stop.is_set():
                    self._state = (self.known, 0)
                    return
                part = next(parts)
            self._state = (self.known, count) if part is None else ({**self.known, key: part}, 0)


@atexit.register
def _stop_all() -> None:
    """Let Python end only when no thread is compiling: XLA would abort with a dump."""
    for job in list(_jobs):
        job.stop()
    for job in list(_jobs):
        with contextlib.suppress(RuntimeError):
            job.wait(20)
