"""The two pictures of a race, held to the surfaces and runs that they show."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import numpy as np
import pytest

from app.figures import plane
from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES, Rotated
from surfaces.calculus import values

KEYS = [pytest.param(key, id=key, marks=pytest.mark.xdist_group(key)) for key in SURFACES]


def _run(key: str, surface: Any, steps: int = 200, **values: float) -> Any:
    return trace(surface, OPTIMIZERS[key](**values), steps=steps, record=("positions", "losses"))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [0.0, 18.0])
@pytest.mark.thinned(16)
def test_the_map_covers_domain_start_and_window(key: str, angle: float) -> None:
    surface = Rotated(SURFACES[key](), angle=angle)
    drawn = plane.map_figure(surface)
    contour = drawn.figure["data"][0]
    for axis, name in enumerate("xy"):
        low, high = drawn.extent[axis]
        assert (contour[name][0], contour[name][-1]) == pytest.approx((low, high))
        assert low <= drawn.window[axis][0] < surface.domain[axis][0]
        assert surface.domain[axis][1] < drawn.window[axis][1] <= high
        assert drawn.window[axis][0] < surface.start[axis] < drawn.window[axis][1]
        layout = drawn.figure["layout"][f"{name}axis"]
        assert (layout["minallowed"], layout["maxallowed"]) == pytest.approx((low, high))
    assert contour["z"].shape == (len(contour["y"]), len(contour["x"])) and np.isfinite(contour["z"]).all()
    # the squares of the grid are squares of the plane, within a column
    assert np.diff(contour["x"])[0] == pytest.approx(np.diff(contour["y"])[0], rel=0.02)


def test_the_map_shows_the_loss() -> None:
    """Ravine, κ = 30, from its formula."""
    drawn = plane.map_figure(SURFACES["quadratic_ravine"](condition_number=30.0))
    contour = drawn.figure["data"][0]
    x, y = np.meshgrid(contour["x"], contour["y"])
    loss = 0.5 * (x**2 + 30 * y**2)
    assert drawn.levels.kind == "log" and "log-spaced" in contour["colorbar"]["title"]["text"]
    unit = drawn.levels.unit
    np.testing.assert_allclose(contour["z"], np.log10(loss + unit), atol=1e-5)
    assert unit < 1e-3 * 0.5 * (3.4**2 + 30 * 1.9**2)
    start, end, size = (contour["contours"][k] for k in ("start", "end", "size"))
    assert (start, end) == (drawn.levels.low, drawn.levels.high) and 10 <= (end - start) / size <= 30


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [0.0, 33.0])
@pytest.mark.thinned(6)
def test_names_cover_neither_each_other_nor_the_marks(key: str, angle: float) -> None:
    drawn = plane.map_figure(Rotated(SURFACES[key](), angle=angle))
    (x0, x1), (y0, y1) = drawn.window
    unit = 380 / (y1 - y0)  # pixels of a map on a small screen
    marks, names = [], []
    for kind in drawn.figure["data"]:
        if "markers" not in kind.get("mode", ""):
            continue
        for x, y, text in zip(kind["x"], kind["y"], kind["text"], strict=True):
            marks.append((x * unit - 4, y * unit - 4, x * unit + 4, y * unit + 4))
            if text:
                up, across = kind["textposition"].split()
                left = x * unit + (6 if across == "right" else -6 - 5.6 * len(text))
                low = y * unit + (1 if up == "top" else -13)
                names.append((left, low, left + 5.6 * len(text), low + 12))
    # Ackley's minima are closer to each other than "minimum at a kink" is long
    pairs = [*itertools.combinations(names, 2), *(itertools.product(names, marks) if key != "ackley" else ())]
    for one, other in pairs:
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert all(name[0] > x0 * unit and name[2] < x1 * unit for name in names)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [33.0])
@pytest.mark.thinned(5)
def test_marks_stand_once_and_where_they_are(key: str, angle: float) -> None:
    """At each mark the slope vanishes and the Hessian has the signature of its word."""
    surface = Rotated(SURFACES[key](), angle=angle)
    marks = [t for t in plane.map_figure(surface).figure["data"] if "markers" in t.get("mode", "")]
    known = [p for p in surface.critical_points() if p.kind in plane._MARKS]
    assert sum(len(t["x"]) for t in marks) == len(known) > 0
    assert sorted(t["name"] for t in marks) == sorted({plane._MARKS[p.kind][1] for p in known})
    places = [p for t in marks for p in zip(t["x"], t["y"], strict=True)]
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) > 1e-3 for a, b in itertools.combinations(places, 2))
    slope_at, hessian_at = jax.jit(jax.grad(surface)), jax.jit(jax.hessian(surface))
    for t in marks:
        assert [text for text in t["text"] if text] == [t["name"]]  # each word once
        for place in zip(t["x"], t["y"], strict=True):
            with jax.enable_x64(True):
                if t["name"] == "minimum at a kink":  # no slope, and higher all round
                    ring = np.array(place)[:, None] + 1e-3 * np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
                    assert (np.asarray(surface(ring)) > float(surface(np.array(place)))).all()
                    continue
                w = surface.embed(np.array(place)[:, None])[:, 0]
                slope, hessian = slope_at(w), np.linalg.eigvalsh(np.asarray(hessian_at(w)))
            assert np.linalg.norm(slope) < 1e-6 * max(1.0, abs(hessian).max())
            signs = (hessian > 0).sum() - (len(surface.start) - 2)
            assert signs == {"minimum": 2, "local minimum": 2, "saddle": 1, "maximum": 0}.get(t["name"], signs)


@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_curves_of_minima_are_drawn_across_the_map_and_named_once(angle: float) -> None:
    surface = Rotated(SURFACES["matrix_factorization"](), angle=angle)
    drawn = plane.map_figure(surface)
    lines = [t for t in drawn.figure["data"] if "lines" in t.get("mode", "")]
    assert len(lines) == 2 and [w for t in lines for w in t["text"] if w] == ["curve of minima"]
    for line in lines:
        points = np.stack([line["x"], line["y"]])
        np.testing.assert_allclose(values(surface, points), 0.0, atol=1e-20)
        for end in (points[:, 0], points[:, -1]):
            assert any(not low <= v <= high for v, (low, high) in zip(end, drawn.extent, strict=True))


def test_the_axes_have_the_letters_of_the_surface_while_it_is_not_turned() -> None:
    letters = plane.map_figure(SURFACES["matrix_factorization"]()).figure["layout"]["annotations"]
    assert [a["text"] for a in letters] == ["<i>u</i>", "<i>v</i>"]
    # never "paper": in a scene's figures that word is a colour
    assert {a["xref"] for a in letters} == {"x domain"} and {a["yref"] for a in letters} == {"y domain"}
    assert not plane.map_figure(Rotated(SURFACES["matrix_factorization"](), 5.0)).figure["layout"]["annotations"]


def test_where_the_loss_changes_sign_the_map_says_so_and_draws_the_zero() -> None:
    drawn = plane.map_figure(SURFACES["saddle"]())
    assert drawn.levels.kind == "signed log"
    (zero,) = [t for t in drawn.figure["data"] if t["type"] == "contour" and t["contours"].get("coloring") == "none"]
    assert zero["contours"]["start"] == zero["contours"]["end"] == 0 == drawn.levels.height(0.0)
    assert not zero["showscale"]


# The curve.

RAVINE = SURFACES["quadratic_ravine"](condition_number=30.0)


def test_the_curve_is_made_for_those_that_stay() -> None:
    """κ = 30: η = 0.017 converges, 0.08 > 2/30 grows, 8 leaves the numbers."""
    steady = _run("sgd", RAVINE, learning_rate=0.017)
    growing, diverged = _run("sgd", RAVINE, learning_rate=0.068), _run("sgd", RAVINE, 400, learning_rate=8.0)
    assert (growing.status.kind, diverged.status.kind) == ("growing", "diverged")
    assert growing.losses[-1] > 10 * growing.losses[0]
    alone = plane.curve_figure([steady], RAVINE).figure["ranges"]
    among = plane.curve_figure([steady, growing, _run("sgd", RAVINE, learning_rate=8.0)], RAVINE).figure["ranges"]
    assert among == alone
    low, high = alone["log"]
    assert low < np.log10(steady.losses.min()) and np.log10(steady.losses[0]) < high < np.log10(steady.losses[0]) + 1
    low, high = alone["linear"]
    assert low < 0 and steady.losses[0] < high < 1.2 * steady.losses[0]


def test_with_none_that_stays_the_start_makes_the_range() -> None:
    diverged = _run("sgd", RAVINE, learning_rate=8.0)
    ranges = plane.curve_figure([diverged], RAVINE).figure["ranges"]
    assert ranges["log"][0] < np.log10(diverged.losses[0]) < ranges["log"][1]
    assert ranges["log"][1] - ranges["log"][0] >= 1


def test_values_end_where_the_numbers_end() -> None:
    diverged = _run("sgd", RAVINE, 400, learning_rate=8.0)
    values = plane.curve_figure([diverged], RAVINE).values
    assert values.shape == (1, 401)
    assert np.isfinite(values[0, : diverged.last + 1]).all() and np.isnan(values[0, diverged.last + 1 :]).all()


def test_a_minimum_off_zero_is_subtracted_and_the_title_says_so() -> None:
    """The saddle's minima lie at −1/4."""
    surface = SURFACES["saddle"]()
    run = _run("sgd", surface, 30, learning_rate=0.2)
    curve = plane.curve_figure([run], surface)
    np.testing.assert_allclose(curve.values[0], run.losses + 0.25)
    assert curve.figure["titles"] == dict.fromkeys(("log", "linear"), "loss above the minimum (−0.25)")
    plain = plane.curve_figure([_run("sgd", RAVINE, learning_rate=0.017)], RAVINE).figure
    assert plain["titles"] == {"log": "loss", "linear": "loss"}


def test_where_the_curve_is_cropped_the_title_says_so() -> None:
    run = _run("momentum", RAVINE, 600, learning_rate=0.03, momentum=0.9)  # losses shrink by about β a step
    assert 0 < run.losses[-1] < 1e-20
    curve = plane.curve_figure([run], RAVINE).figure
    bottom = 1e-12 * run.losses[0]
    assert f"cropped at 10<sup>−{-int(np.floor(np.log10(bottom)))}</sup>" in curve["titles"]["log"]
    assert curve["titles"]["linear"] == "loss"
    assert curve["ranges"]["log"][0] == pytest.approx(np.log10(bottom), abs=0.5)


def test_no_runs_give_an_empty_curve() -> None:
    curve = plane.curve_figure([], RAVINE)
    assert curve.values.shape[0] == 0 and np.isfinite(curve.figure["ranges"]["log"]).all()


# Where a path leaves.

BOX = ((-1.0, 1.0), (-1.0, 1.0))


def test_a_path_that_stays_is_left_as_it_is() -> None:
    path = np.array([[0.0, 0.0], [0.5, 0.5], [0.9, -0.9]])
    last, end = plane.leave(path, 2, BOX)
    assert last == 2 and (end == path[2]).all()


def test_a_path_that_leaves_ends_on_the_line_on_which_it_left() -> None:
    path = np.array([[0.0, 0.0], [0.5, 0.25], [1e30, 5e29], [-1e60, 2e60], [1e90, 1e90]])
    last, end = plane.leave(path, 4, BOX)
    assert last == 2
    assert end[1] == pytest.approx(end[0] / 2) and 1 < end[0] < 100


def test_a_path_that_comes_back_is_followed_to_its_last_visit() -> None:
    path = np.array([[0.0, 0.0], [50.0, 0.0], [-50.0, 0.5], [0.0, 70.0]])
    last, end = plane.leave(path, 3, BOX)
    assert last == 2  # the segment from (50, 0) to (−50, ½) crosses the box, the next does not
    along, whole = end - path[1], path[2] - path[1]
    assert along[0] * whole[1] == pytest.approx(along[1] * whole[0])
    assert end[0] < -1
