"""Draw how the cost of a sweep grows with its runs and with its steps: `python -m docs.cost [folder]`.

The cost is processor time. All sizes take turns, so that all meet the same conditions, and each point is a median.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.server import environment

environment.prepare()

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from app.figures.theme import PALETTE, THEMES  # noqa: E402
from benchmarks.measure import alternate  # noqa: E402
from optimizers import OPTIMIZERS, sweep  # noqa: E402
from surfaces import SURFACES  # noqa: E402

RUNS, STEPS = 10_000, 500
"""The size that both curves have in common."""
MORE_RUNS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
MORE_STEPS = (5, 15, 50, 150, 500, 1_500, 5_000)
PICTURES = {"cost-light": "light", "cost-dark": "dark"}
"""The colour schemes of the pictures, by file name."""
HERE = Path(__file__).parent / "pictures"


def measure(rounds: int = 7) -> dict[tuple[int, int], float]:
    """The processor seconds of a sweep of Adam on Rosenbrock with everything recorded, by its runs and steps."""
    sizes = [*((runs, STEPS) for runs in MORE_RUNS), *((RUNS, steps) for steps in MORE_STEPS if steps != STEPS)]
    seconds = alternate(*[_sweep(*size) for size in sizes], rounds=rounds, clock="processor")
    return dict(zip(sizes, seconds, strict=True))


def _sweep(runs: int, steps: int) -> Callable[[], object]:
    surface, rule = SURFACES["rosenbrock"](), OPTIMIZERS["adam"]()
    over = {"learning_rate": np.geomspace(1e-4, 1.0, runs)}
    return lambda: sweep(surface, rule, over=over, steps=steps)


def figure(seconds: Mapping[tuple[int, int], float], scheme: str) -> Figure:
    """The times against runs and against steps on log axes, each with the line of a cost that is proportional."""
    theme = THEMES[scheme]
    picture = Figure(figsize=(9, 3.6), dpi=100, facecolor=theme["paper"], layout="constrained")
    common = seconds[RUNS, STEPS]
    panels = [
        ("runs", f"runs, of {STEPS:,} steps each", {runs: t for (runs, steps), t in seconds.items() if steps == STEPS}),
        ("steps", f"steps, of {RUNS:,} runs", {steps: t for (runs, steps), t in seconds.items() if runs == RUNS}),
    ]
    for axes, (word, label, times), unit in zip(
        picture.subplots(1, 2, sharey=True), panels, (RUNS, STEPS), strict=True
    ):
        sizes = np.array(sorted(times))
        axes.loglog(sizes, common * sizes / unit, ":", color=theme["muted"], label=f"proportional to the {word}")
        axes.loglog(
            sizes, [times[size] for size in sizes], "o-", color=theme.get(PALETTE[1], PALETTE[1]), label="measured"
        )
        axes.set_xlabel(label, color=theme["ink"])
        axes.set_facecolor(theme["paper"])
        axes.tick_params(which="both", colors=theme["muted"], labelcolor=theme["ink"])
        axes.grid(color=theme["grid"])
        for spine in axes.spines.values():
            spine.set_color(theme["grid"])
        axes.legend(facecolor=theme["paper"], edgecolor=theme["grid"], labelcolor=theme["ink"])
    picture.axes[0].set_ylabel("seconds of processor time", color=theme["ink"])
    return picture


def main(folder: Path) -> None:
    """Measure, and save the pictures in a folder."""
    seconds = measure()
    for (runs, steps), time in seconds.items():
        print(f"{runs:>7,} runs × {steps:>5,} steps: {time:.4f} s, {1e9 * time / (runs * steps):.2f} ns a step")
    for name, scheme in PICTURES.items():
        figure(seconds, scheme).savefig(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
