"""A file out of what the page shows, by its ending; in this process, or by a process of its own."""

from __future__ import annotations

import atexit
import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from app.export.about import About
from app.export.formats import FILMS
from app.export.options import Cut, Look
from app.export.worker import Tell, Workers

if TYPE_CHECKING:
    from app.player.scene import Scene

I = TypeVar("I")
R = TypeVar("R")


@dataclasses.dataclass(frozen=True, eq=False)
class Order:
    """A file to be made out of a scene.

    Attributes:
        kind: an ending of `DRAWN`.
        heads, rows: the table of results, for slides.
        step: the step of a picture; None for the last.
    """

    kind: str
    scene: Scene
    look: Look
    cut: Cut
    about: About
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    step: int | None = None


def make(order: Order, tell: Tell = lambda share: None) -> bytes:
    """The file, made by this thread: matplotlib's settings are global, so that one thread of a process may draw.

    Args:
        tell: is called with the share that is done, 0 to 1.
    """
    if order.kind == "html":
        from app.export.page import html

        return html(order.scene, order.about.title, order.about.link, order.look.theme)
    if order.kind == "pptx":
        return _slides(order, tell, make, hands=1)
    link = order.about.link if order.about.base else ""
    from app.export.drawing import Drawing

    drawing = Drawing(order.scene, order.look, link)
    if order.kind in FILMS:
        from app.export.films import film

        return film(drawing, order.kind, order.cut, order.about, tell)
    from app.export.stills import still

    return still(drawing, order.kind, order.about, order.step)


def make_apart(order: Order, tell: Tell = lambda share: None, stop: threading.Event | None = None) -> bytes:
    """The file, made by processes of their own, so that any number of threads may ask for files at once: each gets the
    bytes of `make`, and nobody else on this server waits. Slides are made by two processes.

    Args:
        tell: is called with the share that is done, 0 to 1.
        stop: ends it when it is set.

    Raises:
        Failed: with what went wrong there, or when it was stopped.
    """
    stop = stop or threading.Event()
    if order.kind == "pptx":
        try:
            return _slides(order, tell, lambda one, tell_one: FILMERS.carry_out(one, tell_one, stop), hands=2)
        except BaseException:
            stop.set()  # what is still on its way is of no use
            raise
    return bytes((FILMERS if order.kind in FILMS else DRAWERS).carry_out(order, tell, stop))


def _slides(order: Order, tell: Tell, make_one: Callable[[Order, Tell], bytes], hands: int) -> bytes:
    """Each view with its film, without the caption, which the slides have in words.

    Args:
        make_one: makes a single poster or film.
        hands: how many of them are made at once.
    """
    from app.export.deck import deck
    from app.export.drawing import Drawing

    parts = Drawing.parts(order.scene)
    shares = dict.fromkeys(parts, 0.0)

    def view(part: str) -> tuple[str, bytes, bytes]:
        look = dataclasses.replace(order.look, part=part, caption=False, width=960, height=480, scale=1.25)

        def tell_part(share: float) -> None:
            shares[part] = share
            tell(sum(shares.values()) / len(shares))

        poster = make_one(dataclasses.replace(order, kind="png", look=look, step=None), lambda share: None)
        return parts[part], poster, make_one(dataclasses.replace(order, kind="mp4", look=look), tell_part)

    views = [view(part) for part in parts] if hands == 1 else side_by_side(view, parts, hands)
    caption = order.look.title or order.scene.caption
    return deck(order.about, caption, views, order.heads, order.rows, order.look.theme == "dark")


def side_by_side(work: Callable[[I], R], items: Iterable[I], hands: int) -> list[R]:
    """`work` of each item, in their order, by so many threads at once; the first error ends it.

    Unlike those of an executor the threads are daemons: a program that comes to its end does not wait for them.
    """
    waiting = list(enumerate(items))[::-1]
    results: dict[int, R] = {}
    errors: list[BaseException] = []

    def toil() -> None:
        while not errors:
            try:
                k, item = waiting.pop()
            except IndexError:
                return
            try:
                results[k] = work(item)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=toil, daemon=True) for _ in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[k] for k in sorted(results)]


MOST = max(2, os.cpu_count() or 1)
"""Processes of a kind that work at once: more of them would only take memory."""
PATIENCE = 120.0
"""Seconds that a picture may take."""
_DRAWING = ("app.export.drawing", "app.export.stills", "app.export.films")
FILMERS = Workers("app.export.making:make", _DRAWING, MOST)
"""The processes that make films and the parts of slides."""
DRAWERS = Workers("app.export.making:make", _DRAWING[:2], MOST, PATIENCE)
"""The processes that draw pictures and write pages, which do not wait behind films."""
for _workers in (FILMERS, DRAWERS):
    atexit.register(_workers.close)
