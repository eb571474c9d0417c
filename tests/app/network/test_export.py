"""Files out of a training: its numbers are the job's, its settings are opened again."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from app.common import racers
from app.common.digits import percent
from app.common.racers import Choice, Refused
from app.export.making import make
from app.export.options import Cut, Look
from app.network import captions, export, files, findings, link, presets, results, scene
from app.network import changes as network_changes
from app.network.job import Job
from app.network.observers import measures
from app.network.settings import FILE, generated
from app.race import changes
from app.race.data import to_json
from tests.app.export.scripted import run_script

TRAINING = racers.set_steps(network_changes.change(presets.first(), "widths", "4", generated(presets.first())), 20)


@pytest.fixture(scope="module")
def job() -> Job:
    found = scene.job_for(TRAINING, generated(TRAINING))
    _train(found)
    return found


def _train(job: Job) -> None:
    """Train to the end."""
    job.begin()
    end = time.monotonic() + 120
    while job.busy and time.monotonic() < end:
        time.sleep(0.02)


def test_a_table_holds_what_was_measured(job: Job) -> None:
    table = pd.read_csv(io.BytesIO(export.numbers(TRAINING, job, "t.csv")))
    for title, run in zip(captions.titles(TRAINING), job.runs, strict=True):
        own = table[table["racer"] == title]
        assert own["step"].tolist() == run.steps().tolist()
        np.testing.assert_allclose(own["validation_loss"], measures(run).validation_loss, rtol=1e-6)
        np.testing.assert_allclose(own["weight_norm"], np.linalg.norm(measures(run).weights, axis=1), rtol=1e-5)


def test_arrays_hold_the_weights_and_every_batch_s_loss(job: Job) -> None:
    arrays = np.load(io.BytesIO(export.numbers(TRAINING, job, "t.npz")))
    for run in job.runs:
        np.testing.assert_array_equal(arrays[f"{run.racer.id}/weights"], run.weights())
        np.testing.assert_array_equal(arrays[f"{run.racer.id}/losses"], run.losses())


def test_settings_are_opened_again_and_a_race_s_are_refused(job: Job) -> None:
    query = export.query_of(export.numbers(TRAINING, job, "t.json"))
    found: Any = link.parse(query, generated)
    assert found == (TRAINING, [])
    with pytest.raises(Refused, match="Race page"):
        export.query_of(to_json(changes.first()))
    with pytest.raises(Refused, match="cannot be exported"):
        export.numbers(TRAINING, job, "t.parquet")


def test_a_page_plays_the_board_and_a_picture_says_what_made_it(job: Job) -> None:
    content = make(export.order(TRAINING, job, "html", Look(), Cut()))
    assert content.startswith(b"<!") and b"Two spirals: SGD, Momentum, Adam" in content
    image = Image.open(io.BytesIO(make(export.order(TRAINING, job, "png", Look(width=640, height=360), Cut()))))
    said = json.loads(image.text["Description"])  # type: ignore[attr-defined]
    assert image.size == (640, 360) and said["page"] == "network" and said["query"] == link.query(TRAINING)


def test_slides_have_a_film_of_every_view_and_the_table(job: Job) -> None:
    cut = Cut(seconds=0.4, rate=5, hold=0.0)
    slides = Presentation(io.BytesIO(make(export.order(TRAINING, job, "pptx", Look(), cut)))).slides
    titles = [slide.shapes.title.text for slide in slides]
    finding = findings.finding(TRAINING, job)
    assert titles == [finding, finding, "Decision boundary", "Accuracy", "Loss", "Results"]
    shares = [measures(run).validation_accuracy[-1] for run in job.runs]
    best, worst = (captions.titles(TRAINING)[pick(shares)] for pick in (np.argmax, np.argmin))
    assert re.fullmatch(rf"{best} classifies \S+ % of the validation samples correctly, {worst} \S+ %", finding, re.I)
    assert re.findall(r"(\S+ %)", finding) == [percent(max(shares)), percent(min(shares))]
    films = [shape for slide in slides for shape in slide.shapes if shape.shape_type == MSO_SHAPE_TYPE.MEDIA]
    assert len(films) == 4
    (table,) = (shape.table for slide in slides for shape in slide.shapes if shape.has_table)
    heads = [cell.text for cell in table.rows[0].cells]
    rows = results.table(TRAINING, job)
    assert len(table.rows) == len(rows) + 1
    assert table.cell(1, heads.index("Validation accuracy")).text == percent(rows[0].validation_accuracy)


def test_a_script_trains_the_very_runs_of_the_page(job: Job) -> None:
    names = run_script(export.numbers(TRAINING, job, "t.py").decode())
    assert list(names["runs"]) == captions.titles(TRAINING)
    lines = names["printed"].splitlines()
    rows = results.table(TRAINING, job)
    for (title, (_, made)), run, row, line in zip(names["runs"].items(), job.runs, rows, lines, strict=True):
        np.testing.assert_array_equal(made.weights, run.weights())
        np.testing.assert_array_equal(made.losses, run.losses())
        name, _, rest = line.partition(": loss ")
        loss, _, validation = rest.partition(", validation loss ")
        assert name == title
        assert (float(loss), float(validation)) == pytest.approx((row.loss, row.validation_loss), rel=1e-5)


@pytest.mark.long
def test_a_script_has_what_each_racer_has_for_itself_and_the_schedule() -> None:
    query = {
        "data": ["moons"],
        "widths": ["3"],
        "steps": ["12"],
        "schedule": ["cosine"],
        "dropout": ["0.3"],
        "racer": [
            "sgd:learning_rate=0.1,activation=relu,batch_size=0",
            "adam:learning_rate=0.01,l2=0.05",
            "adam:learning_rate=0.01,norm=batch,mixup=0.5,dropout=0,average=0.9",
        ],
    }
    training, notices = link.parse(query, generated)
    assert not notices
    other = scene.job_for(training, generated(training))
    other.begin()
    end = time.monotonic() + 120
    while other.busy and time.monotonic() < end:
        time.sleep(0.02)
    names = run_script(export.numbers(training, other, "t.py").decode())
    for (network, made), run in zip(names["runs"].values(), other.runs, strict=True):
        np.testing.assert_array_equal(made.weights, run.weights())
        assert network.model == run.network.model
    found = [line.partition(": loss ")[2].split(", validation loss ") for line in names["printed"].splitlines()]
    rows = [(row.loss, row.validation_loss) for row in results.table(training, other)]
    np.testing.assert_allclose(np.array(found, float), rows, rtol=1e-5)


@pytest.mark.parametrize("parts", [1, 2], ids=["one part", "a test part"])
def test_a_script_reads_idx_files(parts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the lectures' exercise, in miniature: the script trains the very runs of the page."""
    rng = np.random.default_rng(0)
    paths = []
    for part, count in (("train", 60), ("t10k", 20))[:parts]:
        for kind, values in (
            ("images-idx3", rng.integers(0, 256, (count, 4, 4))),
            ("labels-idx1", np.arange(count) % 3),
        ):
            header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
            paths.append(tmp_path / f"{part}-{kind}-ubyte")
            paths[-1].write_bytes(header + values.astype(np.uint8).tobytes())
    ((name, brought),) = files.read(reversed(paths), together=True).items()
    training = dataclasses.replace(TRAINING, data=Choice(FILE), file=name, standardised=False, steps=12, batch_size=8)
    data = brought.read(training)
    assert data.files == tuple(path.name for path in paths) and data.held_out == (
        "test" if parts == 2 else "validation"
    )
    made = scene.job_for(training, data)
    _train(made)
    monkeypatch.chdir(tmp_path)
    names = run_script(export.numbers(training, made, "t.py").decode())
    for (_, run_), run in zip(names["runs"].values(), made.runs, strict=True):
        np.testing.assert_array_equal(run_.weights, run.weights())
    np.testing.assert_array_equal(names["data"].test.x, data.test.x)


def test_a_script_without_anybody_or_for_a_source_that_it_cannot_read_is_refused(job: Job) -> None:
    alone = dataclasses.replace(TRAINING, racers=())
    with pytest.raises(Refused, match="No optimizers to export"):
        export.numbers(alone, job, "t.py")
    idx = dataclasses.replace(TRAINING, data=Choice(FILE), file="images-idx3-ubyte")
    with pytest.raises(Refused, match=r"one \.npz file, IDX files, or one \.csv"):
        export.numbers(idx, job, "t.py")
    table = dataclasses.replace(idx, file="d.csv", target="kind")
    assert "from_csv(Path('d.csv').read_bytes(), 'kind', 'd.csv').standardised()" in _text(table, job)


def _text(training: Any, job: Job) -> str:
    return export.numbers(training, job, "t.py").decode()
