"""Rules on a quadratic, where theory gives every point: recurrences, stability limits, first steps and escapes."""

import numpy as np
import pytest

from optimizers import OPTIMIZERS, Trace, trace
from surfaces import SURFACES
from tests.optimizers.cases import RULES, STEPS

RAVINE = SURFACES["quadratic_ravine"]
CURVATURES = np.array([1.0, 30.0])
START = np.array([-2.8, 1.2])


def _run(key: str, kappa: float = 30.0, **parameters: float) -> Trace:
    return trace(RAVINE(kappa), OPTIMIZERS[key](**parameters), start=START, steps=STEPS)


@pytest.mark.parametrize("rate", [0.001, 0.03, 0.066])
def test_gradient_descent_is_a_power(rate: float) -> None:
    """w_t = (1 − η h)ᵗ w₀ in each coordinate."""
    t = np.arange(STEPS + 1)[:, None]
    np.testing.assert_allclose(
        _run("sgd", learning_rate=rate).positions, (1 - rate * CURVATURES) ** t * START, rtol=1e-11, atol=1e-300
    )


def _powers(matrix: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Mᵗ applied to the first state, t = 0 … STEPS, by the eigenvectors of M."""
    values, vectors = np.linalg.eig(matrix.astype(complex))
    weights = np.linalg.solve(vectors, first.astype(complex))
    t = np.arange(STEPS + 1)[:, None]
    return ((values**t * weights) @ vectors.T).real


@pytest.mark.parametrize(("rate", "beta"), [(0.01, 0.9), (0.05, 0.5), (0.1, 0.95)])
def test_the_heavy_ball_is_a_matrix_power(rate: float, beta: float) -> None:
    """(w_t, w_{t−1}): w_{t+1} = (1 + β − η h) w_t − β w_{t−1} (Polyak 1964), from w₋₁ = w₀."""
    path = _run("momentum", learning_rate=rate, momentum=beta).positions
    for axis, h in enumerate(CURVATURES):
        matrix = np.array([[1 + beta - rate * h, -beta], [1.0, 0.0]])
        expected = _powers(matrix, np.full(2, START[axis]))[:, 0]
        np.testing.assert_allclose(path[:, axis], expected, atol=1e-10)


@pytest.mark.parametrize(("rate", "beta"), [(0.01, 0.9), (0.03, 0.5), (0.02, 0.95)])
def test_nesterov_is_a_matrix_power(rate: float, beta: float) -> None:
    """The gradient at w_t + β (w_t − w_{t−1}): w_{t+1} = (1 − η h) ((1 + β) w_t − β w_{t−1})."""
    path = _run("nesterov", learning_rate=rate, momentum=beta).positions
    for axis, h in enumerate(CURVATURES):
        q = 1 - rate * h
        expected = _powers(np.array([[q * (1 + beta), -q * beta], [1.0, 0.0]]), np.full(2, START[axis]))[:, 0]
        np.testing.assert_allclose(path[:, axis], expected, atol=1e-10)


# preconditioned rules, whose limits change with their states, are tested in test_lectures.py
LIMITED = [
    p
    for p in RULES
    if OPTIMIZERS[p.values[0]]().stability_limit() is not None and not OPTIMIZERS[p.values[0]].preconditioned
]


@pytest.mark.parametrize("rate", [0.003, 0.05])
@pytest.mark.parametrize("key", LIMITED)
@pytest.mark.thinned(2)
def test_a_stability_limit_holds_from_both_sides(key: str, rate: float) -> None:
    """One percent below the limit y shrinks, one percent above it grows."""
    rule = OPTIMIZERS[key](learning_rate=rate)
    limit = rule.stability_limit()
    assert limit is not None
    below, above = (
        np.abs(trace(RAVINE(limit * factor), rule, start=(0.0, 1.0), steps=STEPS).positions[:, 1])
        for factor in (0.99, 1.01)
    )
    # the largest value of the tail, because a heavy ball may rise before it falls
    assert below[-50:].max() < 0.7 * below[:50].max()
    assert above[-50:].max() > 1.2 * above[:50].max()


@pytest.mark.parametrize(
    ("key", "parameters", "limit"),
    [
        ("sgd", {"learning_rate": 0.05}, 40.0),  # 2/η
        ("momentum", {"learning_rate": 0.05, "momentum": 0.9}, 76.0),  # 2(1 + β)/η
        ("momentum", {"learning_rate": 0.05, "momentum": 0.5}, 60.0),
        ("nesterov", {"learning_rate": 0.05, "momentum": 0.5}, 30.0),  # 2(1 + β)/((1 + 2β) η)
    ],
)
def test_stability_limits_are_the_textbooks(key: str, parameters: dict[str, float], limit: float) -> None:
    assert OPTIMIZERS[key](**parameters).stability_limit() == pytest.approx(limit, rel=1e-14)


@pytest.mark.parametrize("kappa", [1.0, 30.0, 1e4])
def test_newton_needs_one_step_on_a_quadratic(kappa: float) -> None:
    np.testing.assert_allclose(_run("newton", kappa).positions[1], [0.0, 0.0], atol=1e-14)
    # with damping, w_t = (1 − η)ᵗ w₀ for every curvature
    path = _run("newton", kappa, learning_rate=0.25).positions
    np.testing.assert_allclose(path, 0.75 ** np.arange(STEPS + 1)[:, None] * START, rtol=1e-9, atol=1e-300)


def test_newton_converges_to_a_saddle_too() -> None:
    """Near the saddle y ← y − (y³ − y)/(3y² − 1) = 2y³/(3y² − 1): cubic convergence to y = 0."""
    run = trace(SURFACES["saddle"](), OPTIMIZERS["newton"](), start=(-1.0, 0.3), steps=8)
    y = 0.3
    for k in range(1, 5):
        y = 2 * y**3 / (3 * y**2 - 1)
        assert run.positions[k, 1] == pytest.approx(y, rel=1e-9, abs=1e-15)
    assert np.abs(run.positions[-1]).max() < 1e-12


def test_adams_first_step_has_length_eta_in_each_coordinate() -> None:
    """m̂ = g and v̂ = g²: the step is η g/(|g| + ε), about (1 − ε/|g|) η."""
    for kappa in (1.0, 1e4):
        first = np.diff(_run("adam", kappa, learning_rate=0.02).positions[:2], axis=0)[0]
        np.testing.assert_allclose(first, -0.02 * np.sign(START), rtol=1e-7)


def test_adadeltas_first_step_is_about_the_root_of_epsilon() -> None:
    """H = 0 and G = (1 − γ) g²: the step is √ε g/√((1 − γ) g² + ε), about √(ε/(1 − γ)) if g is far above √ε."""
    run = _run("adadelta", decay=0.9, epsilon=1e-6)
    g = CURVATURES * START
    expected = -np.sqrt(1e-6) / np.sqrt(0.1 * g**2 + 1e-6) * g
    np.testing.assert_allclose(run.positions[1] - START, expected, rtol=1e-9)
    np.testing.assert_allclose(np.abs(run.positions[1] - START), np.sqrt(1e-5), rtol=1e-4)


def test_novograds_first_step_has_length_eta_over_all_coordinates() -> None:
    """v₁ = ‖g‖², so the step is η g/‖g‖ for every curvature."""
    first = np.diff(_run("novograd", 1e4, learning_rate=0.02).positions[:2], axis=0)[0]
    assert np.linalg.norm(first) == pytest.approx(0.02, rel=1e-6)


def test_polyaks_step_on_a_round_bowl_halves_the_distance() -> None:
    """L = ½ h r² and ‖g‖² = h² r²: the rate is 1/(2h), so w ← w/2."""
    path = _run("polyak_sgd", 1.0).positions
    np.testing.assert_allclose(path[:20], 0.5 ** np.arange(20)[:, None] * START, rtol=1e-13)


def test_adamw_rests_beside_a_minimum_and_stays_at_the_origin() -> None:
    """At the origin both gradient and decay are zero; at Rosenbrock's minimum (1, 1) the decay moves the run away."""
    rule = OPTIMIZERS["adamw"](learning_rate=0.01, weight_decay=0.5)
    flat = trace(SURFACES["quadratic_ravine"](1.0), rule, start=(0.0, 0.0), steps=5)
    np.testing.assert_array_equal(flat.positions, np.zeros((6, 2)))
    # the fixed point under decay is nearer to the origin than the minimum (1, 1)
    rest = trace(SURFACES["rosenbrock"](), rule, start=(1.0, 1.0), steps=STEPS).positions[-1]
    assert np.linalg.norm(rest) < np.sqrt(2) - 0.01


def test_sam_ends_in_a_two_cycle_around_the_minimum() -> None:
    """On ½h x² the two-cycle x ↔ −x satisfies (1 − ηh) x − ηhρ = −x, so that x = ηhρ/(2 − ηh)."""
    eta, h, rho = 0.05, 30.0, 0.05
    path = _run("sam", learning_rate=eta, radius=rho).positions[:, 1]
    # x is far below y long before the end, so the climb is along y
    np.testing.assert_allclose(np.abs(path[-20:]), eta * h * rho / (2 - eta * h), rtol=1e-6)


def _escape(key: str, y0: float, **parameters: float) -> int | None:
    """The first step with |y| ≥ ½, up to which y grows about linearly."""
    run = trace(SURFACES["saddle"](), OPTIMIZERS[key](**parameters), start=(-1.8, y0), steps=STEPS)
    left = np.flatnonzero(np.abs(run.positions[:, 1]) >= 0.5)
    return int(left[0]) if len(left) else None


@pytest.mark.parametrize("y0", [1e-2, 1e-4, 1e-6])
def test_escape_from_a_saddle_takes_the_logarithm_of_the_start(y0: float) -> None:
    """ln(0.5/y₀)/ln(1 + η) steps, and up to 4 more because of y³: 272 in all from 10⁻⁶."""
    escape = _escape("sgd", y0, learning_rate=0.05)
    predicted = np.log(0.5 / y0) / np.log(1.05)
    assert escape is not None and 0 <= escape - predicted <= 4


def test_momentum_and_adam_escape_a_saddle_sooner() -> None:
    """From y₀ = 10⁻⁶ with η = 0.05: 272 steps of SGD, 75 of momentum, 11 to 13 of Adam; from the ridge none escapes."""
    sgd = _escape("sgd", 1e-6, learning_rate=0.05)
    ball = _escape("momentum", 1e-6, learning_rate=0.05)
    adam = _escape("adam", 1e-6, learning_rate=0.05)
    assert sgd is not None and ball is not None and adam is not None
    assert abs(sgd - 272) <= 2 and abs(ball - 75) <= 2 and 10 <= adam <= 14
    assert _escape("sgd", 0.0, learning_rate=0.05) is None
    assert _escape("adam", 0.0, learning_rate=0.05) is None
