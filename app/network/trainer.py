"""The trainer: it trains the racers of all pages in turns, and computes the results of their observers.

It runs in a separate process (`python -m app.network.trainer`) with a lower priority than the server, so training uses
the cores that the pages leave idle. Messages are pickles.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax

from app.common.child import serve
from app.network.run import Observer, Run, bare, runs_of
from app.network.settings import Training
from optimizers.training import Piece, Runner, Stride, join
from surfaces.network import DataSet

SENT = 0.3
"""Seconds after which the steps of a slow training are sent, if no weights were recorded meanwhile."""
PATIENCE = 1.0
"""The longest time, in seconds, that a piece waits for programs that are being compiled."""

Send = Callable[..., None]


class Trainer:
    """The open trainings of all jobs.

    Args:
        send: a function of a job's number and a message to that job, called from any thread.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._tasks: dict[int, Task] = {}
        self._data: dict[int, Any] = {}
        self._turns = Turns()

    def receive(self, kind: str, *content: Any) -> None:
        """Carry out a message from a page; slow work goes to other threads."""
        if kind == "data":
            token, data = content
            self._data[token] = data
        elif kind == "forget":
            self._data.pop(content[0], None)
        elif kind == "open":
            number, training, token, observers, earlier, taken = content
            former = self._tasks.get(earlier)
            known = {k: (former.runs[i], former.courses[i]) for k, i in taken.items()} if former else {}
            send = functools.partial(self._send, number)
            try:
                self._tasks[number] = Task(training, self._data[token], token, observers, send, self._turns, known)
            except Exception as error:  # the page shows it on every card
                for k in range(len(training.racers)):
                    send("finished", k, f"{type(error).__name__}: {error}", 0)
        elif (task := self._tasks.get(content[0])) is not None:
            if kind == "close":
                task.stop()
                del self._tasks[content[0]]
            else:
                getattr(task, kind)(*content[1:])


class Turns:
    """The threads of a trainer.

    The pieces of all trainings take turns in one thread per device. Work that may have to be compiled has separate
    threads, and pieces wait for it. Other requests of the pages have one more thread.
    """

    def __init__(self) -> None:
        self._compiling = 0
        self._compiled = threading.Condition()
        self._first = ThreadPoolExecutor(2, thread_name_prefix="first")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._devices: dict[Any, ThreadPoolExecutor] = {}

    def first(self, work: Callable[[], None]) -> None:
        """Run work that may have to be compiled."""

        def compile_and_run() -> None:
            with self._compiled:
                self._compiling += 1
            try:
                work()
            finally:
                with self._compiled:
                    self._compiling -= 1
                    self._compiled.notify_all()

        self._first.submit(compile_and_run)

    def aside(self, work: Callable[[], None]) -> None:
        """Run work that may take seconds, beside the pieces."""
        self._aside.submit(work)

    def queue(self, device: Any, work: Callable[[], None]) -> None:
        """Run a piece in the thread of its device when its turn comes."""

        def take_turn() -> None:
            with self._compiled:
                self._compiled.wait_for(lambda: not self._compiling, timeout=PATIENCE)
            work()

        if device not in self._devices:
            self._devices[device] = ThreadPoolExecutor(1, thread_name_prefix=f"train-{device.id}")
        self._devices[device].submit(take_turn)


class Task:
    """The training of one job; its methods carry out the messages of `app.network.job.Job`.

    The first piece of each run is computed before training begins, while the user looks at the page, so that its
    program is compiled by then.
    """

    def __init__(
        self,
        training: Training,
        data: DataSet,
        token: int,
        observers: dict[str, Observer],
        send: Send,
        turns: Turns,
        known: Mapping[int, tuple[Run, Course]],
    ) -> None:
        self._training = training
        self._observers = dict(observers)
        self._send = send
        self._turns = turns
        self._began = self._seconds = self._before = self._pace = 0.0
        self._paced = 0
        self._stopped = False
        self._lock = threading.Lock()
        devices = jax.devices()
        self._share = 1 / len(devices)
        self.runs = runs_of(training, data, token)
        self._most = training.most_records(data)
        stride = training.stride(data)
        self.courses = [Course(training.steps, stride) for _ in self.runs]
        for k, run in enumerate(self.runs):
            run.device = devices[k % len(devices)]
            if k in known:
                former, self.courses[k] = known[k]
                run.pieces, run.seen = list(former.pieces), {name: list(seen) for name, seen in former.seen.items()}
                run.network, run.device, run.blocks, run.finished = former.network, former.device, former.blocks, True
                self.courses[k].begin(0, run.last)
                self.courses[k].ready = False  # until this task's observers have seen it
        for k in range(len(self.runs)):
            turns.first(functools.partial(self._open, k))

    def begin(self, leg: int, targets: Mapping[int, int]) -> None:
        """Train some runs further.

        Args:
            leg: a number that the end of these runs is reported with.
            targets: the last step of each run, by its index.
        """
        with self._lock:
            self._stopped = False
            self._before, self._began = self._seconds, time.monotonic()
            ready = []
            for k, target in targets.items():
                course = self.courses[k]
                course.begin(leg, target)
                if course.ready and not course.queued:
                    course.queued, self.runs[k].finished = True, False
                    ready.append(k)
        for k in ready:
            self._queue(k)

    def stop(self) -> None:
        """Stop training after the current pieces."""
        self._stopped = True

    def observe(self, name: str, observer: Observer) -> None:
        """Compute another observer on all pieces of every run."""
        self._observers[name] = observer
        for k in range(len(self.runs)):
            self._turns.aside(functools.partial(self._look, k))

    def ask(self, key: str, function: Callable[..., Any], runs: Sequence[int], arguments: tuple[Any, ...]) -> None:
        """Compute a function of runs, and send its result or the ValueError that it raises."""

        def work() -> None:
            try:
                with jax.default_device(self.runs[runs[0]].device):
                    result = function([self.runs[k] for k in runs], *arguments)
            except Exception as error:  # a panel that cannot be drawn says why
                result = error if type(error) is ValueError else ValueError(f"{type(error).__name__}: {error}")
            self._send("answer", key, result)

        self._turns.aside(work)

    def _open(self, k: int) -> None:
        """Compute the observers at the start of a run, then its first piece in advance."""
        run, course = self.runs[k], self.courses[k]
        with self._reporting(k):
            if run.finished:
                for name, seen in run.seen.items():
                    for result in seen if name in self._observers else ():
                        self._send("seen", k, name, result)
                self._look(k)
                self._send("finished", k, "", 0)
            else:
                run.network = jax.device_put(run.network, run.device)
                course.runner = self._runner(run)
                run.pieces.append(course.runner.first)
                self._look(k)
                if not self._stopped:
                    course.parts = [next(self._pieces(k))]
            with self._lock:
                course.ready = True
                course.queued = course.wanted
                if course.queued:
                    run.finished = False
            if course.queued:
                self._queue(k)

    def _runner(self, run: Run) -> Runner:
        return Runner(
            run.network,
            run.rule,
            self._training.start(run.racer, run.data),
            batch_size=run.batch_size,
            seed=self._training.seed,
            preconditioners=True,
            device=run.device,
        )

    def _pieces(self, k: int) -> Iterator[Piece]:
        """The pieces up to the target of a run."""
        run, course = self.runs[k], self.courses[k]
        assert course.runner
        if course.parts and not course.sent and course.parts[-1].last > course.target:
            course.runner, course.parts = self._runner(run), []  # too far in advance: back to the start
            course.pieces = None
        if course.pieces is None or course.until != course.target:
            course.until = course.target
            course.pieces = course.runner.run(
                course.target,
                stride=course.stride,
                blocks=self._training.blocks(run.data, course.stride),
                stepwise=self._training.stepwise(run.data, course.stride),
            )
        return course.pieces

    def _queue(self, k: int) -> None:
        self._turns.queue(self.runs[k].device, functools.partial(self._advance, k))

    def _advance(self, k: int) -> None:
        """Train one more piece, and send the steps so far if they hold weights, or the last step, or are overdue."""
        run, course = self.runs[k], self.courses[k]
        with self._reporting(k):
            began = time.monotonic()
            pieces = self._pieces(k)
            ahead = not course.sent and len(course.parts) == 1
            piece = None if self._stopped or ahead else next(pieces, None)
            if piece is not None:
                course.parts.append(piece)
                self._keep_pace(time.monotonic() - began, len(piece.losses))
            with self._lock:
                ended = course.ended(self._stopped and not ahead)
                if ended:
                    course.queued = course.wanted = False
            if ended and course.unrecorded(run):
                assert course.runner
                course.parts.append(course.runner.record())
            last = course.parts[-1] if course.parts else None
            if last and (ended or len(last.steps) or time.monotonic() - course.sent > SENT):
                self._hand_out(k)
            self._look(k)
            self._thin(k)
            if not ended:
                self._queue(k)
                return
            with self._lock:  # a new target may have come meanwhile
                run.finished = not course.queued
                leg = course.leg
            if run.finished:
                self._send("finished", k, "", leg)

    def _hand_out(self, k: int) -> None:
        course = self.courses[k]
        piece = join(course.parts)
        course.parts, course.sent = [], time.monotonic()
        self._seconds = self._before + course.sent - self._began
        self.runs[k].pieces.append(piece)
        self._send("piece", k, bare(piece), self._seconds, self._pace)

    def _thin(self, k: int) -> None:
        """Drop every second record of a long run, and record half as often from here on."""
        run, course = self.runs[k], self.courses[k]
        if run.recorded <= self._most:
            return
        with course.looking:
            while run.recorded > self._most:
                course.stride *= 2
                run.thin(course.stride, len(run.pieces))
            course.pieces = None
            self._send("thin", k, course.stride, len(run.pieces))

    def _keep_pace(self, seconds: float, steps: int) -> None:
        """Update the mean time per step. All devices work at once, so each second counts once per device."""
        with self._lock:
            total = self._pace * self._paced + seconds * self._share
            self._paced += steps
            self._pace = total / max(1, self._paced)

    def _look(self, k: int) -> None:
        """Compute every observer on the pieces that it has not seen, and send the results."""
        run = self.runs[k]
        with self.courses[k].looking, jax.default_device(run.device):
            for name, observer in list(self._observers.items()):
                seen = run.seen.setdefault(name, [])
                while len(seen) < len(run.pieces):
                    piece = run.pieces[len(seen)]
                    seen.append(observer(run, piece) if len(piece.steps) else None)
                    self._send("seen", k, name, seen[-1])

    @contextlib.contextmanager
    def _reporting(self, k: int) -> Iterator[None]:
        """Report the failure of one racer to its card, while the others go on."""
        try:
            yield
        except Exception as error:
            self.runs[k].finished = True
            self._send("finished", k, f"{type(error).__name__}: {error}", self.courses[k].leg)


class Course:
    """The progress of one run.

    Attributes:
        target: the last step to be taken, as far as is known.
        stride: the number of steps between two records.
        runner: the run itself, once its start was looked at.
        pieces: the iterator of its pieces up to the step `until`; None if it has to be made anew.
        parts: pieces that have not been sent yet.
        wanted: whether training has begun.
        ready: whether the first piece was computed.
        queued: whether a piece waits for its turn, or is being trained.
        leg: the number that the end of the run is reported with.
        sent: the monotonic time at which the last piece was sent; 0 before the first.
        looking: a lock that is held while observers are computed.
    """

    def __init__(self, target: int, stride: Stride) -> None:
        self.target = self.until = target
        self.stride = stride
        self.runner: Runner | None = None
        self.pieces: Iterator[Piece] | None = None
        self.parts: list[Piece] = []
        self.wanted = self.ready = self.queued = False
        self.leg = 0
        self.sent = 0.0
        self.looking = threading.RLock()

    def begin(self, leg: int, target: int) -> None:
        """Set the next target."""
        self.leg, self.target, self.wanted = leg, target, leg > 0

    def ended(self, stopped: bool) -> bool:
        """Return whether the run has reached its target, has diverged, or was stopped."""
        assert self.runner
        last = self.parts[-1].last if self.parts else self.runner.done
        return stopped or self.runner.diverged >= 0 or last >= self.target

    def unrecorded(self, run: Run) -> bool:
        """Return whether the weights after the last step were not recorded."""
        assert self.runner
        records = [piece for piece in [*run.pieces, *self.parts] if len(piece.steps)]
        return self.runner.diverged < 0 and records[-1].steps[-1] < self.runner.done


if __name__ == "__main__":
    serve(Trainer)
