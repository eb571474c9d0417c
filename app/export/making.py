"""A file out of what the page shows, by its ending; here, or by a process of its own."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from app.export.about import About
from app.export.options import Cut, Look
from app.export.sizes import FILMS
from app.export.worker import Tell, Workers

if TYPE_CHECKING:
    from app.player.scene import Board, Scene


@dataclasses.dataclass(frozen=True, eq=False)
class Order:
    """A file to be made out of a scene.

    Attributes:
        kind: an ending of `DRAWN`.
        heads, rows: the table of results, for slides.
        step: the step of a picture; None for the last.
    """

    kind: str
    scene: Scene | Board
    look: Look
    cut: Cut
    about: About
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    step: int | None = None


def make(order: Order, tell: Tell = lambda share: None) -> bytes:
    """The file, made here.

    Args:
        tell: is told the share that is done, 0 to 1.
    """
    if order.kind == "html":
        from app.export.page import html

        return html(order.scene, order.about.title, order.about.link, order.look.theme)
    if order.kind == "pptx":
        return _slides(order, tell, make, hands=1)
    link = order.about.link if order.about.base else ""
    drawing = _drawn(order.scene)(order.scene, order.look, link)
    if order.kind in FILMS:
        from app.export.films import film

        return film(drawing, order.kind, order.cut, order.about, tell)  # type: ignore[arg-type]
    from app.export.stills import still

    return still(drawing, order.kind, order.about, order.step)  # type: ignore[arg-type]


def _drawn(scene: Scene | Board) -> Any:
    """The kind of drawing that a scene takes."""
    from app.export.drawing_board import BoardDrawing
    from app.export.drawing_race import RaceDrawing
    from app.player.scene import Board

    return BoardDrawing if isinstance(scene, Board) else RaceDrawing


def make_apart(order: Order, tell: Tell = lambda share: None, stop: threading.Event | None = None) -> bytes:
    """The file, made by processes of their own, so that nobody else on this server waits; slides by two at once.

    Args:
        tell: is told the share that is done, 0 to 1.
        stop: ends it when it is set.

    Raises:
        Failed: with what went wrong there, or where it was stopped.
    """
    if order.kind == "pptx":
        return _slides(order, tell, lambda one, told: WORKERS.carry_out(one, told, stop), hands=2)
    return bytes(WORKERS.carry_out(order, tell, stop))


def _slides(order: Order, tell: Tell, one: Callable[[Order, Tell], bytes], hands: int) -> bytes:
    """Each view with its film, without the caption, which the slides have in words.

    Args:
        one: makes a single poster or film.
        hands: how many of them are made at once.
    """
    from app.export.deck import deck

    parts = _drawn(order.scene).parts(order.scene)
    shares = dict.fromkeys(parts, 0.0)

    def view(part: str) -> tuple[str, bytes, bytes]:
        look = dataclasses.replace(order.look, part=part, caption=False, width=960, height=480, scale=1.25)

        def told(share: float) -> None:
            shares[part] = share
            tell(sum(shares.values()) / len(shares))

        poster = one(dataclasses.replace(order, kind="png", look=look, step=None), lambda share: None)
        return parts[part], poster, one(dataclasses.replace(order, kind="mp4", look=look), told)

    with ThreadPoolExecutor(hands) as pool:
        views = list(pool.map(view, parts))
    caption = order.look.title or order.scene.caption
    return deck(order.about, caption, views, order.heads, order.rows, order.look.theme == "dark")


_DRAWING = ("app.export.drawing_race", "app.export.drawing_board", "app.export.stills", "app.export.films")
WORKERS = Workers("app.export.making:make", _DRAWING)
"""Those who make films and slides, so that nobody else on this server waits."""
