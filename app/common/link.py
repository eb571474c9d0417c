"""The address bar: how settings are spelled in a query, and read again without losing what is good in it."""

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
from optimizers import RULES

VERSION = "1"
MOST_CHARACTERS = 50_000
"""Of a link that is read: sixteen racers, twice, with all their parameters take a fifth of it."""
MOST_NOTICES = 20
L = TypeVar("L", bound=Lineup)
Add = Callable[..., L]
"""Adds a racer to settings by its key, at a learning rate `rate` or, if that is None, at one that suits the loss."""
Change = Callable[[L, str, Any], L]
"""Changes one setting, by its name, to what a user asks for."""
SetParameters = Callable[[L, str, Mapping[str, Any]], L]
"""Sets parameters, by their names, of the record that a setting chooses."""


def write(settings: L, special: Mapping[str, Callable[[L], Query]] = MappingProxyType({})) -> Query:
    """The settings as a query: each key with its words, in the order in which the settings are declared.

    Args:
        special: what the query says of settings that their own value does not tell.
    """
    query: Query = {"v": [VERSION]}
    for name, spec in declared(type(settings)).items():
        query |= special[name](settings) if name in special else spec.write(settings)
    return query


class Reader(Generic[L]):
    """Settings as they come out of a query, change by change: what is refused is dropped, with a notice."""

    def __init__(self, given: Mapping[str, list[str]], settings: L) -> None:
        self.given = given
        self.settings = settings
        self.notices: list[str] = []
        length = sum(len(key) + sum(map(len, words)) for key, words in given.items())
        if length > MOST_CHARACTERS:
            self.given = given = {}
            self.notices.append(
                f"This link has {length:,} characters and was not read; the limit is {MOST_CHARACTERS:,}."
            )
        self._keys = {"v"}
        self._parts: set[str] = set()
        version = given.get("v", [VERSION])[-1]
        if version != VERSION:
            self.notices.append(
                f"This link has version {shortened(version)!r}, and this app reads version {VERSION}. "
                "The settings that it recognises are kept."
            )

    def attempt(self, change: Callable[..., L], *arguments: Any, quiet: bool = False) -> bool:
        """Whether a change, which takes the settings and these arguments, was not refused."""
        try:
            self.settings = racers.accepted(change(self.settings, *arguments))
        except Refused as refusal:
            if not quiet:
                self.notices.append(f"Dropped from the link: {refusal}")
            return False
        return True

    def word(self, name: str, default: str = "") -> str:
        """What the query says under a name; the last, where it says several things."""
        self._keys.add(name)
        return self.given.get(name, [default])[-1]

    def read(self, name: str, change: Callable[[L, str], L]) -> None:
        """Carry out a change with what the query says under a name, if it says anything."""
        word = self.word(name)
        if name in self.given:
            self.attempt(change, word)

    def values(self, part: str) -> dict[str, str]:
        """What the query says of a part's parameters."""
        self._parts.add(part)
        return {key.partition(".")[2]: words[-1] for key, words in self.given.items() if key.startswith(f"{part}.")}

    def read_settings(
        self,
        specs: Iterable[Setting],
        change: Change[L],
        set_parameters: SetParameters[L],
        special: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    ) -> None:
        """Carry out what the query says of declared settings, one after the other.

        Args:
            specs: the settings, in the order in which they are read.
            change: changes one of them, by its name.
            set_parameters: sets parameters of the record that one of them chooses.
            special: how settings are read that need more than their own word.
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
        """Carry out what the query says of the parameters of a chosen record: all at once, for what is refused half
        way may be legal at the end; else one by one, to keep what is legal.
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
        """Every racer of the query; `first` where it says nothing of racers."""
        self._keys.add("racer")
        words = [word for word in self.given.get("racer", first) if word]
        for k, spelled in enumerate(words):
            if len(self.settings.racers) >= MAX_RACERS:
                left = len(words) - k
                self.notices.append(
                    f"Dropped from the link: racers beyond the {MAX_RACERS} that a race can have ({left} more)."
                )
                break
            self.attempt(read_racer, spelled, self.notices, add, set_value)

    def finished(self) -> tuple[L, list[str]]:
        """The settings, and a notice for each thing dropped: those too that nothing has asked for."""
        for key in self.given:
            if key not in self._keys and key.partition(".")[0] not in self._parts:
                self.notices.append(f"Dropped from the link: there is no setting called {shortened(key)!r}.")
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
    """One more racer out of its spelling, such as adam:learning_rate=0.05,beta1=0.9; what cannot be is noticed."""
    key, _, rest = spelled.partition(":")
    values = dict(_item(item) for item in rest.split(",") if item)  # the last, where a name stands several times
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
    """The learning rate of a spelling, if it can be: then none has to be computed, which takes a second."""
    if spelled is None or key not in RULES:
        return None
    try:
        return racers.checked(RULES[key], "learning_rate", spelled)
    except Refused:
        return None  # it is refused again, with a notice, when it is set


def _with_slot(settings: L, slot: int) -> L:
    moved = dataclasses.replace(settings.racers[-1], slot=slot)
    return dataclasses.replace(settings, racers=(*settings.racers[:-1], moved))


def _free_slot(settings: Lineup, value: str) -> int:
    slot = number(value, "slot")
    if slot not in range(MAX_RACERS) or slot in {r.slot for r in settings.racers[:-1]}:
        raise Refused(f"slot must be an unused number from 0 to {MAX_RACERS - 1}; got {shortened(value)}.")
    return int(slot)
