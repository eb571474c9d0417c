"""The command `optiscope list`: the choices of both pages, with their names, parameters, defaults and ranges."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from app.server import environment, streams

Entry = dict[str, Any]
"""What the list says of one choice: its name, its parameters, and whatever else distinguishes it."""


def run(arguments: argparse.Namespace) -> int:
    """Print the choices, and return the exit status."""
    environment.prepare()
    found = LISTS[arguments.list]()
    if arguments.json:
        streams.emit(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for key, entry in found.items():
        streams.emit("  ".join([key, entry["name"], *_remark(entry)]))
        for name, spec in entry["parameters"].items():
            streams.emit(f"    {name} ({spec['symbol']}) = {_default(spec)}  [{_range(spec)}]")
    return 0


def _remark(entry: Entry) -> list[str]:
    """What follows the name of a choice."""
    if "command" in entry:
        return [f"({entry['command']})"]
    return ["(networks only)"] if entry.get("networks_only") else []


def _default(spec: Mapping[str, Any]) -> str:
    from surfaces.digits import exact

    return str(spec["default"]) if "choices" in spec else exact(spec["default"])


def _range(spec: Mapping[str, Any]) -> str:
    from surfaces.digits import exact

    return " | ".join(spec["choices"]) if "choices" in spec else f"{exact(spec['low'])} … {exact(spec['high'])}"


def _declared(registry: Mapping[str, Any]) -> dict[str, Entry]:
    """Declared records, with their parameters."""
    return {
        key: {
            "name": one.name,
            "parameters": {
                name: {
                    "symbol": spec.symbol,
                    "default": spec.default,
                    **({"choices": list(spec.choices)} if spec.choices else {"low": spec.low, "high": spec.high}),
                    "doc": spec.doc,
                }
                for name, spec in one.parameters().items()
            },
        }
        for key, one in registry.items()
    }


def _surfaces() -> dict[str, Entry]:
    from surfaces import SURFACES

    return _declared(SURFACES)


def _optimizers() -> dict[str, Entry]:
    from optimizers import LAYERED, RULES

    return {key: {**entry, "networks_only": key in LAYERED} for key, entry in _declared(RULES).items()}


def _schedules() -> dict[str, Entry]:
    from optimizers import SCHEDULES

    return _declared(SCHEDULES)


def _noises() -> dict[str, Entry]:
    from optimizers import NOISES

    return _declared(NOISES)


def _data() -> dict[str, Entry]:
    from surfaces.network import DATASETS

    return _declared(DATASETS)


def _views() -> dict[str, Entry]:
    from app.race.views import VIEWS

    return {key: {"name": view.name, "parameters": {}} for key, view in VIEWS.items()}


def _network_views() -> dict[str, Entry]:
    from app.network.views import VIEWS

    return {key: {"name": _names(view.name), "parameters": {}} for key, view in VIEWS.items()}


def _names(name: Callable[[Any], str]) -> str:
    """The names of a view for all kinds of data."""
    kinds = [SimpleNamespace(task=task, dimensions=n) for task in ("classes", "values") for n in (2, 1, 3)]
    names = list(dict.fromkeys(map(name, kinds)))
    return " or ".join(one for one in names if not any(one != other and one.startswith(other) for other in names))


def _presets() -> dict[str, Entry]:
    from app.network import presets as of_networks
    from app.race import presets as of_races

    return _of_command("optiscope render", of_races.PRESETS) | _of_command("optiscope train", of_networks.PRESETS)


def _map_presets() -> dict[str, Entry]:
    from app.maps.presets import PRESETS

    return _of_command("optiscope map", PRESETS)


def _of_command(command: str, presets: Mapping[str, Any]) -> dict[str, Entry]:
    """The presets that a command takes."""
    return {
        key: {"name": one.name, "about": one.about, "command": f"{command} --preset {key}", "parameters": {}}
        for key, one in presets.items()
    }


LISTS: Mapping[str, Callable[[], dict[str, Entry]]] = {
    "surfaces": _surfaces,
    "optimizers": _optimizers,
    "schedules": _schedules,
    "noises": _noises,
    "views": _views,
    "data": _data,
    "presets": _presets,
    "map-presets": _map_presets,
    "network-views": _network_views,
}
"""What can be listed."""
