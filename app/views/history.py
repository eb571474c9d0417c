"""The History page: a timeline of the optimizers, with what each changed and a race against its predecessor."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app.common.history import Entry, Row, entries, family
from app.figures.theme import PALETTE
from app.views import controls
from app.views.parts import masthead

PAGE = "history"
STEP, EDGE = 18, 10
"""The distance between two lanes of the family tree, and of the first from its left edge, in pixels."""
INTRODUCTION = (
    "How each optimizer differs from its predecessor. Lines lead from predecessor to successor, and each link opens a "
    "race between the two."
)


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter(PAGE)
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("History")
    st.html(timeline(entries()))


def timeline(ordered: Sequence[Entry]) -> str:
    """The HTML of the timeline."""
    names = {entry.key: entry.name for entry in ordered}
    rows = family(ordered)
    wide = EDGE + STEP * max(row.at for row in rows) + EDGE
    items = "".join(_item(entry, row, names, wide) for entry, row in zip(ordered, rows, strict=True))
    heading = f"<h2>A history of optimizers</h2><p>{INTRODUCTION}</p>"
    return f"<section class='history' data-testid='history'>{heading}<ol>{items}</ol></section>"


def _item(entry: Entry, row: Row, names: dict[str, str], wide: int) -> str:
    link = ""
    if entry.link:
        other = html.escape(names[entry.predecessor])
        words = f"{html.escape(entry.name)}: race against {other}"
        link = f"<a href='{html.escape(entry.link)}' target='_self' aria-label='{words}'>race against {other}</a>"
    return (
        f"<li><time>{entry.year}</time>{_tree(row, wide)}"
        f"<div><h3>{html.escape(entry.name)}</h3> <cite>{html.escape(entry.source)}</cite>"
        f"<p>{html.escape(entry.idea)} {link}</p></div></li>"
    )


def _tree(row: Row, wide: int) -> str:
    """The part of the family tree beside a row, drawn with borders: lines, then the dot."""
    parts = [_line(lane, "through") for lane in row.through if lane != row.origin]
    if row.origin >= 0:
        parts.append(_line(row.origin, "through" if row.origin in row.through else "end"))
        left, right = _left(row.origin), _left(row.at)
        place = f"left:{min(left, right)}px;width:{abs(right - left)}px;border-color:{_color(row.origin)}"
        parts.append(f"<i class='branch' style='{place}'></i>")
    if row.goes_on:
        parts.append(_line(row.at, "begin"))
    ink = _color(row.at if row.goes_on else row.origin)
    parts.append(f"<i class='dot' style='left:{_left(row.at)}px;border-color:{ink}'></i>")
    return f"<span class='tree' aria-hidden='true' style='width:{wide}px'>{''.join(parts)}</span>"


def _line(lane: int, kind: str) -> str:
    return f"<i class='{kind}' style='left:{_left(lane)}px;border-color:{_color(lane)}'></i>"


def _left(lane: int) -> int:
    return EDGE + STEP * lane


def _color(lane: int) -> str:
    """The colour of a lane, mixed with that of the text: darker on a light page, lighter on a dark one."""
    return f"color-mix(in srgb, {PALETTE[lane % len(PALETTE)]} 72%, currentcolor)" if lane >= 0 else "currentcolor"
