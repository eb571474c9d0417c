"""A deck of slides: a title, one slide with a film for each view, and a table of results."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Inches, Pt

from app.export.about import About
from app.export.options import Table

WIDE, TALL = Inches(13.333), Inches(7.5)
EDGE = Inches(0.5)
TOP = Inches(1.15)
ROOM = (1184, 592)
"""The pixels of a picture on a slide of 1280 × 720, below the title."""
TITLE, LONG_TITLE, LONG = Pt(28), Pt(24), 60
"""The sizes of titles, and the number of characters from which on a title is long."""
MOST_ROWS = 9
"""The most racers in one table; more have further slides."""
MOST_WITH_NOTES = 6
"""The same of a table with sentences below it."""
_TITLE_ONLY = 5


class View(NamedTuple):
    """One view of a scene.

    Attributes:
        title: the title of its slide.
        description: what its picture shows, for readers who do not see it.
        poster: a PNG file.
        film: an MP4 file; if it is empty, the poster stands alone.
    """

    title: str
    description: str
    poster: bytes
    film: bytes = b""


def deck(
    about: About,
    heading: str,
    caption: str,
    views: Sequence[View],
    tables: Sequence[Table],
    dark: bool = False,
) -> bytes:
    """The bytes of a .pptx file in the format 16:9.

    Args:
        heading: the title of the first slide.
        caption: all settings as one line.
        tables: the tables, each of which has a slide of its own, or several if it is long.
        dark: whether the slides have a dark background.
    """
    presentation: Any = Presentation()
    presentation.slide_width, presentation.slide_height = WIDE, TALL
    ink, paper = ("E8ECF1", "11151C") if dark else ("1B2430", "FFFFFF")
    link = about.link if urlsplit(about.link).scheme in ("http", "https") else ""
    note = f"Made with {about.maker}. {caption}\n\nOpen it again: {about.link}\n\n{about.text}"

    def slide(title: str) -> Any:
        page = presentation.slides.add_slide(presentation.slide_layouts[_TITLE_ONLY])
        page.background.fill.solid()
        page.background.fill.fore_color.rgb = RGBColor.from_string(paper)
        page.shapes.title.text = title
        _place(page.shapes.title, EDGE, Inches(0.2), WIDE - 2 * EDGE, Inches(0.9))
        _set(page.shapes.title.text_frame, TITLE if len(title) <= LONG else LONG_TITLE, ink, bold=True)
        page.shapes.title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
        page.notes_slide.notes_text_frame.text = note
        return page

    first = slide(heading)
    _place(first.shapes.title, EDGE, Inches(1.9), WIDE - 2 * EDGE, Inches(1.5))
    _set(first.shapes.title.text_frame, Pt(44) if len(heading) <= LONG else Pt(36), ink, bold=True)
    box = first.shapes.add_textbox(EDGE, Inches(3.6), WIDE - 2 * EDGE, Inches(2.5))
    box.text_frame.word_wrap = True
    box.text_frame.text = caption
    if link:
        run = box.text_frame.add_paragraph().add_run()
        run.text = "Open in Optiscope"
        run.hyperlink.address = link
    _set(box.text_frame, Pt(18), ink)
    for view in views:
        page = slide(view.title)
        left, top, width, height = _fitted(view.poster)
        if view.film:
            poster = io.BytesIO(view.poster)
            picture = page.shapes.add_movie(
                io.BytesIO(view.film), left, top, width, height, poster_frame_image=poster, mime_type="video/mp4"
            )
        else:
            picture = page.shapes.add_picture(io.BytesIO(view.poster), left, top, width, height)
        picture.name = f"{view.title}, film" if view.film else view.title
        _describe(picture, view.description)
    for table in tables:
        most = MOST_WITH_NOTES if table.notes else MOST_ROWS
        for start in range(0, max(1, len(table.rows)), most):
            page = slide(table.title if start == 0 else f"{table.title}, continued")
            _table(page, table, table.rows[start : start + most], ink)
    presentation.core_properties.title = about.title
    presentation.core_properties.author = about.maker
    presentation.core_properties.keywords = "Optiscope"
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def _describe(shape: Any, words: str) -> None:
    """Give a shape its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", words)


def _fitted(poster: bytes) -> tuple[Emu, Emu, Emu, Emu]:
    """The left, top, width and height of the largest picture that fits below the title."""
    from PIL import Image

    width, height = Image.open(io.BytesIO(poster)).size
    across, upward = WIDE - 2 * EDGE, TALL - TOP - Inches(0.18)
    scale = min(across / width, upward / height)
    wide, tall = int(width * scale), int(height * scale)
    return Emu((WIDE - wide) // 2), Emu(TOP), Emu(wide), Emu(tall)


def _table(slide: Any, table: Table, rows: Sequence[Sequence[str]], ink: str) -> None:
    """Add a table, or some of its rows, to a slide, with its sentences below."""
    heads, (size, tall) = table.heads, (Pt(12), Inches(0.55)) if table.notes else (Pt(14), Inches(0.42))
    shape = slide.shapes.add_table(len(rows) + 1, len(heads), EDGE, TOP, WIDE - 2 * EDGE, tall * (len(rows) + 1))
    _describe(shape, f"Table: {table.title.lower()}")
    for column, head in enumerate(heads):
        _cell(shape.table.cell(0, column), head, size, bold=True)
        for row, cells in enumerate(rows, 1):
            _cell(shape.table.cell(row, column), cells[column], size)
    for row in shape.table.rows:
        row.height = tall
    if table.notes:
        top = TOP + tall * (len(rows) + 1) + Inches(0.15)
        box = slide.shapes.add_textbox(EDGE, top, WIDE - 2 * EDGE, TALL - top - Inches(0.2))
        box.text_frame.word_wrap = True
        box.text_frame.text = "\n".join(table.notes)
        _set(box.text_frame, Pt(12), ink)


def _cell(cell: Any, text: str, size: Any, bold: bool = False) -> None:
    cell.text = text
    cell.margin_top = cell.margin_bottom = Inches(0.03)
    for run in cell.text_frame.paragraphs[0].runs:
        run.font.size, run.font.bold = size, bold


def _place(shape: Any, left: Any, top: Any, width: Any, height: Any) -> None:
    shape.left, shape.top, shape.width, shape.height = Emu(left), Emu(top), Emu(width), Emu(height)


def _set(frame: Any, size: Any, ink: str, bold: bool = False) -> None:
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size, run.font.bold = size, bold
            run.font.color.rgb = RGBColor.from_string(ink)
