"""Rules borrowed from optax."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import optax
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step


class Elsewhere(NamedTuple):
    """State of a rule whose solution is evaluated elsewhere: y, where it takes gradients, and optax's own."""

    y: Array
    inner: Any


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

    def init(self, w: Array) -> Any:
        state = self._transformation().init(w)
        return Elsewhere(w, state) if type(self).evaluate else state

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        evaluate = type(self).evaluate
        at, inner = state if evaluate else (w, state)
        value, g = gradient.value_and_grad(at)
        extra = {"value": value} if self.wants_value else {}
        update, inner = self._transformation().update(g, inner, at, **extra)
        following = optax.apply_updates(at, update)
        if evaluate:
            solution = evaluate(inner, following)
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
    rate_unit: str = "curvature",
    scale_free: bool = False,
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
        rate_unit, scale_free: as in `Optimizer`.

    Returns:
        A final `Optimizer` class, registered where a file of `optimizers/rules/` holds it.

    Raises:
        TypeError: if the factory does not take one of the parameters.
    """
    renamed = dict(rename or {})
    takes = inspect.signature(factory).parameters
    for argument in parameters:
        if argument not in takes:
            raise TypeError(f"{name}: {factory.__name__} takes no {argument!r}; it takes {', '.join(takes)}")
    fields = {renamed.get(argument, argument): spec for argument, spec in parameters.items()}
    body: dict[str, Any] = {
        "__module__": sys._getframe(1).f_globals["__name__"],
        "__doc__": f"{name}, as `{factory.__module__.split('.')[0]}.{factory.__name__}` runs it. {watch}",
        "__annotations__": dict.fromkeys(fields, "float"),
        "name": name,
        "year": year,
        "source": source,
        "watch": watch,
        "rate_unit": rate_unit,
        "scale_free": scale_free,
        "factory": staticmethod(factory),
        "arguments": {renamed.get(argument, argument): argument for argument in parameters},
        "wants_value": wants_value,
        "evaluate": staticmethod(evaluate) if evaluate else None,
        **fields,
    }
    return type(name.replace(" ", "").replace("-", ""), (Borrowed,), body)
