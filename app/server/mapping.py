"""The command `optiscope map`: the files of a map, as the Maps page makes them."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.server import commands, streams
from app.server.commands import Unfinished, Wrong

if TYPE_CHECKING:
    from app.export.worker import Progress
    from app.maps.settings import Settings

NUMBERS = ("csv", "parquet", "json", "py")
"""The formats of numbers, settings and scripts."""


def add_to(subparsers: Any) -> None:
    """Add the command to those of `optiscope`."""
    parser = subparsers.add_parser(
        "map",
        help="write pictures, films, data and code of a map of thousands of runs",
        description="Compute a map as on the Maps page: what becomes of each run of a grid of settings or of starts. "
        "The extension of each file selects its format: .png .svg .pdf .gif .mp4 .webm .html .pptx .csv .parquet .json "
        ".py. With --time zoom a film zooms from the whole map into --window.",
        epilog="optiscope map --surface quadratic_ravine --racer momentum --cells 256 -o map.png -o map.parquet",
    )
    group = parser.add_argument_group("the map")
    parser.declare = lambda: _declare(group)
    commands.add_look(parser, "all, the key of the view, map or loss", zooms=True)
    parser.add_argument(
        "-o", "--output", action="append", required=True, metavar="FILE", help="output file; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print the results and the list of files as JSON")
    parser.set_defaults(run=run)


def _declare(group: Any) -> None:
    from app.server import environment

    environment.prepare()
    from app.maps.changes import SETTINGS

    group.add_argument("--preset", metavar="KEY", help="a preset; optiscope list map-presets names them all")
    group.add_argument("--link", metavar="LINK", help="a permalink of the Maps page, or its query string")
    group.add_argument("--settings", metavar="FILE", help="a .json file that was exported from the Maps page")
    commands.add_declared(group, (spec for name, spec in SETTINGS.items() if name != "preset"))


def run(arguments: argparse.Namespace) -> int:
    """Compute a map, write its files, and return the exit status."""
    return commands.status(_map, arguments)


def _map(arguments: argparse.Namespace) -> None:
    from app.export.formats import DRAWN

    for path in arguments.output:
        commands.check_path(Path(path), (*DRAWN, *NUMBERS))
    look, cut = commands.look_of(arguments)
    from app.maps import export, results
    from app.maps.job import Job

    settings = _settings(arguments)
    commands.check_step(arguments.step, settings.steps)
    known = ("all", settings.view, "map", "loss")
    if look.part not in known:
        raise Wrong(f"--part must be one of {', '.join(known)}; got {look.part!r}.")
    job = Job(settings).begin()
    try:
        with commands.progress("map") as report:
            commands.wait(job, report)
    finally:
        job.stop()  # after Ctrl+C
    if job.error:
        raise Unfinished(job.error)
    if look.purpose == "slide" and arguments.heading is None:
        look = dataclasses.replace(look, heading=export.heading(settings, job, look.part))
    base = commands.base_of(arguments.link)

    def content(name: str, report: Progress) -> bytes:
        return export.contents(settings, job, name, look, cut, arguments.step, report, base)

    written = commands.write_files(arguments.output, content)
    if arguments.json:
        commands.print_json(written, results.table(settings, job))
        return
    streams.emit(commands.columns(results.heads(settings), results.cells(settings, job)))


def _settings(arguments: argparse.Namespace) -> Settings:
    """The map that the arguments describe: a preset, link or file first, and single settings over it."""
    from app.common.racers import Refused
    from app.maps import link, presets
    from app.maps.changes import SETTINGS

    commands.check_single(arguments, "preset", "settings", "link")
    query: dict[str, list[str]] = {}
    if arguments.preset:
        try:
            query = link.query(presets.preset(arguments.preset))
        except Refused as refused:
            raise Wrong(str(refused)) from None
    if arguments.settings:
        query = commands.saved(arguments.settings, "maps")
    if arguments.link:
        query = commands.behind(arguments.link)
    query = commands.updated(arguments, SETTINGS.values(), query)
    settings, notices = link.parse(query or {"view": ["stability"]})
    commands.check_notices(notices)
    return settings
