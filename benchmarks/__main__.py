"""`make bench`: run the benchmarks and print the tables of the README."""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.server import environment

environment.prepare()

from benchmarks.measure import CLOCKS, HEADER, Result  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = {
    "engine": "single runs on a plane, compared with loops in PyTorch and optax",
    "sweeps": "thousands of runs at once, compared with a loop in C, optax, PyTorch and NumPy",
    "diagnostics": "the matrix of unit tests: 73 tests, 25 optimizers, 64 settings",
    "network": "training steps of three networks, compared with PyTorch and optax",
    "regularizers": "the study of regularizers, compared with a loop in PyTorch",
    "page": "the Race page in a browser, compared with st.plotly_chart (needs Chromium)",
    "load": "eight simultaneous users during trainings, films and sweeps, compared with a plain Streamlit app",
    "export": "films, slides and pictures, compared with matplotlib's animations and kaleido",
}
"""Descriptions of the modules of this package, in the order in which they run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks, print each row as soon as it is measured, and return the number of missed targets."""
    options = _parser().parse_args(arguments)
    missed = 0
    print(HEADER)
    for name in options.benchmarks or BENCHMARKS:
        for result in _results(name, options):
            print(result.row(), flush=True)
            missed += not result.holds
    return missed


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<8} {about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Run benchmarks and print the tables of the README.\n\nbenchmarks:\n{listed}",
        epilog="The exit status is the number of targets that were missed.\n\n"
        "On a machine with a GPU or TPU, python -m benchmarks.gpu measures that device.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "benchmarks", nargs="*", type=_benchmark, metavar="benchmark", help="what to measure (default: everything)"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=20.0,
        metavar="S",
        help="load: how long each condition is measured (default: %(default)g; 5 is a quick run)",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=ROOT,
        metavar="PATH",
        help="load: measure the app of another checkout, with its own .venv (default: this checkout)",
    )
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="sweeps: compare the time that passes, or on a machine that others use the processor time (default: wall)",
    )
    return parser


def _benchmark(name: str) -> str:
    if name not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"unknown benchmark {name!r}; choose from {', '.join(BENCHMARKS)}")
    return name


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number of seconds; got {text!r}")
    return value


def _results(name: str, options: argparse.Namespace) -> Iterator[Result]:
    # imported here, so that --help and a mistyped name are answered at once
    module = importlib.import_module(f"benchmarks.{name}")
    arguments = {"load": (options.seconds, options.root.resolve()), "sweeps": (options.clock,)}
    results: Iterator[Result] = module.run(*arguments.get(name, ()))
    return results


if __name__ == "__main__":
    sys.exit(main())
