"""Benchmarks of training steps of networks, compared with PyTorch and optax for the same weights and batches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.measure import Result, seconds

SIZES: dict[str, tuple[tuple[int, ...], int, int, tuple[float, float]]] = {
    # widths, batch, steps, aims on one core: without recording, with losses and norms
    "784-256-10, batch 128": ((784, 256, 10), 128, 100, (1.4, 1.25)),
    "64-64-10, batch 64": ((64, 64, 10), 64, 400, (8.0, 6.5)),
    "2-32-32-1, batch 32": ((2, 32, 32, 1), 32, 1000, (22.0, 18.0)),
}
SAMPLES = 2000


def run() -> Iterator[Result]:
    """Yield the results for each size on one core, and for the largest on all cores, each in a separate process."""
    for name, (_, _, _, aims) in SIZES.items():
        yield from _results(_child(name, cores=1), name, aims, "one core")
    largest = next(iter(SIZES))
    yield from _results(_child(largest, cores=0), largest, (1.0, 0.0), f"{os.cpu_count()} cores")
    for name in SIZES:
        times = _child(f"rates {name}", cores=0)
        ratio = times["together"] / times["alone"]
        yield Result(
            f"16 learning rates of Adam together, {name} / one after the other, {os.cpu_count()} cores",
            seconds(times["together"]),
            seconds(times["alone"]),
            f"{ratio:.2f}",
            "≤ 1",
            ratio <= 1,
        )
    times = _child(f"products {largest}", cores=1)
    ratio = times["step"] / times["products"]
    yield Result(
        f"Adam step, {largest}, one core / its matrix products alone ({times['rate']:.0f} GFLOP/s)",
        seconds(times["step"]),
        seconds(times["products"]),
        f"{ratio:.2f}",
        "≤ 2",
        ratio <= 2,
    )


def _results(measured: dict[str, float], name: str, aims: tuple[float, float], where: str) -> Iterator[Result]:
    torch = min(measured["torch"], measured["fused"])
    same = abs(measured["loss"] - measured["torch_loss"]) <= 1e-3 * abs(measured["torch_loss"]) + 1e-5
    losses = f"losses {measured['loss']:.4g} and {measured['torch_loss']:.4g}"
    for key, what, aim in (("bare", "", aims[0]), ("recorded", ", losses and norms recorded", aims[1])):
        if aim:
            ratio = torch / measured[key]
            yield Result(
                f"Adam step, {name}, {where}{what} / PyTorch's best ({losses})",
                seconds(measured[key]),
                seconds(torch),
                f"{ratio:.2f}×",
                f"≥ {aim:g}×",
                ratio >= aim and same,
            )
    ratio = measured["bare"] / measured["optax"]
    yield Result(
        f"the same / optax.adam on a tree of matrices, jit and scan, {where}",
        seconds(measured["bare"]),
        seconds(measured["optax"]),
        f"{ratio:.2f}",
        "≤ 1.05",
        ratio <= 1.05,
    )


def _child(name: str, cores: int) -> dict[str, float]:
    """Run `_measure` in a separate process, and return its result."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.network", name, str(cores)], capture_output=True, text=True, check=True
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _measure(name: str, cores: int) -> dict[str, float]:
    """Measure one comparison on a number of cores; 0 means all cores."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cores]))
    from app.server import environment

    environment.prepare()  # one device per core, as in the app
    kind, _, size = name.partition(" ")
    function = {"rates": _rates, "products": _products}.get(kind)
    return function(size) if function else _libraries(name, cores)


def _problem(name: str) -> tuple[Any, Any, int, int, bool]:
    """The network, its initial weights, batch size, number of steps, and whether its data have classes."""
    import numpy as np

    from surfaces.network import MLP, Network

    widths, batch, steps, _ = SIZES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES, widths[0])).astype("f")
    classes = widths[-1] > 1
    y = np.eye(widths[-1], dtype="f")[rng.integers(0, widths[-1], SAMPLES)] if classes else np.sin(x.sum(1))[:, None]
    y = y.astype("f")
    model = MLP(widths, "relu" if classes else "tanh")
    network = Network(model, x, y, objective="cross_entropy" if classes else "mse")
    return network, np.asarray(model.initial(0, "he_normal")), batch, steps, classes


def _rates(name: str) -> dict[str, float]:
    """The seconds of 16 learning rates together, and one after the other."""
    from benchmarks.measure import alternate
    from optimizers import OPTIMIZERS
    from optimizers.training import join, train, train_together

    network, w, batch, steps, _ = _problem(name)
    rules = [OPTIMIZERS["adam"](learning_rate=1e-4 * 1.4**k) for k in range(16)]  # type: ignore[call-arg]
    options: dict[str, Any] = {"batch_size": batch, "stride": steps}

    def together() -> Any:
        return train_together(network, rules, w, steps, **options)

    def alone() -> Any:
        return [join(train(network, rule, w, steps, **options)) for rule in rules]

    return dict(zip(("together", "alone"), alternate(together, alone, rounds=5), strict=True))


def _products(name: str) -> dict[str, float]:
    """The seconds of a step, and those of its matrix products at the speed of the product of its largest matrices."""
    import jax
    import jax.numpy as jnp

    from benchmarks.measure import alternate
    from optimizers import OPTIMIZERS
    from optimizers.training import join, train

    network, w, batch, steps, _ = _problem(name)
    adam = OPTIMIZERS["adam"](learning_rate=1e-3)  # type: ignore[call-arg]
    first, *rest = network.model.shapes
    # forward and the weights' gradient for each layer, the inputs' gradient for all but the first
    flops = 2 * batch * (2 * first[0] * first[1] + sum(3 * i * o for i, o in rest))
    x, W = jnp.ones((batch, first[0])), jnp.ones(first)

    @jax.jit
    def products(x: Any, W: Any) -> Any:
        return jax.lax.fori_loop(0, 100, lambda _, W: W + 1e-9 * (x.T @ (x @ W)), W)

    def step() -> Any:
        return join(train(network, adam, w, steps, batch_size=batch, stride=steps, record=False))

    took, loop = alternate(step, lambda: jax.block_until_ready(products(x, W)), rounds=5)
    rate = 100 * 2 * 2 * batch * first[0] * first[1] / loop
    return {"step": took / steps, "products": flops / rate, "rate": rate / 1e9}


def _libraries(name: str, cores: int) -> dict[str, float]:
    """The seconds of a step in Optiscope, optax and PyTorch, and their final losses."""
    import numpy as np
    import torch

    from benchmarks.measure import alternate
    from optimizers import OPTIMIZERS
    from optimizers.training import join, train

    network, w, batch, steps, classes = _problem(name)
    model, x, y = network.model, network.x, network.y
    adam = OPTIMIZERS["adam"](learning_rate=1e-3)  # type: ignore[call-arg]

    def ours(record: bool) -> Callable[[], Any]:
        return lambda: join(train(network, adam, w, steps, batch_size=batch, stride=steps, record=record))

    sides: dict[str, Callable[[], Any]] = {"bare": ours(False), "recorded": ours(True)}
    sides["optax"] = _optax(model, network, w, batch, steps)
    torch.set_num_threads(cores or os.cpu_count() or 1)
    sides["torch"] = _torch(model, x, y, w, batch, steps, classes, fused=False)
    sides["fused"] = _torch(model, x, y, w, batch, steps, classes, fused=True)
    final = {
        "loss": float(network(sides["bare"]().weights[-1])),
        "torch_loss": float(network(np.asarray(sides["torch"]()))),
        "optax_loss": float(network(np.asarray(sides["optax"]()))),
    }
    times = alternate(*sides.values(), rounds=5)
    return {key: t / steps for key, t in zip(sides, times, strict=True)} | final


def _optax(model: Any, network: Any, w: Any, batch: int, steps: int) -> Callable[[], Any]:
    import itertools

    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    from optimizers.training import batches
    from surfaces.network import LOSSES
    from surfaces.network.activations import ACTIVATIONS

    rule, phi, loss = optax.adam(1e-3), ACTIVATIONS[model.activation].function, LOSSES[network.objective].function
    x, y = jnp.asarray(network.x), jnp.asarray(network.y)
    layers = [(layer.W, layer.b) for layer in model.unravel(jnp.asarray(w))]

    def outputs(layers: Any, h: Any) -> Any:
        for W, b in layers[:-1]:
            h = phi(h @ W + b, 0.0)
        return h @ layers[-1][0] + layers[-1][1]

    @jax.jit
    def run(layers: Any, order: Any) -> Any:
        def step(carry: Any, rows: Any) -> Any:
            layers, state = carry
            gradient = jax.grad(lambda p: jnp.mean(loss(outputs(p, x[rows]), y[rows])))(layers)
            update, state = rule.update(gradient, state, layers)
            return (optax.apply_updates(layers, update), state), None

        return jax.lax.scan(step, (layers, rule.init(layers)), order)[0][0]

    def call() -> Any:
        order = np.stack(list(itertools.islice(batches(SAMPLES, batch, 0), steps)))
        trained = jax.block_until_ready(run(layers, order))
        return np.concatenate([np.ravel(v) for layer in trained for v in layer])

    return call


def _torch(model: Any, x: Any, y: Any, w: Any, batch: int, steps: int, classes: bool, fused: bool) -> Callable[[], Any]:
    import itertools

    import jax.numpy as jnp
    import numpy as np
    import torch

    from optimizers.training import batches

    inputs, targets = torch.tensor(x), torch.tensor(y.argmax(1) if classes else y)
    loss = torch.nn.functional.cross_entropy if classes else torch.nn.functional.mse_loss
    layers = model.unravel(jnp.asarray(w))

    def call() -> Any:
        modules: list[Any] = []
        for k, layer in enumerate(layers):
            linear = torch.nn.Linear(*layer.W.shape)
            linear.weight.data = torch.tensor(np.asarray(layer.W).T.copy())
            linear.bias.data = torch.tensor(np.asarray(layer.b))
            modules += [linear] + [torch.nn.ReLU() if classes else torch.nn.Tanh()] * (k < len(layers) - 1)
        net = torch.nn.Sequential(*modules)
        rule = torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
        for rows in itertools.islice(batches(SAMPLES, batch, 0), steps):
            picked = torch.from_numpy(rows)
            rule.zero_grad()
            loss(net(inputs[picked]), targets[picked]).backward()
            rule.step()
        return np.concatenate([np.ravel(v.detach().numpy().T) for v in net.parameters()])

    return call


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]))))
