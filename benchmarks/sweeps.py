"""Benchmarks of sweeps: many runs of Adam on Rosenbrock, of which only the final losses are wanted.

They are compared with a loop in C for the same recurrence, with optax under jit, vmap and scan, and with PyTorch and
NumPy, vectorised over the runs. All compute in float32.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.measure import Clock, Result, alternate, seconds
from optimizers import OPTIMIZERS, Grid, Isotropic, plan_sweep, sweep, tune
from surfaces import SURFACES

STEPS = 500
START = (-1.5, 2.0)
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-fno-math-errno", "-fno-trapping-math")
SOURCE = """
#include <math.h>
#define WIDTH 256

void adam(long runs, int steps, const float *rate, float x0, float y0, float *out) {
  const float b1 = 0.9f, b2 = 0.999f, eps = 1e-8f;
  for (long first = 0; first < runs; first += WIDTH) {
    long n = runs - first < WIDTH ? runs - first : WIDTH;
    _Alignas(64) float x[WIDTH], y[WIDTH], mx[WIDTH], my[WIDTH], vx[WIDTH], vy[WIDTH];
    for (long i = 0; i < n; i++) { x[i] = x0; y[i] = y0; mx[i] = my[i] = vx[i] = vy[i] = 0; }
    float p1 = 1, p2 = 1;
    for (int t = 0; t < steps; t++) {
      p1 *= b1; p2 *= b2;
      float c1 = 1 / (1 - p1), c2 = 1 / (1 - p2);
      for (long i = 0; i < n; i++) {
        float d = y[i] - x[i] * x[i];
        float gx = -2 * (1 - x[i]) - 400 * x[i] * d, gy = 200 * d;
        mx[i] = b1 * mx[i] + (1 - b1) * gx;       my[i] = b1 * my[i] + (1 - b1) * gy;
        vx[i] = b2 * vx[i] + (1 - b2) * gx * gx;  vy[i] = b2 * vy[i] + (1 - b2) * gy * gy;
        x[i] -= rate[first + i] * (mx[i] * c1) / (sqrtf(vx[i] * c2) + eps);
        y[i] -= rate[first + i] * (my[i] * c1) / (sqrtf(vy[i] * c2) + eps);
      }
    }
    for (long i = 0; i < n; i++) {
      float d = y[i] - x[i] * x[i];
      out[first + i] = (1 - x[i]) * (1 - x[i]) + 100 * d * d;
    }
  }
}
"""


def run(clock: Clock = "wall") -> Iterator[Result]:
    """Yield the results of all comparisons; ratios are those of the times of this clock, and other times are passed."""
    cores = len(jax.local_devices())
    for runs, count, aim in ((10_000, 1, 1.45), (100_000, 1, 1.35), (100_000, cores, 1.45)):
        if count == 1 or cores > 1:
            yield _c(runs, count, aim, clock)
    for runs, aim in ((100, 1.0), (1_000, 1.0), (10_000, 1.0), (100_000, 1.5)):
        yield _optax(runs, aim, clock)
    yield _torch(clock)
    yield _numpy()
    yield _map()
    yield _million()
    yield from _cost(clock)
    yield _verdict()
    yield _fair_race()


def _rates(runs: int) -> Any:
    return np.geomspace(1e-4, 1.0, runs).astype(np.float32)


def _repeats(runs: int) -> int:
    """The calls of a turn, which together take some milliseconds: processor time is not exact for shorter ones."""
    return max(1, 30_000 // runs)


def _ours(rates: Any, devices: int | None = None) -> Callable[[], Any]:
    surface, rule = SURFACES["rosenbrock"](), OPTIMIZERS["adam"]()
    used = jax.local_devices()[:devices]

    def ours() -> Any:
        return sweep(surface, rule, over={"learning_rate": rates}, steps=STEPS, record=("final",), devices=used).final

    return ours


def _compare(what: str, theirs: Callable[[], Any], runs: int, least: float, clock: Clock, rounds: int = 5) -> Result:
    """Compare a sweep with something that shall take at least `least` times as long.

    In processor time the sweep runs on one core, as the others do, because sharing the work takes time as well.
    """
    rates = _rates(runs)
    ours = _ours(rates, 1 if clock == "processor" else None)
    np.testing.assert_allclose(np.median(ours()), np.median(theirs()), rtol=1e-2)  # single runs may be chaotic
    mine, other = alternate(ours, theirs, rounds=rounds, repeats=_repeats(runs), clock=clock)
    where = "one core" if clock == "processor" else "wall time"
    text = f"a sweep of {runs:,} runs of Adam, {STEPS} steps, {where}: {what} / ours"
    return Result(text, seconds(mine), seconds(other), f"{other / mine:.2g}×", f"≥ {least:g}×", other >= least * mine)


def _c(runs: int, cores: int, aim: float, clock: Clock) -> Result:
    where = "one core" if cores == 1 else f"{cores} cores"
    text, target = f"a sweep of {runs:,} runs of Adam, {STEPS} steps, {where}: ours / a loop in C", f"≤ {aim:g}"
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return Result(text, "–", "there is no C compiler", "–", target, False)
    rates, out = _rates(runs), np.empty(runs, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "adam.c"), Path(folder, "adam.so")
        source.write_text(SOURCE)
        subprocess.run([compiler, *FLAGS, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"], check=True)
        adam = ctypes.CDLL(str(library)).adam
    array = np.ctypeslib.ndpointer(np.float32)
    adam.argtypes = [ctypes.c_long, ctypes.c_int, array, ctypes.c_float, ctypes.c_float, array]
    parts = [(rates[k::cores].copy(), np.empty(len(rates[k::cores]), np.float32)) for k in range(cores)]

    with ThreadPoolExecutor(cores) as pool:

        def theirs() -> Any:
            if cores == 1:
                adam(runs, STEPS, rates, *START, out)
                return out
            for _ in pool.map(lambda part: adam(len(part[0]), STEPS, part[0], *START, part[1]), parts):
                pass
            return np.concatenate([part[1] for part in parts])

        ours = _ours(rates, cores)
        np.testing.assert_allclose(np.median(ours()), np.median(theirs()), rtol=1e-2)
        mine, other = alternate(ours, theirs, rounds=15, repeats=_repeats(runs), clock=clock)
    return Result(text, seconds(mine), seconds(other), f"{mine / other:.2f}", target, mine <= aim * other)


def _optax(runs: int, least: float, clock: Clock) -> Result:
    surface = SURFACES["rosenbrock"]()

    @jax.jit
    def vmapped(rates: Any) -> Any:
        def one(rate: Any) -> Any:
            adam = optax.adam(rate)
            w = jnp.asarray(START, jnp.float32)

            def body(carry: Any, _: Any) -> Any:
                w, state = carry
                update, state = adam.update(jax.grad(surface)(w), state)
                return (optax.apply_updates(w, update), state), None

            return surface(jax.lax.scan(body, (w, adam.init(w)), None, length=STEPS)[0][0])

        return jax.vmap(one)(rates)

    rates = _rates(runs)
    return _compare("optax under jit, vmap and scan", lambda: np.asarray(vmapped(rates)), runs, least, clock)


def _torch(clock: Clock) -> Result:
    runs, least = 100_000, 4.0
    try:
        import torch
    except ImportError:
        return Result(f"a sweep of {runs:,} runs: PyTorch / ours", "–", "PyTorch is not installed", "–", "≥ 4×", False)
    if clock == "processor":
        torch.set_num_threads(1)  # threads that wait for each other keep their processors busy
    rate = torch.tensor(_rates(runs))

    def theirs() -> Any:
        w = torch.tensor(START).repeat(runs, 1).T.contiguous()
        m, v, p, q = torch.zeros_like(w), torch.zeros_like(w), 1.0, 1.0
        for _ in range(STEPS):
            d = w[1] - w[0] ** 2
            g = torch.stack([-2 * (1 - w[0]) - 400 * w[0] * d, 200 * d])
            p, q = p * 0.9, q * 0.999
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            w.sub_(rate * (m / (1 - p)) / ((v / (1 - q)).sqrt_().add_(1e-8)))
        return ((1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2).numpy()

    return _compare("PyTorch on all runs at once", theirs, runs, least, clock, rounds=3)


def _numpy() -> Result:
    """NumPy has one core. In wall time, a sweep has all of them."""
    runs = 100_000
    rate = _rates(runs)

    def theirs() -> Any:
        w: Any = np.repeat(np.array(START, np.float32)[:, None], runs, axis=1)
        m: Any = np.zeros_like(w)
        v: Any = np.zeros_like(w)
        p = q = np.float32(1)
        for _ in range(STEPS):
            d = w[1] - w[0] ** 2
            g = np.stack([-2 * (1 - w[0]) - 400 * w[0] * d, 200 * d])
            p, q = p * np.float32(0.9), q * np.float32(0.999)
            m = np.float32(0.9) * m + np.float32(0.1) * g
            v = np.float32(0.999) * v + np.float32(0.001) * g**2
            w = w - rate * (m / (1 - p)) / (np.sqrt(v / (1 - q)) + np.float32(1e-8))
        return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2

    return _compare("NumPy on all runs at once", theirs, runs, 10.0, "wall", rounds=3)


def _map() -> Result:
    surface, rule = SURFACES["quadratic_ravine"](), OPTIMIZERS["momentum"]()
    over = {"learning_rate": Grid(128, 1e-3, 1.0), "momentum": Grid(128)}
    (mine,) = alternate(lambda: sweep(surface, rule, over=over, steps=STEPS, dtype="float64"), rounds=9)
    what = f"a stability map of 128 × 128 runs of {STEPS} steps in float64, with everything recorded"
    return Result(what, seconds(mine), "–", "–", "≤ 250 ms", mine <= 0.25)


def _million() -> Result:
    """A map of a million runs, in a process of its own, whose memory is measured."""
    command = [sys.executable, "-m", "benchmarks.sweeps"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    total, first, extra = map(float, done.stdout.split())
    what = f"a map of 1,000 × 1,000 runs of {STEPS} steps, everything recorded; first piece after {seconds(first)}"
    return Result(what, seconds(total), "–", f"{extra:.0f} MB beside the results", "≤ 100 MB", extra <= 100)


def _measure_million() -> None:
    """Print the seconds of the map, those until its first piece, and the megabytes it needs beside its results."""
    from app.server import environment

    environment.prepare()  # one device per core, as in the app
    over = {"learning_rate": Grid(1000, 1e-3, 1.0), "momentum": Grid(1000)}
    plan = plan_sweep(SURFACES["quadratic_ravine"](), OPTIMIZERS["momentum"](), over=over, steps=STEPS)
    plan.gather(plan.pieces(0, 10_000))
    before, begun, first = _memory("VmRSS"), time.perf_counter(), []

    def timed() -> Iterator[Any]:
        for piece in plan:
            first.append(time.perf_counter() - begun)
            yield piece

    result = plan.gather(timed())
    names = ("final", "best", "area", "reached", "end", "diverged", "codes")
    size = sum(getattr(result, name).nbytes for name in names)
    print(time.perf_counter() - begun, first[0], (_memory("VmHWM") - before - size) / 2**20)


def _memory(field: str) -> int:
    """Bytes of this process, as Linux counts them: "VmRSS", what it has in memory now, or "VmHWM", the most it had."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _cost(clock: Clock) -> Iterator[Result]:
    """The time per run and step, for more runs and for more steps."""
    surface, rule = SURFACES["rosenbrock"](), OPTIMIZERS["adam"]()

    def cost(runs: int, steps: int) -> float:
        rates = _rates(runs)
        (time,) = alternate(
            lambda: sweep(surface, rule, over={"learning_rate": rates}, steps=steps), rounds=3, clock=clock
        )
        return time / (runs * steps)

    base = cost(10_000, 500)
    for runs, steps in ((100_000, 500), (1_000_000, 500), (10_000, 5_000), (10_000, 50_000)):
        other = cost(runs, steps)
        what = f"time of a step of a run: {runs:,} runs × {steps:,} steps / 10,000 runs × 500 steps"
        yield Result(what, seconds(other), seconds(base), f"{other / base:.2f}", "≤ 1.2 (linear)", other <= 1.2 * base)


def _verdict() -> Result:
    surface, noise = SURFACES["rosenbrock"](), Isotropic(0.1)
    rules = [OPTIMIZERS[key]() for key in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "lion")]

    def ours() -> Any:
        return tune(surface, rules, noise=noise, steps=300).evaluate(20).verdicts()

    (mine,) = alternate(ours, rounds=3)
    what = "verdicts on six rules, each tuned in 64 trials of five seeds, from 20 seeds"
    return Result(what, seconds(mine), "–", "–", "≤ 2 s", mine <= 2)


def _fair_race() -> Result:
    """What the button of the Race page computes, without what the caches keep of an earlier press."""
    from app.race import changes, paired, tuning
    from app.race.settings import Settings

    settings = changes.choose_surface(Settings(), "rosenbrock")
    for key in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "lion"):
        settings = changes.add_racer(settings, key)
    settings = changes.set_fair(settings, 64)

    def ours() -> Any:
        tuning.CACHE.clear()
        paired.CURVES.clear()
        return tuning.compute(settings).verdicts

    (mine,) = alternate(ours, rounds=3)
    what = "a fair race of six rules: 64 trials of five starts, 20 fresh starts, 43 learning rates of each"
    return Result(what, seconds(mine), "–", "–", "≤ 2 s", mine <= 2)


if __name__ == "__main__":
    _measure_million()
