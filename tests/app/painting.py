"""A small panel for each kind of mark, and functions that compare the pictures of different painters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import (
    AnyMark,
    Axes,
    Axis,
    Band,
    Bars,
    Cells,
    Dots,
    Field,
    Graph,
    Head,
    Line,
    Lines,
    Panel,
    Rule,
    Sign,
    Text,
    Tiles,
)
from app.player.scene import Card, Clock, Scene

END = 8
POSITIONS = (0, 3, END)
"""The positions of the clock at which pictures are compared: the start, between, and the end."""
RED, BLUE = "#d55e00", "#0072b2"
TIME = np.arange(END + 1)
WAVE = 5 + 3 * np.sin(0.8 * TIME)
X_AXIS, Y_AXIS = Axis(low=-0.6, high=10.0, grid=False), Axis(low=0.0, high=10.0, grid=False)
RACER = Card("racer-0", "Racer", RED)
X, Y = np.linspace(0, 10, 41), np.linspace(0, 10, 31)


def _square(rows: int) -> NDArray[np.uint8]:
    """Tiles (moments, rows, rows) that become darker from moment to moment."""
    cells = (np.arange(rows)[:, None] + np.arange(rows)) % 3 / 2
    return np.asarray(255 * np.linspace(0.4, 1, END + 1)[:, None, None] * cells, np.uint8)


def _levels(k: int) -> NDArray[np.uint8]:
    """Three pictures of nine pixels, with other levels at each moment."""
    return np.asarray((20 + 8 * k + 9 * np.arange(27)) % 256, np.uint8).reshape(3, 9)


MARKS: Mapping[str, tuple[AnyMark, ...]] = {
    "line revealed": (Line(x=TIME + 1.0, y=WAVE, time=TIME, color=RED),),
    "line with a head, a casing and dots": (
        Line(
            x=TIME + 1.0,
            y=WAVE,
            time=TIME,
            color=BLUE,
            weight="trail",
            future="absent",
            casing=True,
            dots=True,
            head=Head(symbol="diamond"),
        ),
    ),
    "line that leaves": (
        Line(
            x=TIME + 1.0,
            y=3.0 + 1.5 * TIME,
            time=TIME,
            color=RED,
            weight="trail",
            future="absent",
            head=Head(symbol="circle", outside="arrow", label="away"),
        ),
    ),
    "line dashed": (Line(x=TIME + 1.0, y=WAVE, time=TIME, color=RED, dash="dash"),),
    "line replaced": (
        Line(x=X, y=np.stack([5 + (k / END) * 4 * np.sin(X) for k in range(END + 1)]), time=TIME, color=BLUE),
    ),
    "lines": (Lines(x=TIME + 1.0, y=np.stack([WAVE + k for k in (-1, 0, 1)]), time=TIME, color=RED, layer="under"),),
    "band": (Band(x=1.0 * TIME, low=WAVE - 1, high=WAVE + 1, time=TIME, color=BLUE, layer="under"),),
    "dots revealed": (Dots(x=TIME + 1.0, y=WAVE, time=TIME, color=RED, size="large"),),
    "dots replaced": (
        Dots(x=np.stack([1 + TIME + 0.1 * k for k in TIME]), y=WAVE, time=TIME, color=BLUE, symbol="square"),
    ),
    "dots in classes": (
        Dots(x=TIME + 1.0, y=WAVE, colors=TIME % 2, palette=(RED, BLUE), edge="paper", size="large", layer="over"),
    ),
    "signs": tuple(
        Sign(x=np.array([1.5 + 2.2 * (k % 4)]), y=np.array([3.0 + 4 * (k // 4)]), symbol=symbol, layer="ground")
        for k, symbol in enumerate(
            ("cross", "plus", "asterisk", "triangle-open", "diamond-open", "star-open", "circle-open")
        )
    ),
    "handle": (Sign(x=np.array([5.0]), y=np.array([5.0]), symbol="circle-open", name="start", handle=True),),
    "text": (Text(x=5.0, y=5.0, words=("a word",), side="top right", color="ink", layer="ground"),),
    "text replaced": (
        Text(x=1.0 + TIME / 2, y=WAVE, words=tuple(f"at {k}" for k in TIME), time=TIME, side="top right", color="ink"),
    ),
    "field": (
        Field(
            x=X,
            y=Y,
            z=np.add.outer((Y - 4) ** 2, (X - 5) ** 2),
            low=0.0,
            high=40.0,
            step=5.0,
            colors={"light": ((0.0, "#5468c4"), (1.0, "#fafcfd")), "dark": ((0.0, "#1b2531"), (1.0, "#34495f"))},
        ),
    ),
    "tiles": (Tiles(values=_square(6), time=TIME, color=RED),),
    "tiles of classes": (
        Tiles(values=_square(6), classes=_square(6) // 128, palette=(RED, BLUE), time=TIME),
    ),
    "cells": (
        Cells(
            shades=np.arange(20, dtype=np.uint8).reshape(4, 5) % 3,
            box=(1.0, 2.0, 9.0, 8.0),
            colors=(RED, BLUE),
            x=np.arange(5.0),
            y=np.arange(4.0),
            values=np.zeros((4, 5), np.float32),
        ),
    ),
    "bars": (Bars(heights=np.stack([np.abs(WAVE) * (1 - 0.08 * k) for k in TIME]), time=TIME, color=BLUE),),
    "graph": (
        Graph(
            x=np.array([1.5, 5.0, 8.5]),
            y=np.array([5.0, 7.0, 4.0]),
            pictures=np.stack([_levels(k) for k in TIME]),
            grid=(3, 3),
            room=(2.0, 3.0),
            source=np.array([0, 1, 0]),
            target=np.array([1, 2, 2]),
            strengths=np.stack([[0.5, -1.0, 0.1 * k] for k in TIME]).astype(np.float32),
            time=TIME,
            palette=(RED, BLUE),
            names=("a", "b", "c"),
        ),
    ),
    "rule": (Rule(x=4.0, dash="dash"),),
    "clock": (Rule(clock=True),),
    "on log axes": (
        Band(x=TIME + 1.0, low=WAVE / 3, high=2.0 * WAVE, color=RED, layer="under"),
        Line(x=TIME + 1.0, y=WAVE, color=BLUE),
        Rule(x=4.0, dash="dot", color=RED, layer="ground"),
    ),
}  # fmt: skip
LOG = Axis(low=0.5, high=20.0, scale="log", grid=False)


def panel(name: str, bare: bool = False) -> Panel:
    """The panel of a kind of mark, or with `bare`, the same panel without marks."""
    marks = tuple(dataclasses.replace(mark, racer="racer-0") for mark in MARKS[name])
    axes = Axes(x=LOG, y=LOG) if name == "on log axes" else Axes(x=X_AXIS, y=Y_AXIS)
    return Panel(key="sample", axes=(axes,), marks=() if bare else marks)


def scene(panel: Panel) -> Scene:
    """A scene with a single panel."""
    return Scene(panels=(panel,), cards=(RACER,), clock=Clock(END))


def ink(picture: NDArray[np.uint8], empty: NDArray[np.uint8]) -> NDArray[np.int_]:
    """The difference of each pixel from the picture without the mark."""
    return np.asarray(np.abs(picture.astype(int) - empty.astype(int)).max(axis=-1))


def spread(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """A mask, extended by a number of pixels."""
    out = mask.copy()
    for axis in (0, 1):
        out = np.logical_or.reduce([np.roll(out, k, axis) for k in range(-by, by + 1)])
    return out


def agreement(one: NDArray[np.int_], other: NDArray[np.int_], by: int, least: int = 12) -> float:
    """The share of a picture's ink that is within a distance of the other's ink: the smaller of the two shares."""
    a, b = one > least, other > least
    if not a.any() or not b.any():
        return float(not a.any() and not b.any())
    return float(min((a & spread(b, by)).sum() / a.sum(), (b & spread(a, by)).sum() / b.sum()))
