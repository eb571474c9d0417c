"""An optimizer is a step: what every rule declares, and what it hands back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.parameter import Declared

Landscape = Callable[[Array], Array]


class Gradient:
    """∇L of the landscape in force at one step, as a function of w (n, …); axes after the first are runs."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape

    def __call__(self, w: Array) -> Array:
        return self.value_and_grad(w)[1]

    def value(self, w: Array) -> Array:
        """The landscape itself, shape (…)."""
        return self._landscape(w)

    def value_and_grad(self, w: Array) -> tuple[Array, Array]:
        value, pull = jax.vjp(self._landscape, w)
        return value, pull(jnp.ones_like(value))[0]

    def hessian(self, w: Array) -> Array:
        """All second derivatives, (n, n, …): products of the gradient's Jacobian with each basis vector."""

        def column(i: Array) -> Array:
            return jax.jvp(self.__call__, (w,), (jnp.zeros_like(w).at[i].set(1.0),))[1]

        return jax.vmap(column, out_axes=1)(jnp.arange(w.shape[0]))


@jax.tree_util.register_pytree_node_class
@dataclasses.dataclass(frozen=True)
class Step:
    """How one step came about, each vector (n, …): w_next − w = −rate · direction + Σ beside.

    Attributes:
        at: the point where the gradient was taken.
        gradient: the gradient there.
        direction: the direction followed.
        rate: the effective step size of each coordinate.
        parts: named vectors that sum to −rate · direction, where the lectures draw the step as a sum.
        beside: named vectors that move w besides −rate · direction (decoupled weight decay).
        values: intermediates by the letter the equations give them.
        evaluations: gradient evaluations that the step cost.
    """

    at: Array
    gradient: Array
    direction: Array
    rate: Any
    parts: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    beside: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    evaluations: int = 1

    def tree_flatten(self) -> tuple[Any, Any]:
        names = ("at", "gradient", "direction", "rate", "parts", "beside", "values")
        return [getattr(self, n) for n in names], self.evaluations

    @classmethod
    def tree_unflatten(cls, evaluations: int, children: Any) -> Step:
        at, gradient, direction, rate, parts, beside, values = children
        return cls(at, gradient, direction, rate, parts, beside, values, evaluations)


class Optimizer(Declared):
    """How a function is minimised: a frozen record of hyperparameters with `init` and `step`.

    A rule is elementwise along axis 0, the coordinates, and reduces over axis 0 only; further axes are
    runs. Its state is a NamedTuple of textbook letters, each shaped like w or like w[:1]. To vary a rule,
    wrap it.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    year: ClassVar[int]
    source: ClassVar[str]
    watch: ClassVar[str]
    """A sentence on what to watch for."""
    beginning: ClassVar[str] = ""
    """What its first steps look like, where people take them for a fault."""
    libraries: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(library, the call that runs the rule there, in its names): keywords have the library's defaults or switch
    the rule on; arguments without a value have to be given."""
    equations: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The update, line by line: (letter, expression over the letters of parameters, state, values, g and w)."""
    differences: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """The lines in which a convention departs from `equations`: (convention, letter, expression). Each takes the
    place of the line of its letter; a letter that is new stands before the next line replaced."""
    rate_unit: ClassVar[Literal["curvature", "length", "both", "one"]] = "curvature"
    """What a learning rate is measured in: 1/curvature (steps scale with the gradient), length (steps do
    not), both (first the one, then the other), or one (the rule finds the scale by itself)."""
    scale_free: ClassVar[bool] = False
    """The path on 10·f is the path on f (up to ε)."""
    dense: ClassVar[bool] = False
    """Needs the whole Hessian, which keeps it off networks."""
    elementwise: ClassVar[bool] = True
    """False for borrowed rules, which reduce over whole arrays and run under vmap."""
    layered: ClassVar[bool] = False
    """Needs the matrices of a network's layers, which keeps it off planes; these live in `optimizers/layered/`."""
    preconditioned: ClassVar[bool] = False
    """`stability_limit` is one on λmax(P⁻¹H), H the Hessian and P = diag(`preconditioner(state)`)."""

    def init(self, w: Array) -> Any:
        """The state before the first step, for parameters w (n, …)."""
        raise NotImplementedError

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        """Step number t = 1, 2, … : the next point, the next state, and how it came about."""
        raise NotImplementedError

    def in_step(self, t: Any) -> Optimizer:
        """The rule that takes step t: itself, unless a schedule changes a parameter."""
        return self

    def stability_limit(self) -> float | None:
        """The largest curvature on which the rule, once under way, does not grow, or None where none is known.

        Where `preconditioned`, the curvature is that of P⁻¹H, for as long as P hardly changes.
        """
        return None

    def preconditioner(self, state: Any) -> Any:
        """P's diagonal (n, …) in the step that left this state behind, so that its rate is η/P; 1 for P = I.

        NumPy states are worked out in JAX's precision in force.
        """
        return 1.0
