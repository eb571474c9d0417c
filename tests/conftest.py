"""Strict type promotion, float64 by context, a count of compilations, and tests that need PyTorch."""

import importlib.metadata
import importlib.util
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# The tests compile thousands of small programs that run once. Without the later passes of the compiler they take two
# thirds of the time, and without its emitters of fused loops a third less again; jaxlib 0.11 has no flag for these. JAX
# reads the flags when it starts. Servers that tests start use the compiler as it is.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0"
    + (" --xla_cpu_use_fusion_emitters=false" if importlib.metadata.version("jaxlib").startswith("0.10.") else ""),
)

import jax
import pytest

# A float32 that slips into float64, or (runs,) times (2, runs), raises an error instead of spreading silently. The flag
# `jax_enable_x64` is not set here: float64 is a context, as in the library.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

_COMPILED: list[str] = []


def _count(event: str, seconds: float, **_: object) -> None:
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
    """A context manager: after `with compilations() as events:` the list has what JAX traced or compiled meanwhile."""
    return _compilations


@pytest.fixture
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True)
def _float64_stays_a_context() -> Iterator[None]:
    """Check that no test leaves the global flag set, which would change the results of a server's other threads."""
    yield
    assert not jax.config.jax_enable_x64


def pytest_configure(config: pytest.Config) -> None:
    # The marker belongs to pytest-xdist, which may be switched off.
    config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one worker")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all cases of a thinned test but one in n as long; in CI, let a failed browser test run once more.

    Each test starts at another case, so that several tests over the same parameters meet all of them between them. A
    browser test that fails once on a busy machine is listed as rerun; one that fails twice fails.
    """
    seen: Counter[str] = Counter()
    for item in items:
        if thinned := item.get_closest_marker("thinned"):
            name = item.nodeid.partition("[")[0]
            (n,) = thinned.args
            if (seen[name] + zlib.crc32(name.encode())) % n:
                item.add_marker(pytest.mark.long)
            seen[name] += 1
        if os.environ.get("CI") == "true" and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("torch") and importlib.util.find_spec("torch") is None:
        reason = "PyTorch is not installed (`.venv/bin/python -m pip install torch==2.13.0`)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; with CI=true the comparisons with it must run", pytrace=False)
        pytest.skip(reason)
