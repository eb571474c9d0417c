"""What surfaces of several minima and models say of themselves, sentence by sentence."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Scheduled, Shifted, trace
from surfaces import SURFACES, THEMES
from surfaces.calculus import polish
from tests.optimizers.runs import curvatures, end, grid, hessian, kind_at, loss, rule_for, run, slope, texts_of
from tests.sentences import Check, Sentences, entries_of

MINIMA = ("several minima", "many minima", "models")
SAID = Sentences()
holds = SAID.hold


def test_every_sentence_has_a_check() -> None:
    texts = {key: texts_of(kind) for key, kind in SURFACES.items() if kind.theme in MINIMA}
    assert SAID.entries() == entries_of(texts)
    assert {*MINIMA, "ravines", "saddles and plateaus"} == set(THEMES)


def kinds(key: str) -> list[str]:
    return sorted(p.kind for p in SURFACES[key]().critical_points())


def low_places(surface: object, side: int) -> np.ndarray:
    """Inner points of a grid that are lower than their eight neighbours, (k, 2)."""
    places = grid(surface, side)  # type: ignore[arg-type]
    with jax.enable_x64(True):
        height = np.asarray(jax.jit(surface)(jnp.asarray(places.T))).reshape(side, side)  # type: ignore[arg-type]
    inner = height[1:-1, 1:-1]
    around = [height[1 + i : side - 1 + i, 1 + j : side - 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    found = (inner < np.min(around, axis=0)).nonzero()
    return places.reshape(side, side, 2)[1:-1, 1:-1][found]


# Several minima


@holds("himmelblau", "Four equally deep minima: from the same start, SGD and momentum end in different ones.")
def _() -> None:
    surface = SURFACES["himmelblau"]()
    ends = [end(surface, key, 1000) for key in ("sgd", "momentum")]
    assert max(surface.distance_to_minimum(w) for w in ends) < 1e-3 and np.linalg.norm(ends[0] - ends[1]) > 3


@holds(
    "himmelblau",
    "Four minima of equal depth around a hill: start, rule and learning rate decide which one a run reaches.",
)
def _() -> None:
    surface = SURFACES["himmelblau"]()
    assert len(surface.minima()) == 4 and kinds("himmelblau").count("maximum") == 1
    np.testing.assert_allclose([loss(surface, w) for w in surface.minima()], 0, atol=1e-20)
    by_start = surface.nearest_minimum(end(surface, "sgd", 1000, start=[(4, 3), (-3, 3), (-4, -3), (4, -3)]))
    assert len(set(by_start.tolist())) == 4
    by_rate = surface.nearest_minimum(end(surface, "momentum", 1000, learning_rate=np.geomspace(1e-3, 2e-2, 12)))
    by_rule = [surface.nearest_minimum(end(surface, key, 1000)) for key in ("sgd", "momentum")]
    assert len(set(by_rate.tolist())) > 1 and by_rule[0] != by_rule[1]


@holds(
    "narrow_trap",
    "SGD falls into the narrow, deep hole on its way; with a momentum of 0.9 it flies over the hole into the wide "
    "minimum.",
)
def _() -> None:
    surface = SURFACES["narrow_trap"]()
    ends = [end(surface, "sgd", 600), end(surface, "momentum", 600, momentum=0.9)]
    assert ends[0][0] == pytest.approx(-1.2, abs=0.05) and ends[1][0] == pytest.approx(0, abs=0.05)
    assert [kind_at(surface, w) for w in ends] == ["minimum", "local minimum"]


@holds(
    "narrow_trap",
    "A round bowl of curvature 1 with a hole of width s and depth d in its slope, at (−1.2, 0).",
    "The curvature is about d/s² in the hole and 1 at the bottom of the bowl.",
    "Width of the hole.",
    "Depth of the hole below the bowl.",
)
def _() -> None:
    for s, d in ((0.15, 1.0), (0.08, 0.6)):
        surface = SURFACES["narrow_trap"](width=s, depth=d)

        def hole(x: float, y: float, surface: object = surface) -> float:
            return (x * x + y * y) / 2 - loss(surface, (x, y))  # type: ignore[arg-type]

        assert hole(-1.2, 0) == pytest.approx(d) and hole(-1.2, s) == pytest.approx(d * np.exp(-0.5))
        inside, bottom = surface.critical_points()[0].position, surface.critical_points()[1].position
        np.testing.assert_allclose(curvatures(surface, inside), d / s**2, rtol=0.1)
        np.testing.assert_allclose(curvatures(surface, bottom), 1, atol=1e-6)
        assert surface.start[0] < -1.2 < 0 == pytest.approx(bottom[0], abs=1e-6)


SAID.not_computable(
    "what authors argue of networks",
    "narrow_trap",
    "Hochreiter & Schmidhuber (1997) argue that networks in narrow minima generalise worse, so flying over one loses "
    "nothing.",
)


@holds(
    "sharp_and_flat",
    "A large learning rate, or noise like that of mini-batches, drives SGD from the sharp minimum to the flat one.",
)
def _() -> None:
    surface = SURFACES["sharp_and_flat"]()
    sharp, flat = np.array([1.25, 1e-3]), np.array([-1.25, 1e-3])
    for start in (sharp + 1e-3, flat + 1e-3):
        ends = end(surface, "sgd", 2000, start=start, learning_rate=np.array([1.04, 1.2, 1.6, 2.0]) * 2 / 50)
        np.testing.assert_allclose(ends[:, 0], -1.25, atol=1e-3)
        noisy = end(surface, "sgd", 3000, start=start, learning_rate=0.02, noise=Shifted(0.2), seed=np.arange(32))
        assert (noisy[:, 0] < 0).all()
    assert (end(surface, "sgd", 2000, start=sharp + 1e-3, learning_rate=np.array([0.1, 0.9]) * 2 / 50)[:, 0] > 1).all()


@holds(
    "sharp_and_flat",
    "Gradient descent is unstable at the sharp minimum above η = 2/h₁: up to about 2 % above this limit it jumps back "
    "and forth around the minimum in a bounded cycle, and from 4 % above it leaves for the flat one.",
)
def _() -> None:
    shares = np.array([0.99, 1.005, 1.01, 1.02, 1.04, 1.06, 1.1])
    for h1, h2, distance in (
        (50.0, 2.0, 2.5),
        (200.0, 2.0, 2.5),
        (400.0, 0.5, 2.5),
        (20.0, 2.0, 2.5),
        (50.0, 2.0, 4.0),
    ):
        surface = SURFACES["sharp_and_flat"](sharp_curvature=h1, flat_curvature=h2, distance=distance)
        start = (distance / 2 + 1e-3, 1e-3)
        x = run(surface, "sgd", 4000, start=start, learning_rate=shares * 2 / h1).positions[:, -200:, 0] - distance / 2
        assert np.abs(x[0]).max() < 1e-6
        cycle = x[1:4]
        assert ((cycle.max(axis=1) > 0.01) & (cycle.min(axis=1) < -0.01)).all() and np.abs(cycle).max() < distance / 2
        np.testing.assert_allclose(x[4:], -distance, atol=1e-3)


@holds(
    "sharp_and_flat",
    "Two parabolas along x, joined by a soft minimum, plus y².",
    "τ is a fortieth of the smaller gap between the parabolas at the two minima, so that the curvatures there are h₁ "
    "and h₂ up to rounding.",
    "Curvature of the right minimum.",
    "Curvature of the left minimum.",
    "Depth of the right minimum below zero.",
    "Depth of the left minimum below zero.",
    "Distance between the two minima.",
)
def _() -> None:
    surface = SURFACES["sharp_and_flat"](sharp_curvature=60.0, flat_curvature=3.0, sharp_depth=0.2, flat_depth=0.1)
    right, left, _ = (np.array(p.position) for p in surface.critical_points())
    assert right[0] - left[0] == surface.distance == 2.5
    gaps = [3 * 2.5**2 / 2 - 0.1 + 0.2, 60 * 2.5**2 / 2 - 0.2 + 0.1]
    tau = min(gaps) / 40
    for x, y in ((1.4, 0.3), (0.8, 0.0), (-1.0, -0.5)):
        each = np.array([30 * (x - 1.25) ** 2 - 0.2, 1.5 * (x + 1.25) ** 2 - 0.1])
        assert loss(surface, (x, y)) == pytest.approx(-tau * np.logaddexp(*(-each / tau)) + y * y)
    for place, curvature, depth in ((right, 60, 0.2), (left, 3, 0.1)):
        np.testing.assert_allclose(hessian(surface, place), np.diag([curvature, 2.0]), rtol=1e-9, atol=1e-9)
        assert loss(surface, place) == pytest.approx(-depth)


@holds(
    "six_hump_camel",
    "Minima of three depths: SGD stops in the nearest, but momentum rolls on over a saddle to one of the lowest.",
)
def _() -> None:
    surface = SURFACES["six_hump_camel"]()
    depths = {round(loss(surface, w), 6) for w in surface.minima(local=True)}
    assert len(depths) == 3
    ends = [end(surface, key, 1000) for key in ("sgd", "momentum")]
    assert surface.nearest_minimum(ends[0]) == surface.nearest_minimum(surface.start)
    assert [kind_at(surface, w) for w in ends] == ["local minimum", "minimum"]


@holds(
    "six_hump_camel",
    "Six minima in three pairs of different depth, seven saddles and two maxima.",
    "The two lowest, with a loss of −1.0316, lie in the middle: gradient descent reaches them from about a third of "
    "the starts on the edge of the domain, and from more than half of those inside it.",
)
def _() -> None:
    surface = SURFACES["six_hump_camel"]()
    count = kinds("six_hump_camel")
    assert [count.count(k) for k in ("minimum", "local minimum", "saddle", "maximum")] == [2, 4, 7, 2]
    assert round(surface.lowest() or 0, 4) == -1.0316 and np.abs(surface.minima()[:, 0]).max() < 0.1
    (x0, x1), (y0, y1) = surface.domain
    across, up = np.linspace(x0, x1, 211), np.linspace(y0, y1, 121)  # evenly by length
    edge = np.array([*((x, y) for x in across for y in (y0, y1)), *((x, y) for x in (x0, x1) for y in up)])
    share = []
    for starts in (edge, grid(surface, 25)):
        ends = end(surface, "sgd", 2000, start=starts, learning_rate=0.003)
        share.append(np.mean(surface.distance_to_minimum(ends) < 0.05))
    assert share[0] == pytest.approx(1 / 3, abs=0.05) and 0.5 < share[1] < 0.7


@holds(
    "styblinski_tang",
    "The side of the hill on which each coordinate starts decides which of the four minima SGD reaches.",
)
def _() -> None:
    starts = grid(SURFACES["styblinski_tang"](), 24)
    ends = end("styblinski_tang", "sgd", 1000, start=starts)
    np.testing.assert_allclose(ends, np.where(starts < 0.15673, -2.9035, 2.7468), atol=1e-3)
    assert len(np.unique(ends.round(2), axis=0)) == 4


@holds(
    "styblinski_tang",
    "The sum of a double well in each coordinate: four minima, four saddles and a maximum.",
    "The lowest minimum, −78.33, lies at (−2.90, −2.90); with one coordinate in the wrong well the loss is −64.20, "
    "and with both it is −50.06.",
    "In n dimensions there are 2ⁿ minima, of which one is the lowest.",
)
def _() -> None:
    surface = SURFACES["styblinski_tang"]()
    count = kinds("styblinski_tang")
    assert [count.count(k) for k in ("minimum", "local minimum", "saddle", "maximum")] == [1, 3, 4, 1]
    assert loss(surface, (0.3, -1.0)) == pytest.approx(loss(surface, (0.3,)) + loss(surface, (-1.0,)))
    deep, _, shallow = np.sort(np.roots([2.0, 0.0, -16.0, 2.5]).real)
    assert round(deep, 2) == -2.90 and np.allclose(surface.minima(), deep)
    places = [(deep, deep), (deep, shallow), (shallow, deep), (shallow, shallow)]
    assert [round(loss(surface, w), 2) for w in places] == [-78.33, -64.20, -64.20, -50.06]
    signs = np.array(np.meshgrid(*[(deep, shallow)] * 3)).reshape(3, -1).T
    assert len(signs) == 2**3 and all(curvatures(surface, w)[0] > 0 for w in signs)
    heights = sorted(loss(surface, w) for w in signs)
    assert heights[1] > heights[0] + 1


@holds(
    "tilted_wells", "SGD stops in the first minimum on its way; with a momentum of 0.9 it rolls on into the deeper one."
)
def _() -> None:
    surface = SURFACES["tilted_wells"]()
    ends = [end(surface, "sgd", 600), end(surface, "momentum", 600, momentum=0.9)]
    assert [kind_at(surface, w) for w in ends] == ["local minimum", "minimum"]


@holds(
    "tilted_wells",
    "A local minimum on the right, the lowest minimum on the left, about 2t deeper, and a saddle between them.",
    "The start lies uphill of the upper well and higher than the saddle.",
    "Along x the critical points are the roots of x³ − x + t, of which there are three for t < 2/(3√3) ≈ 0.385.",
    "About half the difference in depth.",
)
def _() -> None:
    for t in (0.01, 0.12, 0.35):
        surface = SURFACES["tilted_wells"](tilt=t)
        points = sorted(surface.critical_points(), key=lambda p: p.position[0])
        assert [p.kind for p in points] == ["minimum", "saddle", "local minimum"]
        np.testing.assert_allclose([p.position[0] for p in points], np.sort(np.roots([1, 0, -1, t]).real), atol=1e-9)
        left, top, right = (loss(surface, p.position) for p in points)
        assert right - left == pytest.approx(2 * t, rel=0.03)
        assert surface.start[0] > points[2].position[0] and loss(surface, surface.start) > top
    assert round(2 / (3 * 3**0.5), 3) == 0.385
    with pytest.raises(ValueError):
        SURFACES["tilted_wells"](tilt=0.386)


# Many minima


@holds(
    "ackley",
    "The gradient does not vanish near the tip: SGD jumps across it forever unless the learning rate decreases.",
)
def _() -> None:
    surface = SURFACES["ackley"]()
    rule = rule_for(surface, "sgd", learning_rate=0.005)
    steady = trace(surface, rule, (0.3, 0.2), 2000)
    falling = trace(surface, Scheduled(rule, SCHEDULES["cosine"](horizon=2000)), (0.3, 0.2), 2000)
    assert steady.status.kind == "oscillating"
    assert falling.losses[-1] < 0.01 * steady.losses[-1]
    tail = steady.positions[-200:]
    assert ((tail[1:] * tail[:-1]).sum(axis=1) < 0).all(), "on the other side after every step"


@holds(
    "ackley",
    "A plain with a dimple near every point with integer coordinates and a funnel whose tip is the lowest minimum.",
)
def _() -> None:
    low = low_places(SURFACES["ackley"](), 401)
    assert np.abs(low - low.round()).max() < 0.15
    assert {tuple(w) for w in low.round().astype(int).tolist()} == {(x, y) for x in range(-3, 4) for y in range(-2, 3)}
    assert SURFACES["ackley"]().lowest() == 0.0 and all(
        loss(SURFACES["ackley"](), w) > 0 for w in low if abs(w).max() > 0.1
    )


@holds(
    "ackley",
    "The tip is a kink: close to it the slope is about 2√2 ≈ 2.83 in every direction.",
    "At the tip itself the computed gradient is zero, which is a subgradient.",
    "Close to the tip, a small gradient step has a length of about 2.83 η and jumps across the tip.",
    "The listed critical points are the kink and the eight dimples around it; further dimples, saddles and maxima are "
    "not listed.",
)
def _() -> None:
    surface = SURFACES["ackley"]()
    for angle in np.linspace(0, 6, 9):
        w = 1e-6 * np.array([np.cos(angle), np.sin(angle)])
        assert np.linalg.norm(slope(surface, w)) == pytest.approx(2 * 2**0.5, rel=1e-3)
    assert slope(surface, (0.0, 0.0)).tolist() == [0.0, 0.0]
    path = run(surface, "sgd", 400, start=(1e-3, 2e-3), learning_rate=1e-4).positions[-20:]
    jumps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(jumps, 2.83e-4, rtol=0.01)
    assert kinds("ackley") == ["kink", *["local minimum"] * 8] and not surface.complete


@holds(
    "griewank",
    "Many minima of almost equal depth: missing the lowest costs next to nothing.",
    "Waves in a bowl so wide that neighbouring minima are almost equally deep.",
    "The lowest minimum, 0, lies at the origin; the minima next to it have a loss of 0.0074, behind saddles of 1.00.",
    "On a large scale (the usual domain is ±600) the waves are negligible and only the bowl remains.",
    "The listed critical points are the seven minima in the domain; its saddles and maxima are not listed.",
)
def _() -> None:
    """The loss is the bowl r²/4000 and waves between 0 and 2: at r = 600 at most 2 %."""
    surface = SURFACES["griewank"]()
    minima = surface.minima(local=True)
    depths = sorted(round(loss(surface, w), 4) for w in minima)
    assert surface.minima().tolist() == [[0.0, 0.0]] and depths == [0.0, *[0.0074] * 4, *[0.0099] * 2]
    (saddle,) = polish(surface, [(1.57, 2.22)])
    low, high = curvatures(surface, saddle)
    assert low < 0 < high and round(loss(surface, saddle), 2) == 1.00
    for angle in np.linspace(0, 6, 50):
        w = 600 * np.array([np.cos(angle), np.sin(angle)])
        assert 0 <= loss(surface, w) - 90 <= 0.023 * 90
    assert len(low_places(surface, 301)) == len(minima) == 7 and not surface.complete


@functools.cache
def _levy_ends(rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Which minimum SGD settled in from 300 starts over the domain, −1 for none, and how many."""
    surface = SURFACES["levy"]()
    low, high = np.array(surface.domain).T
    starts = np.random.default_rng(2).uniform(low, high, (300, 2))
    tail = run(surface, "sgd", 3000, start=starts, learning_rate=rate).positions[:, -100:]
    with np.errstate(over="ignore", invalid="ignore"):
        near = surface.nearest_minimum(tail[:, -1])
        places = np.array([surface.critical_points()[k].position for k in near])
        settled = np.linalg.norm(tail - places[:, None], axis=2).max(axis=1) < 0.02
    return np.where(settled, near, -1), settled


@holds("levy", "The lowest minimum is the flattest: above η = 0.5 it is the only one in which SGD can settle.")
def _() -> None:
    lowest = [p.kind for p in SURFACES["levy"]().critical_points()].index("minimum")
    for rate in (0.51, 0.6, 0.8):
        ends, settled = _levy_ends(rate)
        assert settled.mean() > 0.4 and (ends[settled] == lowest).all()
    assert len(set(_levy_ends(0.1)[0].tolist())) > 8


@holds(
    "levy",
    "Waves along both axes that grow outwards; the lowest minimum, 0 at (1, 1), is the flattest.",
    "Its curvatures are ⅛ and about 2.24.",
    "The other two minima at x = 1 have a curvature of 4.01 along y, and all the rest have at least 6.26 along x.",
    "Gradient descent is therefore unstable at every other minimum above η = 2/4.01 ≈ 0.50, but stable at the lowest "
    "up to 2/2.24 ≈ 0.89.",
    "From random starts in the domain it reaches the lowest more than twice as often at η = 0.6 as at 0.1.",
    "The listed critical points are the twelve minima in the domain; its saddles and maxima are not listed.",
)
def _() -> None:
    surface = SURFACES["levy"]()
    lowest, *others = sorted(surface.critical_points(), key=lambda p: p.kind != "minimum")
    assert lowest.position == (1.0, 1.0) and loss(surface, lowest.position) == pytest.approx(0, abs=1e-30)
    flat = curvatures(surface, lowest.position)
    assert flat[0] == pytest.approx(1 / 8) and flat[1] == pytest.approx(2.24, abs=0.005)
    steep = [np.diag(hessian(surface, p.position)) for p in others]
    middle = [h for p, h in zip(others, steep, strict=True) if p.position[0] == pytest.approx(1)]
    outer = [h for p, h in zip(others, steep, strict=True) if p.position[0] != pytest.approx(1)]
    assert len(middle) == 2 and all(h[1] == pytest.approx(4.01, abs=0.005) for h in middle)
    assert min(h[0] for h in outer) == pytest.approx(6.26, abs=0.005)
    assert min(h.max() for h in steep) == pytest.approx(4.01, abs=0.005)
    assert (round(2 / 4.01, 2), round(2 / 2.24, 2)) == (0.50, 0.89)
    beside = end(surface, "sgd", 3000, start=(1.001, 1.001), learning_rate=np.array([0.88, 0.90]))
    assert np.abs(beside[0] - 1).max() < 1e-6 and np.abs(beside[1] - 1).max() > 0.01
    amplitude = [np.ptp([loss(surface, (x, 1.0)) for x in np.linspace(a, a + 4, 200)]) for a in (1, 5, 9)]
    assert amplitude == sorted(amplitude)
    index = surface.critical_points().index(lowest)
    shares = [np.mean(_levy_ends(rate)[0] == index) for rate in (0.1, 0.6)]
    assert shares[1] > 2 * shares[0] > 0
    assert len(low_places(surface, 401)) == 12 == len(surface.minima(local=True)) and not surface.complete


@holds("rastrigin", "The waves hide the bowl: every rule but the Polyak step ends within one wavelength of its start.")
def _() -> None:
    surface = SURFACES["rastrigin"]()
    for key in ("sgd", "momentum", "adagrad", "rmsprop", "adam"):
        assert _farthest_end(key) < 1, key
    # where the Polyak step ends hangs on rounding; that it leaves does not
    assert np.linalg.norm(run(surface, "polyak_sgd", 2000).positions - surface.start, axis=1).max() > 2


def _farthest_end(key: str) -> float:
    surface = SURFACES["rastrigin"]()
    return float(np.linalg.norm(end(surface, key, 2000) - surface.start))


@pytest.mark.long
@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if key != "polyak_sgd"])
def test_every_rule_but_the_polyak_step_stays_near_its_start_on_rastrigin(key: str) -> None:
    assert _farthest_end(key) < 1


@holds(
    "rastrigin",
    "A round bowl with waves of length 1: a minimum near every point with integer coordinates, the lowest at 0.",
    "Every curvature lies between 2 − 4π²A and 2 + 4π²A; A = 10 is the usual value, and A = 0 leaves only the bowl.",
    "The listed critical points are the lowest minimum and the eight around it; further minima, saddles and maxima "
    "are not listed.",
    "Amplitude of the waves.",
)
def _() -> None:
    surface = SURFACES["rastrigin"]()
    low = low_places(surface, 401)
    assert {tuple(w) for w in low.round().astype(int).tolist()} == {(x, y) for x in range(-2, 3) for y in (-1, 0, 1)}
    assert np.abs(low - low.round()).max() < 0.02 and surface.minima().tolist() == [[0.0, 0.0]]
    sizes = np.array([curvatures(surface, w) for w in grid(surface, 57)])
    bound = 4 * np.pi**2 * 10
    assert 2 - bound - 1e-9 <= sizes.min() and sizes.max() <= 2 + bound + 1e-9
    assert surface.amplitude == 10.0 and loss(SURFACES["rastrigin"](amplitude=0.0), (0.6, 0.8)) == pytest.approx(1)
    # a wave is as high as A along each axis, and comes back after 1
    assert loss(surface, (0.5, 0.0)) == pytest.approx(0.25 + 2 * 10) and loss(surface, (1.0, 0.0)) == pytest.approx(1)
    assert kinds("rastrigin") == [*["local minimum"] * 8, "minimum"] and not surface.complete


# Models


@holds(
    "linear_regression",
    "The data shape the surface: shifting or scaling the feature turns a round bowl into a ravine.",
    "The feature z is standardised, so the Hessian is 2 [[μ² + s², μ], [μ, 1]] and its condition number κ satisfies κ "
    "+ 1/κ + 2 = (1 + μ² + s²)²/s².",
    "With offset 0 and scale 1 the bowl is round: κ = 1.",
    "An offset of 5 alone raises κ to about 727, and a scale of 10 alone raises it to 100.",
    "The mean squared error of ŷ = w x + b over 40 samples, a loss surface of two parameters.",
    "Mean of the feature.",
    "Standard deviation of the feature.",
)
def _() -> None:
    for mu, s, want in ((0.0, 1.0, 1), (5.0, 1.0, 727), (0.0, 10.0, 100), (2.0, 0.5, None)):
        surface = SURFACES["linear_regression"](offset=mu, scale=s)
        h = hessian(surface, surface.start)
        np.testing.assert_allclose(h, 2 * np.array([[mu**2 + s**2, mu], [mu, 1]]), atol=1e-9)
        kappa = np.linalg.cond(h)
        assert want is None or round(kappa) == want
        assert kappa + 1 / kappa + 2 == pytest.approx((1 + mu**2 + s**2) ** 2 / s**2)
        z, y = (np.asarray(v) for v in surface.data)
        x = mu + s * z
        assert len(x) == 40 and (x.mean(), x.std()) == (pytest.approx(mu, abs=1e-12), pytest.approx(s))
        assert loss(surface, (0.3, -0.2)) == pytest.approx(np.mean((0.3 * x - 0.2 - y) ** 2))


@holds(
    "logistic_regression",
    "Convex, but not quadratic: far out the slope is constant, so SGD comes back at a constant speed.",
)
def _() -> None:
    surface = SURFACES["logistic_regression"]()
    out = np.array([-1.0, 0.5])
    np.testing.assert_allclose(slope(surface, 400 * out), slope(surface, 100 * out), rtol=1e-2)
    path = run(surface, "sgd", 100, start=200 * out, learning_rate=1.0).positions
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.ptp(speed) < 0.05 * speed.mean() and path[-1, 0] > path[0, 0] + 50
    assert curvatures(surface, surface.minima()[0])[0] > 0.01


@holds(
    "logistic_regression",
    "The cross-entropy of p(y = 1) = σ(w x + b) over 40 samples of two overlapping classes, with a penalty on w.",
    "The loss is convex and has a minimum because the classes overlap; on separable classes the weights would grow "
    "forever.",
    "Penalty λ/2 w² on w, but not on b.",
)
def _() -> None:
    surface = SURFACES["logistic_regression"]()
    x, t = (np.asarray(v) for v in surface.data)
    p = 1 / (1 + np.exp(-(0.7 * x + 0.2)))
    assert len(x) == 40 and x[t < 0].max() > x[t > 0].min()
    assert loss(surface, (0.7, 0.2)) == pytest.approx(-np.mean(np.where(t > 0, np.log(p), np.log(1 - p))))
    assert min(curvatures(surface, w)[0] for w in grid(surface, 21)) > 0
    apart = surface.replace(feature=t + 0.1 * x)
    w = run(apart, "sgd", 20000, learning_rate=4.0).positions[:, 0]
    assert w[20000] > w[10000] + 0.3 > w[5000] + 0.6 and (np.diff(w[100:]) > 0).all()
    decayed = SURFACES["logistic_regression"](decay=0.3)
    np.testing.assert_allclose(slope(decayed, (0.7, 0.2)) - slope(surface, (0.7, 0.2)), [0.3 * 0.7, 0], atol=1e-12)


@holds(
    "logistic_regression",
    "For λ = 0 the slope never exceeds √(1 + mean x²) = √2, and far from the minimum the curvature vanishes.",
    "There the steps of Newton's method are too long: it diverges from (−4, 2), but converges from the default start.",
)
def _() -> None:
    surface = SURFACES["logistic_regression"]()
    assert 1 + np.mean(np.asarray(surface.data[0]) ** 2) == pytest.approx(2)
    assert max(np.linalg.norm(slope(surface, k * w)) for w in grid(surface, 21) for k in (1, 30)) <= 2**0.5
    sizes = [curvatures(surface, (-k, 0.5 * k))[-1] for k in (1, 10, 100)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.05 * sizes[0]
    assert run(surface, "newton", 100, start=(-4.0, 2.0)).status.kind == "diverged"
    assert run(surface, "newton", 100).status.kind == "converged"


@holds(
    "matrix_factorization",
    "The minima form curves: up to η = 0.2, a larger learning rate takes SGD to a flatter minimum.",
)
def _() -> None:
    surface = SURFACES["matrix_factorization"]()
    runs = run(surface, "sgd", 4000, learning_rate=np.array([0.01, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15, 0.18, 0.2]))
    assert runs.losses[:, -1].max() < 1e-6
    sharpness = (runs.positions[:, -1] ** 2).sum(axis=1)
    assert (np.diff(sharpness) < 0).all() and sharpness[0] > 5 * sharpness[-1]


@holds(
    "matrix_factorization",
    "The smallest linear network with two layers, v · u · x for the target x: both branches of uv = 1 are minima.",
    "On both curves one curvature is zero and the other is u² + 1/u²: 2 at (1, 1), and larger further out.",
    "The origin is a saddle with curvatures ±1.",
)
def _() -> None:
    surface = SURFACES["matrix_factorization"]()
    x = np.random.default_rng(0).standard_normal(2000)
    x /= np.sqrt(np.mean(x**2))
    assert loss(surface, (0.7, -0.4)) == pytest.approx(np.mean((-0.4 * 0.7 * x - x) ** 2) / 2)
    sizes = []
    for u in (1.0, 1.5, 3.0, 4.0):
        for sign in (1, -1):
            w = (sign * u, sign / u)
            assert loss(surface, w) < 1e-30
            np.testing.assert_allclose(curvatures(surface, w), [0, u**2 + 1 / u**2], atol=1e-9)
        sizes.append(curvatures(surface, w)[-1])
    assert sizes[0] == pytest.approx(2) and sizes == sorted(sizes)
    np.testing.assert_allclose(curvatures(surface, (0, 0)), [-1, 1])


@holds(
    "matrix_factorization",
    "Gradient descent is stable on them where u² + v² < 2/η; from a sharp minimum a larger η catapults it to a "
    "flatter one.",
)
def _() -> None:
    surface = SURFACES["matrix_factorization"]()
    u = 2.0
    limit = 2 / (u**2 + 1 / u**2)
    for share, stays in ((0.98, True), (1.1, False)):
        w = end(surface, "sgd", 3000, start=(u + 1e-4, 1 / u), learning_rate=share * limit)
        assert (np.linalg.norm(w - (u, 1 / u)) < 1e-3) == stays
    path = run(surface, "sgd", 1000, start=(4.0, 0.3), learning_rate=0.2)
    assert path.losses.max() > 10 * path.losses[0] and path.losses[-1] < 1e-6
    assert (path.positions[-1] ** 2).sum() < 3 < 16 < (path.positions[0] ** 2).sum()


@holds(
    "tiny_network",
    "Flipping both signs gives the same network, with a saddle at zero weights: SGD never moves if it starts there.",
    "The mean squared error of v tanh(w x) over 40 samples of 1.5 tanh(1.2 x) with noise.",
    "Because tanh is odd, (−w, −v) is the same network as (w, v): the minimum has a twin, with a saddle at the "
    "origin between "
    "them.",
    "SGD that starts at zero weights stays there.",
    "For large |w| the neuron saturates, and the slope along w vanishes.",
    "Standard deviation of the noise in the targets.",
)
def _() -> None:
    surface = SURFACES["tiny_network"]()
    x, clean, noise = (np.asarray(v) for v in surface.data)
    np.testing.assert_allclose(clean, 1.5 * np.tanh(1.2 * x))
    assert len(x) == 40 and 0.7 < noise.std() < 1.3
    assert loss(surface, (0.8, 1.1)) == pytest.approx(np.mean((1.1 * np.tanh(0.8 * x) - clean - 0.2 * noise) ** 2))
    for w in grid(surface, 7):
        assert loss(surface, w) == pytest.approx(loss(surface, -w))
    minima = surface.minima()
    np.testing.assert_allclose(minima[0], -minima[1])
    low, high = curvatures(surface, (0, 0))
    assert low < 0 < high and slope(surface, (0, 0)).tolist() == [0, 0]
    assert (run(surface, "sgd", 500, start=(0.0, 0.0)).positions == 0).all()
    along = [abs(slope(surface, (w, 1.5))[0]) for w in (3.4, 10.0, 30.0)]
    assert along == sorted(along, reverse=True) and along[-1] < 0.002


@pytest.mark.thinned(4)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()
