"""Why a step went where it went: a rule's equations, line by line, with the numbers of every step of a run."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from optimizers.borrowed import Borrowed, fields
from optimizers.engine import Trace
from optimizers.equations import TEXTBOOK, lines
from optimizers.noise import NoNoise
from optimizers.optimizer import Optimizer
from optimizers.schedules import Scheduled
from surfaces.calculus import double, gradients

Array = NDArray[np.float64]

_TAKEN = ("grad", "hessian", "solve")
"""Functions of the landscape in force at a step: a line that calls one takes its value from the run's record."""
_FUNCTIONS: dict[str, Any] = {
    "norm": lambda v: np.sqrt(np.sum(v**2, axis=1, keepdims=True)),
    "max": np.maximum,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "where": np.where,
}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line: the letter that it works out and its expression, or None where the value is simply recorded.

    ``after`` are the letters of the expression whose value is that of a line above; all others have the value from
    before the step. The line of a true gradient has its own expression, such as ``grad(w)``, for a letter.
    """

    letter: str
    expression: str | None
    after: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, eq=False)
class Workings:
    """The lines of a rule, and for every step that a run took the value of every letter.

    Attributes:
        lines: in the order of evaluation.
        before: values before the step, every one (steps, n) or (steps, 1): w, the state, the parameters, t and, where
            the gradient is noisy, its noise ξ (ξ_h and ξ_g where a rule takes two gradients, h and g).
        after: the values that the lines give, in the same shapes. A step that diverged is the last, with values
            that are no numbers as they came out.
        scheduled: whether the learning rate is another at every step.
    """

    lines: tuple[Line, ...]
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    scheduled: bool


def workings(run: Trace) -> Workings:
    """Work every line out for every step of a single run that was recorded whole.

    Raises:
        ValueError: if the run was recorded without its states and steps, or thinned.
    """
    if run.step is None or run.states is None or run.stride != 1 or run.diverged.ndim:
        raise ValueError("workings need a single run with its states and steps, at every step")
    optimizer, factor = _unwrapped(run.optimizer)
    count = min(run.steps, run.last + 1)
    t = np.arange(1.0, count + 1)[:, None]
    before: dict[str, Array] = {"w": run.positions[:count], "t": t}
    for name, spec in optimizer.parameters().items():
        if not spec.choices:
            value = np.full_like(t, float(getattr(optimizer, name)))
            before[spec.letter] = value * factor(t) if factor and name == "learning_rate" else value
    if isinstance(optimizer, Borrowed):
        written, after = _borrowed(run, count)
    else:
        written, after = _own(run, optimizer, before, count)
    if not isinstance(run.noise, NoNoise):
        if isinstance(optimizer, Borrowed):  # schedule-free rules take the gradient at y, not at their solution w
            point = "y" if type(optimizer).evaluate else "w"
            before[point] = run.step.at[:count]
            written = (dataclasses.replace(written[0], expression=f"grad({point})"), *written[1:])
        written = _with_noise(run, written, before, after)
    return Workings(written, before, after, factor is not None)


def _unwrapped(optimizer: Optimizer) -> tuple[Optimizer, Any]:
    """The rule itself, and the factor that its learning rate has at step t, if it has one."""
    if not isinstance(optimizer, Scheduled):
        return optimizer, None
    schedule = optimizer.schedule

    def factor(t: Array) -> Array:
        with double():
            return np.asarray(schedule.factor(jnp.asarray(t)))

    return optimizer.inner, factor


def _own(
    run: Trace, optimizer: Optimizer, before: dict[str, Array], count: int
) -> tuple[tuple[Line, ...], dict[str, Array]]:
    with double():
        initial = jax.tree.map(np.asarray, optimizer.init(jnp.asarray(run.positions[0])))
    for name in run.states._fields:
        first, rest = getattr(initial, name)[None], getattr(run.states, name)[: count - 1]
        before[name] = np.concatenate([first, rest])
    recorded = {"g": run.step.gradient, **run.step.values}
    after: dict[str, Array] = {}
    written = []
    for letter, expression in lines(type(optimizer), str(getattr(optimizer, "convention", TEXTBOOK))):
        tree = ast.parse(expression, mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        written.append(Line(letter, expression, frozenset(names & set(after))))
        after[letter] = recorded[letter][:count] if names & set(_TAKEN) else _evaluate(tree, {**before, **after})
    return tuple(written), after


def _borrowed(run: Trace, count: int) -> tuple[tuple[Line, ...], dict[str, Array]]:
    """The gradient, the library's state by its own names, its update, and the move."""
    after: dict[str, Array] = {"g": run.step.gradient[:count]}
    for name, leaf in fields(run.states).items():
        leaf = np.asarray(leaf, dtype=float)
        if leaf.ndim <= 2:  # of what is no vector of the plane there is nothing to set
            after[name] = leaf[:count].reshape(count, -1)
    after["update"] = -(run.step.rate * run.step.direction)[:count]
    after["w"] = run.positions[:count] + after["update"]
    written = tuple(Line(name, None) for name in after if name != "w")
    return (*written, Line("w", "w + update", frozenset({"update"}))), after


def _with_noise(
    run: Trace, written: tuple[Line, ...], before: dict[str, Array], after: dict[str, Array]
) -> tuple[Line, ...]:
    """The lines with the true gradient above every noisy one, which becomes the sum of it and of its noise.

    The true gradients are entered in `after`, the noise in `before`.
    """
    noisy = [line.letter for line in written if str(line.expression).startswith("grad(")]
    found: list[Line] = []
    known: set[str] = set()
    for line in written:
        expression = line.expression or ""
        if line.letter in noisy:
            point = ast.parse(expression, mode="eval")
            assert isinstance(point.body, ast.Call)
            expression = ast.unparse(point)  # spelled as the formula's setter will look it up
            values = {**before, **{name: after[name] for name in known}}
            true = gradients(run.surface, _evaluate(ast.Expression(point.body.args[0]), values).T).T
            noise = "ξ" if len(noisy) == 1 else f"ξ_{line.letter}"
            with np.errstate(invalid="ignore"):
                before[noise] = after[line.letter] - true
            after[expression] = true
            found.append(Line(expression, expression, line.after))
            line = Line(line.letter, f"{expression} + {noise}", frozenset({expression}))
        elif not run.noise.only_gradient and "hessian(" in expression:
            line = dataclasses.replace(line, expression=expression.replace("hessian(", "noisy_hessian("))
        found.append(line)
        known.add(line.letter)
    return tuple(found)


class _Vectorised(ast.NodeTransformer):
    """`a if test else b` of whole arrays."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where", ast.Load()), [node.test, node.body, node.orelse], [])


def _evaluate(tree: ast.Expression, known: Mapping[str, Array]) -> Array:
    code = compile(ast.fix_missing_locations(_Vectorised().visit(tree)), "<equation>", "eval")
    with np.errstate(all="ignore"):  # of two cases both are worked out, and one is taken
        # the expressions are ours, declared in the rules' own files; no input of a user comes here
        found = eval(code, {"__builtins__": {}}, {**_FUNCTIONS, **known})
    return np.asarray(found, dtype=float)
