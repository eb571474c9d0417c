"""Caches that are bounded by the bytes they hold, not by the number of their entries."""

from __future__ import annotations

import dataclasses
import functools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")
ENTRY = 1024
"""About how many bytes an entry takes in addition to its value."""


def size_of(value: Any) -> int:
    """The bytes of all arrays, byte strings and texts within a value; arrays that share memory count once.

    Records, mappings and collections are searched. A view counts as the whole array that it keeps alive.
    """
    sizes: dict[int, int] = {}
    visited: set[int] = set()
    remaining = [value]
    while remaining:
        item = remaining.pop()
        if id(item) in visited or isinstance(item, type):
            continue
        visited.add(id(item))
        if isinstance(item, np.ndarray):
            while isinstance(item.base, np.ndarray):
                item = item.base
            sizes[id(item)] = item.nbytes
        elif isinstance(item, bytes | bytearray | str):
            sizes[id(item)] = len(item)
        elif isinstance(item, Mapping):
            remaining += item.values()
        elif isinstance(item, tuple | list | set | frozenset):
            remaining += item
        elif dataclasses.is_dataclass(item):
            remaining += vars(item).values()
        elif hasattr(item, "nbytes"):
            sizes[id(item)] = int(item.nbytes)
    return sum(sizes.values())


class Cache(Generic[T]):
    """The most recently used values, as many as fit into `limit` bytes, but always the newest.

    Args:
        limit: in bytes.
        weigh: a function that returns the bytes of a value, called once for each value that enters.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int] = size_of) -> None:
        self.limit = limit
        self._weigh = weigh
        self._entries: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0
        """The bytes of all entries together."""
        _CACHES.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value for a key, which `compute` returns if it is not in the cache; an exception is not cached."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0]
        value = compute()
        weight = self._weigh(value) + ENTRY
        with self._lock:
            if key in self._entries:  # another thread was faster: all threads share its value
                return self._entries[key][0]
            self._entries[key] = value, weight
            self.size += weight
            while self.size > self.limit and len(self._entries) > 1:
                self._drop_oldest()
        return value

    def halve(self) -> None:
        """Remove the older half of the entries."""
        with self._lock:
            for _ in range(len(self._entries) // 2):
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, (_, freed) = self._entries.popitem(last=False)
        self.size -= freed

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()
            self.size = 0


_CACHES: weakref.WeakSet[Cache[Any]] = weakref.WeakSet()


def caches() -> tuple[Cache[Any], ...]:
    """All caches of this process."""
    return tuple(_CACHES)


Record = TypeVar("Record")


def cached_with(function: Callable[[Record], T]) -> Callable[[Record], T]:
    """Decorate a function of one record: its result is cached for as long as the record lives."""
    results: weakref.WeakKeyDictionary[Any, T] = weakref.WeakKeyDictionary()

    @functools.wraps(function)
    def wrapped(record: Record) -> T:
        try:
            return results[record]
        except KeyError:
            return results.setdefault(record, function(record))

    return wrapped


Function = TypeVar("Function", bound=Callable[..., Any])


def cached(limit: int | Cache[Any]) -> Callable[[Function], Function]:
    """Decorate a function of hashable arguments: its results are kept in a cache, its attribute `cache`.

    Args:
        limit: the bytes of a new cache, or a cache that several functions share.
    """
    cache: Cache[Any] = limit if isinstance(limit, Cache) else Cache(limit)

    def decorate(function: Function) -> Function:

        @functools.wraps(function)
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            key = (function, arguments, tuple(keywords.items()))
            return cache.get(key, lambda: function(*arguments, **keywords))

        wrapped.cache = cache  # type: ignore[attr-defined]
        return wrapped  # type: ignore[return-value]

    return decorate
