"""Names of racers, and their values in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.common.digits import short
from app.common.racers import Choice, Lineup, Racer
from app.common.titles import told_apart
from optimizers import RULES, SCHEDULES
from surfaces import Parameter


def titles(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """The racers' names, with the words of what they are set to choose, such as "RMSprop (PyTorch)", and `words`
    besides; where two are still called the same, with the first value in which they differ, or a number.
    """
    names = [called(racer, words) for racer in settings.racers]
    values = [
        {p.symbol: racer.rule.get(name, p.default) for name, p in RULES[racer.rule.key].parameters().items()}
        for racer in settings.racers
    ]
    return told_apart(names, values)


def called(racer: Racer, words: Callable[[Racer], list[str]] = lambda racer: []) -> str:
    """A racer's rule with the words of what it is set to choose, and `words` besides."""
    rule = RULES[racer.rule.key]
    chosen = [
        p.label(str(racer.rule.get(name, p.default)))
        for name, p in rule.parameters().items()
        if p.choices and racer.rule.get(name, p.default) != p.default
    ]
    chosen += words(racer)
    return f"{rule.name} ({', '.join(chosen)})" if chosen else rule.name


def spelled_racers(settings: Lineup, words: Callable[[Racer], list[str]] = lambda racer: []) -> list[str]:
    """Every racer that is shown, with its values, and their schedule."""
    spelled = []
    for racer in settings.racers:
        if not racer.hidden:
            specs = {n: p for n, p in RULES[racer.rule.key].parameters().items() if not p.choices}
            spelled.append(called(racer, words) + spelled_values(specs, racer.rule))
    if settings.schedule.key != "constant":
        schedule = SCHEDULES[settings.schedule.key]
        spelled.append(f"{schedule.name} schedule{spelled_values(schedule.parameters(), settings.schedule)}")
    return spelled


def spelled_values(specs: Mapping[str, Parameter], choice: Choice) -> str:
    """The values of a choice in brackets, by their symbols; nothing where it has none."""
    spelled = [f"{p.symbol} = {short(choice.get(name, p.default))}" for name, p in specs.items()]
    return f" ({', '.join(spelled)})" if spelled else ""
