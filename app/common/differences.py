"""The differences between two settings of a page, in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.common.digits import short
from app.common.forms import OneOf, OneRecord, Parameters
from app.common.names import titles
from app.common.racers import Choice, Lineup, Racer, Value
from app.common.setting import Setting, declared
from optimizers import RULES
from surfaces import Declared

LONGEST = 46
"""Characters of the differences that a sentence names: it shares two lines with the sentence of a preset, and a third
line would move the map.
"""


def sentence(differences: list[str]) -> str:
    """A sentence with the first differences and the number of the others; an empty text if there are none."""
    if not differences:
        return ""
    lengths = itertools.accumulate(len(difference) + 2 for difference in differences)
    count = max(1, sum(length <= LONGEST for length in lengths))
    rest = len(differences) - count
    return f"Changed: {'; '.join(differences[:count])}{f'; and {rest} more' if rest else ''}."


def differences(before: Lineup, after: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """The differences on which runs depend, such as "κ 100 → 300" or "SGD: η 0.02 → 0.1".

    Racers are compared with those of the same slot. Settings that change only the look are left out.

    Args:
        before, after: settings of the same page.
        words: further words for a racer's title.
    """
    found: list[str] = []
    for spec in declared(type(after)).values():
        old, new = getattr(before, spec.name), getattr(after, spec.name)
        if spec.look or old == new or spec.name == "racers":
            continue
        found += _of_choices(spec, old, new) if isinstance(new, Choice) else [_of_values(spec, old, new)]
    return found + list(_of_racers(before, after, words))


def _of_values(spec: Setting, old: Any, new: Any) -> str:
    name = spec.name.replace("_", " ")
    if old is None or new is None:
        return f"{name} {_text(spec, new)}" if new is not None else f"{name} as usual"
    return f"{name} {_text(spec, old)} → {_text(spec, new)}"


def _text(spec: Setting, value: Any) -> str:
    """A value as the page writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return f"{value:,}" if isinstance(value, int) else short(value, 4)
    if isinstance(spec.form, OneOf):
        return spec.form.choices[value]
    return spec.form.typed(value) or "none"


def _of_choices(spec: Setting, old: Choice, new: Choice) -> list[str]:
    """The differences between two choices of the same kind: other parameters, or another record altogether."""
    form = spec.form
    if isinstance(form, Parameters):
        return list(of_parameters(form.record, old, new))
    registry: Mapping[str, Any] = form.registry if isinstance(form, OneRecord) else {}
    if old.key == new.key and new.key in registry:
        return list(of_parameters(registry[new.key], old, new))
    records = [registry[choice.key].name if choice.key in registry else choice.key for choice in (old, new)]
    return [f"{spec.name} {' → '.join(records)}"]


def of_parameters(record: type[Declared], old: Choice, new: Choice) -> Iterator[str]:
    """Yield the parameters that differ between two choices of the same record.

    Such as "κ 100 → 300", or "inputs standardised → grey levels" where the value is one of several choices.
    """
    for name, p in record.parameters().items():
        one, other = old.get(name, p.default), new.get(name, p.default)
        if one != other:
            what = p.title.lower() if p.choices else p.symbol
            yield f"{what} {' → '.join(p.label(str(v)) if p.choices else _number(v) for v in (one, other))}"


def _number(value: Value) -> str:
    return short(float(value), 4)


def _of_racers(before: Lineup, after: Lineup, words: Callable[[Racer], list[str]]) -> Iterator[str]:
    names = [dict(zip((r.slot for r in one.racers), titles(one, words), strict=True)) for one in (before, after)]
    olds, news = ({racer.slot: racer for racer in one.racers} for one in (before, after))
    for slot in {**olds, **news}:
        old, new = olds.get(slot), news.get(slot)
        if new is None or (old is not None and old.rule.key != new.rule.key):
            yield f"{names[0][slot]} removed"
        if new is None:
            continue
        if old is None or old.rule.key != new.rule.key:
            yield f"{names[1][slot]} added"
            continue
        changed = [*of_parameters(RULES[new.rule.key], old.rule, new.rule)]
        changed += [name.replace("_", " ") for name in dict([*old.own, *new.own]) if _own(old, name) != _own(new, name)]
        if changed:
            yield f"{names[1][slot]}: {', '.join(changed)}"


def _own(racer: Racer, name: str) -> Value | None:
    return dict(racer.own).get(name)
