"""A deck of slides: a title, one slide with a film for each view, and a table of settings and results."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Inches, Pt

from app.export.about import About

WIDE, TALL = Inches(13.333), Inches(7.5)
EDGE = Inches(0.5)
_TITLE_ONLY, _BLANK = 5, 6


def deck(
    about: About,
    caption: str,
    views: Sequence[tuple[str, bytes, bytes]],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    dark: bool = False,
) -> bytes:
    """The bytes of a .pptx file in the format 16:9.

    Args:
        caption: all settings as one line.
        views: (title, poster as PNG, film as MP4) of each view; without a film, the slide shows the poster.
        heads, rows: the header and the rows of the table of results.
        dark: whether the slides have a dark background.
    """
    presentation: Any = Presentation()
    presentation.slide_width, presentation.slide_height = WIDE, TALL
    ink, paper = ("E8ECF1", "11151C") if dark else ("1B2430", "FFFFFF")
    note = f"Made with {about.maker}. {caption}\n\nOpen it again: {about.link}\n\n{about.text}"

    def slide(title: str) -> Any:
        page = presentation.slides.add_slide(presentation.slide_layouts[_TITLE_ONLY])
        page.background.fill.solid()
        page.background.fill.fore_color.rgb = RGBColor.from_string(paper)
        page.shapes.title.text = title
        _place(page.shapes.title, EDGE, Inches(0.2), WIDE - 2 * EDGE, Inches(0.8))
        _set(page.shapes.title.text_frame, Pt(28), ink, bold=True)
        page.shapes.title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
        page.notes_slide.notes_text_frame.text = note
        return page

    first = slide(about.title)
    _place(first.shapes.title, EDGE, Inches(2.2), WIDE - 2 * EDGE, Inches(1.2))
    _set(first.shapes.title.text_frame, Pt(44), ink, bold=True)
    box = first.shapes.add_textbox(EDGE, Inches(3.6), WIDE - 2 * EDGE, Inches(2.5))
    box.text_frame.word_wrap = True
    box.text_frame.text = caption
    _set(box.text_frame, Pt(18), ink)
    for title, poster, film in views:
        page = slide(title)
        left, top, width, height = _fitted(poster)
        if film:
            picture = io.BytesIO(poster)
            movie = page.shapes.add_movie(
                io.BytesIO(film), left, top, width, height, poster_frame_image=picture, mime_type="video/mp4"
            )
            movie.name = f"{title}, film"
        else:
            page.shapes.add_picture(io.BytesIO(poster), left, top, width, height)
    _table(slide("Settings and results"), heads, rows, caption, ink)
    presentation.core_properties.title = about.title
    presentation.core_properties.author = about.maker
    presentation.core_properties.keywords = "Optiscope"
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def _fitted(poster: bytes) -> tuple[Emu, Emu, Emu, Emu]:
    """The left, top, width and height of the largest picture that fits below the title."""
    from PIL import Image

    width, height = Image.open(io.BytesIO(poster)).size
    across, upward = WIDE - 2 * EDGE, TALL - Inches(1.2)
    scale = min(across / width, upward / height)
    wide, tall = int(width * scale), int(height * scale)
    return Emu((WIDE - wide) // 2), Emu(Inches(1.0)), Emu(wide), Emu(tall)


def _table(slide: Any, heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str, ink: str) -> None:
    """Add the table of results to a slide, and the settings below it."""
    size = Pt(14) if len(rows) <= 9 else Pt(10)
    tall = Inches(0.38) if len(rows) <= 9 else Inches(0.27)
    high = tall * (len(rows) + 1)
    shape = slide.shapes.add_table(len(rows) + 1, len(heads), EDGE, Inches(1.1), WIDE - 2 * EDGE, high)
    for column, head in enumerate(heads):
        _cell(shape.table.cell(0, column), head, size, bold=True)
        for row, cells in enumerate(rows, 1):
            _cell(shape.table.cell(row, column), cells[column], size)
    for row in shape.table.rows:
        row.height = tall
    box = slide.shapes.add_textbox(EDGE, Inches(1.3) + high, WIDE - 2 * EDGE, Inches(1))
    box.text_frame.word_wrap = True
    box.text_frame.text = caption
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
