"""Captions of a map."""

from __future__ import annotations

from app.common.digits import short
from app.common.names import spelled_racers, spelled_values
from app.maps.axes import MapAxis
from app.maps.choices import CELLS, axes_of, span_of
from app.maps.settings import MAPPED, Settings
from app.maps.views import VIEWS
from optimizers import NOISES


def caption(settings: Settings) -> str:
    """The caption of an exported picture: the view, surface, axes, racers, parameters and seed."""
    surface = MAPPED[settings.surface.key]
    axes = axes_of(settings)
    parts = [VIEWS[settings.view].name, surface.name + spelled_values(surface.parameters(), settings.surface)]
    if settings.rotation:
        parts.append(f"rotated {short(settings.rotation)}°")
    parts += [window(settings, k, axis) for k, axis in enumerate(axes)]
    if settings.view != "basins":
        x, y, *_ = settings.built_start()
        many = settings.view not in CELLS and settings.trials > 1
        parts.append(f"{settings.trials} starts" if many else f"from ({short(x, 4)}, {short(y, 4)})")
    parts.append(f"{settings.steps:,} steps")
    parts += spelled_racers(settings)
    if settings.noise.key != "none":
        noise = NOISES[settings.noise.key]
        parts.append(f"{noise.name} noise{spelled_values(noise.parameters(), settings.noise)}, seed {settings.seed}")
    return " · ".join(parts)


def window(settings: Settings, k: int, axis: MapAxis) -> str:
    """The values of an axis in view, in words."""
    low, high = axis.value(span_of(settings, k))
    return f"{axis.symbol} from {short(float(low), 4)} to {short(float(high), 4)}"
