"""A file out of what the page shows, by its ending; in this process, or in one of its own."""

from __future__ import annotations

import dataclasses
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.export.about import About
from app.export.options import Cut, Look
from app.export.sizes import FILMS

if TYPE_CHECKING:
    from app.player.scene import Board, Scene

Tell = Callable[[float], None]


class Failed(RuntimeError):
    """A file could not be made; the message says why."""


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
        return _slides(order, tell)
    link = order.about.link if order.about.base else ""
    drawing = _drawn(order.scene)(order.scene, order.look, link)
    if order.kind in FILMS:
        from app.export.films import film

        return film(drawing, order.kind, order.cut, order.about.text, tell)  # type: ignore[arg-type]
    from app.export.stills import still

    return still(drawing, order.kind, order.about, order.step)  # type: ignore[arg-type]


def _drawn(scene: Scene | Board) -> Any:
    """The kind of drawing that a scene takes."""
    from app.export.drawing_board import BoardDrawing
    from app.export.drawing_race import RaceDrawing
    from app.player.scene import Board

    return BoardDrawing if isinstance(scene, Board) else RaceDrawing


def _slides(order: Order, tell: Tell) -> bytes:
    """Each view with its film, without the caption, which the slides have in words."""
    from app.export.deck import deck
    from app.export.films import film
    from app.export.stills import still

    kind, scene, views = _drawn(order.scene), order.scene, []
    parts = kind.parts(scene)
    for k, (part, title) in enumerate(parts.items()):
        look = dataclasses.replace(order.look, part=part, caption=False, width=1216, height=608, scale=1.0)
        drawing = kind(scene, look)
        poster = still(drawing, "png", order.about)

        def told(share: float, k: int = k) -> None:
            tell((k + share) / len(parts))

        views.append((title, poster, film(drawing, "mp4", order.cut, order.about.text, told)))
    caption = order.look.title or scene.caption
    return deck(order.about, caption, views, order.heads, order.rows, order.look.theme == "dark")


def make_apart(order: Order, tell: Tell = lambda share: None, stop: threading.Event | None = None) -> bytes:
    """The file, made by a process of its own, so that nobody else on this server waits.

    Args:
        stop: ends it when it is set.

    Raises:
        Failed: with what went wrong there.
    """
    command = [sys.executable, "-m", "app.export.making"]
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as worker:
        assert worker.stdin and worker.stdout and worker.stderr
        said: list[str] = []
        reader = threading.Thread(target=_listen, args=(worker, tell, said, stop), daemon=True)
        reader.start()
        try:
            worker.stdin.write(pickle.dumps(order))
            worker.stdin.close()
        except BrokenPipeError:  # it says below why it has gone
            pass
        content: bytes = worker.stdout.read()
        reader.join()
    if stop is not None and stop.is_set():
        raise Failed("It was stopped.")
    if worker.returncode:
        raise Failed(said[-1] if said else f"The process that makes files ended with {worker.returncode}.")
    return content


def _listen(worker: Any, tell: Tell, said: list[str], stop: threading.Event | None) -> None:
    for line in worker.stderr:
        word = line.decode(errors="replace").strip()
        if word.startswith("share "):
            tell(float(word.removeprefix("share ")))
        elif word:
            said.append(word)
        if stop is not None and stop.is_set():
            worker.kill()


def _work() -> int:
    """Read an order, write the file to the standard output, and the share that is done to the standard error."""
    if hasattr(os, "nice"):
        os.nice(5)
    order: Order = pickle.load(sys.stdin.buffer)
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        if int(100 * share) > told:
            told = int(100 * share)
            print(f"share {share:.3f}", file=sys.stderr, flush=True)

    try:
        content = make(order, tell)
    except MemoryError:
        print("There is not enough memory for a file of this size: make it smaller.", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    # under its own name, for what is pickled there names it so
    from app.export import making

    raise SystemExit(making._work())
