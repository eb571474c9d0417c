"""The captions of the README's pictures."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def captions() -> dict[str, str]:
    """The sentences of captions by the names of their pictures."""
    readme = (ROOT / "README.md").read_text("utf-8")
    return {name: f"{words}." for words, name in re.findall(r"!\[([^\]]+)\]\(docs/pictures/([\w-]+)\.png\)", readme)}
