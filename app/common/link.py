"""Writes settings as the query of a link, and reads them again. Invalid parts are dropped with notices."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from app.common import racers
from app.common.digits import shortened
from app.common.forms import OneRecord, Parameters
from app.common.racers import MAX_RACERS, Lineup, Refused, Value, number
from app.common.setting import Query, Setting, declared
from app.common.words import nearest
from optimizers import RULES

VERSION = "1"
MOST_CHARACTERS = 50_000
"""The largest length of a link. Sixteen racers with all their parameters in two races take a fifth of it."""
MOST_NOTICES = 20
L = TypeVar("L", bound=Lineup)
Add = Callable[..., L]
"""A change that adds a racer by its key, with a learning rate `rate`, or with one that suits the loss if it is None."""
Change = Callable[[L, str, Any], L]
"""A change that sets a setting, by its name."""
SetParameters = Callable[[L, str, Mapping[str, Any]], L]
"""A change that sets parameters of the record that a setting chooses, by their names."""


def write(settings: L, special: Mapping[str, Callable[[L], Query]] = MappingProxyType({})) -> Query:
    """The query of settings, in the order of their declarations.

    Args:
        special: functions that write settings whose query depends on more than their value.
    """
    query: Query = {"v": [VERSION]}
    for name, spec in declared(type(settings)).items():
        query |= special[name](settings) if name in special else spec.write(settings)
    return query


class Reader(Generic[L]):
    """Reads settings from a query, change by change. Refused changes are dropped with a notice."""

    def __init__(self, query: Mapping[str, list[str]], settings: L) -> None:
        self.query = query
        self.settings = settings
        self.notices: list[str] = []
        length = sum(len(key) + sum(map(len, words)) for key, words in query.items())
        if length > MOST_CHARACTERS:
            self.query = query = {}
            self.notices.append(
                f"This link has {length:,} characters and was not read; the limit is {MOST_CHARACTERS:,}."
            )
        self._keys = {"v"}
        self._parts: set[str] = set()
        version = query.get("v", [VERSION])[-1]
        if version != VERSION:
            self.notices.append(
                f"This link has version {shortened(version)!r}, and this app reads version {VERSION}. "
                "The settings that it recognises are kept."
            )

    def attempt(self, change: Callable[..., L], *arguments: Any, quiet: bool = False) -> bool:
        """Apply a change to the settings with these arguments, and return whether it was accepted."""
        try:
            self.settings = racers.accepted(change(self.settings, *arguments))
        except Refused as refusal:
            if not quiet:
                self.notices.append(f"Dropped from the link: {refusal}")
            return False
        return True

    def word(self, name: str, default: str = "") -> str:
        """The value of a key in the query; the last one if there are several."""
        self._keys.add(name)
        return self.query.get(name, [default])[-1]

    def read(self, name: str, change: Callable[[L, str], L]) -> None:
        """Apply a change with the value of a key, if the query has it."""
        word = self.word(name)
        if name in self.query:
            self.attempt(change, word)

    def values(self, part: str) -> dict[str, str]:
        """The parameters of a part in the query."""
        self._parts.add(part)
        return {key.partition(".")[2]: words[-1] for key, words in self.query.items() if key.startswith(f"{part}.")}

    def read_settings(
        self,
        specs: Iterable[Setting],
        change: Change[L],
        set_parameters: SetParameters[L],
        special: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    ) -> None:
        """Read declared settings from the query, one after another.

        Args:
            specs: the settings, in the order in which they are read.
            change: the change that sets one of them.
            set_parameters: the change that sets parameters of a chosen record.
            special: functions that read settings which depend on several keys.
        """
        for spec in specs:
            if spec.name in special:
                special[spec.name]()
            elif isinstance(spec.form, Parameters):
                for name in spec.form.record.parameters():
                    self.read(name, lambda s, word, part=spec.name, name=name: set_parameters(s, part, {name: word}))  # type: ignore[misc]
            else:
                self.read(spec.key, lambda s, word, name=spec.name: change(s, name, word))  # type: ignore[misc]
                if isinstance(spec.form, OneRecord):
                    self.read_parameters(spec, set_parameters)

    def read_parameters(self, spec: Setting, set_parameters: SetParameters[L]) -> None:
        """Read the parameters of a chosen record: all at once, because they may be legal only together. If they are
        refused, read them one by one, to keep those that are legal.
        """
        values = self.values(spec.key)
        if values and not self.attempt(set_parameters, spec.name, values, quiet=True):
            for name, value in values.items():
                self.attempt(set_parameters, spec.name, {name: value})

    def read_racers(
        self,
        first: Sequence[str],
        add: Add[L],
        set_value: Callable[[L, str, str, Any], L] = racers.set_racer,
    ) -> None:
        """Read the racers of the query, or those in `first` if it has no key for racers."""
        self._keys.add("racer")
        words = [word for word in self.query.get("racer", first) if word]
        for k, spelled in enumerate(words):
            if len(self.settings.racers) >= MAX_RACERS:
                more = len(words) - k
                self.notices.append(
                    f"Dropped from the link: racers beyond the {MAX_RACERS} that a race can have ({more} more)."
                )
                break
            self.attempt(read_racer, spelled, self.notices, add, set_value)

    def result(self) -> tuple[L, list[str]]:
        """The settings, and a notice for each part that was dropped, including unknown keys."""
        for key in self.query:
            if key not in self._keys and key.partition(".")[0] not in self._parts:
                meant = nearest(key, self._keys)
                guess = f" Did you mean {meant!r}?" if meant else ""
                self.notices.append(f"Dropped from the link: there is no setting called {shortened(key)!r}.{guess}")
        notices = list(dict.fromkeys(self.notices))
        if (more := len(notices) - MOST_NOTICES) > 0:
            notices = [*notices[:MOST_NOTICES], f"Dropped from the link: {more:,} more invalid settings."]
        return self.settings, notices


def read_racer(
    settings: L,
    spelled: str,
    notices: list[str],
    add: Add[L],
    set_value: Callable[[L, str, str, Any], L] = racers.set_racer,
) -> L:
    """Add a racer from its text, such as adam:learning_rate=0.05,beta1=0.9. Refused values are added to the notices."""
    key, _, rest = spelled.partition(":")
    values = dict(_item(item) for item in rest.split(",") if item)  # the last value, if a name occurs several times
    settings = add(settings, key, rate=_rate(key, values.get("learning_rate")))
    position = len(settings.racers) - 1
    if position not in {r.slot for r in settings.racers[:-1]}:
        settings = _with_slot(settings, position)
    racer = settings.racers[-1]
    for name, value in values.items():
        try:
            if name == "hidden":
                settings = racers.hide_racer(settings, racer.id, value == "1")
            elif name == "slot":
                settings = _with_slot(settings, _free_slot(settings, value))
                racer = settings.racers[-1]
            else:
                settings = set_value(settings, racer.id, name, value)
        except Refused as refusal:
            notices.append(f"Dropped from the link, racer {key}: {refusal}")
    return settings


def _item(spelled: str) -> tuple[str, str]:
    name, _, value = spelled.partition("=")
    return name, value


def _rate(key: str, spelled: str | None) -> Value | None:
    """The learning rate of a racer's text, if it is legal. Then none has to be computed, which takes a second."""
    if spelled is None or key not in RULES:
        return None
    try:
        return racers.checked(RULES[key], "learning_rate", spelled)
    except Refused:
        return None  # it is refused with a notice when it is set


def _with_slot(settings: L, slot: int) -> L:
    moved = dataclasses.replace(settings.racers[-1], slot=slot)
    return dataclasses.replace(settings, racers=(*settings.racers[:-1], moved))


def _free_slot(settings: Lineup, value: str) -> int:
    slot = number(value, "slot")
    if slot not in range(MAX_RACERS) or slot in {r.slot for r in settings.racers[:-1]}:
        raise Refused(f"slot must be an unused number from 0 to {MAX_RACERS - 1}; got {shortened(value)}.")
    return int(slot)
