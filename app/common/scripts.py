"""Parts of the scripts that pages write."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from urllib.parse import urlencode

from app.common.racers import Choice
from app.common.source import WIDTH
from app.export.about import version


def head(caption: str, page: str, query: Mapping[str, list[str]], needs: str) -> list[str]:
    """The docstring: what is run, and where it can be looked at."""
    parts = caption.replace(" ", "\0").replace("\0·\0", " · ")  # lines break between the parts alone
    filled = textwrap.fill(f'"""{parts}.', WIDTH, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
    link = f"{'' if page == 'race' else page}?{urlencode(query, doseq=True)}"
    return [filled, "", f"Written by Optiscope {version()}, whose page shows it at {link}", needs, '"""', ""]


def record(registry: str, choice: Choice) -> str:
    """A record of ours by its key, with the values that were set."""
    return f'{registry}["{choice.key}"]({", ".join(f"{name}={value!r}" for name, value in choice.values)})'
