"""Cards of racers, with their sliders."""

from __future__ import annotations

from typing import Any

from app.common.racers import Racer
from app.common.stops import stops
from app.figures import theme
from app.player import Card, Slider
from optimizers import RULES
from surfaces import Parameter

ON_CARD = ("learning_rate", "momentum", "beta1")
"""The parameters whose sliders live on the racer's card, and nowhere else."""


def card(racer: Racer, title: str, **told: Any) -> Card:
    """A racer's card with its mark and its sliders; `told` is what became of it."""
    color, dash, shape = theme.mark(racer.slot)
    specs = RULES[racer.rule.key].parameters()
    sliders = tuple(slider(p, racer) for name, p in specs.items() if name in ON_CARD)
    common: Any = {"color": color, "dash": dash, "shape": shape, "hidden": racer.hidden, "sliders": sliders}
    return Card(id=racer.id, title=title, **common, **told)


def slider(spec: Parameter, racer: Racer) -> Slider:
    """A card's slider for a declared parameter."""
    value = float(racer.rule.get(spec.name, spec.default))
    return Slider(
        name=spec.name,
        symbol=spec.symbol,
        label=spec.name.replace("_", " "),
        value=value,
        stops=stops(spec),
    )
