"""`from_optax` makes rules out of optax's transformations."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import jax
import optax
from jax import Array
from jax.tree_util import DictKey, GetAttrKey, tree_flatten_with_path

from optimizers.optimizer import Gradient, Optimizer, Step
from surfaces.parameter import Constant


class Elsewhere(NamedTuple):
    """The state of a rule whose solution is not the point where it takes gradients: that point y, and optax's state."""

    y: Array
    inner: Any


def fields(state: Any) -> dict[str, Any]:
    """All leaves of a rule's state by the names of their fields: mu, nu, count, …

    Leaves keep their shapes, so those of a `Trace` have a row for every step, and an axis of runs in a batch. A name is
    as short as it can be while it is unique: fields of the same name in two parts of a chain become 0.count and
    1.count.
    """
    leaves, _ = tree_flatten_with_path(state)
    paths = [tuple(str(_text(key)) for key in path) for path, _ in leaves]

    def name(keys: Any, path: tuple[str, ...]) -> str:
        named = [k for k, key in enumerate(keys) if isinstance(key, (GetAttrKey, DictKey))]
        for first in range(named[-1] if named else 0, -1, -1):
            end = path[first:]
            if sum(other[-len(end) :] == end for other in paths) == 1:
                return ".".join(end)
        return ".".join(path)

    return {name(keys, path): leaf for (keys, leaf), path in zip(leaves, paths, strict=True)}


def _text(key: Any) -> Any:
    return next(getattr(key, attribute) for attribute in ("name", "key", "idx") if hasattr(key, attribute))


@contextlib.contextmanager
def _optax_promotion() -> Iterator[None]:
    """A block in which optax's code may run: it counts in integers and mixes ranks, which ours may not."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


class Borrowed(Optimizer):
    """A transformation of optax as a rule. It is rebuilt within the trace, so that its parameters stay traced.

    The direction is the whole update with its sign reversed, at rate 1. The state has optax's fields; the letters of
    the rule's formula are not exposed.
    """

    elementwise = False

    factory: ClassVar[Callable[..., Any]]
    arguments: ClassVar[Mapping[str, str]]
    """The factory's name of each parameter, by ours."""
    wants_value: ClassVar[bool]
    evaluate: ClassVar[Callable[[Any, Array], Array] | None]

    def _transformation(self) -> optax.GradientTransformationExtraArgs:
        values = {argument: getattr(self, name) for name, argument in self.arguments.items()}
        return optax.with_extra_args_support(type(self).factory(**values))

    def _tree(self, v: Array) -> Any:
        """A vector (n,) in the form that the transformation takes: for layered rules, the layers of the network."""
        if not self.layered:
            return v
        model = self.model  # type: ignore[attr-defined]
        if model is None:
            raise ValueError(f"{self.name} works on the matrices of a network; a plane has none")
        return model.unravel(v)

    def _extra(self, gradient: Gradient, value: Array, g: Array) -> dict[str, Any]:
        """What the update takes besides gradient, state and parameters."""
        return {"value": value} if self.wants_value else {}

    def init(self, w: Array) -> Any:
        with _optax_promotion():
            state = self._transformation().init(self._tree(w))
        return Elsewhere(w, state) if type(self).evaluate else state

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        evaluate = type(self).evaluate
        at, inner = state if evaluate else (w, state)
        value, g = gradient.value_and_grad(at)
        extra = self._extra(gradient, value, g)
        with _optax_promotion():
            update, inner = self._transformation().update(self._tree(g), inner, self._tree(at), **extra)
            update = self.model.ravel(update) if self.layered else update  # type: ignore[attr-defined]
            following = optax.apply_updates(at, update)
            solution = evaluate(inner, following) if evaluate else following
        if evaluate:
            return solution, Elsewhere(following, inner), Step(at, g, w - solution, 1.0)
        return following, inner, Step(at, g, -update, 1.0)


class Transformation(Borrowed):
    """A transformation of optax as it was built, whose numbers are compiled in.

    A line search inside it evaluates the loss more often than `Trace.evaluations` counts. Where the solution is not the
    point at which gradients are taken, as in schedule-free methods, `from_optax` with `evaluate` is needed.
    """

    name = "optax transformation"
    year = 0
    source = "optax"
    watch = "Its update is optax's, unchanged."
    rate_unit = "none"

    transformation: Constant

    factory = staticmethod(optax.identity)
    arguments: ClassVar[Mapping[str, str]] = {}
    wants_value = True
    evaluate = None

    def _transformation(self) -> optax.GradientTransformationExtraArgs:
        return optax.with_extra_args_support(self.transformation.value)

    def _extra(self, gradient: Gradient, value: Array, g: Array) -> dict[str, Any]:
        return {"value": value, "grad": g, "value_fn": gradient.value}


def as_rule(optimizer: Any) -> Optimizer:
    """A rule as it is, or a transformation of optax as a rule.

    Raises:
        TypeError: if it is neither.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, optax.GradientTransformation):
        return Transformation(Constant(optimizer))
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an instance: call {optimizer.__name__} with its parameters first")
    raise TypeError(
        "optimizer must be a rule, such as OPTIMIZERS['adam'](learning_rate=0.05), or a transformation of optax, such "
        f"as optax.adam(0.05); got {type(optimizer).__name__}"
    )


def from_optax(
    name: str,
    factory: Callable[..., Any],
    *,
    parameters: Mapping[str, Any],
    rename: Mapping[str, str] | None = None,
    wants_value: bool = False,
    evaluate: Callable[[Any, Array], Array] | None = None,
    year: int = 0,
    source: str = "optax",
    idea: str = "",
    predecessor: str = "",
    shown_on: str = "surface=quadratic_ravine",
    watch: str = "",
    beginning: str = "",
    remarks: str = "",
    rate_unit: str = "curvature",
    scale_free: bool = False,
    layered: bool = False,
    libraries: tuple[tuple[str, str], ...] = (),
) -> type[Optimizer]:
    """An `Optimizer` class that runs a transformation of optax.

    Args:
        name: the name of the rule on the page.
        factory: builds the transformation from keyword arguments. These are traced, so an argument on whose value the
            factory branches must not be among `parameters`.
        parameters: the declaration, by `parameter(...)`, of each argument of the factory.
        rename: our name for an argument of the factory, if it differs (b1 → beta1).
        wants_value: whether the update takes the loss as `value`.
        evaluate: (state, params) → the solution, for rules whose params are not the solution.
        year, source, idea, predecessor, shown_on, watch, beginning, rate_unit, scale_free, layered: as in `Optimizer`.
        remarks: what the docstring says in addition to the name of optax's function.
        libraries: as in `Optimizer`; optax's own call is added if the factory is optax's.

    Returns:
        A final class; the registry finds it if a file of `optimizers/rules/` holds it.

    Raises:
        TypeError: if the factory does not take one of the parameters.
    """
    renamed = dict(rename or {})
    home = ".".join(itertools.takewhile(lambda part: not part.startswith("_"), factory.__module__.split(".")))
    signature = inspect.signature(factory).parameters
    for argument in parameters:
        if argument not in signature:
            raise TypeError(f"{name}: {factory.__name__} takes no {argument!r}; it takes {', '.join(signature)}")
    origin = f"{home}.{factory.__name__}"
    if home.startswith("optax"):
        defaults = {argument: signature[argument].default for argument in parameters}
        call = ", ".join(n if d is inspect.Parameter.empty else f"{n}={d!r}" for n, d in defaults.items())
        libraries = (("optax", f"{origin.removeprefix('optax.')}({call})"), *libraries)
    elif "optax" in dict(libraries):
        origin = "optax." + dict(libraries)["optax"].partition("(")[0]
    declarations = {renamed.get(argument, argument): spec for argument, spec in parameters.items()}
    body: dict[str, Any] = {
        "__module__": sys._getframe(1).f_globals.get("__name__", "__main__"),
        "__doc__": f"{name}, as `{origin}` computes it.\n\n{remarks}".strip(),
        "__annotations__": dict.fromkeys(declarations, "float"),
        "name": name,
        "year": year,
        "source": source,
        "idea": idea,
        "predecessor": predecessor,
        "shown_on": shown_on,
        "watch": watch,
        "beginning": beginning,
        "libraries": libraries,
        "rate_unit": rate_unit,
        "scale_free": scale_free,
        "layered": layered,
        "factory": staticmethod(factory),
        "arguments": {renamed.get(argument, argument): argument for argument in parameters},
        "wants_value": wants_value,
        "evaluate": staticmethod(evaluate) if evaluate else None,
        **declarations,
    }
    if layered:  # the network to which the weights belong; its `unravel` and `ravel` make layers of them and back
        body["__annotations__"]["model"] = "Any"
        body["model"] = None
    return type(name.replace(" ", "").replace("-", ""), (Borrowed,), body)
