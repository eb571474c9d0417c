"""Writes the settings of a matrix as the query of a link, and reads them.

    groups=ravines,saddles&rules=sgd,adam&trials=64&seed=0&test=saddle_near&rule=sgd

Settings that are not given take their defaults. Bad values are dropped, each with a notice; the others are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from app.common.link import Reader, write
from app.common.setting import Query
from app.matrix.changes import SETTINGS, change
from app.matrix.presets import PRESETS
from app.matrix.settings import Settings


def query(settings: Settings) -> Query:
    """The query of the settings, in the order of their declarations."""
    return write(cast(Any, settings))


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped.

    A query that names a preset and nothing else stands for the preset.
    """
    if set(given) <= {"preset", "v"} and (key := given.get("preset", [""])[-1]) in PRESETS:
        given = {**PRESETS[key].query, "preset": [key]}
    link: Any = Reader(given, cast(Any, Settings()))
    link.read_settings(SETTINGS.values(), change, change)
    return cast(tuple[Settings, list[str]], link.result())
