"""Turns a scene into a file of any format, in the calling process or in a separate process."""

from __future__ import annotations

import atexit
import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from app.export.about import About
from app.export.formats import FILMS
from app.export.options import Cut, Look, Table
from app.export.worker import STOPPED, Failed, Progress, Workers

if TYPE_CHECKING:
    from app.player.scene import Scene

I = TypeVar("I")
R = TypeVar("R")
PREPARED = 0.3
"""The fraction of the work at which the frames of an order are prepared."""


@dataclasses.dataclass(frozen=True, eq=False)
class Order:
    """An order for one file: a scene, and how the file should look.

    Attributes:
        kind: the file name extension, a key of `DRAWN`.
        tables: the tables of slides.
        step: the step that a picture shows; None for the last step.
        headings: the findings that parts of the scene show, by their keys, as titles of slides.
        frames: the scenes that a film shows one after the other, instead of the times of the scene's clock.
        prepare: computes `frames`, if that takes time. It reports the fraction that is done, and ends with an error if
            the event is set.
    """

    kind: str
    scene: Scene
    look: Look
    cut: Cut
    about: About
    tables: Sequence[Table] = ()
    step: int | None = None
    headings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    frames: Sequence[Scene] = ()
    prepare: Callable[[Progress, threading.Event], Sequence[Scene]] | None = None

    def prepared(self, report: Progress, stop: threading.Event) -> tuple[Order, Progress]:
        """The order with its frames, and a function that reports the rest of the work.

        Raises:
            Failed: if the frames could not be computed, or the work was stopped.
        """
        if self.prepare is None:
            return self, report
        try:
            frames = self.prepare(lambda fraction: report(PREPARED * fraction), stop)
        except Exception as error:
            raise Failed(STOPPED if stop.is_set() else f"{error}") from error
        order = dataclasses.replace(self, frames=frames, prepare=None)
        return order, lambda fraction: report(PREPARED + (1 - PREPARED) * fraction)


def make(order: Order, report: Progress = lambda fraction: None) -> bytes:
    """Make a file in the calling thread and return its bytes.

    Matplotlib's settings are global, so only one thread of a process may draw at a time.

    Args:
        report: called with the fraction that is done, from 0 to 1.
    """
    order, report = order.prepared(report, threading.Event())
    if order.kind == "html":
        from app.export.page import html

        return html(order.scene, order.about.title, order.about.link, order.look.theme)
    if order.kind == "pptx":
        return _slides(order, report, make, threads=1)
    link = order.about.link if order.about.base else ""
    from app.export.drawing import Drawing

    if order.kind in FILMS:
        from app.export.films import film
        from app.export.reel import Reel

        frames = Reel(order.frames, order.look, link) if order.frames else Drawing(order.scene, order.look, link)
        return film(frames, order.kind, order.cut, order.about, report)
    from app.export.stills import still

    drawing = Drawing(order.scene, order.look, link, order.step)
    return still(drawing, order.kind, order.about, order.step)


def make_apart(order: Order, report: Progress = lambda fraction: None, stop: threading.Event | None = None) -> bytes:
    """Make a file in a separate process and return its bytes, which equal those of `make`.

    Any number of threads may call this at the same time without slowing down the server. Slides use two processes.

    Args:
        report: called with the fraction that is done, from 0 to 1.
        stop: an event that stops the work when it is set.

    Raises:
        Failed: if the file could not be made, or the work was stopped.
    """
    stop = stop or threading.Event()
    order, report = order.prepared(report, stop)
    if order.kind == "pptx":
        try:
            return _slides(order, report, lambda part, progress: FILMERS.carry_out(part, progress, stop), threads=2)
        except BaseException:
            stop.set()  # the other parts of the deck are of no use any more
            raise
    return bytes((FILMERS if order.kind in FILMS else DRAWERS).carry_out(order, report, stop))


def _slides(order: Order, report: Progress, make_part: Callable[[Order, Progress], bytes], threads: int) -> bytes:
    """Make a deck with a film of each view. The films have no caption, because the slides show it as text.

    Args:
        make_part: makes a single poster or film.
        threads: how many of these are made at the same time.
    """
    from app.export.deck import ROOM, View, deck
    from app.export.drawing import Drawing

    parts = Drawing.parts(order.scene)
    fractions = dict.fromkeys(parts, 0.0)

    def view(part: str) -> View:
        width, height = ROOM
        look = dataclasses.replace(
            order.look, part=part, heading="", caption=False, width=width, height=height, purpose="slide", scale=1.0
        )

        def report_part(fraction: float) -> None:
            fractions[part] = fraction
            report(sum(fractions.values()) / len(fractions))

        poster = make_part(dataclasses.replace(order, kind="png", look=look, step=None), lambda fraction: None)
        film = make_part(dataclasses.replace(order, kind="mp4", look=look), report_part)
        neutral = order.about.title if part == "all" else parts[part]
        return View(order.headings.get(part) or neutral, _described(order.scene, part), poster, film)

    views = [view(part) for part in parts] if threads == 1 else map_in_threads(view, parts, threads)
    caption = order.look.title or order.scene.caption
    heading = order.headings.get("all") or order.about.title
    return deck(order.about, heading, caption, views, order.tables, order.look.theme == "dark")


def _described(scene: Scene, part: str) -> str:
    """What a picture of a part of a scene shows, for readers who do not see it."""
    return scene.description if part == "all" else f"{scene.panel(part).title}. {scene.description}"


def map_in_threads(function: Callable[[I], R], items: Iterable[I], count: int) -> list[R]:
    """Apply a function to each item in `count` threads, and return the results in the order of the items.

    The first error is raised, and no further item is started. Unlike the threads of an executor, these are daemons, so
    that a program that ends does not wait for them.
    """
    waiting = list(enumerate(items))[::-1]
    results: dict[int, R] = {}
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            try:
                k, item = waiting.pop()
            except IndexError:
                return
            try:
                results[k] = function(item)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[k] for k in sorted(results)]


MOST = max(2, os.cpu_count() or 1)
"""The number of processes of a pool that work at the same time; more of them would only take memory."""
TIMEOUT = 120.0
"""The number of seconds that a picture may take."""
_DRAWING = ("app.export.drawing", "app.export.stills", "app.export.films")
FILMERS = Workers("app.export.making:make", _DRAWING, MOST)
"""The processes that make films and the parts of decks."""
DRAWERS = Workers("app.export.making:make", _DRAWING[:2], MOST, TIMEOUT)
"""The processes that draw pictures and write HTML pages, separate so that a picture does not wait for a film."""
for _workers in (FILMERS, DRAWERS):
    atexit.register(_workers.close)
