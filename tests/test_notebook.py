"""The example notebook is run, cell by cell, and shows what it says."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import optimizers
import surfaces
from app import figures
from tests.sentences import Check, Sentences, entries_of

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook.ipynb"


CELLS = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
SAID = Sentences()
holds = SAID.hold


@functools.cache
def played() -> tuple[dict[str, Any], list[Any], str]:
    """The names that the notebook leaves behind, what its cells show, and what they print."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[Any] = []
    printed = io.StringIO()
    # as in a notebook, where JAX promotes dtypes as it likes
    with (
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        contextlib.redirect_stdout(printed),
    ):
        for cell in CELLS:
            if cell["cell_type"] == "code":
                assert not cell["outputs"], "outputs grow stale: the notebook is kept without them"
                body = ast.parse("".join(cell["source"])).body
                last = body.pop() if isinstance(body[-1], ast.Expr) else None
                exec(compile(ast.Module(body, []), NOTEBOOK.name, "exec"), names)
                if isinstance(last, ast.Expr):
                    shown.append(eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names))
    return names, shown, printed.getvalue()


@pytest.fixture(scope="module")
def run() -> tuple[dict[str, Any], list[Any], str]:
    return played()


def test_every_sentence_has_a_check() -> None:
    markdown = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown"]
    prose = [re.sub(r"^(#.*| {4}.*)$", "", text, flags=re.MULTILINE) for text in markdown]
    assert SAID.entries() == entries_of({"notebook": prose})


@holds(
    "notebook",
    "What Optiscope's pages show comes from three packages that work without them: `surfaces` (what is minimised), "
    "`optimizers` (how it is minimised) and `app.figures` (pictures of both).",
)
def _() -> None:
    """None of the modules that Streamlit needs is loaded with them; tests/app/test_imports.py walks all imports."""
    program = "import sys, surfaces, optimizers, app.figures; print('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=NOTEBOOK.parents[1])
    assert done.stdout.strip() == "False", done.stderr


SAID.not_computable(
    "how to install, and where files come from: the tests of set-up, command line and pages cover them",
    "notebook",
    "Install the project into the notebook's Python (`pip install .` in its folder).",
    "Call `figure.write_html(...)` to keep a figure.",
    "A race that plays, a film or a slide comes from the Export panel of the page or from the command line:",
)
SAID.not_computable("tested below for every public name", "notebook", "Then `help(...)` explains any of their names.")


@holds(
    "notebook",
    "A surface is a function that knows its minima and saddles, and where a run starts.",
    "Whatever can be set is a parameter of its class.",
)
def _() -> None:
    valley = played()[0]["valley"]
    assert float(valley(np.ones(2, np.float32))) == 0 and valley.minima().tolist() == [[1.0, 1.0]]
    assert len(valley.saddles()) == 0 and len(valley.start) == 2 and list(type(valley).parameters()) == ["steepness"]


@holds(
    "notebook",
    "With `trace` a rule runs on a surface and everything is recorded: `positions` (steps + 1, 2), `losses` "
    "(steps + 1,), "
    "the rule's state at every step, and the status of the run.",
    "Nothing is clipped: a run that diverges says so, with its step.",
)
def _() -> None:
    names, _, printed = played()
    adam = names["runs"]["Adam"]
    assert adam.positions.shape == (401, 2) and adam.losses.shape == (401,) and adam.states.v.shape == (400, 2)
    fast = names["runs"]["SGD, too fast"]
    assert fast.status.kind == "diverged" and f"SGD, too fast: diverged @ {fast.diverged}," in printed
    assert np.abs(fast.positions).max() > 1e50


@holds(
    "notebook",
    "A parameter, the start or the seed may be an array: then `trace` makes all runs in one call, and run `k` is "
    "`batch[k]`.",
    "Learning rates on a ravine of condition number 100, whose limit is 2/100:",
)
def _() -> None:
    batch, rates = played()[0]["batch"], played()[0]["rates"]
    assert len(batch) == len(rates) == 4 and [float(batch[k].optimizer.learning_rate) for k in range(4)] == list(rates)
    last = [batch[k].losses[-1] for k in range(4)]
    assert rates[2] < 0.02 < rates[3] and max(last[:3]) < batch.losses[0, 0] < last[3]


@holds(
    "notebook",
    "The registries list what there is to choose from.",
    "What a rule remembers is in `run.states`, by the letters of its formula.",
)
def _() -> None:
    names, _, printed = played()
    assert ", ".join(optimizers.OPTIMIZERS) in printed
    assert {"m", "v"} <= set(names["runs"]["Adam"].states._fields)


@holds(
    "notebook",
    "Rules that scale each coordinate by itself profit from ravines along the axes.",
    "Turned by 45°, SGD walks the same path, turned; Adam does not.",
)
def _() -> None:
    final, ravine = played()[0]["final"], played()[0]["ravine"]
    turned = surfaces.Rotated(ravine, angle=45.0)
    for key in ("adam", "rmsprop", "adagrad"):
        assert final(turned, key, learning_rate=0.1) > 1.1 * final(ravine, key, learning_rate=0.1)
    paths = [
        optimizers.trace(one, optimizers.OPTIMIZERS["sgd"](learning_rate=0.015), steps=60).positions
        for one in (ravine, turned)
    ]
    c = np.cos(np.radians(45.0))
    np.testing.assert_allclose(paths[1], paths[0] @ np.array([[c, c], [-c, c]]), atol=1e-9)


@holds(
    "notebook",
    "The gradient may be noisy, and the learning rate may follow a schedule; the recorded loss is always the true one.",
    "With a constant rate the noise keeps the run at a distance from the minimum; with a falling one the run settles.",
)
def _() -> None:
    names = played()[0]
    for run in names["noisy"].values():
        with jax.enable_x64(True):
            np.testing.assert_allclose(run.losses, names["bowl"](run.positions.T), rtol=1e-9)
    away = {title: optimizers.distances(run)[-50:].mean() for title, run in names["noisy"].items()}
    assert away["cosine"] < 0.5 * away["constant"]


@holds(
    "notebook",
    "The same rules train a small network: its weights are one flat vector, and `trained.weights` holds them "
    "at the kept "
    "steps.",
)
def _() -> None:
    trained, model = played()[0]["trained"], played()[0]["model"]
    assert trained.weights.shape == (len(trained.steps), model.size)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()


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
