"""Compiled functions whose programs are bounded by the memory they take.

`jax.jit` keeps the program for every shape of arguments for as long as the function lives, which is forever for a
function of a module. Here every shape has a function of its own, so that a program is freed when its function is.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
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
