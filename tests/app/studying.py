"""Drives the Studies page in a browser: opens a study, computes it, and checks its panels and its files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from app.studies import link
from tests.app.driving import Race, picture

PATIENCE = 240_000
"""The timeout of a study in milliseconds on a busy machine, which only limits hanging tests."""
WORDS = "() => document.querySelector('.progress span')?.textContent ?? ''"


def studied(visit: Callable[..., Race], query: str, **options: Any) -> Race:
    """Open a study by its query, such as "study=rotation&study.starts=5", press Run if it waits, and wait for the end.

    Args:
        visit: the fixture `fresh` or `visit`.
        options: those of `visit`, such as the width.
    """
    race = visit(query, page="studies", **options)
    race.page.set_default_timeout(PATIENCE)
    if "press Run" in race.page.evaluate(WORDS):
        race.page.get_by_role("button", name="Run", exact=True).click()
    race.until("() => /^computed/.test(document.querySelector('.progress span')?.textContent)")
    return race.settle()


def panels(race: Race) -> list[dict[str, Any]]:
    """The panels of the scene that is played: their keys, titles, the number of their marks, and their notes."""
    found: list[dict[str, Any]] = race.page.evaluate(
        """() => window.optiscope.scenes()[0].panels.map(({ key, title, marks, note }) =>
             ({ key, title, marks: marks.length, note: note.map(({ text }) => text).join(' ') }))"""
    )
    return found


def drawn(race: Race, k: int) -> bool:
    """Whether the canvases of the panel with index `k` show more than one colour, so that something is drawn."""
    colors: int = race.page.evaluate(
        """(k) => Math.max(...[...document.querySelectorAll(`[data-testid=panel-${k}] canvas`)].map((canvas) => {
             const image = document.createElement('canvas');
             Object.assign(image, { width: canvas.width, height: canvas.height });
             const pen = image.getContext('2d', { willReadFrequently: true });
             pen.drawImage(canvas, 0, 0);
             const { data } = pen.getImageData(0, 0, image.width, image.height);
             return new Set(new Uint32Array(data.buffer)).size;
           }))""",
        k,
    )
    return colors > 1


def check(race: Race) -> list[list[str]]:
    """Check all that every study has: a picture in each panel, a table, and files; return the rows of the CSV file."""
    settings, notices = link.parse(race.query())
    assert notices == []
    shown = panels(race)
    assert 1 <= len(shown) <= 3
    for k, panel in enumerate(shown):
        assert panel["title"] and panel["marks"] and drawn(race, k), panel
    race.export()
    name, content = race.download("Download PNG")
    assert name == f"study-{settings.study.key.replace('_', '-')}.png" and picture(content).std() > 5
    race.page.get_by_text("Data", exact=True).click()
    name, content = race.download("CSV")
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert name.endswith(".csv") and len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])}
    race.page.keyboard.press("Escape")
    race.settle()
    assert race.complaints() == []
    return rows
