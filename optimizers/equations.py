"""The equations that a rule declares: expressions that are typeset, in any notation, and evaluated line by line.

An equation is a pair (letter, expression). Expressions are built from letters and from the functions grad, hessian,
solve, norm, max, sqrt and sign. The letters are the symbols of parameters (β₁ is written β1), the fields of the state,
named values, g, w and t. `a if x > y else b` is typeset as cases. A rule with conventions has its own lines for each.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

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
_RANK: dict[type[ast.operator], int] = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2}
_NEGATIVE, _BASE = 2, 4
"""Ranks that an operand of a minus sign and the base of a power need to stand without brackets."""
_SIGN: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def lines(rule: type[Optimizer], convention: str = TEXTBOOK) -> tuple[tuple[str, str], ...]:
    """The rule's equations in one of its conventions: pairs (letter, expression) in the order of evaluation.

    Raises:
        ValueError: if the rule has no such convention.
    """
    spec = rule.parameters().get("convention")
    choices = spec.choices if spec else (TEXTBOOK,)
    if convention not in choices:
        raise ValueError(f"convention of {rule.name} must be one of {', '.join(choices)}; got {convention!r}")
    equations, new = list(rule.equations), []
    for choice, letter, expression in rule.differences:
        if choice != convention:
            continue
        new.append((letter, expression))
        place = next((k for k, (known, _) in enumerate(equations) if known == letter), None)
        if place is not None:
            equations[place : place + 1], new = new, []
    return (*equations, *new)


def latex(rule: type[Optimizer], convention: str = TEXTBOOK) -> tuple[str, ...]:
    """The rule's equations as lines of LaTeX: a letter, an arrow or an equals sign, and the expression."""
    equations, notation = lines(rule, convention), _LaTeX()
    updated = {"w", *_state_letters(equations)}
    arrow = {letter: r"\leftarrow" if letter in updated else "=" for letter, _ in equations}
    return tuple(f"{notation.letter(name)} {arrow[name]} {typeset(text, notation)}" for name, text in equations)


def _state_letters(equations: tuple[tuple[str, str], ...]) -> set[str]:
    """The letters that are read before their own line has given them a new value."""
    letters = [letter for letter, _ in equations]
    return {
        node.id
        for k, (_, expression) in enumerate(equations)
        for node in ast.walk(ast.parse(expression))
        if isinstance(node, ast.Name) and node.id in letters[k:]
    }


class Notation:
    """How `typeset` writes the parts of an expression, each from the texts of its own parts.

    `functions` has a template for each function: {0} and {1} stand for the arguments, {bracketed} for the first one
    in brackets.
    """

    functions: ClassVar[Mapping[str, str]]

    def letter(self, name: str) -> str:
        raise NotImplementedError

    def number(self, value: Any) -> str:
        raise NotImplementedError

    def negative(self, operand: str) -> str:
        raise NotImplementedError

    def fraction(self, numerator: str, denominator: str) -> str:
        raise NotImplementedError

    def power(self, base: str, exponent: str) -> str:
        raise NotImplementedError

    def operation(self, sign: str, left: str, right: str) -> str:
        """A sum, a difference or a product; `sign` is "+", "-" or "*"."""
        raise NotImplementedError

    def brackets(self, body: str) -> str:
        raise NotImplementedError

    def greater(self, left: str, right: str) -> str:
        raise NotImplementedError

    def cases(self, body: str, test: str, otherwise: str) -> str:
        raise NotImplementedError

    def argument(self, body: str, single: bool) -> str:
        """The argument of a function that has brackets around it; `single` if it is one letter."""
        return self.brackets(body)


def typeset(expression: str | ast.expr, notation: Notation) -> str:
    """An expression in a notation, with the brackets that its operations need.

    Raises:
        ValueError: if it holds what an equation may not hold.
    """
    node = ast.parse(expression, mode="eval").body if isinstance(expression, str) else expression
    return _typeset(node, notation, 0)


def _typeset(node: ast.expr, notation: Notation, outer: int) -> str:
    """`outer` is the rank of the operation around the node: sums of a lower rank need brackets."""

    def inner(part: ast.expr, rank: int = 0) -> str:
        return _typeset(part, notation, rank)

    match node:
        case ast.Name(id=name):
            return notation.letter(name)
        case ast.Constant(value=value):
            return notation.number(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return notation.negative(inner(operand, _NEGATIVE))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return notation.fraction(inner(left), inner(right))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base = inner(left, _BASE)
            unbracketed = isinstance(left, ast.UnaryOp) or (isinstance(left, ast.BinOp) and type(left.op) not in _RANK)
            return notation.power(notation.brackets(base) if unbracketed else base, inner(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _RANK:
            rank = _RANK[type(op)]
            right_rank = rank + isinstance(op, ast.Sub)
            body = notation.operation(_SIGN[type(op)], inner(left, rank), inner(right, right_rank))
            return notation.brackets(body) if outer > rank else body
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
            return notation.greater(inner(left), inner(right))
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            return notation.cases(inner(body), inner(test), inner(otherwise))
        case ast.Call(func=ast.Name(id=function), args=[first, *_] as arguments) if function in notation.functions:
            texts = [inner(argument) for argument in arguments]
            bracketed = notation.argument(texts[0], isinstance(first, ast.Name))
            return notation.functions[function].format(*texts, bracketed=bracketed)
    raise ValueError(f"an equation may not hold {ast.unparse(node)!r}")


class _LaTeX(Notation):
    functions: ClassVar[Mapping[str, str]] = {
        "grad": r"\nabla L({0})",
        "hessian": r"\nabla^2 L({0})",
        "solve": r"\bigl({0}\bigr)^{{-1}} {1}",
        "norm": r"\lVert {0} \rVert",
        "max": r"\max({0},\, {1})",
        "sqrt": r"\sqrt{{{0}}}",
        "sign": r"\operatorname{{sign}}({0})",
    }

    def letter(self, name: str) -> str:
        if name.endswith("_hat"):
            return rf"\hat {self.letter(name.removesuffix('_hat'))}"
        if "_" in name:
            head, _, index = name.partition("_")
            word = INDEX.get(index, rf"\text{{{index}}}")
            return f"{self.letter(head)}_{{{word}}}"
        head = name.rstrip("0123456789")
        digits = name[len(head) :]
        return GREEK.get(head, head) + (f"_{digits}" if digits else "")

    def number(self, value: Any) -> str:
        return str(value)

    def negative(self, operand: str) -> str:
        return f"-{operand}"

    def fraction(self, numerator: str, denominator: str) -> str:
        return rf"\frac{{{numerator}}}{{{denominator}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def operation(self, sign: str, left: str, right: str) -> str:
        return rf"{left}\, {right}" if sign == "*" else f"{left} {sign} {right}"

    def brackets(self, body: str) -> str:
        return rf"\left({body}\right)"

    def greater(self, left: str, right: str) -> str:
        return f"{left} > {right}"

    def cases(self, body: str, test: str, otherwise: str) -> str:
        # whatever stands before \begin{cases} multiplies every case
        return rf"\begin{{cases}} {body} & {test} \\ {otherwise} & \text{{else}} \end{{cases}}"
