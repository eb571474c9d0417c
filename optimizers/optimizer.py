"""An optimizer is a step: the base class of all rules, and the records that a step receives and returns."""

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
    """∇L as a function of w (n, …), L being the landscape of one step; axes after the first are runs."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape

    def __call__(self, w: Array) -> Array:
        return self.value_and_grad(w)[1]

    def value(self, w: Array) -> Array:
        """The landscape at w, shape (…)."""
        return self._landscape(w)

    def value_and_grad(self, w: Array) -> tuple[Array, Array]:
        """The landscape at w, shape (…), and its gradient there, (n, …)."""
        value, pull = jax.vjp(self._landscape, w)
        return value, pull(jnp.ones_like(value))[0]

    def hessian(self, w: Array) -> Array:
        """The Hessian, (n, n, …), from products of the gradient's Jacobian with each basis vector."""

        def column(i: Array) -> Array:
            return jax.jvp(self.__call__, (w,), (jnp.zeros_like(w).at[i].set(1.0),))[1]

        return jax.vmap(column, out_axes=1)(jnp.arange(w.shape[0]))


@jax.tree_util.register_pytree_node_class
@dataclasses.dataclass(frozen=True)
class Step:
    """The parts of one step, each vector (n, …): w_next − w = −rate · direction + Σ extras.

    Attributes:
        at: the point where the gradient was taken.
        gradient: the gradient there.
        direction: the direction of the step.
        rate: the effective learning rate of each coordinate.
        parts: named vectors that sum to −rate · direction, for rules that the lectures draw as a sum of arrows.
        extras: named vectors that move w in addition to −rate · direction (decoupled weight decay).
        values: named values by the letters that the equations give them.
        evaluations: the number of gradient evaluations.
    """

    at: Array
    gradient: Array
    direction: Array
    rate: Any
    parts: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    extras: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    evaluations: int = 1

    def tree_flatten(self) -> tuple[Any, Any]:
        names = ("at", "gradient", "direction", "rate", "parts", "extras", "values")
        return [getattr(self, n) for n in names], self.evaluations

    @classmethod
    def tree_unflatten(cls, evaluations: int, children: Any) -> Step:
        at, gradient, direction, rate, parts, extras, values = children
        return cls(at, gradient, direction, rate, parts, extras, values, evaluations)


class Optimizer(Declared):
    """A rule that minimises a function: a frozen record of hyperparameters with `init` and `step`.

    A rule is elementwise along axis 0, the coordinates, and reduces over axis 0 only; further axes are runs. Its
    state is a NamedTuple of textbook letters, each shaped like w or like w[:1]. To vary a rule, wrap it.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    year: ClassVar[int]
    source: ClassVar[str]
    idea: ClassVar[str] = ""
    """What the rule adds to its predecessor, in a sentence."""
    predecessor: ClassVar[str] = ""
    """The key of its predecessor, the rule that it changes; empty if there is none."""
    shown_on: ClassVar[str] = "surface=quadratic_ravine"
    """Settings of a race, as a link of the app has them, in which its path differs from its predecessor's."""
    watch: ClassVar[str]
    """One to three sentences on what to watch for."""
    beginning: ClassVar[str] = ""
    """What the first steps look like, if they could be mistaken for an error."""
    libraries: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs (library, call): the call that runs the rule there, with that library's names. Arguments without a value
    are required; keywords show the library's defaults, or switch the rule on."""
    equations: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The update, line by line: pairs (letter, expression over the letters of parameters, state, values, g and w)."""
    differences: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """The lines in which a convention differs from `equations`: (convention, letter, expression). Each replaces the
    line with its letter; a line with a new letter is inserted before the next line replaced."""
    rate_unit: ClassVar[Literal["curvature", "length", "both", "none"]] = "curvature"
    """The unit of a learning rate: 1/curvature (steps scale with the gradient), length (they do not), both (first the
    former, then the latter), or none (the rule finds the scale of its steps itself)."""
    scale_free: ClassVar[bool] = False
    """Whether the path on 10·f is the path on f, up to ε."""
    dense: ClassVar[bool] = False
    """Whether the rule needs the whole Hessian, which excludes networks."""
    elementwise: ClassVar[bool] = True
    """False for borrowed rules, which reduce over whole arrays and therefore run under `vmap`."""
    layered: ClassVar[bool] = False
    """Whether the rule needs the matrices of a network's layers, which excludes planes; see `optimizers/layered/`."""
    linear: ClassVar[bool] = False
    """Whether point and state after a step depend linearly on those before it where the gradient is linear."""
    preconditioned: ClassVar[bool] = False
    """Whether `stability_limit` bounds λmax(P⁻¹H), where H is the Hessian and P = diag(`preconditioner(state)`)."""

    def init(self, w: Array) -> Any:
        """The state before the first step, for parameters w (n, …)."""
        raise NotImplementedError

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        """The next point, the next state and the `Step` between the points, for step number t = 1, 2, …"""
        raise NotImplementedError

    def solution(self, w: Array, state: Any) -> Array:
        """The weights (n, …) that training records and evaluates: w, unless the rule averages them."""
        return w

    def in_step(self, t: Any) -> Optimizer:
        """The rule that takes step t: this one, unless a schedule changes a parameter."""
        return self

    def stability_limit(self) -> float | None:
        """The largest curvature at which the rule, after its first steps, does not grow; None if none is known.

        For a `preconditioned` rule the curvature is that of P⁻¹H, as long as P hardly changes.
        """
        return None

    @classmethod
    def fastest(cls, low: float, high: float) -> Mapping[str, float] | None:
        """The parameters for which the slowest direction of a quadratic shrinks fastest; None if they are unknown.

        Args:
            low, high: the smallest and the largest curvature.
        """
        return None

    def preconditioner(self, state: Any) -> Any:
        """The diagonal of P, (n, …), in the step that led to this state: its effective rate is η/P. 1 for P = I.

        For states in NumPy arrays, JAX's current precision applies.
        """
        return 1.0
