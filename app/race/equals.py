"""What equals a rule in optax: the call that the rule's documentation names, or the factory that it borrows."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from app.common.racers import Refused
from app.common.source import Source, call, literal, summary
from optimizers import OPTIMIZERS, Optimizer, Scheduled
from optimizers.borrowed import Borrowed, fields
from optimizers.equations import TEXTBOOK, lines

AT_W = ("g", "grad(w)")
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
NORM = '''\
def norm(v):
    """Return the length of v, or 1 where it is 0, so that v/norm(v) is 0 there."""
    length = jnp.linalg.norm(v)
    return jnp.where(length == 0, 1.0, length)
'''
FUNCTIONS = {"norm": NORM}
"""What a script says for the functions of the equations."""


@dataclasses.dataclass(frozen=True)
class Equal:
    """A rule as a script without Optiscope has it.

    Attributes:
        rule: the code that builds the transformation.
        options: code by name. slope: a function of (grad, w, state, count), the gradient that it is handed, where
            that is not grad(w); solution: a function of (state, w), where the solution is not the w that it moves.
        wants_value: whether its update takes the loss as `value`.
    """

    rule: str
    options: Mapping[str, str]
    wants_value: bool = False


class _Call(NamedTuple):
    """A factory with what a script calls it, its arguments, and which of them is the learning rate."""

    name: str
    factory: Callable[..., Any]
    arguments: Mapping[str, Any]
    rate: str | None


def equal(out: Source, rule: Optimizer, title: str) -> Equal:
    """What equals a rule in optax; the functions of ours that it needs are copied into the script.

    A schedule is expected there as `scheduled(rate)`, a function of optax's count, which begins at 0.

    Raises:
        Refused: if nothing does, or none is documented.
    """
    if isinstance(rule, Scheduled):
        if letter := _keeps_rates(rule.inner):
            raise Refused(
                f"With a schedule, {title} has no equivalent in optax: its {letter} holds past learning rates."
            )
        return _equal(out, rule.inner, title, scheduled=True)
    return _equal(out, rule, title, scheduled=False)


def _equal(out: Source, rule: Optimizer, title: str, scheduled: bool) -> Equal:
    if isinstance(rule, Borrowed):
        arguments = {theirs: getattr(rule, ours) for ours, theirs in rule.arguments.items()}
        factory = type(rule).factory
        made = _Call(out.call(factory), factory, arguments, rule.arguments.get("learning_rate"))
        code, wrapped = _code(out, made, scheduled)
        options = {}
        if evaluate := type(rule).evaluate:
            solution = out.call(evaluate)
            options["solution"] = f"lambda state, w: {solution}(state.inner_state, w)" if wrapped else solution
        return Equal(code, options, rule.wants_value)
    followed = _with_its_gradient_at_w(rule)
    named = _documented(followed) if followed else None
    if followed is None or named is None:
        raise Refused(f"The documentation of {title} names no equivalent in optax.")
    options = {} if followed is rule else {"slope": _slope(out, rule, followed, named, scheduled)}
    return Equal(_code(out, named, scheduled)[0], options)


def _code(out: Source, made: _Call, scheduled: bool) -> tuple[str, bool]:
    """The call as code, and whether the rule had to be wrapped to take a schedule."""
    name = made.name
    spelled = {name: literal(value) for name, value in made.arguments.items()}
    wrapped = False
    if scheduled and made.rate:
        spelled[made.rate] = f"scheduled({spelled[made.rate]})"
        wrapped = "Callable" not in str(inspect.signature(made.factory).parameters[made.rate].annotation)
    if wrapped:
        name = f"optax.inject_hyperparams({name})"
    return call(name, [f"{argument}={value}" for argument, value in spelled.items()], indent="        "), wrapped


def _documented(rule: Optimizer) -> _Call | None:
    """The call that the docstring of a rule names for its convention, in the letters of its parameters.

    It stands between backticks, as in `optax.adam(η, β₁, β₂, eps=ε)`, and is said of the conventions that are
    quoted since the backticks before it; of the textbook's where none is.
    """
    letters = _letters(rule)
    said = re.split("`(.*?)`", " ".join(str(inspect.getdoc(type(rule))).split()))
    for before, code in zip(said[::2], said[1::2], strict=False):
        if code.startswith("optax.") and _convention(rule) in (re.findall(r'"(\w+)"', before) or [TEXTBOOK]):
            node = ast.parse(code.translate(DIGITS), mode="eval").body
            assert isinstance(node, ast.Call)
            name = ast.unparse(node.func)
            factory = functools.reduce(getattr, name.split(".")[1:], optax)
            given = inspect.signature(factory).bind(*node.args, **{str(k.arg): k.value for k in node.keywords})
            written = {argument: ast.unparse(value) for argument, value in given.arguments.items()}
            # the expressions are ours, out of the rules' own files; no input of a user comes here
            values = {argument: eval(e, {"__builtins__": {}}, dict(letters)) for argument, e in written.items()}
            return _Call(name, factory, values, next((a for a, e in written.items() if e == _eta(rule)), None))
    return None


def _with_its_gradient_at_w(rule: Optimizer) -> Optimizer | None:
    """What a rule does with its gradient once it is taken, as a rule that takes it at w: itself, or the one whose
    other equations are the same.
    """
    before, after = _parted(rule)
    if before == (AT_W,):
        return rule
    letters = _letters(rule)
    for other in OPTIMIZERS.values():
        own = {name: spec.letter for name, spec in other.parameters().items()}
        if lines(other) == (AT_W, *after) and set(own.values()) <= letters.keys():
            return other(**{name: letters[letter] for name, letter in own.items()})
    return None


def _slope(out: Source, rule: Optimizer, followed: Optimizer, made: _Call, scheduled: bool) -> str:
    """Where the gradient is taken, by the rule's own equations: a function of the script, its parameters filled in."""
    before, _ = _parted(rule)
    letters = _letters(rule)
    reads = [node.id for _, e in before for node in ast.walk(ast.parse(e)) if isinstance(node, ast.Name)]
    unknown = dict.fromkeys(name for name in reads if name not in {"w", "grad", *dict(before)})
    given = {letter: literal(letters[letter]) for letter in unknown if letter in letters}
    body = []
    if scheduled and (eta := _eta(rule)) in given:
        given[str(eta)] = f"scheduled({given[str(eta)]})"
        body.append(f"{eta} = {eta}(count)")
    ours, theirs = followed.init(jnp.zeros(2))._fields, fields(made.factory(**made.arguments).init(jnp.zeros(2)))
    kept = dict(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else {}
    for name in (name for name in unknown if name not in given):
        if name in FUNCTIONS:
            out.define(name, FUNCTIONS[name])
        elif name in kept:
            body.append(f'{name} = optax.tree.get(state, "{kept[name]}")')
        else:
            raise Refused(
                f"Without Optiscope, {rule.name} cannot know {name} at the point where it takes its gradient."
            )
    body += [f"{letter} = {ast.unparse(ast.parse(e))}" for letter, e in before[:-1]]
    body.append(f"return {ast.unparse(ast.parse(before[-1][1]))}")
    code = "".join(f"    {line}\n" for line in body)
    out.define(
        rule.key, f'def {rule.key}(grad, w, state, count, {", ".join(given)}):\n    """{summary(type(rule))}"""\n{code}'
    )
    out.need("from functools import partial")
    return f"partial({rule.key}, {', '.join(f'{letter}={value}' for letter, value in given.items())})"


def _parted(rule: Optimizer) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """A rule's equations up to its gradient g, and those after it."""
    written = lines(type(rule), _convention(rule))
    first = [letter for letter, _ in written].index("g") + 1
    return written[:first], written[first:]


def _keeps_rates(rule: Optimizer) -> str | None:
    """The letter of the state in which learning rates of the past live on, or None."""
    eta = _eta(rule)
    state = () if isinstance(rule, Borrowed) else rule.init(jnp.zeros(2))._fields
    read = {letter: {n.id for n in ast.walk(ast.parse(e)) if isinstance(n, ast.Name)} for letter, e in rule.equations}
    return next((letter for letter in state if eta in read.get(letter, ())), None)


def _letters(rule: Optimizer) -> dict[str, Any]:
    """The values of a rule's parameters by their letters."""
    return {spec.letter: getattr(rule, name) for name, spec in rule.parameters().items()}


def _eta(rule: Optimizer) -> str | None:
    """The letter of the learning rate."""
    return rule.parameters()["learning_rate"].letter if "learning_rate" in rule.parameters() else None


def _convention(rule: Optimizer) -> str:
    return getattr(rule, "convention", TEXTBOOK)
