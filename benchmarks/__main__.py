"""`make bench`: run every comparison and print the README's table."""

import sys

from app import environment

environment.prepare()

from benchmarks import engine, export, network, page  # noqa: E402
from benchmarks.measure import HEADER  # noqa: E402

PARTS = {"engine": engine.run, "network": network.run, "page": page.run, "export": export.run}


def main(wanted: list[str]) -> int:
    """Print a line as soon as it is measured; the exit code counts aims that were missed."""
    missed = 0
    print(HEADER)
    for name in wanted or PARTS:
        for result in PARTS[name]():
            print(result.row(), flush=True)
            missed += not result.holds
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
