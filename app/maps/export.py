"""Exports a map to files of all formats."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

from app.common import names
from app.common.racers import Refused
from app.export.about import About
from app.export.formats import DRAWN, FILMS, ending
from app.export.making import Order, make
from app.export.options import Cut, Look, Table
from app.export.worker import Progress
from app.maps import captions, data, findings, link, presets, results, scene, zoom
from app.maps.job import Job
from app.maps.script import script
from app.maps.settings import MAPPED, Settings
from app.maps.views import VIEWS
from app.player import Guide, Scene


def order(
    settings: Settings, job: Job, kind: str, look: Look, cut: Cut, step: int | None = None, base: str = ""
) -> Order:
    """The order for a drawn file. `base` is the address at which the app is served, if any.

    Raises:
        Refused: if the film is to zoom and the window shows the whole map.
    """
    shown = dataclasses.replace(scene.scene(settings, job), guide=guide(settings), busy=False)
    about = About(title(settings), "maps", link.query(settings), base, shown.description)
    headings = {"all": findings.finding(settings, job)} if kind == "pptx" else {}
    tables = [Table("Results", results.heads(settings), results.cells(settings, job))]
    made = Order(kind, shown, look, cut, about, tables, step, headings)
    if kind not in FILMS or cut.time != "zoom":
        return made
    zoom.check(settings)
    count = min(cut.limited(kind).moving, zoom.MOST_SCENES)

    def scenes(report: Progress, stop: threading.Event) -> tuple[Scene, ...]:
        return zoom.film(settings, count, report, stop)

    return dataclasses.replace(made, prepare=scenes)


def guide(settings: Settings) -> Guide | None:
    """The sentence of the preset that a map began as, which a recording shows."""
    if not (key := settings.preset):
        return None
    return Guide.of(key, presets.PRESETS[key].name, presets.shown_by(settings), presets.changes(settings))


def title(settings: Settings) -> str:
    """The neutral title of a map: its view, its surface and its racers."""
    shown = [title for racer, title in zip(settings.racers, names.titles(settings), strict=True) if not racer.hidden]
    name = f"{VIEWS[settings.view].name}, {MAPPED[settings.surface.key].name}"
    return f"{name}: {', '.join(shown)}" if shown else name


def heading(settings: Settings, job: Job, part: str = "all") -> str:
    """The title of a slide: what the map shows, or the neutral title where nothing stands out."""
    found = findings.finding(settings, job) if part in ("all", settings.view) else ""
    return found or title(settings)


def caption(settings: Settings, job: Job, step: int | None = None) -> str:
    """The caption of a map, for a picture of a step of the run that is played; None is the last."""
    at = "" if step is None or step >= settings.steps else f" · shown at step {step:,} of {settings.steps:,}"
    return captions.caption(settings) + at


def file_name(settings: Settings) -> str:
    """A file name without its ending that says what the file shows."""
    racers = [racer.rule.key for racer in settings.racers if not racer.hidden]
    return names.file_name([settings.view, settings.surface.key], racers)


def contents(
    settings: Settings,
    job: Job,
    name: str,
    look: Look,
    cut: Cut,
    step: int | None = None,
    report: Progress = lambda fraction: None,
    base: str = "",
) -> bytes:
    """The bytes of a file of any kind, which follows from its name.

    Raises:
        Refused: as `numbers`, or if the film is to zoom and the map is not zoomed.
    """
    kind = ending(name)
    if kind not in DRAWN:
        return numbers(settings, job, name)
    return make(order(settings, job, kind, look, cut, step, base), report)


def numbers(settings: Settings, job: Job, name: str) -> bytes:
    """The bytes of a file with data, settings or code, whose format follows from its name.

    Raises:
        Refused: if the format is unknown, or the map cannot be written in it.
    """
    kind = ending(name)
    makers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: data.csv(settings, job),
        "parquet": lambda: data.parquet(settings, job),
        "json": lambda: data.to_json(settings),
        "py": lambda: script(settings).encode(),
    }
    if kind not in makers:
        raise Refused(f"There is no file format .{kind}.")
    return makers[kind]()


def fits(settings: Settings, job: Job) -> None:
    """Check that there are numbers to write.

    Raises:
        Refused: as `app.maps.data.csv`.
    """
    data.fits(settings, job)
