"""The facts that a landscape states are true: with default and random parameters, and rotated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces import SURFACES, THEMES, Rotated
from surfaces.surface import LOWEST
from tests.surfaces.cases import (
    ANGLES,
    KEYS,
    arrays,
    diagonal,
    facts,
    gradients,
    grid,
    picture,
    rotations,
    values,
    variants,
)

every = pytest.mark.parametrize("key", KEYS)


@every
def test_the_class_has_name_formula_lesson_source_and_theme(key: str) -> None:
    kind = SURFACES[key]
    assert kind.key == key
    for text in (kind.name, kind.formula, kind.teaches, kind.source, kind.__doc__):
        assert text and text.strip()
    assert kind.theme in THEMES
    symbols = [p.symbol for p in kind.parameters().values()]
    assert len(set(symbols)) == len(symbols)


@every
def test_the_formula_is_balanced_latex(key: str) -> None:
    formula = SURFACES[key].formula
    depth = 0
    for before, character in zip(" " + formula, formula, strict=False):
        depth += (before != "\\") * ((character == "{") - (character == "}"))
        assert depth >= 0, formula
    assert depth == 0
    assert formula.count(r"\left") - formula.count(r"\leftarrow") == formula.count(r"\right")
    assert formula.count("$") == 0, "the page adds the dollar signs"


@every
def test_start_and_critical_points_lie_in_the_domain(key: str) -> None:
    for surface in rotations(key):
        low, high = np.array(surface.domain, dtype=float).T
        assert (low < high).all()
        for point in (surface.start, *(p.position for p in surface.critical_points())):
            assert (low <= point[:2]).all() and (point[:2] <= high).all(), (point, surface)


@every
@pytest.mark.thinned(8)
def test_the_gradient_vanishes_at_the_critical_points(key: str) -> None:
    """‖∇L‖ ≤ 10⁻¹⁰ ‖H‖ D means that the point is correct to about 10⁻¹⁰ of the diagonal D of the domain."""
    for surface in rotations(key):
        known = facts(surface)
        slopes = np.linalg.norm(known.gradients, axis=0)
        sizes = np.linalg.norm(known.hessians, axis=(1, 2))
        rounding = 1e-12 * np.ptp(known.grid_values) / diagonal(surface)
        assert (slopes <= 1e-10 * sizes * diagonal(surface) + rounding).all(), (surface, slopes)


@every
@pytest.mark.thinned(8)
def test_the_hessian_has_the_signature_of_the_kind(key: str) -> None:
    for surface in rotations(key):
        known = facts(surface)
        flat = 1e-9 * np.abs(known.grid_hessians).max()  # eigenvalues up to this are zero apart from rounding
        for kind, hessian in zip(known.kinds, known.hessians, strict=True):
            low, *_, high = np.linalg.eigvalsh(hessian)
            holds = {
                "minimum": low > flat,
                "local minimum": low > flat,
                "saddle": low < -flat and high > flat,
                "maximum": high < -flat,
                "degenerate": min(abs(low), abs(high)) <= flat,
                "curve": min(abs(low), abs(high)) <= flat,
            }[kind]
            assert holds, (surface, kind, low, high)


@every
@pytest.mark.thinned(8)
def test_no_loss_is_below_that_of_the_lowest_minimum(key: str) -> None:
    for surface in variants(key):
        losses = picture(surface, 401)
        assert np.isfinite(losses).all()
        lowest = surface.lowest()
        if lowest is not None:
            assert losses.min() >= lowest - 1e-12 * np.ptp(losses), surface


@every
@pytest.mark.thinned(12)
def test_all_lowest_minima_are_equally_deep_and_local_ones_are_higher(key: str) -> None:
    for surface in rotations(key):
        known, kinds = facts(surface), np.array([p.kind for p in surface.critical_points()])
        assert len(surface.minima()) == np.isin(kinds, LOWEST).sum()
        assert len(surface.minima(local=True)) == np.isin(kinds, (*LOWEST, "local minimum")).sum()
        assert len(surface.saddles()) == np.sum(kinds == "saddle")
        if "kink" in kinds or not len(surface.minima()):
            continue
        depths, rounding = known.values[np.isin(kinds, LOWEST)], 1e-12 * np.ptp(known.grid_values)
        assert np.ptp(depths) <= rounding
        assert (known.values[kinds == "local minimum"] > depths.max()).all()


@every
@pytest.mark.thinned(3)
def test_lowest_is_the_loss_at_the_lowest_minimum(key: str) -> None:
    for surface in variants(key):
        minima = surface.minima()
        if not len(minima):
            assert surface.lowest() is None
            continue
        np.testing.assert_allclose(surface.lowest(), values(surface, minima.T).min(), rtol=1e-12, atol=1e-14)


@jax.jit
def _newton(surface: object, starts: object) -> object:
    """Newton's method with steps of at most 0.2, so that starts converge to critical points nearby."""

    def refine(w: jax.Array) -> jax.Array:
        def once(w: jax.Array, _: None) -> tuple[jax.Array, None]:
            hessian, slope = jax.hessian(surface)(w), jax.grad(surface)(w)
            if len(w) == 2:
                (a, b), (_, d), (x, y) = *hessian, slope
                step = jnp.stack([d * x - b * y, a * y - b * x]) / (a * d - b * b)  # Cramer's rule
            else:
                step = jnp.linalg.solve(hessian, slope)
            length = jnp.sqrt(jnp.sum(step**2))
            return w - step * jnp.minimum(1.0, 0.2 / length), None

        return jax.lax.scan(once, w, None, length=60)[0]

    return jax.vmap(refine)(starts)


@every
@pytest.mark.thinned(32)
def test_a_complete_list_of_critical_points_is_complete(key: str) -> None:
    """Newton's method from 21² starts ends at no unlisted critical point in the domain."""
    for surface in variants(key):
        kinds = {p.kind for p in surface.critical_points()}
        if not surface.complete or "curve" in kinds or kinds == {"kink"}:  # Newton's method needs a regular Hessian
            continue
        with jax.enable_x64(True):
            ends = np.asarray(_newton(arrays(surface), grid(surface, 21).T)).T
        (x0, x1), (y0, y1) = surface.domain
        ends = ends[:, np.isfinite(ends).all(axis=0)]
        ends = ends[:, (ends[0] > x0) & (ends[0] < x1) & (ends[1] > y0) & (ends[1] < y1)]
        slopes = np.linalg.norm(gradients(surface, ends), axis=0)
        size = np.abs(facts(surface).grid_hessians).max()
        critical = ends[:, slopes <= 1e-12 * size * diagonal(surface)]
        assert critical.shape[1] > 0, f"Newton's method converged from no start on {surface}"
        listed = np.array([p.position for p in surface.critical_points()]).T
        distances = np.linalg.norm(critical[:, :, None] - listed[:, None, :], axis=0).min(axis=1)
        assert distances.max() <= 1e-6 * diagonal(surface), (surface, critical[:, distances.argmax()])


@every
@pytest.mark.thinned(8)
def test_the_gradient_agrees_with_finite_differences(key: str) -> None:
    """Central differences err by h² f‴/6, three quarters of which is their change from h to h/2."""
    rng = np.random.default_rng(7)
    for surface in rotations(key):
        (x0, x1), (y0, y1) = surface.domain
        points = surface.embed(np.stack([rng.uniform(x0, x1, 40), rng.uniform(y0, y1, 40)]))
        points[2:] += rng.uniform(-1.0, 1.0, points[2:].shape)
        measured = gradients(surface, points)
        for axis in range(min(4, len(points))):
            unit = np.eye(len(points))[axis][:, None]

            def difference(h: float, surface=surface, points=points, unit=unit) -> np.ndarray:
                return (values(surface, points + h * unit) - values(surface, points - h * unit)) / (2 * h)

            h = 1e-5 * diagonal(surface)
            coarse, fine = difference(h), difference(h / 2)
            rounding = 1e-15 * np.abs(values(surface, points)).max() / h
            allowed = np.abs(coarse - fine) + 1e-8 * np.abs(measured).max() + 10 * rounding
            assert (np.abs(measured[axis] - fine) <= allowed).all(), surface


@every
@pytest.mark.thinned(12)
def test_many_points_at_once_give_the_same_losses_as_each_alone(key: str) -> None:
    for surface in (SURFACES[key](), Rotated(SURFACES[key](), ANGLES[0])):
        points = grid(surface, 4)
        together, block = values(surface, points), values(surface, points.reshape(-1, 4, 4))
        alone = np.array([values(surface, p) for p in points.T])
        assert together.shape == (16,) and block.shape == (4, 4)
        # up to rounding, because sums over data may be in another order
        np.testing.assert_allclose(together, alone, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(block.ravel(), alone, rtol=1e-13, atol=1e-13)


@every
@pytest.mark.thinned(2)
def test_a_batch_of_parameters_gives_the_same_losses_as_each_surface_alone(key: str) -> None:
    """Parameters are batched as (runs,), so that every run has its own surface and its own point."""
    kind = SURFACES[key]
    if not kind.parameters():
        return
    fixed = {name: spec.default for name, spec in kind.parameters().items() if spec.static}
    single = [s.replace(**fixed) for s in variants(key)]  # all runs share the static parameters
    names = [name for name in kind.parameters() if name not in fixed]
    batch = kind(**fixed, **{name: np.array([getattr(s, name) for s in single], dtype=float) for name in names})
    points = np.array([s.start for s in single]).T
    together = values(batch, points)
    alone = [values(s, p) for s, p in zip(single, points.T, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-13)


@pytest.mark.thinned(2)
@every
def test_the_surface_computes_in_float32(key: str) -> None:
    """Sweeps may use float32; promotion is strict, so a constant in float64 would raise."""
    surface = SURFACES[key]()
    inner = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float32"), surface)
    loss = inner(jnp.asarray(surface.start, dtype="float32"))
    assert loss.dtype == "float32" and np.isfinite(loss)
