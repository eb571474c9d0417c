"""Rules borrowed from optax."""

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


class Elsewhere(NamedTuple):
    """State of a rule whose solution is evaluated elsewhere: y, where it takes gradients, and optax's own."""

    y: Array
    inner: Any


def fields(state: Any) -> dict[str, Any]:
    """Every leaf of a rule's state by the name of its field: mu, nu, count, … A leaf keeps its shape, so those
    of a `Trace` stand for all steps, and of all runs where it is a batch.

    Names are as short as they can be: fields of the same name in two parts of a chain are told apart by what
    they stand in (0.count and 1.count).
    """
    leaves, _ = tree_flatten_with_path(state)
    paths = [tuple(str(_word(key)) for key in path) for path, _ in leaves]

    def short(keys: Any, path: tuple[str, ...]) -> str:
        named = [k for k, key in enumerate(keys) if isinstance(key, (GetAttrKey, DictKey))]
        for first in range(named[-1] if named else 0, -1, -1):
            end = path[first:]
            if sum(other[-len(end) :] == end for other in paths) == 1:
                return ".".join(end)
        return ".".join(path)

    return {short(keys, path): leaf for (keys, leaf), path in zip(leaves, paths, strict=True)}


def _word(key: Any) -> Any:
    return next(getattr(key, a) for a in ("name", "key", "idx") if hasattr(key, a))


@contextlib.contextmanager
def _theirs() -> Iterator[None]:
    """optax counts in integers and mixes ranks: its code runs under its own promotion, ours does not."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


class Borrowed(Optimizer):
    """An optax transformation under our protocol, rebuilt inside the trace so its parameters stay traced.

    The direction is the whole update with its sign turned, at rate 1: the state shows by field name what
    optax keeps, and the rule's own letters stay inside.
    """

    elementwise = False

    factory: ClassVar[Callable[..., Any]]
    arguments: ClassVar[Mapping[str, str]]
    """Our name of a parameter → the factory's."""
    wants_value: ClassVar[bool]
    evaluate: ClassVar[Callable[[Any, Array], Array] | None]

    def _transformation(self) -> optax.GradientTransformationExtraArgs:
        values = {theirs: getattr(self, ours) for ours, theirs in self.arguments.items()}
        return optax.with_extra_args_support(type(self).factory(**values))

    def _theirs(self, v: Array) -> Any:
        """A vector (n,) as the transformation takes it: the layers of the network, matrices as matrices."""
        if not self.layered:
            return v
        model = self.model  # type: ignore[attr-defined]
        if model is None:
            raise ValueError(f"{self.name} works on the matrices of a network; a plane has none")
        return model.unravel(v)

    def init(self, w: Array) -> Any:
        with _theirs():
            state = self._transformation().init(self._theirs(w))
        return Elsewhere(w, state) if type(self).evaluate else state

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        evaluate = type(self).evaluate
        at, inner = state if evaluate else (w, state)
        value, g = gradient.value_and_grad(at)
        extra = {"value": value} if self.wants_value else {}
        with _theirs():
            update, inner = self._transformation().update(self._theirs(g), inner, self._theirs(at), **extra)
            update = self.model.ravel(update) if self.layered else update  # type: ignore[attr-defined]
            following = optax.apply_updates(at, update)
            solution = evaluate(inner, following) if evaluate else following
        if evaluate:
            return solution, Elsewhere(following, inner), Step(at, g, w - solution, 1.0)
        return following, inner, Step(at, g, -update, 1.0)


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
    watch: str = "",
    beginning: str = "",
    rate_unit: str = "curvature",
    scale_free: bool = False,
    layered: bool = False,
    libraries: tuple[tuple[str, str], ...] = (),
) -> type[Optimizer]:
    """An optimizer out of an optax factory.

    Args:
        name: what the card is called.
        factory: builds the transformation from keyword arguments; each is traced, so builders that branch
            on a value need it left out of `parameters`.
        parameters: the factory's argument → its declaration by `parameter(...)`.
        rename: the factory's argument → our standard name for it (b1 → beta1).
        wants_value: the update takes the loss as `value`.
        evaluate: (state, params) → the point where the solution is, where it is not params.
        year, source, watch, beginning, rate_unit, scale_free, layered: as in `Optimizer`.
        libraries: as in `Optimizer`; optax's own call comes by itself where the factory is optax's.

    Returns:
        A final `Optimizer` class, registered where a file of `optimizers/rules/` holds it.

    Raises:
        TypeError: if the factory does not take one of the parameters.
    """
    renamed = dict(rename or {})
    home = ".".join(itertools.takewhile(lambda part: not part.startswith("_"), factory.__module__.split(".")))
    takes = inspect.signature(factory).parameters
    for argument in parameters:
        if argument not in takes:
            raise TypeError(f"{name}: {factory.__name__} takes no {argument!r}; it takes {', '.join(takes)}")
    origin = f"{home}.{factory.__name__}"
    if home.startswith("optax"):
        spelled = [n if (d := takes[n].default) is inspect.Parameter.empty else f"{n}={d!r}" for n in parameters]
        libraries = (("optax", f"{origin.removeprefix('optax.')}({', '.join(spelled)})"), *libraries)
    elif "optax" in dict(libraries):
        origin = "optax." + dict(libraries)["optax"].partition("(")[0]
    fields = {renamed.get(argument, argument): spec for argument, spec in parameters.items()}
    body: dict[str, Any] = {
        "__module__": sys._getframe(1).f_globals["__name__"],
        "__doc__": f"{name}, as `{origin}` runs it.",
        "__annotations__": dict.fromkeys(fields, "float"),
        "name": name,
        "year": year,
        "source": source,
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
        **fields,
    }
    if layered:  # the network whose weights it is handed, with `unravel` and `ravel`
        body["__annotations__"]["model"] = "Any"
        body["model"] = None
    return type(name.replace(" ", "").replace("-", ""), (Borrowed,), body)
