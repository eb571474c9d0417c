"""The equations of a rule, line by line, with the numbers of every step of a run."""

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

_OF_LANDSCAPE = ("grad", "hessian", "solve")
"""Functions of the landscape of a step: the value of a line that calls one comes from the record of the run."""
_FUNCTIONS: dict[str, Any] = {
    "norm": lambda v: np.sqrt(np.sum(v**2, axis=1, keepdims=True)),
    "max": np.maximum,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "where": np.where,
}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of the equations.

    Attributes:
        letter: the letter that the line gives a value. For a true gradient it is the expression, such as ``grad(w)``.
        expression: the right side, or None if the value comes from the record of the run.
        after: the letters of the expression whose values come from lines above; the others have their values from
            before the step.
    """

    letter: str
    expression: str | None
    after: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, eq=False)
class Workings:
    """The lines of a rule, and the value of every letter in every step of a run.

    Attributes:
        lines: the lines in the order of evaluation.
        before: the values before the step, each (steps, n) or (steps, 1): w, the state, the parameters, t and, for a
            noisy gradient, its noise ξ (ξ_h and ξ_g for a rule with two gradients h and g).
        after: the values that the lines give, in the same shapes. A step that diverged is the last one, with the values
            that it computed, finite or not.
        scheduled: whether a schedule changes the learning rate from step to step.
    """

    lines: tuple[Line, ...]
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    scheduled: bool


def workings(run: Trace) -> Workings:
    """The values of all lines in every step of a single run.

    Raises:
        ValueError: if states or steps were not recorded, or not at every step.
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
        rows, after = _of_borrowed_rule(run, count)
    else:
        rows, after = _of_rule(run, optimizer, before, count)
    if not isinstance(run.noise, NoNoise):
        if isinstance(optimizer, Borrowed):  # schedule-free rules take the gradient at y, not at their solution w
            point = "y" if type(optimizer).evaluate else "w"
            before[point] = run.step.at[:count]
            rows = (dataclasses.replace(rows[0], expression=f"grad({point})"), *rows[1:])
        rows = _with_noise(run, rows, before, after)
    return Workings(rows, before, after, factor is not None)


def _unwrapped(optimizer: Optimizer) -> tuple[Optimizer, Any]:
    """The rule without its schedule, and the schedule's factor as a function of t, or None if there is no schedule."""
    if not isinstance(optimizer, Scheduled):
        return optimizer, None
    schedule = optimizer.schedule

    def factor(t: Array) -> Array:
        with double():
            return np.asarray(schedule.factor(jnp.asarray(t)))

    return optimizer.inner, factor


def _of_rule(
    run: Trace, optimizer: Optimizer, before: dict[str, Array], count: int
) -> tuple[tuple[Line, ...], dict[str, Array]]:
    """The lines of a rule that declares equations, and their values; the state before each step joins `before`."""
    with double():
        initial = jax.tree.map(np.asarray, optimizer.init(jnp.asarray(run.positions[0])))
    for name in run.states._fields:
        first, rest = getattr(initial, name)[None], getattr(run.states, name)[: count - 1]
        before[name] = np.concatenate([first, rest])
    recorded = {"g": run.step.gradient, **run.step.values}
    after: dict[str, Array] = {}
    rows = []
    for letter, expression in lines(type(optimizer), str(getattr(optimizer, "convention", TEXTBOOK))):
        tree = ast.parse(expression, mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        rows.append(Line(letter, expression, frozenset(names & set(after))))
        after[letter] = recorded[letter][:count] if names & set(_OF_LANDSCAPE) else _evaluate(tree, {**before, **after})
    return tuple(rows), after


def _of_borrowed_rule(run: Trace, count: int) -> tuple[tuple[Line, ...], dict[str, Array]]:
    """The gradient, optax's state under optax's names, its update, and the next point."""
    after: dict[str, Array] = {"g": run.step.gradient[:count]}
    for name, leaf in fields(run.states).items():
        leaf = np.asarray(leaf, dtype=float)
        if leaf.ndim <= 2:  # the page shows numbers and vectors only
            after[name] = leaf[:count].reshape(count, -1)
    after["update"] = -(run.step.rate * run.step.direction)[:count]
    after["w"] = run.positions[:count] + after["update"]
    rows = tuple(Line(name, None) for name in after if name != "w")
    return (*rows, Line("w", "w + update", frozenset({"update"}))), after


def _with_noise(
    run: Trace, rows: tuple[Line, ...], before: dict[str, Array], after: dict[str, Array]
) -> tuple[Line, ...]:
    """The lines in which every noisy gradient is the sum of the true one, which gets a line above it, and its noise.

    The values of the true gradients join `after`, those of the noise join `before`.
    """
    noisy = [line.letter for line in rows if str(line.expression).startswith("grad(")]
    result: list[Line] = []
    letters: set[str] = set()
    for line in rows:
        expression = line.expression or ""
        if line.letter in noisy:
            tree = ast.parse(expression, mode="eval")
            assert isinstance(tree.body, ast.Call)
            expression = ast.unparse(tree)  # the text by which `optimizers.mathml` finds the value
            values = {**before, **{name: after[name] for name in letters}}
            true = gradients(run.surface, _evaluate(ast.Expression(tree.body.args[0]), values).T).T
            noise = "ξ" if len(noisy) == 1 else f"ξ_{line.letter}"
            with np.errstate(invalid="ignore"):
                before[noise] = after[line.letter] - true
            after[expression] = true
            result.append(Line(expression, expression, line.after))
            line = Line(line.letter, f"{expression} + {noise}", frozenset({expression}))
        elif not run.noise.only_gradient and "hessian(" in expression:
            line = dataclasses.replace(line, expression=expression.replace("hessian(", "noisy_hessian("))
        result.append(line)
        letters.add(line.letter)
    return tuple(result)


class _Vectorised(ast.NodeTransformer):
    """Makes `a if test else b` work on whole arrays."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where", ast.Load()), [node.test, node.body, node.orelse], [])


def _evaluate(tree: ast.Expression, known: Mapping[str, Array]) -> Array:
    """The value of an expression for all steps at once."""
    code = compile(ast.fix_missing_locations(_Vectorised().visit(tree)), "<equation>", "eval")
    with np.errstate(all="ignore"):  # both cases are evaluated, and the one that does not apply may overflow
        # safe, because the expressions come from the files of the rules, never from a user
        values = eval(code, {"__builtins__": {}}, {**_FUNCTIONS, **known})
    return np.asarray(values, dtype=float)
