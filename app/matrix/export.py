"""Files out of a matrix: pictures of it and of the runs that are played, numbers, settings, code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.common import names
from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import About
from app.export.formats import ending
from app.export.making import Order
from app.export.options import Table
from app.matrix import findings, link, results, scene, script
from app.matrix.job import Job
from app.matrix.settings import Settings

if TYPE_CHECKING:
    from app.export.options import Cut, Look


def order(settings: Settings, job: Job, kind: str, look: Look, cut: Cut, step: int | None, base: str = "") -> Order:
    """The order for a drawn file. `base` is the address at which the app is served, if any."""
    shown = scene.whole(settings, job)
    about = About(title(settings), "matrix", link.query(settings), base, shown.description)
    headings = {"all": findings.finding(settings, job)} if kind == "pptx" else {}
    tables = [Table("Results", results.TABLE_HEADS, results.table(settings, job.cells))]
    return Order(kind, shown, look, cut, about, tables, step, headings)


def title(settings: Settings) -> str:
    """The neutral title of a matrix."""
    return f"Unit tests of {len(settings.rules_shown)} optimizers"


def heading(settings: Settings, job: Job, part: str = "all") -> str:
    """The title of a slide: what the matrix shows, or the neutral title where nothing stands out."""
    return (findings.finding(settings, job) if part in ("all", "matrix") else "") or title(settings)


def caption(settings: Settings, job: Job, step: int | None = None) -> str:
    """The caption of a picture; None for the last step."""
    shown = scene.whole(settings, job)
    return shown.caption + shown.clock.note(step)


def file_name(settings: Settings) -> str:
    """A file name without its ending that says what the file shows."""
    return names.file_name(["tests", *settings.groups[:3]], settings.rules_shown if settings.rules else [])


def numbers(settings: Settings, job: Job, name: str, step: int | None = None) -> bytes:
    """The bytes of a file of numbers, settings or code, whose format follows from its name.

    Raises:
        Refused: if the format is unknown, or if there are no cells to write.
    """
    makers: dict[str, Callable[[], Any]] = {
        "csv": lambda: results.to_csv(settings, job.cells),
        "json": lambda: write_query("matrix", link.query(settings)),
        "py": lambda: script.script(settings).encode(),
        "txt": lambda: f"{caption(settings, job, step)}\n".encode(),
    }
    kind = ending(name)
    if kind not in makers:
        raise Refused(f"There is no file format .{kind} here. Choose one of {', '.join(makers)}.")
    if kind == "csv":
        fits(settings, job)
    content: bytes = makers[kind]()
    return content


def fits(settings: Settings, job: Job) -> None:
    """Check that there is something to write.

    Raises:
        Refused: if none of the cells that are shown is there.
    """
    if not any((test, rule) in job.cells for test in settings.tests_shown for rule in settings.rules_shown):
        raise Refused("No cell is computed yet. Press Run first.")


def from_json(content: bytes) -> tuple[Settings, list[str]]:
    """Settings out of a file that was written here, and notices on what had to be dropped.

    Raises:
        Refused: if it holds no settings of this page.
    """
    page, query = read_query(content)
    if page != "matrix":
        raise Refused(f"These settings belong to the page “{page}”. Open them there.")
    return link.parse(query)
