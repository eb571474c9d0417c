"""`make bench`: run every comparison and print the README's table."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence

from app.server import environment

environment.prepare()

from benchmarks import load  # noqa: E402
from benchmarks.measure import HEADER, Result  # noqa: E402

PARTS = {
    "engine": "runs of the plane, beside PyTorch's and optax's own loops",
    "network": "steps of a training, beside PyTorch and optax",
    "page": "the page in a browser, beside a native chart; needs a Chromium",
    "load": "eight users beside trainings, films and sweeps, and beside a plain Streamlit app",
    "export": "files to take away, beside matplotlib's animation and kaleido",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line as soon as it is measured; the exit status counts aims that were missed."""
    options = _parser().parse_args(arguments)
    missed = 0
    print(HEADER)
    for name in options.parts or PARTS:
        for result in _run(name, options)():
            print(result.row(), flush=True)
            missed += not result.holds
    return missed


def _parser() -> argparse.ArgumentParser:
    parts = "\n".join(f"  {name:<8} {about}" for name, about in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure, and print the tables of the README.\n\nparts:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", type=_part, metavar="part", help="what to measure (default: everything)")
    load.add_options(parser)
    return parser


def _part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    return name


def _run(name: str, options: argparse.Namespace) -> Callable[[], Iterator[Result]]:
    if name == "load":
        return lambda: load.run(options.seconds, options.root.resolve())
    run: Callable[[], Iterator[Result]] = importlib.import_module(f"benchmarks.{name}").run
    return run


if __name__ == "__main__":
    sys.exit(main())
