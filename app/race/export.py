"""Exports a race to files of all formats."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.common import names
from app.common.racers import Refused
from app.export.about import About
from app.export.formats import DRAWN, ending
from app.export.making import Order, make, make_apart
from app.export.options import Table
from app.export.worker import Progress
from app.figures import map as maps
from app.player import Guide
from app.race import captions, data, findings, link, presets, results, scene, script, verdict
from app.race.runs import Race
from app.race.settings import Settings
from surfaces import SURFACES

if TYPE_CHECKING:
    from app.export.options import Cut, Look
    from app.player import Scene


def order(race: Race, kind: str, look: Look, cut: Cut, step: int | None = None, base: str = "") -> Order:
    """The order for a drawn file. `base` is the address at which the app is served, if any."""
    shown = dataclasses.replace(_magnified(race, scene.scene(race), look), guide=_guide(race.settings))
    about = About(title(race), "race", link.query(race.settings), base, shown.description)
    headings = _headings(race, shown) if kind == "pptx" else {}
    tables = (*_verdict(race), Table("Results", results.heads(race), results.cells(race)))
    return Order(kind, shown, look, cut, about, tables, step, headings)


def _verdict(race: Race) -> list[Table]:
    """The tables of a fair race, for slides."""
    fair = race.fair
    if fair is None or not fair.names:
        return []
    notes = verdict.remarks(fair)
    racers = Table("Tuning with equal budgets", verdict.racer_heads(fair), verdict.racer_rows(fair), notes[:1])
    if not fair.verdicts:
        return [racers]
    return [Table("Verdict", verdict.PAIR_HEADS, verdict.pair_rows(fair), [verdict.sentence(fair), *notes[1:]]), racers]


def _guide(settings: Settings) -> Guide | None:
    """The sentence of the preset that a race began as, which a recording shows."""
    if not (key := settings.preset):
        return None
    return Guide.of(key, presets.PRESETS[key].name, presets.shown_by(settings), presets.changes(settings))


def _headings(race: Race, shown: Scene) -> dict[str, str]:
    """The findings that the parts of a scene show, by their keys."""
    return {"all": findings.finding(race), **{panel.key: findings.of_panel(race, panel.key) for panel in shown.panels}}


def title(race: Race) -> str:
    """The neutral title of a race: its surface and its racers."""
    name = SURFACES[race.settings.surface.key].name
    titles = [race.titles[k] for k in race.shown]
    return f"{name}: {', '.join(titles)}" if titles else name


def heading(race: Race, part: str = "all") -> str:
    """The title of a slide: what a part of the race shows, or the neutral title where nothing stands out."""
    found = findings.finding(race) if part == "all" else findings.of_panel(race, part)
    return found or title(race)


def caption(race: Race, step: int | None = None) -> str:
    """The caption of a race, and of the one beside it, for a picture of a step; None is the last."""
    note = scene.clock_of(race).note(step)
    if race.second is None:
        return captions.described(race) + note
    return f"A: {captions.described(race)}{note}\nB: {captions.described(race.second)}{note}"


def file_name(settings: Settings) -> str:
    """A file name without its ending that says what the file shows: the preset or the surface, and the racers."""
    surface = settings.surface.key
    usual = SURFACES[surface].default_rotation
    turned = [f"rotated-{settings.rotation:g}"] if settings.rotation != usual else []
    return names.file_name([surface, *turned], [racer.rule.key for racer in settings.racers if not racer.hidden])


def _magnified(race: Race, shown: Scene, look: Look) -> Scene:
    """The scene with maps that are as fine as their windows require."""
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
    """The bytes of a file, whose format follows from its name.

    Raises:
        Refused: if the format is unknown, or the race cannot be written in it.
    """
    kind = ending(name)
    if kind in DRAWN:
        function = make_apart if kind == "pptx" else make  # a deck has several films, so two processes are faster
        return function(order(race, kind, look, cut, step, base), report)
    return numbers(race, name, step)


def numbers(race: Race, name: str, step: int | None = None) -> bytes:
    """The bytes of a file with data, settings, code or the caption of a step, whose format follows from its name.

    Raises:
        Refused: if the format is unknown, or the race cannot be written in it.
    """
    kind = ending(name)
    makers: dict[str, Callable[[Race], bytes]] = {
        "csv": data.csv,
        "verdict.csv": data.verdict_csv,
        "parquet": data.parquet,
        "npz": data.npz,
        "txt": lambda race: f"{caption(race, step)}\n".encode(),
        "json": lambda race: data.to_json(race.settings, race.fair),
        "py": lambda race: script.script(race).encode(),
        "optax.py": lambda race: script.plain_optax(race).encode(),
    }
    if kind not in makers:
        raise Refused(f"There is no file format .{kind}.")
    return makers[kind](race)


def fits(race: Race) -> None:
    """Check that the numbers of the race fit into a file.

    Raises:
        Refused: as `app.race.data.csv`.
    """
    data.fits(race)
