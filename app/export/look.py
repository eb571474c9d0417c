"""How a picture to take away is to look: its size, its colours, its words."""

from __future__ import annotations

import colorsys
import functools
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

DPI = 96.0
"""Pixels of an inch at scale 1, as browsers have them."""
LATIN = "DejaVu Sans"
"""The font that comes with matplotlib: Latin, Greek, and the signs of mathematics."""
HINTED = 1.04
"""Letters are set on whole pixels, which makes a text a little wider than its outlines."""
_HANGUL_FILES = r"nanumgothic|notosans(cjk|kr)|malgun|applesdgothic|undotum"
# of a weight that a font has not, and of tables that a file does without, nobody needs to be told
for _name in ("matplotlib.font_manager", "fontTools.subset"):
    logging.getLogger(_name).setLevel(logging.ERROR)
_HANGUL = ("NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "UnDotum")


def points(pixels: float) -> float:
    """Matplotlib's unit, a 72nd of an inch."""
    return pixels * 72 / DPI


def color(word: Any, style: Any) -> Any:
    """A colour of a figure as matplotlib takes it: a theme's word, #rrggbb, rgba(r, g, b, a), or hsl(h, s%, l%)."""
    text = style.get(word, word) if isinstance(word, str) else word
    if isinstance(text, str) and (numbers := re.fullmatch(r"rgba?\(([^)]*)\)", text)):
        red, green, blue, *alpha = (float(part) for part in numbers[1].split(","))
        return (red / 255, green / 255, blue / 255, alpha[0] if alpha else 1.0)
    if isinstance(text, str) and (numbers := re.fullmatch(r"hsl\((.+), (.+)%, (.+)%\)", text)):
        hue, saturation, lightness = (float(part) for part in numbers.groups())
        return colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    return text


def blend(one: Any, other: Any, share: float) -> tuple[float, ...]:
    """Between two colours, `share` of the way."""
    return tuple(a + share * (b - a) for a, b in zip(to_rgb(one), to_rgb(other), strict=True))


def colormap(scale: Sequence[tuple[float, str]]) -> LinearSegmentedColormap:
    """The colours of a scale of (share, colour) pairs."""
    return LinearSegmentedColormap.from_list("ground", list(scale))


@functools.cache
def hangul() -> str:
    """A font of this machine that has Hangul, or nothing."""
    if not (found := _known(_HANGUL)):
        # matplotlib keeps its list of fonts: one that was installed since is not in it
        for path in font_manager.findSystemFonts():
            if re.match(_HANGUL_FILES, Path(path).name, re.IGNORECASE):
                font_manager.fontManager.addfont(path)
        found = _known(_HANGUL)
    return found


def _known(names: Sequence[str]) -> str:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in names if name in known), "")


def fonts() -> list[str]:
    """The families to draw with, in their order."""
    return [LATIN, *filter(None, [hangul()])]


def drawable(text: str) -> bool:
    """Whether every letter of a text is in the fonts of this machine."""
    letters = {ord(letter) for letter in text if not letter.isspace()}
    for family in fonts():
        letters -= _letters(family)
    return not letters


@functools.cache
def _letters(family: str) -> frozenset[int]:
    found = font_manager.get_font(font_manager.findfont(FontProperties(family=[family])))
    return frozenset(found.get_charmap())


@functools.lru_cache(maxsize=4096)
def wide(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels, of a font of so many pixels."""
    known = "".join(letter if ord(letter) in _letters(LATIN) else "한" for letter in text)
    if "한" in known and not hangul():
        known = known.replace("한", "M")
    properties = FontProperties(family=fonts(), size=size, weight="bold" if bold else "normal")
    width: float = text_to_path.get_text_width_height_descent(known, properties, False)[0]
    return HINTED * width


def wrap(text: str, width: float, size: float) -> list[str]:
    """A text broken into lines that fit, at spaces, and within a word where it alone is too long."""
    lines: list[str] = []
    space, taken = wide("n n", size) - wide("nn", size), 0.0
    for word in text.split():
        taken += space + wide(word, size)  # word by word, for each is measured once
        if lines and taken <= width:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, width, size)
            taken = wide(lines[-1], size)
    return lines


def _pieces(word: str, width: float, size: float) -> Sequence[str]:
    if wide(word, size) <= width:
        return [word]
    fits = max(1, int(len(word) * width / wide(word, size)))
    pieces = []
    while len(word) > fits:
        end = max(word.rfind("&", 0, fits), word.rfind("/", 0, fits)) + 1  # a link breaks between its parts
        end = end if end > fits / 2 else fits
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def cut(text: str, width: float, size: float, bold: bool = False) -> str:
    """A text with an ellipsis where it is wider than there is room."""
    if wide(text, size, bold) <= width:
        return text
    while text and wide(f"{text}…", size, bold) > width:
        text = text[:-1]
    return f"{text}…"
