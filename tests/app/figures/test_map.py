"""Maps, held to the surfaces that they show."""

from __future__ import annotations

import itertools
from typing import TypeVar

import jax
import numpy as np
import pytest

from app.figures import map as maps
from app.figures.marks import Field, Line, Sign, Text
from surfaces import SURFACES, Rotated
from surfaces.calculus import values

M = TypeVar("M")


def _of(drawn: maps.Map, kind: type[M]) -> list[M]:
    return [mark for mark in drawn.marks if isinstance(mark, kind)]


def _names(drawn: maps.Map) -> list[Text]:
    """The names of critical points."""
    return [text for text in _of(drawn, Text) if not text.within and text.words != ("curve of minima",)]


KEYS = [pytest.param(key, id=key, marks=pytest.mark.xdist_group(key)) for key in SURFACES]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [0.0, 18.0])
@pytest.mark.thinned(16)
def test_the_map_covers_domain_start_and_window(key: str, angle: float) -> None:
    surface = Rotated(SURFACES[key](), angle=angle)
    drawn = maps.map_of(surface)
    (ground,) = _of(drawn, Field)
    for k, (ticks, axis) in enumerate(((ground.x, drawn.axes.x), (ground.y, drawn.axes.y))):
        low, high = drawn.extent[k]
        assert (ticks[0], ticks[-1]) == pytest.approx((low, high)) and axis.limits == (low, high)
        assert low <= axis.low < surface.domain[k][0]
        assert surface.domain[k][1] < axis.high <= high
        assert axis.low < surface.start[k] < axis.high
    assert drawn.axes.equal
    assert ground.z.shape == (len(ground.y), len(ground.x)) and np.isfinite(ground.z).all()
    # the squares of the grid are squares of the plane, within a column
    assert np.diff(ground.x)[0] == pytest.approx(np.diff(ground.y)[0], rel=0.02)


def test_the_map_shows_the_loss() -> None:
    """Ravine, κ = 30, from its formula."""
    drawn = maps.map_of(SURFACES["quadratic_ravine"](condition_number=30.0))
    (ground,) = _of(drawn, Field)
    x, y = np.meshgrid(ground.x, ground.y)
    loss = 0.5 * (x**2 + 30 * y**2)
    assert drawn.levels.kind == "log" and "log scale" in ground.title
    unit = drawn.levels.unit
    np.testing.assert_allclose(ground.z, np.log10(loss + unit), atol=1e-5)
    assert unit < 1e-3 * 0.5 * (3.4**2 + 30 * 1.9**2)
    assert (ground.low, ground.high) == (drawn.levels.low, drawn.levels.high)
    assert 10 <= (ground.high - ground.low) / ground.step <= 30


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [0.0, 33.0])
@pytest.mark.thinned(12)
def test_names_cover_neither_each_other_nor_the_marks(key: str, angle: float) -> None:
    drawn = maps.map_of(Rotated(SURFACES[key](), angle=angle))
    x0, x1, y0, y1 = drawn.axes.x.low, drawn.axes.x.high, drawn.axes.y.low, drawn.axes.y.high
    unit = 380 / (y1 - y0)  # pixels of a map on a small screen
    places = [(x * unit, y * unit) for sign in _of(drawn, Sign) for x, y in zip(sign.x, sign.y, strict=True)]
    marks = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    names = []
    for text in _names(drawn):
        (word,), (up, across) = text.words, text.side.split()
        left = text.x * unit + (6 if across == "right" else -6 - 5.6 * len(word))
        low = text.y * unit + (1 if up == "top" else -13)
        names.append((left, low, left + 5.6 * len(word), low + 12))
    # Ackley's minima are closer to each other than "minimum at a kink" is long
    pairs = [*itertools.combinations(names, 2), *(itertools.product(names, marks) if key != "ackley" else ())]
    for one, other in pairs:
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert all(name[0] > x0 * unit and name[2] < x1 * unit for name in names)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("angle", [33.0])
@pytest.mark.thinned(20)
def test_marks_stand_once_and_where_they_are(key: str, angle: float) -> None:
    """At each mark the slope vanishes and the Hessian has the signature of its word."""
    surface = Rotated(SURFACES[key](), angle=angle)
    drawn = maps.map_of(surface)
    marks = _of(drawn, Sign)
    known = [p for p in surface.critical_points() if p.kind in maps._SIGNS]
    assert sum(len(sign.x) for sign in marks) == len(known) > 0
    assert sorted(sign.name for sign in marks) == sorted({maps._SIGNS[p.kind][1] for p in known})
    assert sorted(word for text in _names(drawn) for word in text.words) == sorted(sign.name for sign in marks)
    places = [p for sign in marks for p in zip(sign.x, sign.y, strict=True)]
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) > 1e-3 for a, b in itertools.combinations(places, 2))
    slope_at, hessian_at = jax.jit(jax.grad(surface)), jax.jit(jax.hessian(surface))
    for sign in marks:
        for place in zip(sign.x, sign.y, strict=True):
            with jax.enable_x64(True):
                if sign.name == "minimum at a kink":  # no slope, and higher all round
                    ring = np.array(place)[:, None] + 1e-3 * np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
                    assert (np.asarray(surface(ring)) > float(surface(np.array(place)))).all()
                    continue
                w = surface.embed(np.array(place)[:, None])[:, 0]
                slope, hessian = slope_at(w), np.linalg.eigvalsh(np.asarray(hessian_at(w)))
            assert np.linalg.norm(slope) < 1e-6 * max(1.0, abs(hessian).max())
            signs = (hessian > 0).sum() - (len(surface.start) - 2)
            assert signs == {"minimum": 2, "local minimum": 2, "saddle": 1, "maximum": 0}.get(sign.name, signs)


@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_curves_of_minima_are_drawn_across_the_map_and_named_once(angle: float) -> None:
    surface = Rotated(SURFACES["matrix_factorization"](), angle=angle)
    drawn = maps.map_of(surface)
    lines = _of(drawn, Line)
    assert len(lines) == 2
    assert [text.words for text in _of(drawn, Text) if "curve" in text.words[0]] == [("curve of minima",)]
    for line in lines:
        points = np.stack([line.x, line.y])
        np.testing.assert_allclose(values(surface, points), 0.0, atol=1e-20)
        for end in (points[:, 0], points[:, -1]):
            assert any(not low <= v <= high for v, (low, high) in zip(end, drawn.extent, strict=True))


def test_the_axes_have_the_letters_of_the_surface_while_it_is_not_turned() -> None:
    letters = [text for text in _of(maps.map_of(SURFACES["matrix_factorization"]()), Text) if text.italic]
    assert [(text.words, text.within) for text in letters] == [(("u",), True), (("v",), True)]
    turned = maps.map_of(Rotated(SURFACES["matrix_factorization"](), 5.0))
    assert not any(text.italic for text in _of(turned, Text))


def test_where_the_loss_changes_sign_the_map_says_so_and_draws_the_zero() -> None:
    drawn = maps.map_of(SURFACES["saddle"]())
    (ground,) = _of(drawn, Field)
    assert drawn.levels.kind == "signed log" and ground.zero
    # the colours turn where the height of zero, which is 0, lies on the scale
    share = -ground.low / (ground.high - ground.low)
    assert [at for at, _ in ground.colors["light"]].count(pytest.approx(share)) == 2
    (plain,) = _of(maps.map_of(SURFACES["quadratic_ravine"]()), Field)
    assert not plain.zero


@pytest.mark.parametrize("start", [(-9.0, 0.0), (0.0, 7.0), (1.0, 1.0)])
def test_a_start_outside_the_window_is_shown(start: tuple[float, float]) -> None:
    drawn = maps.map_of(SURFACES["quadratic_ravine"]())
    panel = maps.map_panel(drawn, [], [start], handle=True)
    for axis, before, at in zip((panel.axes[0].x, panel.axes[0].y), (drawn.axes.x, drawn.axes.y), start, strict=True):
        assert axis.low < at < axis.high and axis.low <= before.low < before.high <= axis.high
        assert (axis == before) == (before.low <= at <= before.high)
