"""The memory of compiled programs is bounded, and nothing is compiled again while its program is in the cache."""

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
from surfaces.caching import ENTRY, Cache
from surfaces.compiled import NETWORK_BYTES, NETWORK_PROGRAMS, compiled, make_room, memory_maps
from surfaces.curvature import top_eigenvalues
from surfaces.network import MLP, Network
from surfaces.network.measures import measure
from tests.apart import run_apart


def _visit(width: int, rule: str = "adam", rate: float = 0.01) -> None:
    """Train and measure a network of a certain width, as a visitor of the page does."""
    model = MLP((2, width, 2))
    x = np.linspace(-1, 1, 40, dtype=np.float32).reshape(20, 2)
    y = np.eye(2, dtype=np.float32)[np.arange(20) % 2]
    network = Network(model=model, x=x, y=y)
    run = join(train(network, OPTIMIZERS[rule](rate), model.initial(), 20, batch_size=5, stride=10))
    measure(network, run.weights, (x, y))
    top_eigenvalues(network, run.weights[-1])


@pytest.mark.long
def test_many_shapes_keep_a_bounded_number_of_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    NETWORK_PROGRAMS.clear()
    monkeypatch.setattr(NETWORK_PROGRAMS, "limit", 8 * NETWORK_BYTES)
    _visit(4)
    first = [weakref.ref(program) for (program, _), _ in NETWORK_PROGRAMS._entries.values()]
    assert len(first) >= 5
    for width in (5, 6):
        _visit(width)
        assert NETWORK_PROGRAMS.size <= NETWORK_PROGRAMS.limit and len(NETWORK_PROGRAMS) <= 8
    gc.collect()
    assert all(program() is None for program in first)  # nothing else refers to them


def test_the_programs_of_the_shape_in_use_stay(compilations: Any) -> None:
    _visit(9)
    with compilations() as events:
        _visit(9, rate=0.5)
    assert not events


@pytest.mark.long
def test_half_of_the_programs_are_freed_when_memory_maps_run_short(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory_maps()[0] > 100 or sys.platform != "linux"
    _visit(11)
    before = [weakref.ref(program) for (program, _), _ in NETWORK_PROGRAMS._entries.values()]
    make_room()
    assert len(NETWORK_PROGRAMS) == len(before) >= 4
    monkeypatch.setattr(programs, "memory_maps", lambda: (51, 100))
    make_room()
    gc.collect()
    freed = len(before) // 2
    assert [program() is None for program in before] == [True] * freed + [False] * (len(before) - freed)
    assert NETWORK_PROGRAMS.size == len(NETWORK_PROGRAMS) * (NETWORK_BYTES + ENTRY)


def test_programs_of_landscapes_and_of_networks_have_separate_caches() -> None:
    assert programs.LANDSCAPE_PROGRAMS is not NETWORK_PROGRAMS
    assert programs.LANDSCAPE_PROGRAMS.limit > 300 * programs.LANDSCAPE_BYTES


def test_a_function_is_compiled_for_each_shape_and_static_value(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: Cache[Any] = Cache(2**30, lambda program: program[1])
    monkeypatch.setattr(programs, "LANDSCAPE_PROGRAMS", cache)
    powers = []

    @compiled(static=("power",))
    def raise_(x: Any, power: int = 2) -> Any:
        """x to a power."""
        powers.append(power)
        return x**power

    assert float(raise_(jnp.float32(3))) == 9 and float(raise_(jnp.float32(2), 3)) == 8
    assert float(raise_(jnp.float32(2), power=3)) == 8 and float(raise_(x=jnp.float32(5))) == 25
    assert powers == [2, 3] and len(cache) == 2
    assert raise_(jnp.ones(4)).shape == (4,) and len(cache) == 3
    assert raise_.__doc__ == "x to a power."

    @compiled
    def outer(x: Any) -> Any:
        return raise_(x) + 1

    assert float(outer(jnp.float32(3))) == 10 and len(cache) == 4  # the inner function is part of its program
    raise_.clear_cache()
    raise_(jnp.float32(3))
    assert powers[-1] == 2 and len(powers) == 5


STREAM = """
import gc, sys
from tests.apart import memory
from tests.surfaces.test_compiled import _visit
from surfaces.compiled import NETWORK_BYTES, NETWORK_PROGRAMS

NETWORK_PROGRAMS.limit = 30 * NETWORK_BYTES
shapes, warm = int(sys.argv[1]), int(sys.argv[2])
for k in range(shapes):
    for rule in ("sgd", "momentum", "adam"):
        _visit(10 + k, rule)
    gc.collect()
    if k == warm:
        before = memory("VmRSS")
print((memory("VmRSS") - before) / 2**20, len(NETWORK_PROGRAMS))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_thirty_shapes_take_no_more_memory_than_a_few() -> None:
    """Without a bound each shape takes 30 MB or more here, 24 of them 700 MB."""
    growth, count = run_apart(STREAM, "30", "5").split()
    assert float(growth) < 150 and int(count) <= 30
