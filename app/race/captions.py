"""Captions of a race, and remarks on its rules."""

from __future__ import annotations

from app.common.digits import short
from app.common.names import spelled_racers, spelled_values
from app.race import verdict
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import NOISES, RULES, Optimizer
from surfaces import SURFACES


def caption(settings: Settings) -> str:
    """The caption of an exported picture: surface, racers, parameters and seed."""
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


def described(race: Race) -> str:
    """The caption of an exported picture, with the racers that are sensitive to rounding, and with a verdict."""
    names = [race.titles[k] for k in race.shown if race.sensitive[k]]
    line = caption(race.settings)
    line += f" · sensitive to rounding: {', '.join(names)}" if names else ""
    return f"{line} · {verdict.caption(race.fair)}" if race.fair and race.fair.names else line


def remarks(settings: Settings) -> list[str]:
    """Remarks on the rules of the visible racers, whose behaviour a class could take for a fault."""
    rules = dict.fromkeys(RULES[r.rule.key] for r in settings.racers if not r.hidden)
    return [f"{rule.name}: {' '.join(remarks)}" for rule in rules if (remarks := remarks_of(settings, rule))]


def remarks_of(settings: Settings, rule: type[Optimizer]) -> list[str]:
    """Remarks on a rule."""
    remarks = [rule.beginning] if rule.beginning else []
    if settings.schedule.key != "constant" and "learning_rate" not in rule.parameters():
        remarks.append("It has no learning rate, so the schedule does not affect it.")
    return remarks
