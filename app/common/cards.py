"""Creates the cards of racers with their sliders."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from app.common.digits import short
from app.common.racers import Racer
from app.common.stops import stops
from app.figures import theme
from app.player import Card, Slider
from optimizers import RULES
from surfaces import Parameter
from surfaces.parameter import Interval

ON_CARD = ("learning_rate", "momentum", "beta1")
"""The parameters whose sliders are on the racer's card, and nowhere else."""


def card(racer: Racer, title: str, **status: Any) -> Card:
    """The card of a racer with its colours and sliders. `status` are the fields of its status."""
    color, dash, shape = theme.mark(racer.slot)
    specs = RULES[racer.rule.key].parameters()
    sliders = tuple(
        dataclasses.replace(slider(p, racer.rule.get(name, p.default)), **_limits(p.legal))
        for name, p in specs.items()
        if name in ON_CARD
    )
    common: Any = {"color": color, "dash": dash, "shape": shape, "hidden": racer.hidden, "sliders": sliders}
    return Card(id=racer.id, title=title, **common, **status)


def slider(spec: Parameter, value: Any) -> Slider:
    """The slider of a declared parameter, which accepts any value in the declared range."""
    return Slider(
        name=spec.name,
        symbol=spec.symbol,
        label=spec.name.replace("_", " "),
        value=float(value),
        stops=stops(spec, float(value)),
        **_limits(Interval(min(spec.low, spec.default), max(spec.high, spec.default))),
        help=spec.doc,
    )


def _limits(legal: Interval) -> dict[str, Any]:
    """The smallest and the largest value that can be typed, without open ends, and a text that names both."""
    low = float(legal.low if legal.closed_low else np.nextafter(legal.low, np.inf))
    high = float(legal.high if legal.closed_high else np.nextafter(legal.high, -np.inf))
    least = f"{'at least' if legal.closed_low else 'above'} {short(legal.low)}"
    most = f"{'at most' if legal.closed_high else 'below'} {short(legal.high)}"
    bounded = [math.isfinite(legal.low), math.isfinite(legal.high)]
    words = [word for word, is_bounded in zip((least, most), bounded, strict=True) if is_bounded]
    return {"low": low if bounded[0] else None, "high": high if bounded[1] else None, "allowed": " and ".join(words)}
