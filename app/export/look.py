"""Colours, fonts and the layout of text for pictures drawn by matplotlib."""

from __future__ import annotations

import colorsys
import contextlib
import functools
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from app.export.sizes import DPI

LATIN = "DejaVu Sans"
"""The font that comes with matplotlib. It has Latin and Greek letters and mathematical symbols."""
HINTED = 1.04
"""The factor by which a text is wider than its outlines, because hinting moves letters to whole pixels."""
_HANGUL_FILES = r"nanumgothic|notosans(cjk|kr)|malgun|applesdgothic|undotum"
# These modules warn about missing font weights and about font tables that they drop, which concerns no user.
for _name in ("matplotlib.font_manager", "fontTools.subset"):
    logging.getLogger(_name).setLevel(logging.ERROR)
_HANGUL = ("NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "UnDotum")


_factors = [1.0]


@contextlib.contextmanager
def magnified(factor: float) -> Iterator[None]:
    """A block in which letters, lines and marks are larger by a factor.

    Like matplotlib's own settings it holds for the whole process, in which one thread may draw at a time.
    """
    _factors.append(factor)
    try:
        yield
    finally:
        _factors.pop()


def points(pixels: float) -> float:
    """Convert pixels of a drawing to matplotlib's unit, 1/72 of an inch."""
    return pixels * 72 / DPI * _factors[-1]


def color(word: Any, style: Any) -> Any:
    """Convert a colour to a form that matplotlib accepts.

    Args:
        word: a name in the theme, #rrggbb, rgba(r, g, b, a), or hsl(h, s%, l%).
        style: the theme, a mapping from names to colours.
    """
    text = style.get(word, word) if isinstance(word, str) else word
    if isinstance(text, str) and (numbers := re.fullmatch(r"rgba?\(([^)]*)\)", text)):
        red, green, blue, *alpha = (float(part) for part in numbers[1].split(","))
        return (red / 255, green / 255, blue / 255, alpha[0] if alpha else 1.0)
    if isinstance(text, str) and (numbers := re.fullmatch(r"hsl\((.+), (.+)%, (.+)%\)", text)):
        hue, saturation, lightness = (float(part) for part in numbers.groups())
        return colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    return text


def blend(start: Any, end: Any, fraction: float) -> tuple[float, ...]:
    """The colour at a fraction of the way from one colour to another."""
    return tuple(a + fraction * (b - a) for a, b in zip(to_rgb(start), to_rgb(end), strict=True))


def colormap(scale: Sequence[tuple[float, str]]) -> LinearSegmentedColormap:
    """The colormap of a scale, which consists of (fraction, colour) pairs."""
    return LinearSegmentedColormap.from_list("ground", list(scale))


@functools.cache
def hangul() -> str:
    """The name of an installed font that has Hangul, or an empty string."""
    if not (name := _installed(_HANGUL)):
        # matplotlib caches its list of fonts, which lacks fonts that were installed since
        for path in font_manager.findSystemFonts():
            if re.match(_HANGUL_FILES, Path(path).name, re.IGNORECASE):
                font_manager.fontManager.addfont(path)
        name = _installed(_HANGUL)
    return name


def _installed(names: Sequence[str]) -> str:
    """The first of these fonts that matplotlib knows, or an empty string."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in names if name in known), "")


def fonts() -> list[str]:
    """The font families in the order in which matplotlib looks for a letter."""
    return [LATIN, *filter(None, [hangul()])]


def drawable(text: str) -> bool:
    """Whether the installed fonts have every letter of a text."""
    letters = {ord(letter) for letter in text if not letter.isspace()}
    for family in fonts():
        letters -= _letters(family)
    return not letters


@functools.cache
def _letters(family: str) -> frozenset[int]:
    font = font_manager.get_font(font_manager.findfont(FontProperties(family=[family])))
    return frozenset(font.get_charmap())


@functools.lru_cache(maxsize=4096)
def wide(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels, at a font size in pixels."""
    known = "".join(letter if ord(letter) in _letters(LATIN) else "한" for letter in text)
    if "한" in known and not hangul():
        known = known.replace("한", "M")
    properties = FontProperties(family=fonts(), size=size, weight="bold" if bold else "normal")
    width: float = text_to_path.get_text_width_height_descent(known, properties, False)[0]
    return HINTED * width


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines that fit, at spaces or, in a word that is too long, between letters."""
    lines: list[str] = []
    space, taken = wide("n n", size) - wide("nn", size), 0.0
    for word in text.split():
        taken += space + wide(word, size)  # the sum of words, because the widths of words are cached
        if lines and taken <= width:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, width, size)
            taken = wide(lines[-1], size)
    return lines


def _pieces(word: str, width: float, size: float) -> Sequence[str]:
    """Break a word into pieces that fit."""
    if wide(word, size) <= width:
        return [word]
    fits = max(1, int(len(word) * width / wide(word, size)))
    pieces = []
    while len(word) > fits:
        end = max(word.rfind("&", 0, fits), word.rfind("/", 0, fits)) + 1  # break a link between its parameters
        end = end if end > fits / 2 else fits
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def cut(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, shortened with an ellipsis if it is wider than `width`."""
    if wide(text, size, bold) <= width:
        return text
    while text and wide(f"{text}…", size, bold) > width:
        text = text[:-1]
    return f"{text}…"
