"""Every kind of file out of the settings of a race."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.common.racers import Refused
from app.export.about import About
from app.export.formats import DRAWN, ending
from app.export.making import Order, make, make_apart
from app.export.worker import Progress
from app.figures import map as maps
from app.race import data, link, results, scene, script
from app.race.runs import Race
from surfaces import SURFACES

if TYPE_CHECKING:
    from app.export.options import Cut, Look
    from app.player import Scene


def order(race: Race, kind: str, look: Look, cut: Cut, step: int | None = None, base: str = "") -> Order:
    """What has to be known to draw a file; `base` is where the app is served, if it is."""
    name = SURFACES[race.settings.surface.key].name
    titles = [race.titles[k] for k in race.shown]
    about = About(f"{name}: {', '.join(titles)}" if titles else name, "race", link.query(race.settings), base)
    shown = _magnified(race, scene.scene(race), look)
    return Order(kind, shown, look, cut, about, results.heads(race), results.cells(race), step)


def _magnified(race: Race, shown: Scene, look: Look) -> Scene:
    """The scene, with the ground of each map as fine as the window asks for that is drawn of it."""
    first, *others = look.windows or (None,)
    if shown.beside and others and race.second:
        beside = _magnified(race.second, shown.beside, dataclasses.replace(look, windows=tuple(others)))
        shown = dataclasses.replace(shown, beside=beside)
    if first is None:
        return shown
    panel, *more = shown.panels
    fine = maps.magnified(panel, scene.background_of(race.settings), race.surface, first)
    return dataclasses.replace(shown, panels=(fine, *more))


def contents(
    race: Race,
    name: str,
    look: Look,
    cut: Cut,
    step: int | None = None,
    report: Progress = lambda fraction: None,
    base: str = "",
) -> bytes:
    """The file of that name.

    Raises:
        Refused: where there is no such kind of file, or this race cannot be had in it.
    """
    kind = ending(name)
    if kind in DRAWN:
        made = make_apart if kind == "pptx" else make  # slides are so many films that two processes are worth it
        return made(order(race, kind, look, cut, step, base), report)
    return numbers(race, name)


def numbers(race: Race, name: str) -> bytes:
    """The file of that name, of data, settings or code.

    Raises:
        Refused: where there is no such kind of file, or this race cannot be had in it.
    """
    kind = ending(name)
    makers: dict[str, Callable[[Race], bytes]] = {
        "csv": data.csv,
        "parquet": data.parquet,
        "npz": data.npz,
        "json": lambda race: data.to_json(race.settings),
        "py": lambda one: script.script(one).encode(),
        "optax.py": lambda one: script.plain_optax(one).encode(),
    }
    if kind not in makers:
        raise Refused(f"There is no file format .{kind}.")
    return makers[kind](race)
