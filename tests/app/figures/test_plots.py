"""Figures for a notebook: what they draw is what the runs hold."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import optax
import pytest

from app import figures
from app.figures.theme import PALETTE
from optimizers import OPTIMIZERS, Trace, trace
from surfaces import SURFACES, Rotated

RAVINE = SURFACES["quadratic_ravine"]()


def _run(key: str = "sgd", surface: Any = RAVINE, steps: int = 40, **values: Any) -> Trace:
    return trace(surface, OPTIMIZERS[key](**values), steps=steps)


SGD, ADAM = _run(learning_rate=0.02), _run("adam", learning_rate=0.1)
GONE = _run(learning_rate=0.5)


def _lines(figure: Any, axis: str = "x") -> dict[str, Any]:
    """The traces with a name, by what stands before its colon."""
    drawn = (t for t in figure.data if t.type == "scatter" and t.hovertemplate and (t.xaxis or "x") == axis)
    return {t.name.partition(":")[0]: t for t in drawn if ": " in t.name}


def test_trails_are_the_positions_and_the_legend_says_what_became_of_them() -> None:
    drawn = _lines(figures.paths({"slow": SGD, "quick": ADAM}))
    for k, (title, run) in enumerate((("slow", SGD), ("quick", ADAM))):
        line = drawn[title]
        np.testing.assert_array_equal(np.column_stack([line.x, line.y]), run.positions)
        assert line.name == f"{title}: {run.status}" and line.line.color == PALETTE[k]
    early = _lines(figures.paths([SGD], step=7))
    assert len(early["SGD"].x) == 8


def test_a_run_that_leaves_is_followed_to_the_edge_and_called_what_it_is() -> None:
    figure = figures.paths(GONE)
    (line,) = _lines(figure).values()
    assert GONE.status.kind in ("growing", "diverged") and line.name.startswith("SGD: " + GONE.status.kind)
    inside = len(line.x) - 1
    np.testing.assert_array_equal(line.x[:inside], GONE.positions[:inside, 0])
    low, high = figure.layout.yaxis.range
    assert not low <= line.y[-1] <= high and abs(line.y[-1]) < 100 * (high - low)


def test_losses_are_the_engine_s_above_the_lowest_minimum() -> None:
    camel = SURFACES["six_hump_camel"]()
    run = _run(surface=camel, learning_rate=0.01)
    figure = figures.losses(run)
    (line,) = _lines(figure).values()
    np.testing.assert_allclose(line.y, run.losses - camel.lowest())
    assert "above the minimum" in figure.layout.yaxis.title.text and figure.layout.yaxis.type == "log"
    plain = figures.losses(SGD, axis="linear").layout.yaxis
    assert (plain.title.text, plain.type) == ("loss", "linear")


def test_a_race_has_both() -> None:
    figure = figures.race({"a": SGD, "b": ADAM}, theme="dark")
    assert set(_lines(figure)) == set(_lines(figure, "x2")) == {"a", "b"}
    assert figure.layout.paper_bgcolor == "#11151c"
    # each is named once in the legend, and shown and hidden with its losses
    assert [t.legendgroup for t in figure.data if t.showlegend] == ["a", "b"]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]


def test_losses_from_elsewhere_are_drawn_alone_and_beside_runs() -> None:
    mine = np.geomspace(1.0, 1e-3, 50)
    figure = figures.losses({"mine": mine})
    (line,) = [trace for trace in figure.data if trace.name == "mine"]
    assert list(line.x) == list(range(50)) and np.allclose(line.y, mine)
    assert figure.layout.yaxis.type == "log" and figure.layout.yaxis.title.text == "loss"
    both = figures.losses({"SGD": SGD, "mine": (np.arange(0, 500, 10), mine.tolist())}, axis="linear")
    lines = {trace.name: trace for trace in both.data}
    assert list(lines["mine"].x) == list(range(0, 500, 10)) and np.allclose(lines["mine"].y, mine)
    assert np.allclose(lines["SGD"].y, SGD.losses), "the plain loss"
    assert both.layout.yaxis.type == "linear" and both.layout.xaxis.range[1] >= 490


@pytest.mark.parametrize("log", ["losses.txt", np.ones((3, 4)), [], None, [1.0, "two"]], ids=str)
def test_losses_in_another_form_are_refused_in_a_sentence(log: Any) -> None:
    with pytest.raises(ValueError, match=r"mine must be a run, as returned by trace\(...\), losses of shape \(k,\)"):
        figures.losses({"mine": log})


def test_a_function_of_the_user_is_drawn_with_its_runs() -> None:
    run = trace(lambda w: (w[0] - 1.0) ** 2 + 3.0 * w[1] ** 2, optax.adam(0.1), start=(-1.0, 1.0), steps=30)
    assert set(_lines(figures.race({"mine": run}))) == {"mine"}


def test_a_surface_is_its_map() -> None:
    figure = figures.surface(Rotated(SURFACES["himmelblau"](), angle=30.0))
    contour = figure.data[0]
    assert contour.type == "contour" and contour.z.shape == (len(contour.y), len(contour.x))
    (minima,) = (t for t in figure.data if t.name == "minimum")
    assert len(minima.x) == 4
    assert figure.layout.yaxis.scaleanchor == "x"


def test_runs_without_titles_are_told_apart() -> None:
    batch = trace(RAVINE, OPTIMIZERS["sgd"](learning_rate=np.array([0.01, 0.02])), steps=10)
    assert list(_lines(figures.paths(batch))) == ["SGD η = 0.01", "SGD η = 0.02"]
    assert list(_lines(figures.paths([SGD, ADAM, SGD]))) == ["SGD", "Adam", "SGD #2"]


BAD: list[tuple[Any, dict[str, Any], str]] = [
    ([], {}, "no run"),
    ({"a": 3}, {}, "a must be a run"),
    ({"a": trace(RAVINE, OPTIMIZERS["sgd"](), seed=[0, 1], steps=3)}, {}, r"batch of 2 runs: draw one of them"),
    (dataclasses.replace(SGD, positions=None), {}, "let trace"),
    (dataclasses.replace(SGD, stride=5), {}, "stride=1"),
    ([SGD, _run(surface=SURFACES["beale"]())], {}, "different surfaces"),
    ([SGD, _run(surface=SURFACES["quadratic_ravine"](condition_number=7.0))], {}, "different surfaces"),
    (SGD, {"theme": "pink"}, "theme must be one of light, dark; got 'pink'"),
    (SGD, {"axis": "root"}, "axis must be one of log, linear; got 'root'"),
]


@pytest.mark.parametrize(("runs", "options", "said"), BAD, ids=[said for _, _, said in BAD])
def test_what_cannot_be_drawn_is_said(runs: Any, options: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        figures.race(runs, **options)


def test_a_step_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="step must be 0 or more; got -1"):
        figures.paths(SGD, step=-1)


@pytest.mark.parametrize("name", figures.__all__)
def test_help_names_every_argument(name: str) -> None:
    function = getattr(figures, name)
    said = inspect.getdoc(function) or ""
    assert all(f"{argument}:" in said or argument == "surface" for argument in inspect.signature(function).parameters)
    assert "Returns:" in said and "Raises:" in said
