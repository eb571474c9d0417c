"""Pictures that stand still: PNG, and SVG and PDF, which are vectors throughout."""

from __future__ import annotations

import io
from typing import Literal

import matplotlib as mpl

from app.export.about import About
from app.export.drawing import Drawing
from app.export.sheet import rules


def still(drawing: Drawing, kind: Literal["png", "svg", "pdf"], about: About, step: int | None = None) -> bytes:
    """A picture of one step, the last unless another is named, as a file that says what made it.

    Letters are outlines in an SVG and an embedded font in a PDF: both look alike everywhere.
    """
    drawing.show(drawing.steps if step is None else max(0, min(step, drawing.steps)))
    metadata = {
        "png": {"Software": about.maker, "Title": about.title, "Description": about.text},
        "svg": {"Creator": about.maker, "Title": about.title, "Description": about.text, "Date": None},
        "pdf": {"Creator": about.maker, "Title": about.title, "Subject": about.text, "CreationDate": None},
    }[kind]
    out = io.BytesIO()
    with rules(), mpl.rc_context({"svg.hashsalt": "optiscope"}):
        drawing.figure.savefig(out, format=kind, dpi=drawing.figure.dpi if kind == "png" else 72, metadata=metadata)
    return out.getvalue()
