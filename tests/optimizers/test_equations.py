"""The equations that rules declare: each line gives what the rule did, and is typeset as the papers print it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Optimizer, trace
from optimizers.borrowed import Borrowed
from optimizers.equations import latex, lines
from surfaces import SURFACES
from surfaces.calculus import expand
from tests.optimizers.cases import CONVENTIONS, PAIRS, rule_of

HIMMELBLAU = SURFACES["himmelblau"]()
RULES_AND_CONVENTIONS = [pair for pair in PAIRS if OPTIMIZERS[str(pair.values[0])].equations]


def evaluate(
    rule: type[Optimizer], convention: str, letters: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> dict[str, Any]:
    """The values of all letters after the last line, each line worked out with the values that stand above it."""
    plain = {"solve": np.linalg.solve, "norm": np.linalg.norm, "max": np.maximum, "sqrt": np.sqrt, "sign": np.sign}
    values = dict(letters)
    for letter, expression in lines(rule, convention):
        values[letter] = eval(expression, {"__builtins__": {}}, {**plain, **functions, **values})
    return values


def test_every_rule_that_is_not_borrowed_has_equations() -> None:
    for key, rule in OPTIMIZERS.items():
        assert rule.equations or issubclass(rule, Borrowed), key


@pytest.mark.parametrize(("key", "convention"), RULES_AND_CONVENTIONS)
@pytest.mark.thinned(4)
def test_every_line_evaluates_to_what_the_run_recorded(key: str, convention: str) -> None:
    """The gradient, named values, the state and the next point, with gradient and Hessian by `jax.grad`."""
    kind = OPTIMIZERS[key]
    rate = {"learning_rate": 0.01} if "learning_rate" in kind.parameters() else {}
    rule = rule_of(key, convention, **rate)
    run = trace(HIMMELBLAU, rule, steps=250)
    names = run.states._fields
    functions = {"grad": lambda w: expand(HIMMELBLAU, w)[1], "hessian": lambda w: expand(HIMMELBLAU, w)[2]}
    with jax.enable_x64(True):
        initial = rule.init(jnp.asarray(run.positions[0]))
    for k in (0, 1, 2, 3, 4, 5, 6, 40):
        before = {n: np.asarray(getattr(run.states, n)[k - 1] if k else getattr(initial, n)) for n in names}
        parameters = {p.letter: getattr(rule, name) for name, p in kind.parameters().items()}
        values = evaluate(kind, convention, {**parameters, **before, "w": run.positions[k], "t": k + 1}, functions)
        recorded = {"w": run.positions[k + 1], "g": run.step.gradient[k]}
        recorded |= {n: getattr(run.states, n)[k] for n in names if n not in ("b1", "b2")}
        recorded |= {n: v[k] for n, v in run.step.values.items()}
        for letter, value in recorded.items():
            np.testing.assert_allclose(values[letter], value, rtol=1e-9, atol=1e-12, err_msg=f"{letter} @ {k}")
    letters = {letter for letter, _ in lines(kind, convention)}
    assert {"g", "w", *run.step.values, *names} - {"b1", "b2"} <= letters, "a state without its equation"


@pytest.mark.parametrize(("key", "convention"), RULES_AND_CONVENTIONS)
def test_brackets_and_braces_in_latex_are_balanced(key: str, convention: str) -> None:
    equations = latex(OPTIMIZERS[key], convention)
    assert len(equations) == len(lines(OPTIMIZERS[key], convention))
    for equation in equations:
        depth = 0
        for character in equation:
            depth += (character == "{") - (character == "}")
            assert depth >= 0, equation
        assert depth == 0, equation
        assert equation.count(r"\left(") == equation.count(r"\right)"), equation
        assert equation.count("(") == equation.count(")"), equation
        assert (r"\leftarrow" in equation) or (" = " in equation)
    assert any(equation.startswith(r"w \leftarrow") for equation in equations)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("w - (g - m)", r"w - \left(g - m\right)"),
        ("w - g - m", "w - g - m"),
        ("w + (g + m)", "w + g + m"),
        ("w*(g - m)", r"w\, \left(g - m\right)"),
        ("w*(g*m)", r"w\, g\, m"),
        ("-(g + m)", r"-\left(g + m\right)"),
        ("-g*m", r"-g\, m"),
        ("(g + m)**2", r"\left(g + m\right)^{2}"),
        ("(g*m)**2", r"\left(g\, m\right)^{2}"),
        ("(g/m)**2", r"\left(\frac{g}{m}\right)^{2}"),
        ("(-g)**(t - 1)", r"\left(-g\right)^{t - 1}"),
        ("(w - g)/(m + 1)", r"\frac{w - g}{m + 1}"),
    ],
)
def test_brackets_stand_where_they_are_needed(expression: str, expected: str) -> None:
    class Rule(Optimizer):
        equations = (("d", expression),)

    assert latex(Rule) == (f"d = {expected}",)


@pytest.mark.parametrize("expression", ["[w]", "w % 2", "w < 1", "cos(w)", "sqrt()"])
def test_an_expression_that_is_no_equation_is_refused(expression: str) -> None:
    class Odd(Optimizer):
        equations = (("w", expression),)

    with pytest.raises(ValueError, match="an equation may not hold") as refusal:
        latex(Odd)
    assert expression in str(refusal.value)


def test_an_unknown_convention_is_refused() -> None:
    for key in CONVENTIONS:
        with pytest.raises(ValueError, match=r"convention of .* must be one of textbook, pytorch, optax; got 'keras'"):
            lines(OPTIMIZERS[key], "keras")
    with pytest.raises(ValueError, match="convention of SGD must be one of textbook; got 'optax'"):
        lines(OPTIMIZERS["sgd"], "optax")


def test_adams_equations_read_as_printed() -> None:
    """Kingma & Ba's algorithm 1."""
    assert latex(OPTIMIZERS["adam"]) == (
        r"g = \nabla L(w)",
        r"m \leftarrow \beta_1\, m + \left(1 - \beta_1\right)\, g",
        r"v \leftarrow \beta_2\, v + \left(1 - \beta_2\right)\, g^{2}",
        r"\hat m = \frac{m}{1 - \beta_1^{t}}",
        r"\hat v = \frac{v}{1 - \beta_2^{t}}",
        r"w \leftarrow w - \frac{\eta\, \hat m}{\sqrt{\hat v} + \varepsilon}",
    )


def test_other_equations_read_as_printed() -> None:
    """The formulas of the lectures and the papers."""
    assert latex(OPTIMIZERS["rmsprop"])[-1] == r"w \leftarrow w - \frac{\eta}{\sqrt{G + \varepsilon}}\, g"
    assert latex(OPTIMIZERS["rmsprop"], "pytorch")[-1] == r"w \leftarrow w - \frac{\eta}{\sqrt{G} + \varepsilon}\, g"
    assert latex(OPTIMIZERS["amsgrad"])[3] == r"\hat v \leftarrow \max(\hat v,\, v)"
    assert latex(OPTIMIZERS["amsgrad"], "optax")[3] == r"\hat v \leftarrow \max(\hat v,\, \frac{v}{1 - \beta_2^{t}})"
    assert latex(OPTIMIZERS["newton"])[1] == r"d = \bigl(\nabla^2 L(w)\bigr)^{-1} g"
    assert latex(OPTIMIZERS["sam"])[1] == r"u = w + \frac{\rho\, h}{\lVert h \rVert}"
    assert latex(OPTIMIZERS["nesterov_velocity"])[1:] == (
        r"v_{\text{prev}} = v",
        r"v \leftarrow \rho\, v - \eta\, g",
        r"w \leftarrow w + v + \rho\, \left(v - v_{\text{prev}}\right)",
    )
    assert latex(OPTIMIZERS["radam"])[-1] == (
        r"w \leftarrow \begin{cases} w - \frac{\eta\, r\, \hat m}{\sqrt{\hat v} + \varepsilon} & \rho > 4 \\ "
        r"w - \eta\, \hat m & \text{else} \end{cases}"
    )
    assert [letter for letter, _ in lines(OPTIMIZERS["nadam"], "pytorch")] == [
        *("g", "m", "v", "μ", "μ_next", "b1", "m_hat", "v_hat", "w")
    ]
