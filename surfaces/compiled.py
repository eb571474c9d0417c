"""Compiled functions whose programs are bounded by the memory they take.

`jax.jit` keeps the program for every shape of arguments for as long as the function lives, which is forever for a
function of a module. Here every shape has a function of its own, so that a program is freed when its function is.
"""

from __future__ import annotations

import functools
import gc
import inspect
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

import jax

from surfaces.caching import Cache

LANDSCAPE_BYTES = 2**20
"""The size of a program that works on a landscape; 0.5 to 1 MB were measured."""
NETWORK_BYTES = 3 * 2**20
"""The size of a program that works on a network; 2 to 4 MB were measured."""
LANDSCAPE_PROGRAMS: Cache[tuple[Any, int]] = Cache(384 * LANDSCAPE_BYTES, lambda entry: entry[1])
NETWORK_PROGRAMS: Cache[tuple[Any, int]] = Cache(85 * NETWORK_BYTES, lambda entry: entry[1])
"""Programs that work on networks; in a cache of their own, so that many shapes evict no programs of landscapes."""

MAPS = 0.5
"""The share of the memory maps of a process that may be in use. Linux allows 65,530, a program takes 25 to 400, and XLA
crashes the process when it gets no more."""
EVERY = 16
"""The number of compilations from one count of memory maps to the next; a count takes some 20 ms."""
_compilations = itertools.count()


def memory_maps() -> tuple[int, int]:
    """The memory maps of this process and the most that it may have; (0, 1) if the system does not report them."""
    try:
        with Path("/proc/self/maps").open("rb") as lines:
            return sum(1 for _ in lines), int(Path("/proc/sys/vm/max_map_count").read_text())
    except OSError:
        return 0, 1


def make_room() -> None:
    """Free the older half of all programs if the process uses more than `MAPS` of its memory maps."""
    used, most = memory_maps()
    if used > MAPS * most:
        for programs in (LANDSCAPE_PROGRAMS, NETWORK_PROGRAMS):
            programs.halve()
        gc.collect()


class Compiled:
    """A function compiled by `jax.jit`, or a part of the program of a compiled function that calls it.

    Args:
        function: a function of arrays and pytrees of arrays.
        static: the names of the arguments that are compiled in.
        network: whether the function works on networks rather than on landscapes.
        options: options of the compiler for this function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        static: tuple[str, ...] = (),
        network: bool = False,
        options: dict[str, Any] | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._static = static
        self._options = options
        self._names = tuple(inspect.signature(function).parameters)
        self._cache = NETWORK_PROGRAMS if network else LANDSCAPE_PROGRAMS
        self._bytes = NETWORK_BYTES if network else LANDSCAPE_BYTES
        self._token = object()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        traced = dict(zip(self._names, arguments, strict=False)) | keywords
        static = {name: traced.pop(name) for name in self._static if name in traced}
        leaves, tree = jax.tree.flatten(traced)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return self.function(**traced, **static)
        kinds = tuple([(getattr(leaf, "shape", ()), getattr(leaf, "dtype", type(leaf))) for leaf in leaves])
        key = (self._token, tuple(static.items()), tree, kinds)
        program, _ = self._cache.get(key, lambda: (self._program(static), self._bytes))
        return program(**traced)

    def _program(self, static: dict[str, Any]) -> Any:
        """The function with its static arguments, which JAX then need not compare at each call."""
        if next(_compilations) % EVERY == 0:
            make_room()
        function = self.function

        @functools.wraps(function)
        def copy(**arguments: Any) -> Any:  # a new function each time, because JAX looks programs up by function
            return function(**arguments, **static)

        del copy.__wrapped__  # JAX would read its signature, which is not that of the copy
        return jax.jit(copy, compiler_options=self._options)

    def clear_cache(self) -> None:
        """Forget the programs of this function."""
        self._token = object()


@overload
def compiled(function: Callable[..., Any]) -> Compiled: ...
@overload
def compiled(
    *, static: tuple[str, ...] = (), network: bool = False, options: dict[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Compiled]: ...
def compiled(
    function: Callable[..., Any] | None = None,
    *,
    static: tuple[str, ...] = (),
    network: bool = False,
    options: dict[str, Any] | None = None,
) -> Any:
    """Decorate a function to be `Compiled` with these arguments."""
    if function is None:
        return functools.partial(Compiled, static=static, network=network, options=options)
    return Compiled(function, static, network, options)
