"""The titles of racers, and descriptions of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from app.common.digits import short
from app.common.racers import Choice, Lineup, Racer
from app.common.titles import distinct_titles
from optimizers import RULES, SCHEDULES
from surfaces import Parameter


def titles(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """The titles of the racers, each different from the others.

    A title is the name of the rule with its choices, such as "RMSprop (PyTorch)". Racers with the same name get the
    first value in which they differ, or a number.

    Args:
        words: further words for a racer's title.
    """
    names = [rule_title(racer, words) for racer in settings.racers]
    values = [
        {p.symbol: racer.rule.get(name, p.default) for name, p in RULES[racer.rule.key].parameters().items()}
        for racer in settings.racers
    ]
    return distinct_titles(names, values)


def rule_title(racer: Racer, words: Callable[[Racer], list[str]] = lambda racer: []) -> str:
    """The name of a racer's rule with its choices that differ from the defaults, and with further `words`."""
    rule = RULES[racer.rule.key]
    chosen = [
        p.label(str(racer.rule.get(name, p.default)))
        for name, p in rule.parameters().items()
        if p.choices and racer.rule.get(name, p.default) != p.default
    ]
    chosen += words(racer)
    return f"{rule.name} ({', '.join(chosen)})" if chosen else rule.name


def spelled_racers(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """Descriptions of all visible racers with their values, and of the schedule if it is not constant."""
    descriptions = []
    for racer in settings.racers:
        if not racer.hidden:
            specs = {n: p for n, p in RULES[racer.rule.key].parameters().items() if not p.choices}
            descriptions.append(rule_title(racer, words) + spelled_values(specs, racer.rule))
    if settings.schedule.key != "constant":
        schedule = SCHEDULES[settings.schedule.key]
        descriptions.append(f"{schedule.name} schedule{spelled_values(schedule.parameters(), settings.schedule)}")
    return descriptions


MOST_IN_FILE, MOST_CHARACTERS = 4, 100
"""The most racers that a file name spells out, and its most characters."""


def file_name(words: Sequence[str], racers: Sequence[str]) -> str:
    """A file name without its ending: what the racers run on, and the keys of the racers, without repetition."""
    keys = list(dict.fromkeys(racers))
    spelled = keys if len(keys) <= MOST_IN_FILE else [f"{len(keys)} optimizers"]
    plain = (re.sub(r"[^\w.+-]+", "-", word.replace("_", "-")).strip("-.") for word in (*words, *spelled))
    return "-".join(filter(None, plain))[:MOST_CHARACTERS]


def spelled_values(specs: Mapping[str, Parameter], choice: Choice) -> str:
    """The values of a choice with their symbols, in parentheses; empty if there are none."""
    values = [f"{p.symbol} = {short(choice.get(name, p.default))}" for name, p in specs.items()]
    return f" ({', '.join(values)})" if values else ""
