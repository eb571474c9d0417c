"""The history of the optimizers in the catalogue: what each added to its predecessor, and a race between the two."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from optimizers import RULES, Optimizer


@dataclasses.dataclass(frozen=True)
class Entry:
    """An optimizer in its place in history.

    Attributes:
        key, name, year, idea, source: those of its rule.
        predecessor: the key of the rule that it changes, or an empty text.
        page: the page on which it races against its predecessor: "network", or an empty text for the Race page.
        query: the settings of that race as a link has them; empty without a predecessor.
    """

    key: str
    name: str
    year: int
    idea: str
    source: str
    predecessor: str
    page: str
    query: str

    @property
    def link(self) -> str:
        """The address of the race, relative to that of the app; empty without a predecessor."""
        return f"./{self.page}?{self.query}" if self.query else ""


def entries(rules: Mapping[str, type[Optimizer]] = RULES) -> tuple[Entry, ...]:
    """The optimizers in the order of their years; a predecessor stands before those that follow it."""
    waiting = dict(sorted(rules.items(), key=lambda item: item[1].year))
    ordered: list[Entry] = []
    while waiting:
        key = next(k for k, rule in waiting.items() if rule.predecessor not in waiting)
        ordered.append(_entry(key, waiting.pop(key)))
    return tuple(ordered)


def _entry(key: str, rule: type[Optimizer]) -> Entry:
    page = "network" if rule.layered else ""
    settings = "" if rule.layered else f"{rule.shown_on}&"
    query = settings + urlencode([("racer", rule.predecessor), ("racer", key)]) if rule.predecessor else ""
    return Entry(key, rule.name, rule.year, rule.idea, rule.source, rule.predecessor, page, query)


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the family tree beside the timeline, in numbers of lanes from the left.

    Attributes:
        at: the lane of the optimizer: a new lane if others follow it, else the rightmost lane.
        origin: the lane of its predecessor; −1 without one.
        through: the lanes that pass from the row above to the row below.
        goes_on: whether its lane leads to a row below.
    """

    at: int
    origin: int
    through: tuple[int, ...]
    goes_on: bool


def family(ordered: Sequence[Entry]) -> tuple[Row, ...]:
    """The rows of the family tree for entries in the order of `entries`."""
    last = {entry.predecessor: place for place, entry in enumerate(ordered) if entry.predecessor}
    lanes: dict[str, int] = {}
    for entry in ordered:
        if entry.key in last:
            lanes[entry.key] = len(lanes)
    first = {entry.key: place for place, entry in enumerate(ordered)}
    rows = []
    for place, entry in enumerate(ordered):
        through = tuple(lane for key, lane in lanes.items() if first[key] < place < last[key])
        origin = lanes.get(entry.predecessor, -1)
        rows.append(Row(lanes.get(entry.key, len(lanes)), origin, through, entry.key in last))
    return tuple(rows)
