"""The commands that make files, `optiscope render` and `optiscope train`, and the parsers of all commands."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from app.common import words
from app.common.digits import shortened
from app.server import listing, streams

if TYPE_CHECKING:
    from app.common.setting import Query, Setting
    from app.export.worker import Progress
    from app.network.files import Brought

LOCAL = ("localhost", "127.0.0.1", "::1")
"""The host names of this machine."""
BAD, FAILED = 2, 1
"""The exit statuses of an invalid request and of a failure."""


class Wrong(ValueError):
    """Raised for an invalid request; the message gives the reason."""


class Unfinished(RuntimeError):
    """Raised if a valid request fails; the message gives the reason."""


def add_to(commands: Any) -> None:
    """Add the subcommands to those of `optiscope`, which are parsers of the class `Parser`."""
    render = commands.add_parser(
        "render",
        help="write pictures, films, slides, pages, data and code of a race",
        description="Write files of a race. The extension of each selects its format: .png .svg .pdf .gif .mp4 "
        ".webm .html .pptx .csv .parquet .npz .json .py, .optax.py for the race in plain optax, and .verdict.csv for "
        "the verdict of a fair race (--fair).",
        epilog="optiscope render --surface rosenbrock --racer adam:learning_rate=0.05 --racer sgd --steps 400 "
        "-o race.mp4 -o race.pdf",
    )
    race = render.add_argument_group("the race")
    render.declare = lambda: add_race(race)
    look = add_look(render, "all, map, loss, or the key of a view in --views")
    look.add_argument("--window", metavar="X0,X1,Y0,Y1", help="the part of the map that is drawn (default: the whole)")
    look.add_argument("--camera", metavar="X,Y,Z", help="where the surface is seen from; its box is centred at 0,0,0")
    render.add_argument(
        "-o", "--output", action="append", required=True, metavar="FILE", help="output file; may be repeated"
    )
    render.add_argument("--json", action="store_true", help="print the results and the list of files as JSON")
    render.set_defaults(run=run_render)
    train = commands.add_parser(
        "train",
        help="train networks as on the Network page, and write the results",
        description="Train networks side by side, and write pictures, films and slides (.png .svg .pdf .gif .mp4 "
        ".webm .pptx), a page that plays it (.html), the measurements (.csv), weights and losses (.npz), the "
        "settings (.json), and a script (.py).",
        epilog="optiscope train --source spirals:turns=1.5 --set widths=32-32 --set steps=2000 "
        "--racer adam:learning_rate=0.01 --racer sgd:learning_rate=0.3 -o run.npz --json",
    )
    training = train.add_argument_group("the training")
    train.declare = lambda: _add_training(training)
    add_look(train, "all, or the key of a view in --set views=…")
    train.add_argument(
        "-o", "--output", action="append", default=[], metavar="FILE", help="output file; may be repeated"
    )
    train.add_argument("--json", action="store_true", help="print the results and the list of files as JSON")
    train.set_defaults(run=run_train)
    lists = commands.add_parser("list", help="list the choices, with their parameters, defaults and ranges")
    lists.add_argument("list", choices=tuple(listing.LISTS))
    lists.add_argument("--json", action="store_true", help="print JSON")
    lists.set_defaults(run=listing.run)


class Parser(argparse.ArgumentParser):
    """A parser that answers an unknown word with a suggestion.

    Some options are added when their command is parsed: the declarations of settings bring JAX, for which
    `optiscope --help` does not wait.
    """

    declare: Callable[[], None] | None = None
    """The function that adds the options."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        declare, self.declare = self.declare, None
        if declare:
            declare()
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            options = [option for option in self._option_string_actions if option.startswith("--")]
            word = rest[0].partition("=")[0]
            meant = words.nearest(word, options) if word.startswith("--") else ""
            guess = f" Did you mean {meant}?" if meant else ""
            self.error(f"unknown argument {shortened(rest[0])!r}.{guess} `{self.prog} --help` lists all of them.")
        return found, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            noun = f"value of {action.option_strings[-1]}" if action.option_strings else action.dest
            raise argparse.ArgumentError(None, words.unknown(noun, str(value), map(str, action.choices)))


def add_race(race: Any, looks: bool = True) -> None:
    """Add the options of a race, on request without those that change only what is shown."""
    from app.server import environment

    environment.prepare()
    from app.race.changes import SETTINGS

    race.add_argument("--preset", metavar="KEY", help="a preset; optiscope list presets names them all")
    race.add_argument("--link", metavar="LINK", help="a permalink, or its query string")
    race.add_argument(
        "--settings", metavar="FILE", help="a .json file written by this command or exported from the page"
    )
    add_declared(race, (spec for spec in SETTINGS.values() if looks or not spec.look))


def _add_training(training: Any) -> None:
    from app.server import environment

    environment.prepare()
    from app.network.changes import SETTINGS
    from app.network.link import OF_DATA
    from app.network.settings import Setup

    training.add_argument("--preset", metavar="KEY", help="a preset; optiscope list presets names them all")
    training.add_argument("--link", metavar="LINK", help="a permalink of the Network page")
    training.add_argument(
        "--settings", metavar="FILE", help="a .json file written by this command or exported from the page"
    )
    training.add_argument("--source", metavar="KEY[:NAME=VALUE,…]", help="generated data, for example moons:noise=0.2")
    training.add_argument(
        "--data",
        action="extend",
        nargs="+",
        default=[],
        metavar="FILE",
        help="the data to train on: an .npz file, a .csv file, or two or four IDX files (images and labels, of "
        "training and test samples)",
    )
    training.add_argument("--target", metavar="COLUMN", help="the target column of a .csv file (default: the last)")
    names = [*(spec.key for spec in SETTINGS.values() if spec.name not in ("racers", "setup")), *Setup.parameters()]
    training.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"a setting, spelled as in links: {', '.join(names)}, or for example schedule.horizon; may be repeated",
    )
    add_declared(training, (spec for name, spec in SETTINGS.items() if name not in OF_DATA))


def add_declared(group: Any, specs: Iterable[Setting]) -> None:
    """Add an option for each declared setting that has a placeholder for its values."""
    for spec in specs:
        if not spec.form.metavar:
            continue
        repeated = {"action": "append"} if spec.name == "racers" else {}
        explained = spec.explained.replace("`", "").replace("%", "%%")
        option = f"--{spec.key.replace('_', '-')}"
        group.add_argument(option, dest=_option(spec), metavar=spec.form.metavar, help=explained, **repeated)


def _option(spec: Setting) -> str:
    """The name of a declared setting among the arguments of a command."""
    return f"setting {spec.name}"


def updated(arguments: argparse.Namespace, specs: Iterable[Setting], query: Query) -> Query:
    """The query, updated with the declared settings among the arguments of a command."""
    from app.common.forms import OneRecord

    for spec in specs:
        spelled = getattr(arguments, _option(spec), None)
        if spelled is None:
            continue
        if isinstance(spec.form, OneRecord):
            query = _choice(spec.key, spelled, query)
        else:
            query = {**query, spec.key: spelled if isinstance(spelled, list) else [spelled]}
    return query


def add_look(parser: argparse.ArgumentParser, parts: str, zooms: bool = False) -> Any:
    """Add the arguments for the look of pictures and films, and return the group of those for pictures.

    Args:
        parts: what --part can be.
        zooms: whether a film can zoom into a window.
    """
    from app.export.sizes import SIZES

    look = parser.add_argument_group("the picture")
    look.add_argument(
        "--size",
        default="16:9",
        metavar="SIZE",
        help=f"{', '.join(SIZES)}, WIDTHxHEIGHT in pixels, or for a paper such as 8.5cmx6cm. On slides the letters "
        "are at least 18 pixels high; on paper the text has 8 points, bitmaps have 300 dpi, and there is no caption "
        "(a .txt file holds it)",
    )
    look.add_argument("--scale", type=float, default=1.0, metavar="N", help="1 to 4 times as many pixels on each side")
    look.add_argument("--dark", action="store_true", help="draw on a dark background")
    look.add_argument("--part", default="all", help=f"{parts} (default: %(default)s)")
    look.add_argument("--linear", action="store_true", help="draw the losses on a linear axis")
    look.add_argument("--transparent", action="store_true", help="make the background transparent")
    look.add_argument("--no-caption", action="store_true", help="leave out the caption")
    look.add_argument(
        "--heading",
        metavar="TEXT",
        help="the title above the picture (default: on slides the finding of the run, elsewhere none)",
    )
    look.add_argument("--title", default="", metavar="TEXT", help="a caption of your own")
    look.add_argument("--step", type=int, metavar="N", help="the step that a picture shows (default: the last)")
    film = parser.add_argument_group("the film")
    film.add_argument(
        "--seconds",
        type=float,
        default=6.0,
        metavar="S",
        help="seconds of motion, to the nearest frame, without --hold (default: %(default)s)",
    )
    film.add_argument(
        "--rate",
        type=float,
        default=25.0,
        metavar="N",
        help="frames per second (default: %(default)s); a GIF has at most 50",
    )
    film.add_argument(
        "--hold", type=float, default=1.5, metavar="S", help="seconds to hold the last frame (default: %(default)s)"
    )
    film.add_argument("--once", action="store_true", help="make a GIF that plays only once")
    film.add_argument(
        "--time",
        choices=["even", "length", *(["zoom"] if zooms else [])],
        default="even",
        help="equal time per step (even), or constant speed along the paths (length)"
        + ("; zoom for a film that zooms from the whole map into the window" if zooms else ""),
    )
    return look


def run_render(arguments: argparse.Namespace) -> int:
    """Write the files of a race, each completely or not at all, and return the exit status."""
    return status(_render, arguments)


def status(work: Callable[[argparse.Namespace], None], arguments: argparse.Namespace) -> int:
    """Run a command, print its errors as sentences, and return the exit status."""
    try:
        work(arguments)
    except Wrong as error:
        streams.complain(f"optiscope: {error}")
        return BAD
    except Unfinished as error:
        streams.complain(f"optiscope: {error}")
        return FAILED
    except MemoryError:
        streams.complain("optiscope: there is not enough memory for this: use fewer racers, steps or pixels.")
        return FAILED
    return 0


def check_path(path: Path, known: Sequence[str] = ()) -> None:
    """Check that a file of a known format can be written at a path."""
    from app.export.formats import ENDINGS, ending

    known = known or tuple(ENDINGS)
    if ending(path.name) not in known:
        raise Wrong(f"{path.name}: this file format is not available; the extensions are .{', .'.join(known)}.")
    try:
        folder = path.is_dir()
    except OSError as error:  # for example, a name that is too long
        raise Wrong(f"{path} cannot be written: {error.strerror}.") from None
    if folder:
        raise Wrong(f"{path} is a folder: give the name of a file in it.")
    if not path.parent.is_dir():
        raise Wrong(f"{path}: there is no folder {path.parent}; create it first.")
    if not os.access(path.parent, os.W_OK):
        raise Wrong(f"{path} cannot be written: you do not have permission to write to the folder {path.parent}.")


def _render(arguments: argparse.Namespace) -> None:
    for path in arguments.output:
        check_path(Path(path))
    look, cut = look_of(arguments)
    from app.server import environment

    environment.prepare()
    from app.race import export, verdict
    from app.race import results as standings
    from app.race.runs import race_of

    settings = race_settings(arguments)
    race = race_of(settings)
    check_step(arguments.step, settings.steps)
    look = _shown(arguments, look, settings)
    known = ("all", "map", "loss", *settings.views)
    if look.part not in known:
        raise Wrong(f"--part must be one of {', '.join(known)}, or a view that --views adds; got {look.part!r}.")
    if look.purpose == "slide" and arguments.heading is None:
        look = dataclasses.replace(look, heading=export.heading(race, look.part))
    base = base_of(arguments.link)

    def content(name: str, report: Progress) -> bytes:
        return export.contents(race, name, look, cut, step=arguments.step, report=report, base=base)

    written = write_files(arguments.output, content)
    if arguments.json:
        print_json(written, standings.table(race), verdict=verdict.as_data(race.fair) if race.fair else None)


def _shown(arguments: argparse.Namespace, look: Any, settings: Any) -> Any:
    """The look with the window of the map and the camera of the surface from the arguments."""
    from app.figures.map import extent
    from app.player.screen import Camera

    if arguments.window is not None:
        x0, x1, y0, y1 = _numbers("--window", arguments.window, "-1,1,0,2", 4)
        (left, right), (bottom, top) = limits = extent(settings.built_surface())
        window = (max(x0, left), min(x1, right)), (max(y0, bottom), min(y1, top))
        if not all(low < high for low, high in window):
            across, upward = (f"[{least:g}, {most:g}]" for least, most in limits)
            raise Wrong(f"--window must show a part of the map, {across} × {upward}; got {arguments.window}.")
        look = dataclasses.replace(look, windows=(window,))
    if arguments.camera is not None:
        x, y, z = _numbers("--camera", arguments.camera, "0.2,-0.7,1", 3)
        try:
            look = dataclasses.replace(look, camera=Camera((x, y, z)))
        except ValueError as error:
            raise Wrong(f"--camera: {error}.") from None
    return look


def _numbers(name: str, spelled: str, example: str, count: int) -> list[float]:
    """Read a number of finite numbers that are separated by commas."""
    try:
        numbers = [float(word) for word in spelled.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise Wrong(f"{name} takes {count} numbers, such as {example}; got {shortened(spelled)!r}.")
    return numbers


def write_files(paths: Iterable[str], content: Callable[[str, Progress], bytes]) -> list[dict[str, Any]]:
    """Make files and write them, and return their names and sizes.

    Args:
        content: from the name of a file and a function that reports progress to the bytes of the file.

    Raises:
        Wrong: if a file cannot be made from these settings.
        Unfinished: if it could not be made or written.
    """
    return [_write_file(path, content) for path in map(Path, paths)]


def _write_file(path: Path, content: Callable[[str, Progress], bytes]) -> dict[str, Any]:
    from app.common.racers import Refused
    from app.export.worker import Failed

    try:
        with progress(path.name) as report:
            data = content(path.name, report)
        write(path, data)
    except Refused as refused:
        raise Wrong(f"{path.name}: {refused}") from None
    except ValueError as error:
        raise Wrong(f"{path.name}: {error}.") from None
    except Failed as error:
        raise Unfinished(f"{path.name} could not be made: {error}") from None
    except OSError as error:
        raise Unfinished(f"{path} could not be written: {error.strerror}.") from None
    return {"file": str(path), "bytes": len(data)}


def print_json(
    written: Sequence[Mapping[str, Any]],
    table: Sequence[Any],
    by_epoch: Sequence[Any] | None = None,
    verdict: Mapping[str, Any] | None = None,
) -> None:
    found: dict[str, Any] = {"files": written, "results": [dataclasses.asdict(row) for row in table]}
    if by_epoch:
        found["epochs"] = [dataclasses.asdict(row) for row in by_epoch]
    if verdict:
        found["verdict"] = verdict
    streams.emit(json.dumps(plain(found), ensure_ascii=False, indent=2))


def check_step(step: int | None, last: int) -> None:
    """Check that a picture can show a step."""
    if step is not None and not 0 <= step <= last:
        raise Wrong(f"--step must lie in [0, {last:,}]; got {step}.")


def check_single(arguments: argparse.Namespace, *names: str) -> None:
    given = [f"--{name}" for name in names if getattr(arguments, name)]
    if len(given) > 1:
        raise Wrong(f"{' and '.join(given)} each describe all settings: give only one, and add single settings to it.")


def plain(value: Any) -> Any:
    """A value as JSON has it, which knows no NaN."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def look_of(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """The look of pictures and the timing of films from the arguments."""
    from app.export.formats import ending
    from app.export.look import drawable
    from app.export.options import Cut, Look
    from app.export.sizes import SIZES, size_of

    title = arguments.title
    if not drawable(title):
        streams.complain(
            "optiscope: no font on this machine has these characters; the caption shows the settings instead."
        )
        title = ""
    if not drawable(arguments.heading or ""):
        streams.complain("optiscope: no font on this machine has the characters of the heading; it is left out.")
        arguments.heading = ""
    size = size_of(arguments.size)
    if size is None:
        raise Wrong(
            f"--size must be one of {', '.join(SIZES)}, or a size like 1280x720 or 8.5cmx6cm; got "
            f"{shortened(arguments.size)!r}."
        )
    try:
        look = Look(
            width=size.width,
            height=size.height,
            purpose=size.purpose,
            heading=arguments.heading or "",
            scale=arguments.scale,
            theme="dark" if arguments.dark else "light",
            part=arguments.part,
            axis="linear" if arguments.linear else "log",
            transparent=arguments.transparent,
            caption=not arguments.no_caption and (size.purpose != "paper" or bool(title)),
            title=title,
        )
        cut = Cut(
            seconds=arguments.seconds,
            rate=arguments.rate,
            hold=arguments.hold,
            loop=not arguments.once,
            time=arguments.time,
        )
    except ValueError as error:
        raise Wrong(f"{error}.") from None
    for name in arguments.output:
        if (slower := cut.limited(ending(name))) != cut:
            most = f"a GIF has at most {slower.rate:g} frames per second"
            streams.complain(f"optiscope: {name}: {most}, because browsers slow faster ones down.")
    return look, cut


def race_settings(arguments: argparse.Namespace) -> Any:
    """The race that is asked for: a preset, link or file first, single settings over it; a bad value ends it."""
    from app.race import link as race_link
    from app.race.changes import SETTINGS

    query: dict[str, list[str]] = {}
    check_single(arguments, "preset", "settings", "link")
    if arguments.preset:
        query = race_link.query(_race_preset(arguments.preset))
    if arguments.settings:
        query = saved(arguments.settings, "race")
    if arguments.link:
        if urlsplit(arguments.link).path.rstrip("/").endswith("/network"):
            raise Wrong("That link belongs to the Network page: use optiscope train.")
        query |= behind(arguments.link)
    if getattr(arguments, _option(SETTINGS["surface"]), None):
        query = {key: values for key, values in query.items() if key not in ("start", "rotation")}
    query = updated(arguments, SETTINGS.values(), query)
    settings, notices = race_link.parse(query)
    check_notices(notices)
    return settings


def _race_preset(key: str) -> Any:
    """The settings of a preset of the Race page."""
    from app.common.racers import Refused
    from app.network.presets import PRESETS
    from app.race import presets

    try:
        return presets.preset(key)
    except Refused as refused:
        if key in PRESETS:
            raise Wrong(f"{key!r} is a preset of the Network page: use optiscope train --preset {key}.") from None
        raise Wrong(str(refused)) from None


_COMMANDS = {"race": "render", "network": "train", "maps": "map"}
"""The command that reads the settings of a page."""


def saved(name: str, page: str) -> dict[str, list[str]]:
    """The query in a settings file of a page."""
    from app.common.racers import Refused
    from app.common.saved import read_query

    try:
        found, query = read_query(_read(name))
    except Refused as refused:
        raise Wrong(f"{name}: {refused}") from None
    if found != page:
        command = f": use optiscope {_COMMANDS[found]}" if found in _COMMANDS else ""
        raise Wrong(f"{name} holds the settings of the {found.capitalize()} page{command}.")
    return query


def run_train(arguments: argparse.Namespace) -> int:
    """Train networks, write the files, and return the exit status."""
    return status(_train, arguments)


def _train(arguments: argparse.Namespace) -> None:
    from app.export.formats import DRAWN

    for path in arguments.output:
        check_path(Path(path), (*DRAWN, "csv", "npz", "txt", "json", "py"))
    look, cut = look_of(arguments)
    from app.server import environment

    environment.prepare()
    from app.common.racers import Refused
    from app.network import export, files, process, results, scene

    try:
        brought = files.read(map(Path, arguments.data), together=True)
        training = _training(arguments, brought)
        data = files.find(training, brought)
    except Refused as refused:
        raise Wrong(str(refused)) from None
    check_step(arguments.step, training.steps)
    known = ("all", *training.views)
    if look.part not in known:
        raise Wrong(f"--part must be one of {', '.join(known)}, or a view in --set views=…; got {look.part!r}.")
    job = scene.job_for(training, data, connection=process.Local())
    try:
        job.begin()
        with progress("training") as report:
            wait(job, report)
        if look.purpose == "slide" and arguments.heading is None:
            look = dataclasses.replace(look, heading=export.heading(training, job, look.part))
        base = base_of(arguments.link)

        def content(name: str, report: Progress) -> bytes:
            scene.scene(training, job)
            wait(job)  # some panels are still being computed
            return export.contents(training, job, name, look, cut, arguments.step, report, base)

        written = write_files(arguments.output, content)
    finally:
        job.stop()  # after Ctrl+C, only the current pieces are finished
    by_epoch = results.epochs(training, job) if training.counts_epochs else []
    if arguments.json:
        print_json(written, results.table(training, job), by_epoch)
        return
    if by_epoch:
        streams.emit(columns(results.epoch_heads(training, job), results.epoch_cells(training, job)))
        if note := results.epoch_note(training, job):
            streams.emit(note)
    for row in results.table(training, job):
        streams.emit(f"{row.title}: {row.status}")


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a terminal, with columns as wide as their words."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in (heads, *rows))
    return "\n".join(lines)


def wait(job: Any, report: Any = lambda fraction: None) -> None:
    """Wait until a job rests, and report its progress."""
    while job.busy:
        report(job.progress)
        time.sleep(0.1)


def _training(arguments: argparse.Namespace, brought: Mapping[str, Brought]) -> Any:
    """The training that the arguments describe. An invalid value ends the command."""
    from app.network import files
    from app.network import link as network_link
    from app.network.changes import SETTINGS
    from app.network.settings import FILE

    if len(brought) > 1:
        raise Wrong(f"Training takes one data set, but --data names {', '.join(brought)}.")
    file = next(iter(brought.values()), None)
    query: dict[str, list[str]] = {}
    check_single(arguments, "preset", "settings", "link")
    if arguments.preset:
        query = _preset(arguments.preset, file)
    if arguments.settings:
        query = saved(arguments.settings, "network")
    if arguments.link:
        query |= behind(arguments.link)
    if arguments.source:
        query = _choice("data", arguments.source, query)
    if file:
        query |= {"data": [FILE], "file": [file.name]}
        if file.target:
            query["target"] = [file.target]
    if arguments.target:
        query["target"] = [arguments.target]
    for item in arguments.set:
        name, equals, value = item.partition("=")
        if not equals:
            raise Wrong(f"--set takes NAME=VALUE; got {item!r}.")
        query[name] = [value]
    query = updated(arguments, SETTINGS.values(), query)
    name = query.get("file", [""])[-1]
    if query.get("data") == [FILE] and name not in brought:
        raise Wrong(f"These settings need data from the file {name!r}: add --data with its path.")
    training, notices = network_link.parse(query, lambda asked: files.find(asked, brought))
    check_notices(notices)
    return training


def _preset(key: str, file: Brought | None) -> dict[str, list[str]]:
    """The query of a preset; the file is for presets that are meant for samples of a file."""
    from app.network import link, presets

    if file is not None and key in presets.PRESETS and presets.PRESETS[key].own_samples:
        return link.query(presets.of_file(key, file))
    return link.query(presets.preset(key))


def behind(link: str) -> dict[str, list[str]]:
    """The query of a link, which may be a query string alone."""
    return parse_qs(urlsplit(link).query or link.removeprefix("?"), keep_blank_values=True)


def base_of(link: str | None) -> str:
    """The address at which the app is served according to a link, with a slash at its end.

    Empty if the link has no address, or that of this machine, which readers of a file cannot open.
    """
    parts = urlsplit(link or "")
    if parts.scheme not in ("http", "https") or parts.hostname in (None, *LOCAL):
        return ""
    path = parts.path.rstrip("/").removesuffix("/network")
    return f"{parts.scheme}://{parts.netloc}{path}/"


def _read(name: str) -> bytes:
    """The contents of a file."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Wrong(f"{name} cannot be read: {error.strerror}.") from None


def _choice(part: str, spelled: str, query: dict[str, list[str]]) -> dict[str, list[str]]:
    """The query with a part replaced by a text such as rosenbrock:steepness=30."""
    key, _, values = spelled.partition(":")
    kept = {name: values for name, values in query.items() if name.partition(".")[0] != part}
    items = (item.partition("=") for item in values.split(",") if item)
    return {**kept, part: [key], **{f"{part}.{name}": [value] for name, _, value in items}}


def check_notices(notices: Sequence[str]) -> None:
    """Check that no part of a link was dropped. What a page drops with a notice ends a command."""
    if notices:
        raise Wrong(" ".join(re.sub(r"^Dropped from the link(?:, (.+?))?: ", _named, notice) for notice in notices))


def _named(match: re.Match[str]) -> str:
    """The name of a racer in front of a sentence, if there is one."""
    return f"{match[1]}: " if match[1] else ""


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    # the prefix is not the name of the file, which may already have the largest possible length
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".optiscope-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def progress(name: str) -> Iterator[Progress]:
    """Yield a function that prints the progress to the standard error, if that is a terminal."""
    interactive = sys.stderr.isatty()

    def report(fraction: float) -> None:
        if interactive:
            print(f"\r{name} {fraction:4.0%}", end="", file=sys.stderr, flush=True)

    report(0.0)
    outcome = "stopped"
    try:
        yield report
        outcome = "done"
    finally:
        if interactive:
            print(f"\r{name} {outcome}", file=sys.stderr)
