"""Decks, read by python-pptx, checked as XML, and converted to PDF by LibreOffice."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import av
import pytest
from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from app.common import racers
from app.export.about import About
from app.export.deck import ROOM, deck
from app.export.making import make
from app.export.options import Cut, Look, Table
from app.race import changes, results, scene
from app.race.export import order
from app.race.runs import Race

SETTINGS = racers.set_steps(changes.first(), 40)
FINDING = "Nesterov reaches 1 % of the initial loss in 13 steps; SGD and Adam do not in 40"


@pytest.fixture(scope="module")
def content() -> bytes:
    return make(
        order(Race(SETTINGS), "pptx", Look(), Cut(seconds=0.8, rate=10, hold=0.2), base="http://localhost:8501/")
    )


def _slides(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def test_the_slides_are_a_title_views_with_films_and_a_table(content: bytes) -> None:
    first, *views, last = _slides(content)
    assert first.shapes.title.text == FINDING
    assert any("κ = 30" in shape.text_frame.text for shape in first.shapes if shape.has_text_frame)
    overshoot = "Nesterov overshoots, SGD and Adam not at all"
    assert [slide.shapes.title.text for slide in views] == [FINDING, overshoot, FINDING]
    for slide in views:
        assert any(shape.shape_type is not None and "MEDIA" in str(shape.shape_type) for shape in slide.shapes)
    (table,) = [shape.table for shape in last.shapes if shape.has_table]
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells == [results.heads(Race(SETTINGS)), *results.cells(Race(SETTINGS))]


def test_every_picture_has_an_alternative_text_and_the_link_can_be_clicked(content: bytes) -> None:
    first, *views, last = _slides(content)
    links = [
        run.hyperlink.address
        for shape in first.shapes
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        for run in paragraph.runs
        if run.hyperlink.address
    ]
    assert len(links) == 1 and links[0].startswith("http://localhost:8501/?v=1&surface=quadratic_ravine")
    described = scene.scene(Race(SETTINGS)).description
    for slide in views:
        (picture,) = slide._element.xpath(".//p:pic/p:nvPicPr/p:cNvPr")
        assert described in picture.get("descr")
    assert last._element.xpath(".//p:graphicFrame//p:cNvPr")[0].get("descr") == "Table: results"


def test_pictures_fill_the_room_below_the_title_and_text_has_18_pixels_or_more(content: bytes) -> None:
    pixel = Presentation(io.BytesIO(content)).slide_width / 1280
    for slide in _slides(content)[1:-1]:
        (picture,) = [shape for shape in slide.shapes if shape.shape_type == MSO_SHAPE_TYPE.MEDIA]
        assert picture.width / pixel == pytest.approx(ROOM[0], abs=1)
        assert picture.height / pixel == pytest.approx(ROOM[1], abs=1)
        assert picture.top >= slide.shapes.title.top + slide.shapes.title.height
        assert picture.top + picture.height <= Presentation(io.BytesIO(content)).slide_height
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.startswith("ppt/slides/slide") and name.endswith(".xml"):
                sizes = [int(size) for size in re.findall(rb'sz="(\d+)"', archive.read(name))]
                assert sizes and min(sizes) / 100 * 12700 / pixel >= 18


def test_a_link_without_an_address_is_not_offered_and_long_tables_are_continued() -> None:
    about = About("Ravine: 12 racers", "race", {"v": ["1"]})
    rows = [[f"SGD {k}", "moving"] for k in range(12)]
    slides = _slides(deck(about, "Twelve racers", "all settings", [], [Table("Results", ["Racer", "Status"], rows)]))
    assert [slide.shapes.title.text for slide in slides] == ["Twelve racers", "Results", "Results, continued"]
    assert not slides[0]._element.xpath(".//a:hlinkClick")
    tables = [shape.table for slide in slides[1:] for shape in slide.shapes if shape.has_table]
    assert [cell.text for table in tables for row in list(table.rows)[1:] for cell in row.cells][::2] == [
        row[0] for row in rows
    ]


def test_the_notes_of_every_slide_name_its_origin(content: bytes) -> None:
    for slide in _slides(content):
        note = slide.notes_slide.notes_text_frame.text
        assert "Made with Optiscope" in note and "http://localhost:8501/?v=1&surface=quadratic_ravine" in note
        assert '"query"' in note


def test_a_deck_contains_films_and_posters_and_valid_xml(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        films = [name for name in names if name.endswith(".mp4")]
        assert len(films) == 3 and len([name for name in names if name.endswith(".png")]) >= 3
        for name in films:
            with av.open(io.BytesIO(archive.read(name))) as film:
                assert film.streams.video[0].codec_context.name.startswith("h264")
                assert sum(1 for _ in film.decode(video=0)) == 10
        parts = {name for name in names if name.endswith((".xml", ".rels"))}
        for name in parts:
            etree.fromstring(archive.read(name))
        # every relation within the file refers to an existing part
        for name in (part for part in parts if part.endswith(".rels")):
            base = Path(name).parent.parent
            for relation in etree.fromstring(archive.read(name)):
                target = relation.get("Target")
                if relation.get("TargetMode") != "External":
                    path = target.lstrip("/") if target.startswith("/") else str(base / target)
                    assert os.path.normpath(path) in names, (name, target)


@pytest.mark.long
def test_libreoffice_opens_it_without_repair(content: bytes, tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        why = "LibreOffice is not installed (on Debian and Ubuntu: apt-get install libreoffice-impress)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{why}; with CI=true it must be there", pytrace=False)
        pytest.skip(why)
    (tmp_path / "race.pptx").write_bytes(content)
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [
        office,
        home,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "race.pptx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    made = (tmp_path / "race.pdf").read_bytes()
    assert made.startswith(b"%PDF-") and made.count(b"/Type/Page\n") + made.count(b"/Type/Page/") >= 5
