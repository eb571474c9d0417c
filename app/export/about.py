"""The metadata of every file: version, settings and permalink."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib import metadata
from urllib.parse import urlencode


def version() -> str:
    """The installed version of Optiscope, or "(not installed)" when `python -m app` runs in a checkout."""
    try:
        return metadata.version("optiscope")
    except metadata.PackageNotFoundError:
        return "(not installed)"


@dataclasses.dataclass(frozen=True)
class About:
    """The origin of a file.

    Attributes:
        title: a short description of the contents.
        description: an alternative text: what a picture shows, for readers who cannot see it.
        page: the page from which the file was exported, "race" or "network".
        query: the settings as the address bar spells them.
        base: the address at which the app was served, with a slash at the end; empty without a server.
    """

    title: str
    page: str
    query: Mapping[str, list[str]]
    base: str = ""
    description: str = ""

    @property
    def maker(self) -> str:
        return f"Optiscope {version()}"

    @property
    def link(self) -> str:
        """The permalink; without a server, the page and its query alone, which any Optiscope opens."""
        address = self.base + ("" if self.page == "race" else self.page)
        return f"{address}?{urlencode(self.query, doseq=True)}"

    @property
    def text(self) -> str:
        """All metadata as a line of JSON."""
        contents = {"optiscope": version(), "page": self.page, "query": dict(self.query), "link": self.link}
        return json.dumps(contents, ensure_ascii=False)
