"""The example notebook is run, cell by cell, and shows what it says."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
from pathlib import Path
from typing import Any

import jax
import pytest

import optimizers
import surfaces
from app import figures

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def run() -> tuple[dict[str, Any], list[Any], str]:
    """The names that it leaves behind, what its cells show, and what they print."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[Any] = []
    printed = io.StringIO()
    # as in a notebook, where JAX promotes dtypes as it likes
    with (
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        contextlib.redirect_stdout(printed),
    ):
        for cell in cells:
            if cell["cell_type"] == "code":
                assert not cell["outputs"], "outputs grow stale: the notebook is kept without them"
                body = ast.parse("".join(cell["source"])).body
                last = body.pop() if isinstance(body[-1], ast.Expr) else None
                exec(compile(ast.Module(body, []), NOTEBOOK.name, "exec"), names)
                if isinstance(last, ast.Expr):
                    shown.append(eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names))
    return names, shown, printed.getvalue()


def test_every_figure_shows_in_a_notebook(run: Any) -> None:
    _, shown, _ = run
    drawn = [one for one in shown if one is not None]
    assert len(drawn) == 4
    for figure in drawn:
        assert figure.to_plotly_json()["data"] and "plotly" in figure.to_html(include_plotlyjs=False)


def test_what_the_words_say_is_what_the_runs_do(run: Any) -> None:
    names, _, printed = run
    assert names["runs"]["SGD, too fast"].status.kind == "diverged" and "SGD, too fast: diverged @ " in printed
    kinds = [names["batch"][k].status.kind for k in range(4)]
    assert kinds[-1] == "growing" and "growing" not in kinds[:-1], "the limit is 2/100"
    losses = {}
    for line in printed.splitlines():
        key, _, rest = line.partition(": loss ")
        if "along the axes" in rest:
            losses[key] = [float(word) for word in rest.split() if word[0].isdigit()][:2]
    assert losses["sgd"][0] == pytest.approx(losses["sgd"][1], rel=1e-3)
    assert losses["adam"][1] > 2 * losses["adam"][0]
    weights = names["trained"].weights
    assert float(names["network"](weights[-1])) < 0.5 * float(names["network"](weights[0]))
    end = {title: run.losses[-50:].mean() for title, run in names["noisy"].items()}
    assert end["cosine"] < 0.2 * end["constant"]


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in (surfaces, optimizers, figures) for name in module.__all__],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_help_on_a_public_name_is_enough(module: Any, name: str) -> None:
    one = getattr(module, name)
    if not callable(one):  # a registry: help on what it holds
        values = list(one.values()) if hasattr(one, "values") else []
        for value in values:
            said = inspect.getdoc(value) or ""
            assert said.partition("\n")[0].endswith((".", "$")), value
            assert all(f"{parameter}: " in said for parameter in value.parameters()), value
        return
    said = inspect.getdoc(one) or ""
    wanted = [] if name in ("Surface", "Optimizer", "Declared", "NoNoise") else inspect.signature(one).parameters
    assert said and all(argument in said for argument in wanted)
