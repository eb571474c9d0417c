"""Files out of a training of the Network page: pictures, films, slides, a page that plays it, numbers, settings."""

from __future__ import annotations

import csv
import dataclasses
import io

import numpy as np

from app.common import names
from app.common.racers import Refused
from app.common.saved import read_query, write_query
from app.export.about import About
from app.export.formats import DRAWN, ending
from app.export.making import Order, make, make_apart
from app.export.options import Cut, Look, Table
from app.export.worker import Progress
from app.network import captions, findings, link, presets, results, scene
from app.network.job import Job
from app.network.observers import measures
from app.network.script import script
from app.network.settings import FILE, Training
from app.player import Guide
from surfaces.network import DataSet

HEADS = ("racer", "step", "loss", "validation_loss", "accuracy", "validation_accuracy", "gradient_norm", "weight_norm")


def order(
    training: Training, job: Job, kind: str, look: Look, cut: Cut, step: int | None = None, base: str = ""
) -> Order:
    """What has to be known to draw a file of what the board shows now; `base` is where the app is served, if it is."""
    shown = dataclasses.replace(scene.scene(training, job), guide=guide(training, job.data))
    about = About(title(training, job), "network", link.query(training), base, shown.description)
    rows = [results.cells(row, job.data) for row in results.table(training, job)]
    headings = {"all": findings.finding(training, job)} if kind == "pptx" else {}
    tables = [Table("Results", results.heads(job.data), rows)]
    return Order(kind, shown, look, cut, about, tables, step, headings)


def guide(training: Training, data: DataSet) -> Guide | None:
    """The sentence of the preset that a training began as, which presentations and recordings show."""
    if not (key := training.preset):
        return None
    return Guide.of(key, presets.PRESETS[key].name, presets.shown_by(training), presets.changes(training, data))


def title(training: Training, job: Job) -> str:
    """The neutral title of a training: its data and its racers."""
    titles = ", ".join(captions.titles(training))
    return f"{job.data.name}: {titles}" if titles else job.data.name


def heading(training: Training, job: Job, part: str = "all") -> str:
    """The title of a slide: what the training shows, or the neutral title where nothing stands out."""
    found = findings.finding(training, job) if part == "all" else ""
    return found or title(training, job)


def file_name(training: Training) -> str:
    """A file name without its ending that says what the file shows: the data and the racers."""
    data = training.file.rpartition(".")[0] or training.file if training.data.key == FILE else training.data.key
    return names.file_name([data], [racer.rule.key for racer in training.racers if not racer.hidden])


def contents(
    training: Training, job: Job, name: str, look: Look, cut: Cut, step: int | None, report: Progress, base: str = ""
) -> bytes:
    """The file of that name, of what the board shows now.

    Raises:
        Refused: as `numbers`.
    """
    kind = ending(name)
    if kind not in DRAWN:
        return numbers(training, job, name, step)
    made = make_apart if kind == "pptx" else make  # slides are so many films that two processes are worth it
    return made(order(training, job, kind, look, cut, step, base), report)


def caption(training: Training, job: Job, step: int | None = None) -> str:
    """The caption of a training for a picture of a step; None is the last."""
    return captions.caption(training, job.data) + scene.clock_of(training, job).note(step)


def numbers(training: Training, job: Job, name: str, step: int | None = None) -> bytes:
    """The file of that name: .csv, what was measured at the kept steps; .npz, weights and losses; .txt, the caption;
    .json, settings; .py, a script.

    Raises:
        Refused: where there is no such kind of file, or this training cannot be had in it.
    """
    kind = ending(name)
    makers = {
        "csv": lambda: _csv(training, job),
        "npz": lambda: _npz(training, job),
        "txt": lambda: f"{caption(training, job, step)}\n".encode(),
        "json": lambda: write_query("network", link.query(training)),
        "py": lambda: script(training, job).encode(),
    }
    if kind not in makers:
        raise Refused(f"A training cannot be exported as .{kind}.")
    return makers[kind]()


def fits(training: Training, job: Job) -> None:
    """Whether there is anything to put into a file.

    Raises:
        Refused: if nobody is shown.
    """
    if all(racer.hidden for racer in training.racers):
        raise Refused("No optimizers to export: add one, or show one that is hidden.")


def query_of(content: bytes) -> dict[str, list[str]]:
    """The query in a file of settings.

    Raises:
        Refused: where it is no such file, or another page's.
    """
    page, query = read_query(content)
    if page != "network":
        raise Refused("These are the settings of a race. Open them on the Race page.")
    return query


def _csv(training: Training, job: Job) -> bytes:
    """One line for each racer that is shown and each step at which its weights were kept."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([head.replace("validation", job.data.held_out) for head in HEADS])
    for racer, title, run in zip(training.racers, captions.titles(training), job.runs, strict=True):
        if racer.hidden or not run.looks("measures"):
            continue
        found = measures(run)
        norms = [np.linalg.norm(one, axis=1) for one in (found.gradients, found.weights)]
        columns = (found.loss, found.validation_loss, found.accuracy, found.validation_accuracy, *norms)
        for k, step in enumerate(run.steps()[: len(found.loss)]):
            values = ("" if np.isnan(column[k]) else str(column[k]) for column in columns)
            writer.writerow([title, int(step), *values])
    return out.getvalue().encode()


def _npz(training: Training, job: Job) -> bytes:
    """Of each racer: title, steps (k,), weights (k, n) float32 as they were kept, losses (last,) of every batch."""
    arrays: dict[str, np.ndarray] = {"settings": np.array(write_query("network", link.query(training)).decode())}
    for racer, title, run in zip(training.racers, captions.titles(training), job.runs, strict=True):
        if not racer.hidden:
            parts = {"title": np.array(title), "steps": run.steps(), "weights": run.weights(), "losses": run.losses()}
            arrays |= {f"{racer.id}/{name}": value for name, value in parts.items()}
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()
