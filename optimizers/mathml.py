"""Equations in MathML, which browsers typeset without a library: with letters, or with slots for numbers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from optimizers.equations import GREEK, INDEX, Notation, typeset
from optimizers.workings import Line

_INVISIBLE_TIMES = "<mo>\u2062</mo>"


def symbols(line: Line, state: bool) -> str:
    """A line in letters; `state` if it gives a letter a new value (←) and does not only name one (=).

    The line of a true gradient, whose letter is its expression, is the expression alone.
    """
    if line.expression is None:
        return f"<mrow>{letter(line.letter)}</mrow>"
    expression = typeset(line.expression, _Letters())
    if line.letter == line.expression:
        return f"<mrow>{expression}</mrow>"
    return f"<mrow>{letter(line.letter)}<mo>{'←' if state else '='}</mo>{expression}</mrow>"


def numbers(line: Line) -> str:
    """The right side of a line, with an empty element in the place of every number.

    The attribute ``data-slot`` names its letter, with a prime if the value comes from a line above and not from before
    the step.
    """
    if line.expression is None:
        return ""
    tree = _KnownCalls(line.after).visit(ast.parse(line.expression, mode="eval"))
    return typeset(tree.body, _Slots(line.after))


def letter(name: str) -> str:
    """A letter with its hat, index and digits; a name of several letters, as libraries use them, is set upright."""
    if name.endswith("_hat"):
        return f'<mover accent="true">{letter(name.removesuffix("_hat"))}<mo>^</mo></mover>'
    head = name.rstrip("0123456789")
    if len(head) == 1 and len(head) < len(name):
        return f"<msub><mi>{escape(head)}</mi><mn>{name[1:]}</mn></msub>"
    first, underscore, index = name.partition("_")
    if underscore and (len(first) == 1 or first in GREEK):
        word = "<mi>∞</mi>" if index in INDEX else f"<mtext>{escape(index)}</mtext>"
        return f"<msub>{letter(first)}{word}</msub>"
    return f"<mi>{escape(name)}</mi>" if len(name) == 1 else f"<mtext>{escape(name)}</mtext>"


class _KnownCalls(ast.NodeTransformer):
    """Replaces a call whose value a line above gave, such as ``grad(w)``, by one name with that text."""

    def __init__(self, after: frozenset[str]) -> None:
        self.after = after

    def visit_Call(self, node: ast.Call) -> ast.expr:
        text = ast.unparse(node)
        if text in self.after:
            return ast.Name(text, ast.Load())
        self.generic_visit(node)
        return node


class _Letters(Notation):
    times = _INVISIBLE_TIMES
    functions: ClassVar[Mapping[str, str]] = {
        "grad": "<mrow><mo>∇</mo><mi>L</mi>{bracketed}</mrow>",
        "hessian": "<mrow><msup><mo>∇</mo><mn>2</mn></msup><mi>L</mi>{bracketed}</mrow>",
        "noisy_hessian": '<mrow><msup><mo>∇</mo><mn>2</mn></msup><mover accent="true"><mi>L</mi><mo>~</mo></mover>'
        "{bracketed}</mrow>",
        "solve": "<mrow><msup><mrow><mo>(</mo>{0}<mo>)</mo></mrow><mn>−1</mn></msup>" + _INVISIBLE_TIMES + "{1}</mrow>",
        "norm": "<mrow><mo>‖</mo>{0}<mo>‖</mo></mrow>",
        "max": "<mrow><mi>max</mi><mrow><mo>(</mo>{0}<mo>,</mo>{1}<mo>)</mo></mrow></mrow>",
        "sqrt": "<msqrt>{0}</msqrt>",
        "sign": "<mrow><mi>sign</mi>{bracketed}</mrow>",
    }

    def letter(self, name: str) -> str:
        return letter(name)

    def number(self, value: Any) -> str:
        return f"<mn>{value!r}</mn>"

    def negative(self, operand: str) -> str:
        return f"<mrow><mo>−</mo>{operand}</mrow>"

    def fraction(self, numerator: str, denominator: str) -> str:
        return f"<mfrac><mrow>{numerator}</mrow><mrow>{denominator}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def operation(self, sign: str, left: str, right: str) -> str:
        element = {"+": "<mo>+</mo>", "-": "<mo>−</mo>", "*": self.times}[sign]
        return f"<mrow>{left}{element}{right}</mrow>"

    def brackets(self, body: str) -> str:
        return f"<mrow><mo>(</mo>{body}<mo>)</mo></mrow>"

    def greater(self, left: str, right: str) -> str:
        return f"<mrow>{left}<mo>&gt;</mo>{right}</mrow>"

    def cases(self, body: str, test: str, otherwise: str) -> str:
        rows = ((body, f"<mtext>if\u00a0</mtext>{test}"), (otherwise, "<mtext>else</mtext>"))
        cells = "".join(f"<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>" for value, condition in rows)
        return f'<mrow><mo>{{</mo><mtable class="cases">{cells}</mtable></mrow>'


class _Slots(_Letters):
    times = "<mo>·</mo>"  # without a sign two numbers side by side would be read as one

    def __init__(self, after: frozenset[str]) -> None:
        self.after = after

    def letter(self, name: str) -> str:
        prime = "′" if name in self.after else ""
        return f'<mrow data-slot="{escape(name)}{prime}"></mrow>'

    def argument(self, body: str, single: bool) -> str:
        return body if single else self.brackets(body)  # the page writes vectors with brackets of their own
