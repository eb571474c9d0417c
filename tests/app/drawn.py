"""Reads the contents of a scene from its marks."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from app.figures.marks import Dots, Line, Panel, Rule
from app.player import Scene

M = TypeVar("M")


def only(panel: Panel, kind: type[M]) -> list[M]:
    """The marks of one kind."""
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def line_of(scene: Scene, racer: str, follows: str) -> Line:
    """The path of a racer, or its losses."""
    lines = [mark for panel in scene.panels for mark in only(panel, Line)]
    return next(line for line in lines if line.racer == racer and line.follows == follows)


def positions(scene: Scene) -> np.ndarray:
    """The paths (racers, steps + 1, 2) of all racers, each continued with its last point."""
    paths = []
    for card in scene.cards:
        line = line_of(scene, card.id, "path")
        way = np.column_stack([line.x, line.y]).astype(float)
        missing = scene.clock.end // scene.pace(card) + 1 - len(way)
        paths.append(np.concatenate([way, np.repeat(way[-1:], missing, axis=0)]))
    return np.array(paths).reshape(len(scene.cards), -1, 2)


def losses(scene: Scene) -> np.ndarray:
    """The losses (racers, steps + 1) of all racers, with NaN after the end of a run."""
    rows = []
    for card in scene.cards:
        y = line_of(scene, card.id, "loss").y
        missing = scene.clock.end // scene.pace(card) + 1 - len(y)
        rows.append(np.append(y, np.full(missing, np.nan)))
    return np.array(rows)


def start(scene: Scene) -> tuple[float, float]:
    """The start of the runs."""
    (sign,) = (mark for mark in scene.panel("map").marks if getattr(mark, "handle", False))
    return float(sign.x[0]), float(sign.y[0])  # type: ignore[union-attr]


def curves(panel: Panel) -> list[Line | Dots]:
    """The marks of racers in a chart."""
    return [mark for mark in panel.marks if isinstance(mark, Line | Dots)]


def note(panel: Panel) -> str:
    """The text of a panel's note."""
    return " ".join(one.text for one in panel.note)


def rules(panel: Panel) -> list[Any]:
    """The vertical lines that do not move."""
    return [mark for mark in only(panel, Rule) if not mark.clock]
