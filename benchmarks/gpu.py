"""`python -m benchmarks.gpu`: what an accelerator makes of sweeps and trainings. It needs only jax, numpy and optax.

It runs from a checkout, without installing the project, and prints each row of the README's table as soon as it is
measured. Every result is compared with that of the CPU; a row whose results differ is not reached.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from benchmarks.measure import HEADER, Result, alternate, seconds
from optimizers import OPTIMIZERS, Grid, Isotropic, sweep
from optimizers.kernels import Loop
from optimizers.training import join, train, train_together
from surfaces import SURFACES
from surfaces.network import MLP, Network
from surfaces.trainability import TanhNetwork

RULES: dict[str, dict[str, Any]] = {"adam": {}, "momentum": {"learning_rate": 1e-4}, "radam": {}, "lion": {}}


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much is computed.

    Attributes:
        runs, steps: those of a sweep.
        samples, epochs: those of the exercise.
        networks: the numbers of networks that are trained together.
        network_steps: the steps of each of them.
        side, map_steps: the cells along each axis of the map of trainability, and its steps.
    """

    runs: int = 2**23
    steps: int = 20_000
    samples: int = 60_000
    epochs: int = 10
    networks: tuple[int, ...] = (1, 100, 1_000, 10_000)
    network_steps: int = 2_000
    side: int = 512
    map_steps: int = 500


SMALL = Sizes(2**10, 50, 512, 2, (1, 4), 20, 16, 20)


def run(sizes: Sizes, loops: Sequence[Loop]) -> Iterator[Result]:
    """Yield the results for sweeps by each of the loops, the exercise, networks together and the fractal map."""
    aims = {"lanes": 5e10, "kernel": 3e11}
    for loop in loops:
        yield _sweep("adam", loop, sizes, aims.get(loop, 0.0))
    yield _exercise(sizes)
    yield _map(sizes)
    yield from _networks(sizes)
    yield _everything(loops[0], sizes)
    for key in list(RULES)[1:]:
        yield _sweep(key, loops[0], sizes, 0.0)
    yield _noisy(sizes)


def _sweep(key: str, loop: Loop, sizes: Sizes, aim: float) -> Result:
    """A sweep of which only the final losses are wanted."""
    surface, rule = SURFACES["rosenbrock"](), OPTIMIZERS[key]().replace(**RULES[key])
    low = rule.learning_rate / 10  # type: ignore[attr-defined]

    def ours(runs: int = sizes.runs, steps: int = sizes.steps, **options: Any) -> Any:
        over = {"learning_rate": Grid(runs, low, 10 * low)}
        return sweep(surface, rule, over=over, steps=steps, record=("final",), **options).final

    few = {"runs": 1024, "steps": min(sizes.steps, 500)}
    same = _agree(ours(**few, loop=loop), ours(**few, devices=jax.devices("cpu")[:1]))
    (time_,) = alternate(lambda: ours(loop=loop), rounds=3)
    how = {"lanes": "by scan, states in memory", "kernel": "in one kernel"}.get(loop, loop)
    return _rate(f"{rule.name}, {how}", sizes.runs, sizes.steps, time_, aim, same)


def _everything(loop: Loop, sizes: Sizes) -> Result:
    """A sweep of which everything is wanted: losses, steps to the threshold, last points and statuses."""
    surface, rule, runs = SURFACES["rosenbrock"](), OPTIMIZERS["adam"](), sizes.runs // 8
    over = {"learning_rate": Grid(runs)}
    few = {"learning_rate": Grid(1024)}
    ours = sweep(surface, rule, over=few, steps=200, loop=loop)
    theirs = sweep(surface, rule, over=few, steps=200, devices=jax.devices("cpu")[:1])
    same = _agree(ours.final, theirs.final) and np.mean(ours.codes == theirs.codes) > 0.99
    (time_,) = alternate(lambda: sweep(surface, rule, over=over, steps=sizes.steps, loop=loop), rounds=3)
    return _rate("Adam, everything recorded", runs, sizes.steps, time_, 0.0, same)


def _noisy(sizes: Sizes) -> Result:
    """A sweep with noise, whose random numbers are drawn in the loop."""
    surface, rule, runs, steps = SURFACES["rosenbrock"](), OPTIMIZERS["adam"](), sizes.runs // 8, sizes.steps // 10

    def ours(runs: int = runs, **options: Any) -> Any:
        over = {"seed": np.arange(runs)}
        return sweep(surface, rule, over=over, noise=Isotropic(0.1), steps=steps, record=("final",), **options).final

    same = _agree(ours(256), ours(256, devices=jax.devices("cpu")[:1]))
    (time_,) = alternate(ours, rounds=3)
    return _rate("Adam with noise, by scan", runs, steps, time_, 0.0, same)


def _rate(what: str, runs: int, steps: int, time_: float, aim: float, same: bool) -> Result:
    rate = runs * steps / time_
    text = f"sweep of {runs:,} runs × {steps:,} steps: {what}"
    return _row(text, time_, f"{rate:.2g} steps/s", f"≥ {aim:.2g} steps/s" if aim else "–", rate >= aim, same)


def _row(what: str, time_: float, value: str, aim: str, holds: bool, same: bool) -> Result:
    return Result(what, seconds(time_), "agrees" if same else "**differs**", value, aim, holds and same)


def _agree(ours: Any, theirs: Any) -> bool:
    """Whether 99 % of the runs end alike: rounding grows in the few that are chaotic."""
    return bool(np.mean(np.isclose(ours, theirs, rtol=1e-2, atol=1e-4, equal_nan=True)) >= 0.99)


def _problem(widths: tuple[int, ...], samples: int) -> tuple[Network, Any]:
    """A network on random data, and its initial weights."""
    rng, classes = np.random.default_rng(0), widths[-1] > 1
    x = rng.standard_normal((samples, widths[0])).astype("f")
    y = np.eye(widths[-1])[rng.integers(0, widths[-1], samples)] if classes else np.sin(x.sum(1))[:, None]
    model = MLP(widths, "relu" if classes else "tanh")
    network = Network(model, x, y.astype("f"), objective="cross_entropy" if classes else "mse")
    return network, np.asarray(model.initial(0, "he_normal"))


def _exercise(sizes: Sizes) -> Result:
    network, start = _problem((784, 256, 10), sizes.samples)
    adam, epoch = OPTIMIZERS["adam"](), sizes.samples // 128

    def ours(steps: int = epoch * sizes.epochs, stride: int = epoch, device: Any = None) -> Any:
        pieces = train(network, adam, start, steps, batch_size=128, stride=stride, blocks=1, device=device)
        return join(pieces)

    few = [ours(min(20, epoch), min(20, epoch), device).losses for device in (None, jax.devices("cpu")[0])]
    same = bool(np.allclose(few[0], few[1], rtol=2e-2))
    (time_,) = alternate(ours, rounds=3)
    what = f"784-256-10, {sizes.epochs} epochs of {sizes.samples:,} samples, batches of 128, Adam"
    return _row(what, time_, f"{time_ / (epoch * sizes.epochs) / 1e-6:.3g} µs a step", "≤ 1 s", time_ <= 1, same)


def _networks(sizes: Sizes) -> Iterator[Result]:
    """Networks 2-32-32-1 trained together, each with a learning rate of its own."""
    network, start = _problem((2, 32, 32, 1), 256)
    steps, alone = sizes.network_steps, 0.0

    def ours(count: int, steps: int = steps) -> Any:
        rules = [OPTIMIZERS["adam"]().replace(learning_rate=rate) for rate in np.geomspace(1e-4, 1e-3, count)]
        options: dict[str, Any] = {"batch_size": 32, "stride": steps, "record": False, "vectorised": True}
        return train_together(network, rules, start, steps, **options)

    for count in sizes.networks:
        few = ours(count, 20)[-1].weights[-1]
        rule = OPTIMIZERS["adam"]().replace(learning_rate=1e-3 if count > 1 else 1e-4)
        options: dict[str, Any] = {"batch_size": 32, "stride": 20, "device": jax.devices("cpu")[0]}
        same = bool(np.allclose(few, join(train(network, rule, start, 20, **options)).weights[-1], atol=2e-3))
        (time_,) = alternate(lambda count=count: ours(count), rounds=3)  # type: ignore[misc]
        alone = alone or time_
        aim = 1.5 if count == 1000 else 0.0
        value = f"{time_ / alone:.2f} × the time of one"
        networks = f"{count:,} networks 2-32-32-1 together" if count > 1 else "one network 2-32-32-1"
        what = f"{networks}, {steps:,} steps of Adam"
        yield _row(what, time_, value, f"≤ {aim:g}" if aim else "–", not aim or time_ <= aim * alone, same)


def _map(sizes: Sizes) -> Result:
    surface, rule = TanhNetwork(), OPTIMIZERS["sgd"]()

    def ours(side: int = sizes.side, **options: Any) -> Any:
        over = {"ratio": Grid(side), "learning_rate": Grid(side, 0.1, 1e3)}
        return sweep(surface, rule, over=over, steps=sizes.map_steps, record=("final",), **options).final

    few = [np.isfinite(ours(16, **options)) for options in ({}, {"devices": jax.devices("cpu")[:1]})]
    same = bool(np.mean(few[0] == few[1]) >= 0.95)
    (time_,) = alternate(ours, rounds=3)
    what = f"map of the edge of trainability, {sizes.side}² cells × {sizes.map_steps} steps, 72 weights"
    return _row(what, time_, f"{sizes.side**2 * sizes.map_steps / time_:.2g} steps/s", "≤ 1 s", time_ <= 1, same)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table for JAX's default device, and return the number of rows that were not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="tiny sizes, with the kernel interpreted where there is no GPU: a trial"
    )
    options = parser.parse_args(arguments)
    device = jax.devices()[0]
    if device.platform == "cpu" and not options.small:
        print("JAX sees no accelerator. Install jax[cuda13] or jax[tpu], or try it with --small.", file=sys.stderr)
        return 1
    begun = time.perf_counter()
    print(f"{device.device_kind}, jax {jax.__version__}\n\n{_header()}", flush=True)
    loops: list[Loop] = ["kernel" if device.platform == "gpu" else "interpreted", "lanes"]
    missed = 0
    for result in run(SMALL if options.small else Sizes(), loops):
        print(result.row(), flush=True)
        missed += not result.holds
    print(f"\n{time.perf_counter() - begun:.0f} s in all")
    return missed


def _header() -> str:
    names = "| what | time | against the CPU | value | aim | reached |"
    return "\n".join([names, HEADER.splitlines()[1]])


if __name__ == "__main__":
    sys.exit(main())
