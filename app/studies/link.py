"""Writes the settings of a study as the query of a link, and reads them.

    study=rotation&study.condition_number=100&seed=0

Settings that a link does not mention take their defaults. Bad values are dropped, each with a notice; the others are
kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from app.common.link import Reader, write
from app.common.setting import Query
from app.common.words import unknown
from app.studies.changes import SETTINGS, change, set_parameters
from app.studies.presets import PRESETS
from app.studies.settings import Settings


def query(settings: Settings) -> Query:
    """The query of the settings, in the order of their declarations."""
    return write(cast(Any, settings))


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped.

    A query may name a preset; what else it contains replaces the settings of the preset.
    """
    notices = []
    if "preset" in given:
        rest = {name: words for name, words in given.items() if name != "preset"}
        if (key := given["preset"][-1]) in PRESETS:
            given = {**PRESETS[key].query, **rest}
        else:
            given, notices = rest, [f"Dropped from the link: {unknown('preset', key, PRESETS)}"]
    link: Any = Reader(given, cast(Any, Settings()))
    link.read_settings(SETTINGS.values(), change, set_parameters)
    settings, more = cast(tuple[Settings, list[str]], link.result())
    return settings, notices + more
