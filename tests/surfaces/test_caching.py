"""Caches stay within their limits, and count the bytes that their values take."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from surfaces.caching import ENTRY, Cache, cached, cached_with, size_of


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    values: Any


def test_arrays_count_once_and_views_as_the_arrays_they_keep_alive() -> None:
    whole = np.zeros(1000)
    assert size_of(whole[:3]) == size_of([whole, whole[5:], {"a": whole.reshape(10, 100)}]) == 8000
    assert size_of(Record((whole, np.zeros(5, np.float32)))) == 8020
    assert size_of({"a": b"123", "b": [bytearray(4)]}) == 7
    nested: list[Any] = [whole]
    nested.append(nested)
    assert size_of(nested) == 8000


def test_a_cache_holds_the_most_recently_used_values_within_its_limit() -> None:
    cache: Cache[np.ndarray] = Cache(4 * (8000 + ENTRY))
    for k in range(10):
        cache.get(k % 5 if k < 5 else 0, lambda: np.zeros(1000))
        assert cache.size <= cache.limit
    computed = []
    for k in (0, 4, 3, 2, 1):
        cache.get(k, lambda k=k: computed.append(k) or np.zeros(1000))  # type: ignore[misc, func-returns-value]
    assert computed == [1] and len(cache) == 4
    cache.get("large", lambda: np.zeros(10**6))  # it stays, because the caller holds it in memory anyway
    assert len(cache) == 1 and cache.size > cache.limit
    cache.get("small", lambda: np.zeros(1))
    assert len(cache) == 1 and cache.size < 2 * ENTRY
    cache.clear()
    assert cache.size == len(cache) == 0


def test_a_cached_value_is_returned_itself() -> None:
    cache: Cache[np.ndarray] = Cache(10**6)
    value = np.arange(7.0)
    assert cache.get("key", lambda: value) is value
    assert cache.get("key", lambda: np.zeros(3)) is value


def test_threads_that_compute_the_same_value_share_the_first_one() -> None:
    """The value of another thread arrives while this one computes its own."""
    cache: Cache[np.ndarray] = Cache(10**6)
    first, second = np.zeros(3), np.ones(3)

    def slow() -> np.ndarray:
        with ThreadPoolExecutor(1) as other:
            assert other.submit(cache.get, "key", lambda: first).result() is first
        return second

    assert cache.get("key", slow) is first and len(cache) == 1
    assert cache.size == first.nbytes + ENTRY


def test_an_exception_is_not_cached() -> None:
    cache: Cache[int] = Cache(10_000)
    with pytest.raises(MemoryError):
        cache.get("key", lambda: (_ for _ in ()).throw(MemoryError()))
    assert cache.get("key", lambda: 3) == 3 and len(cache) == 1


def test_functions_that_share_a_cache_do_not_share_results() -> None:
    cache: Cache[Any] = Cache(10_000)
    double, half = cached(cache)(lambda x: 2 * x), cached(cache)(lambda x: x / 2)
    assert (double(4), half(4), double(x=4)) == (8, 2, 8) and len(cache) == 3


def test_results_for_a_record_are_freed_with_it() -> None:
    calls = []

    @cached_with
    def measure(record: Record) -> Record:
        calls.append(1)
        return Record(record.values.sum())

    record = Record(np.ones(3))
    assert measure(record) is measure(record) and len(calls) == 1
    result = weakref.ref(measure(record))
    del record
    gc.collect()
    assert result() is None
