"""Files out of a study: pictures, films, slides, pages, numbers, settings, code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.common import names
from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import About
from app.export.formats import ending
from app.export.making import Order
from app.export.options import Table
from app.studies import captions, link, results, scene, script
from app.studies.job import Job
from app.studies.settings import Settings

if TYPE_CHECKING:
    from app.export.options import Cut, Look

PAGE = "studies"
"""The name of this page in settings files."""


def order(
    settings: Settings, job: Job, kind: str, look: Look, cut: Cut, step: int | None = None, base: str = ""
) -> Order:
    """The order for a drawn file. `base` is the address at which the app is served, if any."""
    shown = dataclasses.replace(scene.scene(settings, job), guide=scene.recorded(settings), busy=False)
    about = About(settings.declared.name, PAGE, link.query(settings), base, shown.description)
    headings = {"all": captions.finding(settings, job)} if kind == "pptx" else {}
    numbers = results.table(settings, job)
    tables = [Table("Results", numbers.columns, results.texts(numbers)[: results.MOST_ROWS])] if numbers else []
    return Order(kind, shown, look, cut, about, tables, step, headings)


def heading(settings: Settings, job: Job, part: str = "all") -> str:
    """The title of a slide: what the study shows, or its name."""
    return (captions.finding(settings, job) if part == "all" else "") or settings.declared.name


def caption(settings: Settings, job: Job, step: int | None = None) -> str:
    """The caption of a picture; None for the last step."""
    shown = scene.scene(settings, job)
    return shown.caption + shown.clock.note(step)


def file_name(settings: Settings) -> str:
    """A file name without its ending that says what the file shows."""
    return names.file_name(["study", settings.study.key], [])


def numbers(settings: Settings, job: Job, name: str) -> bytes:
    """The bytes of a file of numbers, settings or code, whose format follows from its name.

    Raises:
        Refused: if the format is unknown, or if there is no result to write.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: results.to_csv(settings.built().table(job.found)),
        "parquet": lambda: results.to_parquet(settings, settings.built().table(job.found)),
        "npz": lambda: results.to_npz(job),
        "json": lambda: write_query(PAGE, link.query(settings)),
        "py": lambda: script.script(settings).encode(),
    }
    kind = ending(name)
    if kind not in makers:
        raise Refused(f"There is no file format .{kind} here. Choose one of {', '.join(makers)}.")
    if kind in ("csv", "parquet", "npz"):
        fits(settings, job)
    return makers[kind]()


def fits(settings: Settings, job: Job) -> None:
    """Check that there is a result to write.

    Raises:
        Refused: if nothing is computed yet.
    """
    if job.found is None:
        raise Refused("Nothing is computed yet. Press Run first.")


def from_json(content: bytes) -> tuple[Settings, list[str]]:
    """Settings out of a file that was written here, and notices on what had to be dropped.

    Raises:
        Refused: if it holds no settings of this page.
    """
    page, query = read_query(content)
    if page != PAGE:
        raise Refused(f"These settings belong to the page “{page}”. Open them there.")
    return link.parse(query)
