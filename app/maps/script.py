"""Exports a map as a Python script that computes it with Optiscope."""

from __future__ import annotations

from app.common.names import titles
from app.common.racers import Refused
from app.common.scripts import head, record
from app.maps import link
from app.maps.captions import caption
from app.maps.choices import CELLS, axes_of, span_of, varies
from app.maps.grids import DTYPE, records_of
from app.maps.settings import MAPPED, Settings
from optimizers import Scheduled
from surfaces import SURFACES


def script(settings: Settings) -> str:
    """A script that computes the map of the visible racers with `sweep`, and prints what share of the runs diverge.

    Its dictionary `maps` has the racers' titles as keys, and records whose arrays have the shape of the axes, the
    vertical one first.

    Raises:
        Refused: if no racer is visible, or the view is no map of cells.
    """
    shown = [(racer, title) for racer, title in zip(settings.racers, titles(settings), strict=True) if not racer.hidden]
    if not shown:
        raise Refused("No optimizers to export: add one, or show one that is hidden.")
    if settings.view not in CELLS:
        raise Refused("Scripts contain maps of cells: choose the stability map or the basins.")
    names, imports = {"OPTIMIZERS", "sweep"}, ["from surfaces import SURFACES, Rotated"]
    axes = axes_of(settings)
    spans = span_of(settings, 0), span_of(settings, 1)
    setup = []
    for letter, axis, span in zip("xy", axes, spans, strict=True):
        values = axis.cells(span, settings.cells)
        setup += [f"{letter} = {values.tolist()!r}  # {axis.label}"]
    surface = record("SURFACES", settings.surface)
    if settings.surface.key not in SURFACES:
        cls = MAPPED[settings.surface.key]
        imports = ["from surfaces import Rotated", f"from {cls.__module__} import {cls.__name__}"]
        arguments = ", ".join(f"{name}={value!r}" for name, value in settings.surface.values)
        surface = f"{cls.__name__}({arguments})"
    setup.append(f"surface = Rotated({surface}, angle={settings.rotation!r})")
    options = [f"steps={settings.steps}", f"record={records_of(settings)!r}"]
    if settings.color == "rate" and settings.view == "stability":
        names, options = {"OPTIMIZERS", "convergence_rates"}, []
    else:
        options += [f"start={settings.built_start()!r}", f"dtype={DTYPE!r}"]
    if settings.noise.key != "none":
        names.add("NOISES")
        options += [f"noise={record('NOISES', settings.noise)}", f"seed={settings.seed}"]
    racers = {title: record("OPTIMIZERS", racer.rule) for racer, title in shown}
    if scheduled := [title for racer, title in shown if isinstance(settings.rule(racer), Scheduled)]:
        names |= {"SCHEDULES", "Scheduled"}
        setup.append(f"schedule = {record('SCHEDULES', settings.schedule)}")
        racers |= {title: f"Scheduled({racers[title]}, schedule)" for title in scheduled}
    function = "convergence_rates" if "convergence_rates" in names else "sweep"
    lines = [*head(caption(settings), "maps", link.query(settings), "It needs Optiscope.")]
    lines += [f"from optimizers import {', '.join(sorted(names))}", *imports, "", *setup, "", "maps = {}"]
    for racer, title in shown:
        over = {axis.path: letter for letter, axis in zip("xy", axes, strict=True) if varies(axis, racer)}
        spelled = ", ".join(f'"{path}": {letter}' for path, letter in reversed(over.items()))
        arguments = ", ".join(["surface", racers[title], f"over={{{spelled}}}", *options])
        lines.append(f'maps["{title}"] = {function}({arguments})')
    printed = "found.mean()" if function == "convergence_rates" else "(found.final == float('inf')).mean()"
    what = "mean rate" if function == "convergence_rates" else "share that diverges"
    lines += ["for title, found in maps.items():", f'    print(f"{{title}}: {what} {{{printed}}}")', ""]
    return "\n".join(lines)
