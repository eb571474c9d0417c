"""The equivalents of rules in optax: the call that a rule's documentation names, or the factory that it wraps."""

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
"""The code that a script needs for the functions of the equations, by name."""


@dataclasses.dataclass(frozen=True)
class Equal:
    """The equivalent of a rule in a script without Optiscope.

    Attributes:
        rule: the code that builds the optax transformation.
        options: further code by name. "slope" is a function of (grad, w, state, count) that returns the gradient for
            the transformation, if it is not grad(w). "solution" is a function of (state, w) that returns the solution,
            if it is not the w that the transformation updates.
        wants_value: whether its update needs the loss as `value`.
    """

    rule: str
    options: Mapping[str, str]
    wants_value: bool = False


class _Call(NamedTuple):
    """A call of an optax factory: its name in the script, its arguments, and which of them is the learning rate."""

    name: str
    factory: Callable[..., Any]
    arguments: Mapping[str, Any]
    rate: str | None


def equal(out: Source, rule: Optimizer, title: str) -> Equal:
    """The equivalent of a rule in optax. The functions of Optiscope that it needs are copied into the script.

    The script has to define a schedule as `scheduled(rate)`, a function of optax's count, which starts at 0.

    Raises:
        Refused: if there is no documented equivalent.
    """
    if isinstance(rule, Scheduled):
        if letter := _state_with_rates(rule.inner):
            raise Refused(
                f"With a schedule, {title} has no equivalent in optax: its {letter} holds past learning rates."
            )
        return _equal(out, rule.inner, title, scheduled=True)
    return _equal(out, rule, title, scheduled=False)


def _equal(out: Source, rule: Optimizer, title: str, scheduled: bool) -> Equal:
    if isinstance(rule, Borrowed):
        arguments = {theirs: getattr(rule, ours) for ours, theirs in rule.arguments.items()}
        factory = type(rule).factory
        factory_call = _Call(out.call(factory), factory, arguments, rule.arguments.get("learning_rate"))
        code, wrapped = _code(out, factory_call, scheduled)
        options = {}
        if evaluate := type(rule).evaluate:
            solution = out.call(evaluate)
            options["solution"] = f"lambda state, w: {solution}(state.inner_state, w)" if wrapped else solution
        return Equal(code, options, rule.wants_value)
    plain = _with_gradient_at_w(rule)
    documented = _documented(plain) if plain else None
    if plain is None or documented is None:
        raise Refused(f"The documentation of {title} names no equivalent in optax.")
    options = {} if plain is rule else {"slope": _slope(out, rule, plain, documented, scheduled)}
    return Equal(_code(out, documented, scheduled)[0], options)


def _code(out: Source, factory_call: _Call, scheduled: bool) -> tuple[str, bool]:
    """The code of a call, and whether the factory had to be wrapped to accept a schedule."""
    name, rate = factory_call.name, factory_call.rate
    arguments = {name: literal(value) for name, value in factory_call.arguments.items()}
    wrapped = False
    if scheduled and rate:
        arguments[rate] = f"scheduled({arguments[rate]})"
        wrapped = "Callable" not in str(inspect.signature(factory_call.factory).parameters[rate].annotation)
    if wrapped:
        name = f"optax.inject_hyperparams({name})"
    return call(name, [f"{argument}={value}" for argument, value in arguments.items()], indent="        "), wrapped


def _documented(rule: Optimizer) -> _Call | None:
    """The call that the docstring of a rule names for its convention, in the letters of its parameters.

    The call is in backticks, as in `optax.adam(η, β₁, β₂, eps=ε)`. It applies to the conventions that are quoted
    between the previous backticks and it, or to the textbook's convention if there are none.
    """
    letters = _letters(rule)
    parts = re.split("`(.*?)`", " ".join(str(inspect.getdoc(type(rule))).split()))
    for before, code in zip(parts[::2], parts[1::2], strict=False):
        if code.startswith("optax.") and _convention(rule) in (re.findall(r'"(\w+)"', before) or [TEXTBOOK]):
            node = ast.parse(code.translate(DIGITS), mode="eval").body
            assert isinstance(node, ast.Call)
            name = ast.unparse(node.func)
            factory = functools.reduce(getattr, name.split(".")[1:], optax)
            bound = inspect.signature(factory).bind(*node.args, **{str(k.arg): k.value for k in node.keywords})
            expressions = {argument: ast.unparse(value) for argument, value in bound.arguments.items()}
            # the expressions come from the files of the rules, never from a user
            values = {argument: eval(e, {"__builtins__": {}}, dict(letters)) for argument, e in expressions.items()}
            return _Call(name, factory, values, next((a for a, e in expressions.items() if e == _eta(rule)), None))
    return None


def _with_gradient_at_w(rule: Optimizer) -> Optimizer | None:
    """A rule with the same equations after the gradient, which it evaluates at w: the rule itself, another, or None."""
    before, after = _split_equations(rule)
    if before == (AT_W,):
        return rule
    letters = _letters(rule)
    for other in OPTIMIZERS.values():
        parameters = {name: spec.letter for name, spec in other.parameters().items()}
        if lines(other) == (AT_W, *after) and set(parameters.values()) <= letters.keys():
            return other(**{name: letters[letter] for name, letter in parameters.items()})
    return None


def _slope(out: Source, rule: Optimizer, plain: Optimizer, factory_call: _Call, scheduled: bool) -> str:
    """The code of a function that evaluates the gradient by the rule's equations, with its parameters filled in."""
    before, _ = _split_equations(rule)
    letters = _letters(rule)
    reads = [node.id for _, e in before for node in ast.walk(ast.parse(e)) if isinstance(node, ast.Name)]
    unknown = dict.fromkeys(name for name in reads if name not in {"w", "grad", *dict(before)})
    parameters = {letter: literal(letters[letter]) for letter in unknown if letter in letters}
    body = []
    if scheduled and (eta := _eta(rule)) in parameters:
        parameters[str(eta)] = f"scheduled({parameters[str(eta)]})"
        body.append(f"{eta} = {eta}(count)")
    ours = plain.init(jnp.zeros(2))._fields
    theirs = fields(factory_call.factory(**factory_call.arguments).init(jnp.zeros(2)))
    states = dict(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else {}
    for name in (name for name in unknown if name not in parameters):
        if name in FUNCTIONS:
            out.define(name, FUNCTIONS[name])
        elif name in states:
            body.append(f'{name} = optax.tree.get(state, "{states[name]}")')
        else:
            raise Refused(
                f"Without Optiscope, {rule.name} cannot know {name} at the point where it takes its gradient."
            )
    body += [f"{letter} = {ast.unparse(ast.parse(e))}" for letter, e in before[:-1]]
    body.append(f"return {ast.unparse(ast.parse(before[-1][1]))}")
    code = "".join(f"    {line}\n" for line in body)
    out.define(
        rule.key,
        f'def {rule.key}(grad, w, state, count, {", ".join(parameters)}):\n    """{summary(type(rule))}"""\n{code}',
    )
    out.need("from functools import partial")
    return f"partial({rule.key}, {', '.join(f'{letter}={value}' for letter, value in parameters.items())})"


def _split_equations(rule: Optimizer) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """The equations of a rule up to its gradient g, and those after it."""
    equations = lines(type(rule), _convention(rule))
    first = [letter for letter, _ in equations].index("g") + 1
    return equations[:first], equations[first:]


def _state_with_rates(rule: Optimizer) -> str | None:
    """The letter of a state that depends on past learning rates, or None."""
    eta = _eta(rule)
    state = () if isinstance(rule, Borrowed) else rule.init(jnp.zeros(2))._fields
    read = {letter: {n.id for n in ast.walk(ast.parse(e)) if isinstance(n, ast.Name)} for letter, e in rule.equations}
    return next((letter for letter in state if eta in read.get(letter, ())), None)


def _letters(rule: Optimizer) -> dict[str, Any]:
    """The values of a rule's parameters by their letters."""
    return {spec.letter: getattr(rule, name) for name, spec in rule.parameters().items()}


def _eta(rule: Optimizer) -> str | None:
    """The letter of the learning rate, or None if the rule has none."""
    return rule.parameters()["learning_rate"].letter if "learning_rate" in rule.parameters() else None


def _convention(rule: Optimizer) -> str:
    return getattr(rule, "convention", TEXTBOOK)
