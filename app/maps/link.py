"""Writes the settings of a map as the query of a link, and reads them.

    view=stability&surface=quadratic_ravine&surface.condition_number=30&steps=300&seed=0
    &racer=momentum:learning_rate=0.06,momentum=0.5&x=learning_rate&y=momentum&window=-4,0,0,2

The values of the racers are the cell whose run is played. Settings that are not given take their defaults. Bad values
are dropped, each with a notice; the others are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from app.common.link import Reader, write
from app.common.setting import Query
from app.maps.changes import FIRST_RACERS, SETTINGS, add_racer, change, set_parameters
from app.maps.effects import PRESETS
from app.maps.settings import Settings
from surfaces import SURFACES

OPENING = "edge"
"""The preset of a first visit."""
IN_RACE = ("surface", "rotation", "start", "steps", "schedule", "noise", "seed", "racers")
"""The settings that a map shares with a race."""
ORDER = ("view", "surface", "rotation", "start", "steps", "schedule", "noise", "seed", "racers", "x", "y")
"""The settings that are read first, because others depend on them."""


def query(settings: Settings) -> Query:
    """The query of the settings, in the order of their declarations."""
    return write(settings)


def race(settings: Settings) -> Query:
    """The query of the race of the chosen cell on the Race page; empty if that page does not have the surface."""
    if settings.surface.key not in SURFACES:
        return {}
    found: Query = {"v": ["1"]}
    for name in IN_RACE:
        found |= SETTINGS[name].write(settings)
    return {**found, "rotation": [SETTINGS["rotation"].form.spell(settings.rotation)]}


def parse(given: Mapping[str, list[str]]) -> tuple[Settings, list[str]]:
    """Settings out of a query, and a notice for each value that had to be dropped.

    A query that names a preset and nothing else stands for the preset, an empty one for that of a first visit.
    """
    given = given or {"preset": [OPENING]}
    if opens(given) and given["preset"][-1] in PRESETS:
        key = given["preset"][-1]
        given = {**parse_qs(PRESETS[key].link), "preset": [key]}
    link = Reader(given, Settings())
    special = {"racers": lambda: link.read_racers(FIRST_RACERS, add_racer)}
    specs = {name: SETTINGS[name] for name in ("surface", *ORDER)} | dict(SETTINGS)
    link.read_settings(specs.values(), change, set_parameters, special)
    return link.result()


def opens(given: Mapping[str, list[str]]) -> bool:
    """Whether a query leaves all settings to a preset."""
    return not given or (set(given) <= {"preset", "v"} and "preset" in given)
