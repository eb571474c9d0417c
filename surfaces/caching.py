"""A cache that is bounded by the bytes it holds, not by the number of its entries."""

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
"""Bytes that an entry takes besides its arrays, about."""


def size_of(value: Any) -> int:
    """Bytes of all arrays and byte strings within a value; an array that several views share counts once.

    Records, mappings, tuples, lists and pytrees of such are looked through. A view counts as the array that it keeps
    alive.
    """
    roots: dict[int, int] = {}
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            while isinstance(one.base, np.ndarray):
                one = one.base
            roots[id(one)] = one.nbytes
        elif isinstance(one, bytes | bytearray | str):
            roots[id(one)] = len(one)
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, tuple | list | set | frozenset):
            waiting += one
        elif dataclasses.is_dataclass(one):
            waiting += vars(one).values()
        elif hasattr(one, "nbytes"):
            roots[id(one)] = int(one.nbytes)
    return sum(roots.values())


class Cache(Generic[T]):
    """The values used last, as many as fit into `most` bytes; the newest stays even where it alone is larger.

    Args:
        most: bytes.
        weigh: the bytes of a value, asked for once, when it enters.
    """

    def __init__(self, most: int, weigh: Callable[[T], int] = size_of) -> None:
        self.most = most
        self._weigh = weigh
        self._entries: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0
        """Bytes of all entries together."""
        _CACHES.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key; made, and kept, where it is not there. What `make` raises is raised, and nothing kept."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key][0]
        value = make()
        weight = self._weigh(value) + ENTRY
        with self._lock:
            if key in self._entries:  # another thread was quicker: all share its value
                return self._entries[key][0]
            self._entries[key] = value, weight
            self.size += weight
            while self.size > self.most and len(self._entries) > 1:
                _, (_, freed) = self._entries.popitem(last=False)
                self.size -= freed
        return value

    def clear(self) -> None:
        """Give everything back."""
        with self._lock:
            self._entries.clear()
            self.size = 0


_CACHES: weakref.WeakSet[Cache[Any]] = weakref.WeakSet()


def caches() -> tuple[Cache[Any], ...]:
    """Every cache of this process."""
    return tuple(_CACHES)


Subject = TypeVar("Subject")


def cached_with(function: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """A function of one record whose results live as long as the record: they are kept, and go with it."""
    held: weakref.WeakKeyDictionary[Any, T] = weakref.WeakKeyDictionary()

    @functools.wraps(function)
    def wrapped(subject: Subject) -> T:
        try:
            return held[subject]
        except KeyError:
            return held.setdefault(subject, function(subject))

    return wrapped


Function = TypeVar("Function", bound=Callable[..., Any])


def cached(most: int | Cache[Any]) -> Callable[[Function], Function]:
    """Decorates a function of hashable arguments: its results are kept in a `Cache` of so many bytes, or in one that
    several functions share. It is the attribute `cache` of the function.
    """
    cache: Cache[Any] = most if isinstance(most, Cache) else Cache(most)

    def decorate(function: Function) -> Function:

        @functools.wraps(function)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            key = (function, arguments, tuple(named.items()))
            return cache.get(key, lambda: function(*arguments, **named))

        wrapped.cache = cache  # type: ignore[attr-defined]
        return wrapped  # type: ignore[return-value]

    return decorate
