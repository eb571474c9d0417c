"""Parts that the exported scripts of all pages share."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from urllib.parse import urlencode

from app.common.racers import Choice
from app.common.source import WIDTH
from app.export.about import version


def head(caption: str, page: str, query: Mapping[str, list[str]], needs: str) -> list[str]:
    """Return the lines of the docstring: what the script runs, and a link to the same settings."""
    parts = caption.replace(" ", "\0").replace("\0·\0", " · ")  # lines break only between parts
    heading = textwrap.fill(f'"""{parts}.', WIDTH, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
    link = f"{'' if page == 'race' else page}?{urlencode(query, doseq=True)}"
    return [heading, "", f"Written by Optiscope {version()}, which opens it at {link}", needs, '"""', ""]


def record(registry: str, choice: Choice) -> str:
    """Return the code that builds a declared record: its registry, its key, and the values that differ."""
    return f'{registry}["{choice.key}"]({", ".join(f"{name}={value!r}" for name, value in choice.values)})'
