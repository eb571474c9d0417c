"""What ravines, saddles and plateaus say of themselves, sentence by sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, Scheduled, starting_learning_rate, steps_to, trace
from surfaces import SURFACES, THEMES, Rotated
from surfaces.calculus import polish
from surfaces.surface import CriticalPoint
from tests.optimizers.runs import curvatures, end, hessian, loss, run, slope, texts_of
from tests.sentences import Check, Sentences, entries_of, sentences

RAVINES = ("ravines", "saddles and plateaus")
SAID = Sentences()
holds = SAID.hold


def test_every_sentence_has_a_check() -> None:
    texts = {key: texts_of(kind) for key, kind in SURFACES.items() if kind.theme in RAVINES}
    assert SAID.entries() == entries_of(texts)
    assert set(RAVINES) < set(THEMES)


def test_sentences_end_where_they_should() -> None:
    text = (
        "At η = 0.5 it stops (Cohen et al. 2021). $$ x = 1. $$ Λ is 2. λ is, e.g., 3.\n\nRaises:\n    ValueError: no."
    )
    assert sentences(text) == ["At η = 0.5 it stops (Cohen et al. 2021).", "Λ is 2.", "λ is, e.g., 3."]


def points(key: str) -> set[tuple[str, tuple[float, ...]]]:
    return {(p.kind, tuple(round(x, 9) for x in p.position)) for p in SURFACES[key]().critical_points()}


# Beale


@holds(
    "beale",
    "Gradients differ by orders of magnitude: a learning rate that is safe on the walls is far too small in the "
    "valley.",
    "The curvatures are about 0.30 and 49 at the minimum and up to 5,478 in the upper right corner: a learning rate "
    "that is small enough for the corner is far too small for the valley.",
)
def _() -> None:
    """Stable is η < 2/λ: 2/5478 in the corner, 2/49 at the minimum, where the soft direction has 0.30."""
    surface = SURFACES["beale"]()
    corner, minimum = (4.4, 1.7), (3.0, 0.5)
    soft, stiff = curvatures(surface, minimum)
    steep = curvatures(surface, corner)[-1]
    assert soft == pytest.approx(0.30, abs=0.005) and round(stiff) == 49 and round(steep) == 5478
    assert np.linalg.norm(slope(surface, corner)) > 1000 * np.linalg.norm(slope(surface, (2.0, 0.2)))
    assert run(surface, "sgd", 300, start=corner, learning_rate=1 / stiff).status.kind == "diverged"
    assert np.isfinite(run(surface, "sgd", 300, start=corner, learning_rate=2 / steep).losses).all()
    slow, fast = (steps_to(run(surface, "sgd", 4000, start=(2.0, 0.2), learning_rate=1 / x)) for x in (steep, stiff))
    assert slow is None and fast is not None and fast < 200


@holds(
    "beale",
    "A flat, curved valley with its minimum at (3, ½) and a saddle at (0, 1); the corners on the right are steep.",
)
def _() -> None:
    surface = SURFACES["beale"]()
    assert points("beale") == {("minimum", (3.0, 0.5)), ("saddle", (0.0, 1.0))}
    right = [np.linalg.norm(slope(surface, (4.4, y))) for y in (-1.3, 1.7)]
    left = [np.linalg.norm(slope(surface, (-0.6, y))) for y in (-1.3, 1.7)]
    assert min(right) > 10 * max(left)


@holds("beale", "Another saddle, at (0.10, −2.64), lies outside the domain.")
def _() -> None:
    surface = SURFACES["beale"]()
    (place,) = polish(surface, [(0.1, -2.64)])
    assert np.round(place, 2).tolist() == [0.10, -2.64] and place[1] < surface.domain[1][0]
    low, high = curvatures(surface, place)
    assert low < 0 < high and np.linalg.norm(slope(surface, place)) < 1e-9


@holds("beale", "As x → −∞ the valley continues forever, along y ≈ 1 − 1/x.")
def _() -> None:
    """With y = 1 − c/x the loss tends to (1.5 − c)² + (2.25 − 2c)² + (2.625 − 3c)², least at c = 13.875/14."""
    surface = SURFACES["beale"]()
    for x in (-300.0, -3000.0):
        along = 1 - np.linspace(0.5, 1.5, 1001) / x
        losses = [loss(surface, (x, y)) for y in along]
        c = (1 - along[int(np.argmin(losses))]) * x
        assert c == pytest.approx(1, abs=0.05) and min(losses) == pytest.approx(0.452, rel=0.05)


# Booth


def _least(surface: object, key: str) -> int:
    """Steps to 1/10,000 of the start's height at the best of 25 learning rates."""
    runs = run(surface, key, 200, learning_rate=np.geomspace(1e-3, 3.0, 25))  # type: ignore[arg-type]
    return min(steps_to(runs[k], 1e-4) or 1000 for k in range(len(runs)))


@holds(
    "booth",
    "The ravine runs at 45° to the axes, where a separate learning rate for each coordinate does not help.",
    "Both diagonal entries are 10, so separate learning rates for the two coordinates, as in Adagrad, gain nothing.",
    "On the surface rotated by 45°, Adagrad needs about a quarter of the steps if both runs go from the default start "
    "at their best learning rates; at the learning rate that a page suggests, the rotation saves less than a fifth.",
)
def _() -> None:
    surface = SURFACES["booth"]()
    np.testing.assert_allclose(np.diag(hessian(surface, (1.0, 3.0))), [10, 10])
    assert _least(surface, "adagrad") >= _least(surface, "sgd")
    assert _least(Rotated(surface, 45.0), "adagrad") == pytest.approx(_least(surface, "adagrad") / 4, rel=0.2)
    rate = starting_learning_rate(surface, OPTIMIZERS["adagrad"])
    for share in (1e-2, 1e-4):
        level, turned = (
            steps_to(run(one, "adagrad", 4000, learning_rate=rate), share) for one in (surface, Rotated(surface, 45.0))
        )
        assert level is not None and turned is not None and 0.8 * level < turned < level


@holds(
    "booth",
    "A quadratic bowl with its axes at 45° and its minimum at (1, 3).",
    "The Hessian is [[10, 8], [8, 10]]: curvature 18 along (1, 1) and 2 along (1, −1), a condition number of 9.",
)
def _() -> None:
    h = hessian(SURFACES["booth"](), (1.0, 3.0))
    np.testing.assert_allclose(h, [[10, 8], [8, 10]])
    np.testing.assert_allclose([h @ (1, 1), h @ (1, -1)], [[18, 18], [2, -2]])
    assert points("booth") == {("minimum", (1.0, 3.0))} and np.linalg.cond(h) == pytest.approx(9)


# Ravines


@holds("quadratic_ravine", "SGD crawls along the ravine, the more slowly the larger the condition number κ.")
def _() -> None:
    """At η = 1/(2κ) x shrinks by 1 − 1/(2κ) in every step: the steps to a hundredth grow like κ."""
    needed = []
    for kappa in (30.0, 300.0):
        x = run(SURFACES["quadratic_ravine"](kappa), "sgd", 4000, learning_rate=0.5 / kappa).positions[:, 0]
        needed.append(int(np.argmax(np.abs(x) <= 0.01 * abs(x[0]))))
    assert needed[1] == pytest.approx(10 * needed[0], rel=0.02) and needed[0] > 100


@holds("quadratic_ravine", "Above η = 1/κ it zigzags across.")
def _() -> None:
    for share, always in ((0.9, False), (1.1, True), (1.9, True)):
        y = run(SURFACES["quadratic_ravine"](100.0), "sgd", 50, learning_rate=share / 100).positions[:, 1]
        assert (y[1:] * y[:-1] < 0).all() == always and (y[1:] * y[:-1] > 0).all() != always


@holds(
    "quadratic_ravine",
    "A quadratic bowl with curvature 1 along x and κ along y: κ is its condition number.",
    "Condition number: the largest curvature divided by the smallest.",
)
def _() -> None:
    h = hessian(SURFACES["quadratic_ravine"](70.0), (0.3, 0.4))
    np.testing.assert_allclose(h, np.diag([1.0, 70.0]), atol=1e-12)
    assert np.linalg.cond(h) == pytest.approx(70)


@holds(
    "quadratic_ravine",
    "Gradient descent converges for η < 2/κ.",
    "It multiplies x by 1 − η in every step, so at η = 1/κ it takes about κ steps to shrink x by a factor of e.",
)
def _() -> None:
    kappa = 50.0
    surface = SURFACES["quadratic_ravine"](kappa)
    assert run(surface, "sgd", 3000, learning_rate=1.99 / kappa).losses[-1] < 1e-10
    assert run(surface, "sgd", 3000, learning_rate=2.01 / kappa).losses[-1] > 1e10
    x = run(surface, "sgd", 200, learning_rate=1 / kappa).positions[:, 0]
    np.testing.assert_allclose(x[1:] / x[:-1], 1 - 1 / kappa, rtol=1e-12)
    assert int(np.argmax(np.abs(x) <= abs(x[0]) / np.e)) == pytest.approx(kappa, rel=0.02)


@holds(
    "ravine_nd",
    "The stiffest direction limits the learning rate; at that rate SGD crawls along the softest.",
    "Gradient descent multiplies wᵢ by 1 − η λᵢ in every step, so w₁ alone forces η to stay below 2/κ.",
    "A quadratic bowl in n dimensions whose curvatures run from 1 to κ in equal ratios.",
    "Number of coordinates.",
    "Condition number: the largest curvature divided by the smallest.",
)
def _() -> None:
    kappa, n = 200.0, 6
    surface = SURFACES["ravine_nd"](dimension=n, condition_number=kappa)
    scales = np.diag(hessian(surface, np.zeros(n)))
    assert len(scales) == n and scales.max() / scales.min() == pytest.approx(kappa)
    ratios = np.sort(scales)[1:] / np.sort(scales)[:-1]
    np.testing.assert_allclose(ratios, kappa ** (1 / (n - 1)), rtol=1e-12)
    for share in (1.98, 2.02):
        w = np.abs(run(surface, "sgd", 300, learning_rate=share / kappa).positions)
        np.testing.assert_allclose(w[1:] / w[:-1], np.broadcast_to(np.abs(1 - share / kappa * scales), w[1:].shape))
        grows = w[-1] > w[0]
        assert grows.tolist() == [False, share > 2, *[False] * (n - 2)]
        assert w[-1, 0] > 0.04 * w[0, 0], "the softest crawls"


@holds(
    "ravine_nd", "The map shows w₀, the softest direction, and w₁, the stiffest, with all other coordinates at zero."
)
def _() -> None:
    surface = SURFACES["ravine_nd"]()
    scales = np.diag(hessian(surface, np.zeros(20)))
    assert (np.argmin(scales), np.argmax(scales)) == (0, 1)
    shown = surface.embed([[0.3], [0.4]])[:, 0]
    assert shown.tolist() == [0.3, 0.4, *[0.0] * 18]


@holds(
    "rosenbrock",
    "Reaching the valley is easy, but following its bend is hard: the steep direction turns along the way.",
)
def _() -> None:
    surface = SURFACES["rosenbrock"]()
    path = run(surface, "sgd", 4000).positions
    beside = np.abs(path[:, 1] - path[:, 0] ** 2)
    reached = int(np.argmax(beside < 0.02))
    assert 0 < reached < 50 and surface.distance_to_minimum(path[20 * reached]) > 0.7
    ways = [np.linalg.eigh(hessian(surface, (x, x * x)))[1][:, -1] for x in np.linspace(-1.5, 1.0, 26)]
    turned = [abs(float(a @ b)) for a, b in itertools.pairwise(ways)]
    assert np.degrees(np.arccos(np.clip(turned, 0, 1))).sum() > 120


@holds(
    "rosenbrock",
    "A ravine bent into a parabola: along its floor y = x² the loss is only (1 − x)², with the minimum at (1, 1).",
    "For b = 100 the curvatures at the minimum are about 0.4 and 1,002, a condition number of 2,508.",
    "Steepness of the walls.",
)
def _() -> None:
    surface = SURFACES["rosenbrock"]()
    for x in (-1.5, 0.0, 0.7, 2.0):
        assert loss(surface, (x, x * x)) == pytest.approx((1 - x) ** 2)
        assert hessian(SURFACES["rosenbrock"](steepness=7.0), (x, 0.0))[1, 1] == pytest.approx(14)  # 2b across
    low, high = curvatures(surface, (1.0, 1.0))
    assert (round(low, 1), round(high), round(high / low)) == (0.4, 1002, 2508)
    assert points("rosenbrock") == {("minimum", (1.0, 1.0))}


# Saddles


@holds(
    "degenerate_saddle",
    "From above, SGD never gets past this degenerate saddle; a momentum of 0.9 or noise carries it over.",
)
def _() -> None:
    surface = SURFACES["degenerate_saddle"]()
    assert (run(surface, "sgd", 20000).positions[:, 1] > 0).all()
    assert run(surface, "momentum", 300, momentum=0.9).status.kind == "converged"
    noisy = end(surface, "sgd", 3000, noise=Isotropic(0.3), seed=np.arange(32))
    assert (noisy[:, 1] < -0.3).all()


@holds(
    "degenerate_saddle",
    "A ledge at the origin, level and without curvature along y, above a minimum at (0, −1).",
    "The loss is bounded below.",
    "The slope along y is y² (1 + y).",
)
def _() -> None:
    surface = SURFACES["degenerate_saddle"]()
    assert points("degenerate_saddle") == {("minimum", (0.0, -1.0)), ("degenerate", (0.0, 0.0))}
    assert slope(surface, (0, 0)).tolist() == [0, 0] and hessian(surface, (0, 0)).tolist() == [[1, 0], [0, 0]]
    assert loss(surface, (0, -1)) < loss(surface, (0, 0))
    far = 1e3 * np.stack([np.cos(a := np.linspace(0, 6.28, 50)), np.sin(a)], axis=1)
    assert min(loss(surface, w) for w in far) > 0
    for y in (-1.3, -0.4, 0.7):
        assert slope(surface, (0.5, y))[1] == pytest.approx(y * y * (1 + y))


@holds("degenerate_saddle", "From above, gradient descent approaches the ledge as y ≈ 1/(η t) and never passes it.")
def _() -> None:
    y = run("degenerate_saddle", "sgd", 20000, learning_rate=0.05).positions[:, 1]
    assert y[-1] == pytest.approx(1 / (0.05 * 20000), rel=0.02) and (y > 0).all()


@holds("degenerate_saddle", "A strict saddle traps only the starts on a line; this one traps a whole half-plane.")
def _() -> None:
    starts = np.array([(x, y) for x in np.linspace(-2, 2, 9) for y in np.linspace(-1.2, 1.2, 9).round(12)])
    line = starts[:, 1] == 0
    for key, held in (("degenerate_saddle", line | (starts[:, 1] > 0)), ("saddle", line)):
        assert ((np.linalg.norm(end(key, "sgd", 3000, start=starts), axis=1) < 0.1) == held).all()
    assert line.sum() == 9


@holds(
    "monkey_saddle",
    "Even the curvature vanishes here: SGD lingers longer than at an ordinary saddle, and Newton's method is drawn in.",
    "Near the origin the slope is r²: SGD's steps shrink faster than the distance, and Newton's method halves the "
    "distance in each step.",
)
def _() -> None:
    stays = {}
    for key in ("monkey_saddle", "saddle"):
        path = run(key, "sgd", 1000, start=(1.5, 1e-3), learning_rate=0.1).positions
        stays[key] = int((np.linalg.norm(path, axis=1) < 0.3).sum())
    assert stays["monkey_saddle"] > 3 * stays["saddle"]
    near = run("monkey_saddle", "newton", 12, start=(0.05, 0.02)).positions
    r = np.linalg.norm(near, axis=1)
    np.testing.assert_allclose(r[1:] / r[:-1], 0.5, atol=0.01)
    assert np.linalg.norm(end("monkey_saddle", "newton", 100)) < 1e-6
    surface = SURFACES["monkey_saddle"]()
    for angle in np.linspace(0, 6, 7):
        w = 1e-3 * np.array([np.cos(angle), np.sin(angle)])
        assert np.linalg.norm(slope(surface, w)) == pytest.approx(1e-6, rel=2e-3)


@holds(
    "monkey_saddle",
    "Three valleys and three ridges that meet at the origin, where the Hessian is zero.",
    "The loss is bounded below.",
    "In polar coordinates it is ⅓ r³ cos 3θ + ¼ r⁴: three minima of depth 1/12 at r = 1, with curvature 1 along r and "
    "3 across.",
)
def _() -> None:
    surface = SURFACES["monkey_saddle"]()
    assert (hessian(surface, (0, 0)) == 0).all()
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    ring = np.array([loss(surface, (0.01 * np.cos(a), 0.01 * np.sin(a))) for a in angles])
    assert (np.sign(ring) != np.sign(np.roll(ring, 1))).sum() == 6
    for r, a in ((0.7, 1.0), (1.3, 4.0)):
        want = r**3 * np.cos(3 * a) / 3 + r**4 / 4
        assert loss(surface, (r * np.cos(a), r * np.sin(a))) == pytest.approx(want)
    minima = surface.minima()
    assert len(minima) == 3 and surface.lowest() == pytest.approx(-1 / 12)
    for w in minima:
        along = w / np.linalg.norm(w)
        across = np.array([-along[1], along[0]])
        h = hessian(surface, w)
        assert np.linalg.norm(w) == pytest.approx(1)
        assert (along @ h @ along, across @ h @ across) == (pytest.approx(1), pytest.approx(3))


@holds(
    "plateau",
    "On a plateau SGD's steps are as tiny as the gradient; rules that divide by the gradient's size cross it.",
)
def _() -> None:
    surface = SURFACES["plateau"]()
    start = surface.distance_to_minimum(surface.start)
    path = run(surface, "sgd", 300, learning_rate=0.2).positions
    moved = np.linalg.norm(path[1] - path[0])
    assert moved == pytest.approx(0.2 * np.linalg.norm(slope(surface, path[0])))
    assert surface.distance_to_minimum(end(surface, "sgd", 300)) > 0.8 * start
    for key in ("adagrad", "adadelta", "rmsprop", "adam"):
        assert surface.distance_to_minimum(end(surface, key, 300)) < 0.03 * start


@holds(
    "plateau",
    "A well of width s in a plain that slopes very gently towards it.",
    "The slope at distance r is r (exp(−r²/2s²)/s² + ε), of which only ε r is left far out.",
    "At the default parameters the wall of the well is more than a hundred times as steep as the plain at the start.",
    "Width of the well: its wall is steepest at about this distance from the centre.",
    "Curvature of the plain towards the well.",
)
def _() -> None:
    for s in (0.4, 0.65, 2.0):
        surface, r = SURFACES["plateau"](width=s), np.linspace(0.01, 6, 600)
        slopes = np.array([slope(surface, (x, 0.0))[0] for x in r])
        np.testing.assert_allclose(slopes, r * (np.exp(-(r**2) / (2 * s**2)) / s**2 + 1e-3), rtol=1e-9)
        assert r[np.argmax(slopes)] == pytest.approx(s, abs=0.015)
        out = 8 * s
        assert slope(surface, (out, 0.0))[0] == pytest.approx(1e-3 * out, rel=1e-6)
        np.testing.assert_allclose(hessian(surface, (out, 0.0)), 1e-3 * np.eye(2), atol=1e-8)
        if s == 0.65:
            at_start = np.linalg.norm(slope(surface, surface.start))
            assert slopes.max() > 100 * at_start and at_start < 0.01


@holds("saddle", "Near a saddle the gradient is almost zero, so SGD slows down and lingers.")
def _() -> None:
    surface = SURFACES["saddle"]()
    start = np.linalg.norm(slope(surface, surface.start))
    around = 0.05 * np.stack([np.cos(a := np.linspace(0, 6.28, 40)), np.sin(a)], axis=1)
    assert max(np.linalg.norm(slope(surface, w)) for w in around) < 0.03 * start
    stays = {
        key: int((np.linalg.norm(run(surface, key, 300).positions, axis=1) < 0.3).sum()) for key in ("sgd", "adam")
    }
    assert stays["sgd"] > 30 and stays["adam"] < 5


@holds("saddle", "A saddle at the origin between two minima at (0, ±1).", "The loss is bounded below.")
def _() -> None:
    assert points("saddle") == {("saddle", (0.0, 0.0)), ("minimum", (0.0, 1.0)), ("minimum", (0.0, -1.0))}
    assert SURFACES["saddle"]().lowest() == -0.25
    assert CriticalPoint((0.0, 0.0), "saddle") in SURFACES["saddle"]().critical_points()


@holds(
    "saddle",
    "Near the saddle, gradient descent multiplies y by 1 + η in every step: from y₀ it takes about ln(0.5/y₀)/ln(1 + "
    "η) steps to leave.",
)
def _() -> None:
    for rate, first in ((0.05, 1e-6), (0.1, 1e-9)):
        y = run("saddle", "sgd", 600, start=(-1.8, first), learning_rate=rate).positions[:, 1]
        np.testing.assert_allclose(y[1:50] / y[:49], 1 + rate, rtol=1e-3)
        assert int(np.argmax(y > 0.5)) == pytest.approx(np.log(0.5 / first) / np.log(1 + rate), rel=0.03)


# Cliff and kinked ravine


@holds(
    "cliff",
    "A bowl whose slope is at most 1, with a cliff of height h and width s along x = −1.4.",
    "The cliff adds up to h/4s to the slope: 10 at the default parameters, where the bowl has less than 1.",
    "Height of the cliff.",
    "Width of the cliff: half of its height lies within 2.2 s.",
)
def _() -> None:
    bowl = SURFACES["cliff"](height=0.0)
    for h, s in ((2.0, 0.05), (8.0, 0.02)):
        surface, x = SURFACES["cliff"](h, s), np.linspace(-3.0, 0.5, 3501)
        heights = np.array([loss(surface, (a, 0.7)) - loss(bowl, (a, 0.7)) for a in (-3.0, -1.4, 0.5)])
        np.testing.assert_allclose(heights, [h, h / 2, 0.0], atol=1e-6)
        quarter = [loss(surface, (-1.4 + d * s, 0.7)) - loss(bowl, (-1.4 + d * s, 0.7)) for d in (-1.1, 1.1)]
        np.testing.assert_allclose(quarter, [0.75 * h, 0.25 * h], rtol=2e-3)
        added = np.array([slope(surface, (a, 0.7))[0] - slope(bowl, (a, 0.7))[0] for a in x[::25]])
        assert np.abs(added).max() == pytest.approx(h / (4 * s), rel=1e-3)
    slopes = [np.linalg.norm(slope(bowl, w)) for w in itertools.product((-30.0, -1.0, 2.0), (0.1, 20.0))]
    assert 0.99 < max(slopes) < 1
    assert SURFACES["cliff"]().height / (4 * SURFACES["cliff"]().width) == pytest.approx(10)


@holds(
    "cliff",
    "A single gradient on the cliff throws SGD far away; a rule that divides by the gradient's size takes a step of "
    "its usual length.",
)
def _() -> None:
    surface = SURFACES["cliff"]()
    for key, thrown in (("sgd", True), ("rmsprop", False), ("adam", False)):
        on, off = (run(surface, key, 1, start=(x, 0.5), learning_rate=1.0).positions for x in (-1.4, -2.6))
        ratio = np.linalg.norm(on[1] - on[0]) / np.linalg.norm(off[1] - off[0])
        assert (ratio > 9) == thrown and (thrown or ratio == pytest.approx(1, abs=0.01)), (key, ratio)
        assert (on[1][0] > surface.domain[0][1]) == thrown


SAID.not_computable(
    "history", "cliff", "Recurrent networks have such cliffs, and clipping the gradient was invented for them."
)


@holds(
    "kinked_ravine",
    "The sum of the absolute values of the coordinates, one of them κ times as steep.",
    "The slope along y divided by the slope along x.",
)
def _() -> None:
    surface = SURFACES["kinked_ravine"](7.0)
    for x, y in ((1.5, -0.3), (-2.0, 0.1), (0.01, 1.0)):
        assert loss(surface, (x, y)) == pytest.approx(abs(x) + 7 * abs(y))
        np.testing.assert_allclose(slope(surface, (x, y)), [np.sign(x), 7 * np.sign(y)])
    assert points("kinked_ravine") == {("kink", (0.0, 0.0))} and slope(surface, (0.0, 0.0)).tolist() == [0.0, 0.0]


@holds(
    "kinked_ravine",
    "The slope is as large beside the minimum as far away, so SGD never comes to rest at a constant rate.",
    "The slope does not shrink towards the minimum: with a constant learning rate η, SGD jumps back and forth across "
    "each kink, by η along x and by κη along y.",
    "With a learning rate that decreases to zero, it converges.",
)
def _() -> None:
    surface, rate = SURFACES["kinked_ravine"](), 0.0311
    jumps = np.diff(run(surface, "sgd", 400, learning_rate=rate).positions[-20:], axis=0)
    np.testing.assert_allclose(np.abs(jumps), np.tile([rate, 5 * rate], (19, 1)), rtol=1e-9)
    assert (np.sign(jumps[1:]) == -np.sign(jumps[:-1])).all()
    decreasing = Scheduled(OPTIMIZERS["sgd"](rate), SCHEDULES["cosine"](horizon=400.0))
    assert trace(surface, decreasing, steps=400).losses[-1] < 1e-4


@pytest.mark.thinned(2)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()
