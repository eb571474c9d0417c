"""The command `optiscope sweep`: thousands of runs, written to a Parquet data set as they are computed."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.export.about import version
from app.server import commands, streams
from app.server.commands import Unfinished, Wrong

if TYPE_CHECKING:
    from app.sweeps.dataset import Dataset


def add_to(subparsers: Any) -> None:
    """Add the command to those of `optiscope`."""
    parser = subparsers.add_parser(
        "sweep",
        help="run optimizers at thousands of settings, starts and seeds, and write what became of each run",
        description="Run every racer at all combinations of the values in --over, and write a row for each run: its "
        "final, best and mean loss, the step at which it reached the threshold or diverged, its last point and its "
        "status. The folder is one Parquet data set. A sweep that was stopped continues where it was when the same "
        "command is run again.",
        epilog="optiscope sweep --surface quadratic_ravine --racer momentum --over learning_rate=0.001:1:128 "
        "--over momentum=128 --steps 500 -o map",
    )
    race = parser.add_argument_group("the race")
    parser.declare = lambda: commands.add_race(race, looks=False)
    sweep = parser.add_argument_group("the sweep")
    sweep.add_argument(
        "--over",
        action="append",
        required=True,
        metavar="NAME=VALUES",
        help="what varies: a parameter, start.0, start.1 or seed. The values are a list such as 0.1,0.2; a grid such "
        "as 0.001:1:64, or 64 over the declared range, evenly spaced on the parameter's scale; random draws such as "
        "0.001:1, or random over the declared range; for seeds, 0:99. May be repeated: lists and grids are combined, "
        "and random axes are drawn together",
    )
    sweep.add_argument("--draws", type=int, default=64, metavar="N", help="random draws (default: %(default)s)")
    sweep.add_argument("--draw-seed", type=int, default=0, metavar="N", help="seed of the draws (default: %(default)s)")
    sweep.add_argument(
        "--threshold",
        type=float,
        default=0.01,
        metavar="P",
        help="the share of the initial height above the minimum that counts as reached (default: %(default)s)",
    )
    sweep.add_argument("--double", action="store_true", help="compute with 64 bits, which takes twice as long")
    places = parser.add_argument_group("where it runs").add_mutually_exclusive_group()
    places.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="start N processes on this machine with Dask (default: this process, with all its devices)",
    )
    places.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="the scheduler of a Dask cluster, such as tcp://host:8786; its workers need this version of Optiscope",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="folder of the data set")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute what is missing in the data set, and return the exit status."""
    return commands.status(_sweep, arguments)


def _sweep(arguments: argparse.Namespace) -> None:
    from app.server import environment

    environment.prepare()
    from app.common.racers import Refused
    from app.sweeps import cluster, dataset

    if arguments.scheduler == "":
        raise Wrong("--scheduler takes the address of a Dask scheduler, such as tcp://host:8786.")
    if arguments.workers is not None and arguments.workers < 1:
        raise Wrong(f"--workers must be at least 1; got {arguments.workers}.")
    settings = commands.race_settings(arguments)
    jobs = _jobs(arguments, settings)
    try:
        description = _description(arguments, settings)
        data = dataset.Dataset(Path(arguments.output), {name: plan for name, (_, plan) in jobs.items()}, description)
        work = [keywords for keywords, _ in jobs.values()]
        missing = data.missing
        if arguments.workers is None and arguments.scheduler is None:
            results = cluster.here(work, missing)
        else:
            places = {"scheduler": arguments.scheduler, "workers": arguments.workers}
            results = cluster.on_cluster(work, missing, prepare=environment.prepare, **places)
        _write(data, results, sum(block.end - block.first for block in missing))
    except Refused as refused:
        raise Wrong(str(refused)) from None
    except cluster.Lost as lost:
        raise Unfinished(f"{lost}. What was computed is kept; the same command continues.") from None
    _report(arguments, data)


def _jobs(arguments: argparse.Namespace, settings: Any) -> dict[str, tuple[dict[str, Any], Any]]:
    """The arguments of `plan_sweep` and the plan of each optimizer, by its title."""
    from app.common.racers import Refused
    from app.race.runs import Race
    from app.sweeps import axes
    from optimizers import plan_sweep

    try:
        over = axes.read(arguments.over)
    except Refused as refused:
        raise Wrong(str(refused)) from None
    if not settings.racers:
        raise Wrong("There is no optimizer: add one, such as --racer adam.")
    titles = Race(settings).titles
    jobs = {}
    for racer, title in zip(settings.racers, titles, strict=True):
        keywords = {
            "surface": settings.built_surface(),
            "optimizer": settings.rule(racer),
            "over": over,
            "start": None if any(name.partition(".")[0] == "start" for name in over) else settings.built_start(),
            "steps": settings.steps,
            "noise": settings.built_noise(),
            "seed": settings.seed,
            "draws": arguments.draws,
            "draw_seed": arguments.draw_seed,
            "threshold": arguments.threshold,
            "dtype": "float64" if arguments.double else "float32",
        }
        try:
            jobs[title] = keywords, plan_sweep(**keywords)
        except ValueError as error:
            raise Wrong(f"{title}: {error}.") from None
    return jobs


def _description(arguments: argparse.Namespace, settings: Any) -> dict[str, Any]:
    """Everything that determines the results."""
    import jax

    from app.race import link

    return {
        "optiscope": version(),
        "jax": jax.__version__,
        "race": link.query(dataclasses.replace(settings.bare(), racers=settings.racers)),
        "over": arguments.over,
        "draws": arguments.draws,
        "draw seed": arguments.draw_seed,
        "threshold": arguments.threshold,
        "bits": 64 if arguments.double else 32,
    }


def _write(data: Dataset, results: Iterator[Any], runs: int) -> None:
    """Write each block when it is computed, and report the progress."""
    done, begun = data.runs - runs, time.monotonic()
    with commands.progress(f"{data.runs:,} runs") as report, contextlib.closing(results):  # type: ignore[type-var]
        report(done / data.runs)
        try:
            for block, values in results:
                data.write(block, values)
                done += block.end - block.first
                report(done / data.runs)
        except OSError as error:
            raise Unfinished(
                f"{data.folder} could not be written: {error.strerror}. What was computed is kept; the same command "
                "continues."
            ) from None
        except KeyboardInterrupt:
            streams.complain(f"\noptiscope: stopped after {done:,} runs. The same command continues.")
            raise
    if runs and sys.stderr.isatty():
        streams.complain(f"optiscope: {runs:,} runs in {time.monotonic() - begun:.1f} s")


def _report(arguments: argparse.Namespace, data: Dataset) -> None:
    """Print what became of the runs of each optimizer."""
    rows = data.summary()
    if arguments.json:
        summary: list[Mapping[str, Any]] = [dataclasses.asdict(row) for row in rows]
        streams.emit(
            json.dumps(
                commands.plain({"folder": str(data.folder), "optimizers": summary}), ensure_ascii=False, indent=2
            )
        )
        return
    for row in rows:
        shares = ", ".join(f"{count / row.runs:.1%} {word}" for word, count in row.statuses.items() if count)
        streams.emit(f"{row.optimizer}: {row.runs:,} runs, {shares}")
