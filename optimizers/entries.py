"""Evaluates a function of small arrays entry by entry, each entry being an array over many runs.

Rules and surfaces are written for vectors w (n,), as in textbooks. Compilers handle a loop over vectors of two entries
poorly: they store and load slices where registers would do, and Triton, the compiler of kernels for GPUs, knows no
slices at all. `entrywise` traces a function once and evaluates it again with an array over runs, a `lane`, in place of
every single number: slices, stacks and sums over coordinates then cost nothing, or are plain additions.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Entries = Any
"""A NumPy array of objects, in the shape of the array that it stands for; each object is a lane or a number."""

MOST = 10_000
"""The most operations on lanes; a function that needs more is refused, because compiling it would take minutes."""

# fmt: off
ELEMENTWISE = frozenset([
    "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil",
    "clamp", "convert_element_type", "cos", "cosh", "digamma", "div", "eq", "erf", "erf_inv", "erfc", "exp",
    "exp2", "expm1", "floor", "ge", "gt", "integer_pow", "is_finite", "le", "lgamma", "log", "log1p", "logistic",
    "lt", "max", "min", "mul", "ne", "neg", "nextafter", "not", "or", "pow", "reduce_precision", "rem", "round",
    "rsqrt", "select_n", "shift_left", "shift_right_arithmetic", "shift_right_logical", "sign", "sin", "sinh",
    "sqrt", "square", "stop_gradient", "sub", "tan", "tanh", "xor",
])
"""Primitives that compute every entry of the result from the corresponding entries of the arguments."""
SHAPES = frozenset([
    "broadcast_in_dim", "concatenate", "expand_dims", "pad", "reshape", "rev", "slice", "split", "squeeze",
    "stack", "transpose", "unstack",
])
"""Primitives that move entries without computing anything."""
IDENTITIES = frozenset([
    "copy", "copy_p", "optimization_barrier", "pbroadcast", "pvary", "reshard", "sharding_constraint",
])
"""Primitives that change at most where the values lie."""
# fmt: on
REDUCTIONS = {
    "reduce_sum": jnp.add,
    "reduce_prod": jnp.multiply,
    "reduce_max": jnp.maximum,
    "reduce_min": jnp.minimum,
    "reduce_and": jnp.bitwise_and,
    "reduce_or": jnp.bitwise_or,
}
CUMULATIVE = {"cumsum": jnp.add, "cumprod": jnp.multiply, "cummax": jnp.maximum, "cummin": jnp.minimum}
CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}
CALLS |= {"custom_vjp_call": "call_jaxpr", "remat": "jaxpr", "checkpoint": "jaxpr", "core_call": "call_jaxpr"}


def is_literal(atom: Any) -> bool:
    """Whether an argument of an equation is a number rather than a variable.

    Only literals have a value. `jax.extend.core` has both classes, but importing it takes a quarter of a second.
    """
    return hasattr(atom, "val")


class NotEntrywise(Exception):
    """A function needs an operation that cannot be evaluated entry by entry, or too many operations."""


def entrywise(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that maps pytrees of `Entries` to pytrees of `Entries` as `function` maps arrays of their shapes.

    Lanes have the shape (runs,), or () if all runs share the number; the function itself must not depend on runs.

    Raises:
        NotEntrywise: when the returned function is called, if `function` needs an unknown operation or too many.
    """

    def evaluate(*arguments: Any) -> Any:
        leaves, tree = jax.tree.flatten(arguments)
        shapes = [jax.ShapeDtypeStruct(leaf.shape, _dtype(leaf)) for leaf in leaves]  # type: ignore[no-untyped-call]
        closed, result = jax.make_jaxpr(function, return_shape=True)(*jax.tree.unflatten(tree, shapes))
        outputs = _Evaluation().evaluated(closed, leaves)
        return jax.tree.unflatten(jax.tree.structure(result), outputs)

    return evaluate


def entries(values: Any) -> Entries:
    """An array as entries: its numbers, or its lanes if it is a list of them; a single lane gets the shape ()."""
    if isinstance(values, list | tuple):
        return _packed(values, (len(values),))
    if np.ndim(values) == 0 or isinstance(values, np.ndarray):
        array = np.asarray(values) if not isinstance(values, jax.Array) else values
        return _packed([array[k] for k in np.ndindex(array.shape)], array.shape)
    return _packed([values], ())


def _packed(lanes: Sequence[Any], shape: tuple[int, ...]) -> Entries:
    """Entries of this shape from their lanes in order."""
    flat = np.empty(math.prod(shape), dtype=object)
    for k, lane in enumerate(lanes):
        flat[k] = lane
    return flat.reshape(shape)


def _dtype(values: Entries) -> Any:
    return values.ravel()[0].dtype if values.size else np.dtype("float32")


def _shared(*lanes: Any) -> list[Any]:
    """The lanes, all of them over runs if any of them is."""
    shape = jnp.broadcast_shapes(*[np.shape(lane) for lane in lanes])
    return [lane if np.shape(lane) == shape else jnp.broadcast_to(lane, shape) for lane in lanes]


class _Evaluation:
    """The evaluation of a jaxpr, which counts its operations."""

    def __init__(self) -> None:
        self._count = 0

    def evaluated(self, jaxpr: Any, arguments: Sequence[Entries]) -> list[Entries]:
        """The outputs of a jaxpr, closed or not."""
        constants = [entries(np.asarray(value)) for value in getattr(jaxpr, "consts", ())]
        jaxpr = _open(jaxpr)
        values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments], strict=True))

        def read(atom: Any) -> Entries:
            if is_literal(atom):
                return entries(np.asarray(atom.val, dtype=getattr(atom.aval, "dtype", None)))
            return values[atom]

        for equation in jaxpr.eqns:
            inputs = [read(atom) for atom in equation.invars]
            values.update(zip(equation.outvars, self._outputs(equation, inputs), strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _outputs(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        name, parameters = equation.primitive.name, equation.params
        if name in CALLS:
            return self.evaluated(parameters[CALLS[name]], inputs)
        if name in IDENTITIES:
            return inputs
        if name in SHAPES:
            return self._rearranged(equation, inputs)
        if name in ELEMENTWISE:
            return [self._elementwise(equation, inputs)]
        special = getattr(self, f"_{name}", None)
        if special is not None:
            result: list[Entries] = special(equation, inputs)
            return result
        if name in REDUCTIONS:
            return [self._reduced(REDUCTIONS[name], inputs[0], parameters["axes"])]
        if name in CUMULATIVE:
            return [self._accumulated(CUMULATIVE[name], inputs[0], **parameters)]
        raise NotEntrywise(f"the operation {name!r} cannot be evaluated entry by entry")

    def _counted(self, operations: int) -> None:
        self._count += operations
        if self._count > MOST:
            raise NotEntrywise(f"more than {MOST:,} operations on lanes")

    def _elementwise(self, equation: Any, inputs: list[Entries]) -> Entries:
        """An operation on corresponding entries; an input of the shape () belongs to all."""
        shape, primitive = equation.outvars[0].aval.shape, equation.primitive
        self._counted(math.prod(shape))
        spread = [np.broadcast_to(x, shape).ravel() for x in inputs]
        parameters = {k: v for k, v in equation.params.items() if k != "sharding"}
        if "sharding" in equation.params:
            parameters["sharding"] = None

        def result(*row: Any) -> Any:
            if primitive.name == "div" and np.ndim(row[0]) > np.ndim(row[1]) and row[1].dtype.kind == "f":
                return row[0] * (1 / row[1])  # a division once a step, instead of once for every run
            if all(isinstance(lane, np.generic) for lane in row):
                with jax.ensure_compile_time_eval():
                    return np.asarray(primitive.bind(*row, **parameters))[()]
            return primitive.bind(*_shared(*row), **parameters)

        return _packed([result(*row) for row in zip(*spread, strict=True)], shape)

    def _rearranged(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        """An operation that moves entries without changing them: what it does to their indices."""
        bounds = np.cumsum([0, *[x.size for x in inputs]])
        indices = [np.arange(a, b).reshape(x.shape) for a, b, x in zip(bounds, bounds[1:], inputs, strict=False)]
        with jax.ensure_compile_time_eval():
            moved = equation.primitive.bind(*map(jnp.asarray, indices), **equation.params)
        lanes = np.concatenate([x.ravel() for x in inputs])
        results = moved if equation.primitive.multiple_results else [moved]
        return [_packed([lanes[k] for k in np.asarray(m).flat], m.shape) for m in results]

    def _reduced(self, operation: Any, x: Entries, axes: tuple[int, ...]) -> Entries:
        self._counted(x.size)
        rest = [k for k in range(x.ndim) if k not in axes]
        rows = np.transpose(x, [*rest, *axes]).reshape(*[x.shape[k] for k in rest], -1)
        reduced = [functools.reduce(operation, rows[k]) for k in np.ndindex(rows.shape[:-1])]
        return _packed(reduced, rows.shape[:-1])

    def _accumulated(self, operation: Any, x: Entries, axis: int, reverse: bool) -> Entries:
        self._counted(x.size)
        rows = np.moveaxis(x, axis, 0)[:: -1 if reverse else 1]
        sums = [_packed(list(np.ravel(rows[:1])), rows.shape[1:])]
        for k in range(1, len(rows)):
            pairs = zip(sums[-1].flat, rows[k : k + 1].flat, strict=True)
            sums.append(_packed([operation(*_shared(*pair)) for pair in pairs], rows.shape[1:]))
        return np.moveaxis(np.stack(sums)[:: -1 if reverse else 1], 0, axis)

    # Operations with rules of their own, by the names of their primitives

    def _one_minus_square(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        x = inputs[0]
        self._counted(3 * x.size)
        return [_packed([(1 - lane) * (1 + lane) for lane in x.flat], x.shape)]

    def _iota(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        shape, dtype, axis = (equation.params[name] for name in ("shape", "dtype", "dimension"))
        along = np.arange(shape[axis]).astype(dtype).reshape([-1 if k == axis else 1 for k in range(len(shape))])
        return [entries(np.broadcast_to(along, shape))]

    def _dynamic_slice(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        x, *first = inputs
        sizes = equation.params["slice_sizes"]
        if not all(isinstance(f[()], np.generic) for f in first):
            raise NotEntrywise("an index is not known in advance")
        begin = [min(max(int(f[()]), 0), n - size) for f, n, size in zip(first, x.shape, sizes, strict=True)]
        return [x[tuple(slice(b, b + size) for b, size in zip(begin, sizes, strict=True))]]

    def _dot_general(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
        a, b = inputs

        def arranged(x: Entries, batch: Any, contracted: Any) -> tuple[Entries, tuple[int, ...]]:
            free = [k for k in range(x.ndim) if k not in (*batch, *contracted)]
            shape = [x.shape[k] for k in free]
            moved = np.transpose(x, [*batch, *free, *contracted])
            return moved.reshape(*moved.shape[: len(batch)], math.prod(shape), -1), tuple(shape)

        (a, rows), (b, columns) = arranged(a, left_batch, left), arranged(b, right_batch, right)
        shape = (*a.shape[:-2], *rows, *columns)
        self._counted(2 * math.prod(shape) * a.shape[-1])
        products = [
            functools.reduce(jnp.add, [jnp.multiply(*pair) for pair in zip(a[*k, i], b[*k, j], strict=True)])
            for k in np.ndindex(a.shape[:-2])
            for i in range(a.shape[-2])
            for j in range(b.shape[-2])
        ]
        return [_packed(products, shape)]

    def _while(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        parameters = equation.params
        first, second = parameters["cond_nconsts"], parameters["cond_nconsts"] + parameters["body_nconsts"]
        for_condition, for_body, carry = inputs[:first], inputs[first:second], inputs[second:]
        shapes = [x.shape for x in carry]

        def holds(lanes: Sequence[Any]) -> Any:
            return self.evaluated(parameters["cond_jaxpr"], [*for_condition, *_from_lanes(lanes, shapes)])[0][()]

        body = self._body(parameters["body_jaxpr"], for_body, shapes)
        lanes = _stable(_lanes(carry), body)
        return _from_lanes(jax.lax.while_loop(holds, lambda lanes: _alike(body(lanes), lanes), lanes), shapes)

    def _scan(self, equation: Any, inputs: list[Entries]) -> list[Entries]:
        inner, carried = equation.params["jaxpr"], len(equation.outvars)
        within = [*_open(inner).invars, *_open(inner).outvars]
        pairs = zip(within, [*equation.invars, *equation.outvars], strict=True)
        if any(a.aval.shape != b.aval.shape for a, b in pairs):
            raise NotEntrywise("a loop over rows of arrays cannot be evaluated entry by entry")
        fixed, carry = inputs[:-carried], inputs[-carried:]
        shapes = [x.shape for x in carry]
        body = self._body(inner, fixed, shapes)
        lanes = _stable(_lanes(carry), body)
        lanes = jax.lax.fori_loop(0, equation.params["length"], lambda _, lanes: _alike(body(lanes), lanes), lanes)
        return _from_lanes(lanes, shapes)

    def _body(self, jaxpr: Any, fixed: list[Entries], shapes: list[Any]) -> Callable[[Sequence[Any]], list[Any]]:
        """A step of a loop as a function of lanes, whose operations count once, however often JAX traces it."""
        before = self._count

        def body(lanes: Sequence[Any]) -> list[Any]:
            self._count = before
            return _lanes(self.evaluated(jaxpr, [*fixed, *_from_lanes(lanes, shapes)]))

        return body


def _open(jaxpr: Any) -> Any:
    """The jaxpr without its constants; newer versions of JAX keep both in one object."""
    return getattr(jaxpr, "jaxpr", jaxpr)


def _lanes(state: list[Entries]) -> list[Any]:
    return [jnp.asarray(lane) for x in state for lane in x.flat]


def _from_lanes(lanes: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[Entries]:
    rest, state = list(lanes), []
    for shape in shapes:
        size = math.prod(shape)
        state.append(_packed(rest[:size], shape))
        rest = rest[size:]
    return state


def _alike(lanes: Sequence[Any], examples: Sequence[Any]) -> list[Any]:
    """The lanes in the shapes of the examples, as the results of a step of a loop."""
    always = np.bool_(True)  # Triton accepts no constant as a result: `select` makes a value of it
    same = [jax.lax.select(always, a, a) for a in lanes]
    return [jnp.broadcast_to(a, b.shape) for a, b in zip(same, examples, strict=True)]


def _stable(lanes: list[Any], step: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
    """The lanes, those over runs that a step makes so, as a loop needs them; the others stay shared by all runs."""
    while True:
        after = jax.eval_shape(step, lanes)
        shapes = [np.broadcast_shapes(a.shape, b.shape) for a, b in zip(lanes, after, strict=True)]
        wider = [jnp.broadcast_to(lane, shape) for lane, shape in zip(lanes, shapes, strict=True)]
        if [np.shape(a) for a in wider] == [np.shape(a) for a in lanes]:
            return wider
        lanes = wider
