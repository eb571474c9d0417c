"""Writes and reads the settings of a page as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.common.digits import MOST_DIGITS, shortened
from app.common.link import VERSION
from app.common.racers import Refused
from app.export.about import version

Query = Mapping[str, list[str]]


def write_query(page: str, query: Query, more: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """The settings of a page as JSON, from their query, with more entries that `read_query` ignores."""
    contents = {"optiscope": version(), "page": page, "version": VERSION, "query": query, **more}
    return (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode()


def read_query(content: bytes) -> tuple[str, dict[str, list[str]]]:
    """Read the page and the query from a file of `write_query`.

    Raises:
        Refused: if it is not valid JSON, not a settings file, or of a newer version.
    """
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"This file is not valid JSON: {str(error) or 'it is nested too deeply'}.") from None
    match read:
        case {"optiscope": str(by), "page": str(page), "version": str(spelling), "query": dict(query)}:
            if spelling.isdecimal() and (len(spelling) > MOST_DIGITS or int(spelling) > int(VERSION)):
                raise Refused(
                    f"This file was written by Optiscope {shortened(by)} in version {shortened(spelling)} of the "
                    f"settings format, and this app reads version {VERSION}. Use a newer version of Optiscope."
                )
            if all(isinstance(words, list) and words and {*map(type, words)} == {str} for words in query.values()):
                return page, query
    raise Refused(
        "This JSON file holds no Optiscope settings: it should have the keys optiscope, page, version and query."
    )
