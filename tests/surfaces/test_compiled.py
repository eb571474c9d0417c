"""Compiled programs are bounded by the memory they take, and nothing is compiled twice while they are kept."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS
from optimizers.training import join, train
from surfaces import compiled as programs
from surfaces.caching import Cache
from surfaces.compiled import NETWORK, NETWORKS, compiled
from surfaces.curvature import top_eigenvalues
from surfaces.network import MLP, Network
from surfaces.network.measures import measure
from tests.apart import run_apart


def _visit(width: int, rule: str = "adam", rate: float = 0.01) -> None:
    """What a visitor does with a network of a shape of its own."""
    model = MLP((2, width, 2))
    x = np.linspace(-1, 1, 40, dtype=np.float32).reshape(20, 2)
    y = np.eye(2, dtype=np.float32)[np.arange(20) % 2]
    network = Network(model=model, x=x, y=y)
    run = join(train(network, OPTIMIZERS[rule](rate), model.initial(), 20, batch_size=5, stride=10))
    measure(network, run.weights, (x, y))
    top_eigenvalues(network, run.weights[-1])


def test_a_stream_of_shapes_keeps_a_bounded_number_of_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    NETWORKS.clear()
    monkeypatch.setattr(NETWORKS, "most", 12 * NETWORK)
    _visit(4)
    first = [weakref.ref(program) for (program, _), _ in NETWORKS._entries.values()]
    assert len(first) >= 5
    for width in range(5, 9):
        _visit(width)
        assert NETWORKS.size <= NETWORKS.most and len(NETWORKS) <= 12
    gc.collect()
    assert all(program() is None for program in first)  # nothing else holds them


def test_the_programs_of_the_shape_in_hand_stay(compilations: Any) -> None:
    _visit(9)
    with compilations() as events:
        _visit(9, rate=0.5)
    assert not events


def test_programs_of_the_plane_and_of_networks_are_counted_apart() -> None:
    assert programs.PLANES is not NETWORKS and programs.PLANES.most > 300 * programs.PLANE


def test_a_function_is_compiled_for_each_shape_and_static_value(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: Cache[Any] = Cache(2**30, lambda program: program[1])
    monkeypatch.setattr(programs, "PLANES", cache)
    traced = []

    @compiled(static=("power",))
    def raise_(x: Any, power: int = 2) -> Any:
        """x to a power."""
        traced.append(power)
        return x**power

    assert float(raise_(jnp.float32(3))) == 9 and float(raise_(jnp.float32(2), 3)) == 8
    assert float(raise_(jnp.float32(2), power=3)) == 8 and float(raise_(x=jnp.float32(5))) == 25
    assert traced == [2, 3] and len(cache) == 2
    assert raise_(jnp.ones(4)).shape == (4,) and len(cache) == 3
    assert raise_.__doc__ == "x to a power."

    @compiled
    def outer(x: Any) -> Any:
        return raise_(x) + 1

    assert float(outer(jnp.float32(3))) == 10 and len(cache) == 4  # the inner one is part of it
    raise_.clear_cache()
    raise_(jnp.float32(3))
    assert traced[-1] == 2 and len(traced) == 5


STREAM = """
import gc, sys
from tests.apart import memory
from tests.surfaces.test_compiled import _visit
from surfaces.compiled import NETWORKS, NETWORK

NETWORKS.most = 30 * NETWORK
shapes, warm = int(sys.argv[1]), int(sys.argv[2])
for k in range(shapes):
    for rule in ("sgd", "momentum", "adam"):
        _visit(10 + k, rule)
    gc.collect()
    if k == warm:
        before = memory("VmRSS")
print((memory("VmRSS") - before) / 2**20, len(NETWORKS))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_thirty_shapes_take_no_more_memory_than_a_few() -> None:
    """Without a bound each shape takes 30 MB or more here: 24 of them 700 MB."""
    grown, held = run_apart(STREAM, "30", "5").split()
    assert float(grown) < 150 and int(held) <= 30
