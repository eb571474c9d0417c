"""A race in words: what racers are called, the line under a picture, and what is said of a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.common.digits import short
from app.common.racers import Choice, Lineup, Racer
from app.common.titles import told_apart
from app.race.settings import Settings
from optimizers import NOISES, RULES, SCHEDULES, Optimizer
from surfaces import SURFACES, Parameter


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


def caption(settings: Settings) -> str:
    """The line under a saved picture: surface, racers, parameters and seed."""
    surface = SURFACES[settings.surface.key]
    parts = [surface.name + spelled_values(surface.parameters(), settings.surface)]
    if settings.rotation:
        parts.append(f"rotated {short(settings.rotation)}°")
    x, y, *_ = settings.built_start()
    parts.append(f"from ({short(x, 4)}, {short(y, 4)})")
    parts.append(f"{settings.steps:,} steps")
    parts += spelled_racers(settings)
    if settings.noise.key != "none":
        noise = NOISES[settings.noise.key]
        last = settings.seed + settings.seeds - 1
        which = f"seeds {settings.seed} to {last}" if settings.bundled else f"seed {settings.seed}"
        parts.append(f"{noise.name} noise{spelled_values(noise.parameters(), settings.noise)}, {which}")
    return " · ".join(parts)


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


def remarks(settings: Settings) -> list[str]:
    """What a class would take for a fault of the racers shown, rule by rule."""
    rules = dict.fromkeys(RULES[r.rule.key] for r in settings.racers if not r.hidden)
    return [f"{rule.name}: {' '.join(said)}" for rule in rules if (said := remarks_of(settings, rule))]


def remarks_of(settings: Settings, rule: type[Optimizer]) -> list[str]:
    said = [rule.beginning] if rule.beginning else []
    if settings.schedule.key != "constant" and "learning_rate" not in rule.parameters():
        said.append("It has no learning rate to schedule, so the schedule leaves it alone.")
    return said
