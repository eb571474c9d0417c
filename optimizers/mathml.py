"""Equations in MathML, which browsers set by themselves: with their letters, or with slots for numbers.

The same expressions that `equations.latex` sets, in the notation of `optimizers.equations`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from html import escape

from optimizers.equations import GREEK, INDEX, POWER
from optimizers.workings import Line

_TIMES = "<mo>\u2062</mo>"  # invisible times, between letters
_DOT = "<mo>·</mo>"  # between numbers, where nothing would read as one number


def symbols(line: Line, state: bool) -> str:
    """A line with its letters; `state` where it replaces what was there (←) and does not only name it (=).

    Of a true gradient, whose letter is its expression, the expression alone.
    """
    if line.letter == line.expression:
        return f"<mrow>{_tree(line, None)}</mrow>"
    right = "" if line.expression is None else f"<mo>{'←' if state else '='}</mo>{_tree(line, None)}"
    return f"<mrow>{letter(line.letter)}{right}</mrow>"


def numbers(line: Line) -> str:
    """The right side of a line with an empty element for every number.

    Each has its letter in ``data-slot``, with a prime where the value is that of a line above and not the one from
    before the step.
    """
    return "" if line.expression is None else _tree(line, line.after)


def _tree(line: Line, after: frozenset[str] | None) -> str:
    return _Setter(after).set(ast.parse(line.expression or "", mode="eval").body)


def letter(name: str) -> str:
    """A letter with its hat, index and digits; a name of several letters, as libraries have them, upright."""
    if name.endswith("_hat"):
        return f'<mover accent="true">{letter(name.removesuffix("_hat"))}<mo>^</mo></mover>'
    head = name.rstrip("0123456789")
    if head and len(head) < len(name) and len(head) == 1:
        return f"<msub><mi>{escape(head)}</mi><mn>{name[len(head) :]}</mn></msub>"
    first, underscore, index = name.partition("_")
    if underscore and (len(first) == 1 or first in GREEK):
        word = "<mi>∞</mi>" if index in INDEX else f"<mtext>{escape(index)}</mtext>"
        return f"<msub>{letter(first)}{word}</msub>"
    return f"<mi>{escape(name)}</mi>" if len(name) == 1 else f"<mtext>{escape(name)}</mtext>"


class _Setter:
    def __init__(self, after: frozenset[str] | None) -> None:
        self.after = after

    def _name(self, name: str) -> str:
        if self.after is None:
            return letter(name)
        return f'<mrow data-slot="{escape(name)}{"′" if name in self.after else ""}"></mrow>'

    def set(self, node: ast.expr, outer: int = 0) -> str:
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Constant(value=value):
                return f"<mn>{value!r}</mn>"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"<mrow><mo>−</mo>{self.set(operand, 2)}</mrow>"
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return f"<mfrac>{self._row(left)}{self._row(right)}</mfrac>"
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"<msup>{self._row(left, 4)}{self._row(right)}</msup>"
            case ast.BinOp(left=left, op=op, right=right):
                rank = POWER[type(op)]
                times = _TIMES if self.after is None else _DOT
                sign = {ast.Add: "<mo>+</mo>", ast.Sub: "<mo>−</mo>", ast.Mult: times}[type(op)]
                body = f"{self.set(left, rank)}{sign}{self.set(right, rank + isinstance(op, ast.Sub))}"
                return _round(body) if outer > rank else f"<mrow>{body}</mrow>"
            case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
                return f"<mrow>{self.set(left)}<mo>&gt;</mo>{self.set(right)}</mrow>"
            case ast.IfExp(test=test, body=body, orelse=other):
                rows = (
                    (self.set(body), f"<mtext>if\u00a0</mtext>{self.set(test)}"),
                    (self.set(other), "<mtext>else</mtext>"),
                )
                cells = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd></mtr>" for a, b in rows)
                return f'<mrow><mo>{{</mo><mtable class="cases">{cells}</mtable></mrow>'
            case ast.Call(func=ast.Name(id=name), args=args):
                if self.after is not None and ast.unparse(node) in self.after:
                    return self._name(ast.unparse(node))
                bracketed = self.after is not None and isinstance(args[0], ast.Name)
                return self._call(name, [self.set(a) for a in args], (lambda body: body) if bracketed else _round)
        raise ValueError(f"an equation may not hold {ast.unparse(node)!r}")

    def _row(self, node: ast.expr, outer: int = 0) -> str:
        return f"<mrow>{self.set(node, outer)}</mrow>"

    def _call(self, name: str, inner: list[str], round_: Callable[[str], str]) -> str:
        match name:
            case "grad":
                return f"<mrow><mo>∇</mo><mi>L</mi>{round_(inner[0])}</mrow>"
            case "hessian":
                return f"<mrow><msup><mo>∇</mo><mn>2</mn></msup><mi>L</mi>{round_(inner[0])}</mrow>"
            case "noisy_hessian":
                tilde = '<mover accent="true"><mi>L</mi><mo>~</mo></mover>'
                return f"<mrow><msup><mo>∇</mo><mn>2</mn></msup>{tilde}{round_(inner[0])}</mrow>"
            case "solve":
                return f"<mrow><msup>{_round(inner[0])}<mn>−1</mn></msup>{_TIMES}{inner[1]}</mrow>"
            case "norm":
                return f"<mrow><mo>‖</mo>{inner[0]}<mo>‖</mo></mrow>"
            case "max":
                return f"<mrow><mi>max</mi>{_round(f'{inner[0]}<mo>,</mo>{inner[1]}')}</mrow>"
            case "sqrt":
                return f"<msqrt>{inner[0]}</msqrt>"
            case "sign":
                return f"<mrow><mi>sign</mi>{round_(inner[0])}</mrow>"
        raise ValueError(f"an equation may not call {name!r}")


def _round(body: str) -> str:
    return f"<mrow><mo>(</mo>{body}<mo>)</mo></mrow>"
