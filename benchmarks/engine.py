"""Benchmarks of the engine, compared with loops in PyTorch and optax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.measure import Result, alternate, seconds
from optimizers import OPTIMIZERS, trace
from optimizers.engine import RECORDS, bucket, program
from optimizers.packed import unpack
from surfaces import SURFACES
from surfaces.calculus import double

STEPS = 500
RATE = 0.05
START = (-1.5, 2.0)


def run() -> Iterator[Result]:
    """Yield the results of all comparisons."""
    surface, rule = SURFACES["rosenbrock"](), OPTIMIZERS["adam"](learning_rate=RATE)  # type: ignore[call-arg]
    yield _torch(surface, rule)
    for record in (("positions", "losses"), RECORDS):
        yield _optax(surface, rule, record)
    yield _linear(surface, rule)


def _torch(surface: Any, rule: Any) -> Result:
    what, aim = f"{STEPS} Adam steps on Rosenbrock, warm: `trace` / `torch.optim.Adam` in a loop", "≥ 1,000×"
    try:
        import torch
    except ImportError:
        return Result(what, "–", "PyTorch is not installed", "–", aim, False)
    torch.set_num_threads(1)

    def loop() -> list[float]:
        w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        adam = torch.optim.Adam([w], lr=RATE)
        losses = []
        for _ in range(STEPS):
            adam.zero_grad()
            loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
            loss.backward()
            adam.step()
            losses.append(loss.item())
        return losses

    def ours() -> Any:
        return trace(surface, rule, START, STEPS, record=("positions", "losses"))

    np.testing.assert_allclose(ours().losses[:-1], loop(), rtol=1e-6)
    mine, theirs = alternate(ours, loop, rounds=9, repeats=(100, 1))
    ratio = theirs / mine
    return Result(what, seconds(mine), seconds(theirs), f"{ratio:,.0f}×", aim, ratio >= 1000)


def _optax(surface: Any, rule: Any, record: tuple[str, ...]) -> Result:
    """Compare two compiled programs that return the same NumPy arrays; ours also returns `Step`s if all is recorded."""
    everything = "step" in record
    steps = bucket(STEPS)

    @jax.jit
    def scan(w: Any, rate: Any) -> Any:
        adam = optax.adam(rate)

        def body(carry: Any, _: Any) -> Any:
            w, state = carry
            loss, gradient = jax.value_and_grad(surface)(w)
            update, state = adam.update(gradient, state)
            following = optax.apply_updates(w, update)
            record = (following, loss, state, gradient, update) if everything else (following, loss)
            return (following, state), record

        return jax.lax.scan(body, (w, adam.init(w)), None, length=steps)[1]

    mine_program = program(surface, rule, START, steps, record=record)

    def ours() -> Any:
        records, step, _ = jax.tree.map(np.asarray, mine_program())
        return unpack(records), unpack(step)

    with double():
        w = jnp.asarray(START)
        expected = jax.tree.map(np.asarray, scan(w, RATE))
        np.testing.assert_allclose(ours()[0]["positions"][1:], expected[0], rtol=1e-6)
        mine, theirs = alternate(ours, lambda: jax.tree.map(np.asarray, scan(w, RATE)), rounds=31, repeats=50)
    recorded = "everything recorded" if everything else "points and losses"
    what = f"the compiled program, {steps} steps, {recorded}: ours / optax.adam under jit and scan"
    return Result(what, seconds(mine), seconds(theirs), f"{mine / theirs:.2f}", "≤ 1", mine <= theirs)


def _linear(surface: Any, rule: Any) -> Result:
    """Compare the time per step of a long run with that of a short one. Both fill their buckets of compiled lengths."""
    short, long = 4096, 32768

    def steps(count: int) -> Any:
        return lambda: trace(surface, rule, START, count, record=("positions", "losses"))

    a, b = alternate(steps(short), steps(long), rounds=9)
    growth = (b / long) / (a / short)
    what = f"time per step, {long:,} steps / {short:,} steps"
    ours, theirs = f"{b / long * 1e9:.0f} ns", f"{a / short * 1e9:.0f} ns"
    return Result(what, ours, theirs, f"{growth:.2f}", "≤ 1.3 (linear)", growth <= 1.3)
