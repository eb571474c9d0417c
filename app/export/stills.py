"""Stills in the formats of `PICTURES`."""

from __future__ import annotations

import io
from xml.sax.saxutils import quoteattr

import matplotlib as mpl

from app.export.about import About
from app.export.drawing import Drawing
from app.export.formats import PICTURES
from app.export.sheet import rules


def still(drawing: Drawing, kind: str, about: About, step: int | None = None) -> bytes:
    """Draw a picture of a step, the last by default, and return the file's bytes.

    Text is drawn as outlines in an SVG and with an embedded font in a PDF, so that both look the same everywhere.

    Args:
        kind: a key of `PICTURES`.
    """
    drawing.show(drawing.steps if step is None else max(0, min(step, drawing.steps)))
    form = PICTURES[kind]
    metadata = {entry: getattr(about, name) if name else None for entry, name in form.metadata.items()}
    out = io.BytesIO()
    with rules(drawing.text), mpl.rc_context({"svg.hashsalt": "optiscope"}):
        drawing.figure.savefig(
            out, format=kind, dpi=72 if form.vector else drawing.figure.dpi, metadata=metadata or None
        )
    return _with_alt(out.getvalue(), about.description) if kind == "svg" else out.getvalue()


def _with_alt(svg: bytes, description: str) -> bytes:
    """An SVG file with an alternative text, which screen readers read out."""
    return svg.replace(b"<svg ", f'<svg role="img" aria-label={quoteattr(description)} '.encode(), 1)
