"""Compiled functions whose programs are bounded in number, by the memory they take, and freed one by one.

`jax.jit` keeps the program of every shape that it has met for as long as the function lives, that is for ever. Here
every shape has a function of its own, and dropping the function frees its program.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, overload

import jax

from surfaces.caching import Cache

PLANE = 2**20
"""Bytes of a program that works on the plane, measured: 0.5 to 1 MB."""
NETWORK = 3 * 2**20
"""Bytes of a program that works on a network, measured: 2 to 4 MB."""
PLANES: Cache[tuple[Any, int]] = Cache(384 * PLANE, lambda program: program[1])
NETWORKS: Cache[tuple[Any, int]] = Cache(85 * NETWORK, lambda program: program[1])
"""Whoever trains networks of many shapes takes no programs of the plane away, nor the other way round."""


class Compiled:
    """A function as `jax.jit` compiles it. Within another compiled function it is part of that one's program.

    Args:
        function: of arrays and pytrees of such.
        static: the names of its arguments that are compiled in.
        network: whether it works on networks, and not on the plane.
    """

    def __init__(self, function: Callable[..., Any], static: tuple[str, ...] = (), network: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._static = static
        self._names = tuple(inspect.signature(function).parameters)
        self._cache, self._weight = (NETWORKS, NETWORK) if network else (PLANES, PLANE)
        self._token = object()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        fixed, given = {}, dict(zip(self._names, arguments, strict=False)) | named
        for name in self._static:
            if name in given:
                fixed[name] = given.pop(name)
        leaves, tree = jax.tree.flatten(given)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return self.function(**given, **fixed)
        kinds = tuple([(getattr(leaf, "shape", ()), getattr(leaf, "dtype", type(leaf))) for leaf in leaves])
        key = (self._token, tuple(fixed.items()), tree, kinds)
        program, _ = self._cache.get(key, lambda: (self._program(), self._weight))
        return program(**given, **fixed)

    def _program(self) -> Any:
        function = self.function

        @functools.wraps(function)
        def one(**given: Any) -> Any:  # another function each time: JAX finds programs by the function
            return function(**given)

        del one.__wrapped__  # whose signature is not this one's
        return jax.jit(one, static_argnames=self._static)

    def clear_cache(self) -> None:
        """Give up the programs of this function."""
        self._token = object()


@overload
def compiled(function: Callable[..., Any]) -> Compiled: ...
@overload
def compiled(*, static: tuple[str, ...] = (), network: bool = False) -> Callable[[Callable[..., Any]], Compiled]: ...
def compiled(function: Callable[..., Any] | None = None, *, static: tuple[str, ...] = (), network: bool = False) -> Any:
    """Decorates a function: `Compiled` with these arguments."""
    if function is None:
        return functools.partial(Compiled, static=static, network=network)
    return Compiled(function, static, network)
