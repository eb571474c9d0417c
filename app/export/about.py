"""What every file says of itself: version, settings, permalink."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib import metadata
from urllib.parse import urlencode


def version() -> str:
    """The version of Optiscope; `python -m app` in a checkout works without an install, and says so."""
    try:
        return metadata.version("optiscope")
    except metadata.PackageNotFoundError:
        return "(not installed)"


@dataclasses.dataclass(frozen=True)
class About:
    """What made a file.

    Attributes:
        title: what is seen, in a few words.
        page: the page it is from, "race" or "network".
        query: the settings as the address bar spells them.
        base: where the app was served, if anywhere, with a slash at its end.
    """

    title: str
    page: str
    query: Mapping[str, list[str]]
    base: str = ""

    @property
    def maker(self) -> str:
        return f"Optiscope {version()}"

    @property
    def link(self) -> str:
        """The permalink; without a server its query alone, which any Optiscope opens."""
        place = self.base + ("" if self.page == "race" else self.page)
        return f"{place}?{urlencode(self.query, doseq=True)}"

    @property
    def text(self) -> str:
        """All of it in a line of JSON."""
        said = {"optiscope": version(), "page": self.page, "query": dict(self.query), "link": self.link}
        return json.dumps(said, ensure_ascii=False)
