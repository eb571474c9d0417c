"""A rule's declared equations: written once as expressions, set in LaTeX, and evaluated line by line.

An equation is (letter, expression) over letters: parameters by their symbol (β₁ is written β1), the state's
fields, named values, g, w and t, and the functions grad, hessian, solve, norm, max, sqrt and sign. `a if x > y
else b` is set as cases. Where a rule has conventions, each has its own lines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from optimizers.optimizer import Optimizer

GREEK = {
    "α": r"\alpha",
    "β": r"\beta",
    "γ": r"\gamma",
    "ε": r"\varepsilon",
    "η": r"\eta",
    "λ": r"\lambda",
    "μ": r"\mu",
    "ρ": r"\rho",
    "σ": r"\sigma",
    "Δ": r"\Delta",
}
INDEX = {"inf": r"\infty"}
TEXTBOOK = "textbook"
POWER = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.USub: 2, ast.Div: 4, ast.Pow: 4}


def lines(rule: type[Optimizer], convention: str = TEXTBOOK) -> tuple[tuple[str, str], ...]:
    """The rule's equations in one of its conventions, (letter, expression) in the order of evaluation.

    Raises:
        ValueError: if the rule has no such convention.
    """
    spec = rule.parameters().get("convention")
    choices = spec.choices if spec else (TEXTBOOK,)
    if convention not in choices:
        raise ValueError(f"convention of {rule.name} must be one of {', '.join(choices)}; got {convention!r}")
    found, new = list(rule.equations), []
    for whose, letter, expression in rule.differences:
        if whose != convention:
            continue
        new.append((letter, expression))
        place = next((k for k, (known, _) in enumerate(found) if known == letter), None)
        if place is not None:
            found[place : place + 1], new = new, []
    return (*found, *new)


def latex(rule: type[Optimizer], convention: str = TEXTBOOK) -> tuple[str, ...]:
    """The rule's equations as LaTeX lines, each a letter, an arrow or equals sign, and its expression."""
    written = lines(rule, convention)
    out = []
    for letter, expression in written:
        arrow = r"\leftarrow" if letter in ("w", *_state_letters(written)) else "="
        out.append(f"{_name(letter)} {arrow} {_set(ast.parse(expression, mode='eval').body)}")
    return tuple(out)


def evaluate(
    rule: type[Optimizer],
    letters: Mapping[str, Any],
    gradient: Callable[[Any], Any],
    hessian: Callable[[Any], Any],
    convention: str = TEXTBOOK,
) -> dict[str, Any]:
    """Work the equations out in order: each line may use the letters of those above it.

    Args:
        letters: the value of every parameter's letter, the state before the step, w and t.
        gradient, hessian: of the landscape in force, as functions of a point (n,).
        convention: whose lines, where the rule has conventions.

    Returns:
        All letters after the last line.
    """
    functions: dict[str, Any] = {
        "grad": gradient,
        "hessian": hessian,
        "solve": np.linalg.solve,
        "norm": np.linalg.norm,
        "max": np.maximum,
        "sqrt": np.sqrt,
        "sign": np.sign,
    }
    known = dict(letters)
    for letter, expression in lines(rule, convention):
        # the expressions are ours, declared in the rules' own files; no input of a user comes here
        known[letter] = eval(expression, {"__builtins__": {}}, {**functions, **known})
    return known


def _state_letters(equations: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    written = [letter for letter, _ in equations]
    read = {
        n.id
        for k, (_, e) in enumerate(equations)
        for n in ast.walk(ast.parse(e))
        if isinstance(n, ast.Name) and n.id in written[k:]
    }
    return tuple(read)


def _name(letter: str) -> str:
    if letter.endswith("_hat"):
        return rf"\hat {_name(letter.removesuffix('_hat'))}"
    if "_" in letter:
        head, _, index = letter.partition("_")
        word = INDEX.get(index, rf"\text{{{index}}}")
        return f"{_name(head)}_{{{word}}}"
    head, digits = letter.rstrip("0123456789"), letter[len(letter.rstrip("0123456789")) :]
    return GREEK.get(head, head) + (f"_{digits}" if digits else "")


def _set(node: ast.expr, outer: int = 0) -> str:
    match node:
        case ast.Name(id=letter):
            return _name(letter)
        case ast.Constant(value=value):
            return str(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_set(operand, 2)}"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_set(left)}}}{{{_set(right)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_set(left, 4)}^{{{_set(right)}}}"
        case ast.BinOp(left=left, op=op, right=right):
            rank = POWER[type(op)]
            sign = {ast.Add: " + ", ast.Sub: " - ", ast.Mult: r"\, "}[type(op)]
            body = f"{_set(left, rank)}{sign}{_set(right, rank + isinstance(op, ast.Sub))}"
            return rf"\left({body}\right)" if outer > rank else body
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
            return f"{_set(left)} > {_set(right)}"
        case ast.IfExp(test=test, body=body, orelse=other):
            # as a factor of its own: what stands before \begin{cases} multiplies every case
            return rf"\begin{{cases}} {_set(body)} & {_set(test)} \\ {_set(other)} & \text{{else}} \end{{cases}}"
        case ast.Call(func=ast.Name(id=name), args=args):
            inner = [_set(a) for a in args]
            match name:
                case "grad":
                    return rf"\nabla L({inner[0]})"
                case "hessian":
                    return rf"\nabla^2 L({inner[0]})"
                case "solve":
                    return rf"\bigl({inner[0]}\bigr)^{{-1}} {inner[1]}"
                case "norm":
                    return rf"\lVert {inner[0]} \rVert"
                case "max":
                    return rf"\max({inner[0]},\, {inner[1]})"
                case "sqrt":
                    return rf"\sqrt{{{inner[0]}}}"
                case "sign":
                    return rf"\operatorname{{sign}}({inner[0]})"
    raise ValueError(f"an equation may not hold {ast.unparse(node)!r}")
