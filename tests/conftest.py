"""Strict promotion, float64 by context, a count of compilations, and what to do where an oracle is missing."""

import importlib.util
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Thousands of small programs are compiled once and run once: without the compiler's later passes that takes two
# thirds of the time. Read when JAX starts; the servers that tests start have the compiler as it is.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import jax
import pytest

# Strict for our code: a float32 that slips into float64, or (runs,) times (2, runs), raises instead of
# spreading silently. Never `jax_enable_x64` here: float64 is a context, as in the library.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

_COMPILED: list[str] = []


def _count(event: str, seconds: float, **_: object) -> None:
    # traced anew or compiled anew: a moved slider may do neither
    if event.endswith(("jaxpr_trace_duration", "backend_compile_duration")):
        _COMPILED.append(event)


jax.monitoring.register_event_duration_secs_listener(_count)


@contextmanager
def _compilations() -> Iterator[list[str]]:
    before = len(_COMPILED)
    events: list[str] = []
    yield events
    events.extend(_COMPILED[before:])


@pytest.fixture
def compilations() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with compilations() as events:` lists, after the block, what JAX traced or compiled inside it."""
    return _compilations


@pytest.fixture
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True)
def _float64_stays_a_context() -> Iterator[None]:
    """Nobody leaves the global flag set: a server's other threads would change their results."""
    yield
    assert not jax.config.jax_enable_x64


def pytest_configure(config: pytest.Config) -> None:
    # also where pytest-xdist, whose marker it is, is switched off
    config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one worker")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark most cases of a thinned test as long; each test begins elsewhere, so that together they meet every case."""
    seen: Counter[str] = Counter()
    for item in items:
        if thinned := item.get_closest_marker("thinned"):
            name = item.nodeid.partition("[")[0]
            (n,) = thinned.args
            if (seen[name] + zlib.crc32(name.encode())) % n:
                item.add_marker(pytest.mark.long)
            seen[name] += 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("torch") and importlib.util.find_spec("torch") is None:
        why = "PyTorch is not installed (`.venv/bin/python -m pip install torch==2.13.0`)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{why}; with CI=true its comparisons must run", pytrace=False)
        pytest.skip(why)
