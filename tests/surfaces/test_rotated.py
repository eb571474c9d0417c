"""A rotated surface is the same surface in other coordinates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces import SURFACES, Rotated
from tests.surfaces.cases import ANGLES, KEYS, arrays, grid, rotations, values, variants


def _rotate(points: np.ndarray, centre: np.ndarray, degrees: float) -> np.ndarray:
    """The points c + R (p − c), by multiplication with a complex number and so independently of `Rotated`."""
    z = (points[0] - centre[0] + 1j * (points[1] - centre[1])) * np.exp(1j * np.deg2rad(degrees))
    return np.concatenate([np.stack([z.real + centre[0], z.imag + centre[1]]), points[2:]])


def _centre(surface: object) -> np.ndarray:
    return np.mean(surface.domain, axis=1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.thinned(6)
def test_rotation_leaves_values_unchanged(key: str) -> None:
    """L_θ(R w) = L(w), and the start and the critical points are rotated as well."""
    for surface in variants(key):
        points = grid(surface, 15)
        expected_losses = values(surface, points)
        for angle in ANGLES:
            rotated = Rotated(surface, angle)
            losses = values(rotated, _rotate(points, _centre(surface), angle))
            np.testing.assert_allclose(losses, expected_losses, rtol=1e-10, atol=1e-12 * np.ptp(expected_losses))
            start = _rotate(np.array(surface.start), _centre(surface), angle)
            np.testing.assert_allclose(rotated.start, start, atol=1e-12)
            for p, q in zip(surface.critical_points(), rotated.critical_points(), strict=True):
                assert p.kind == q.kind
                expected = _rotate(np.array(p.position), _centre(surface), angle)
                np.testing.assert_allclose(q.position, expected, atol=1e-12)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.thinned(4)
def test_a_rotation_by_zero_degrees_changes_no_bit(key: str) -> None:
    for surface in variants(key):
        points = grid(surface, 41)
        with jax.enable_x64(True):
            inner, rotated = arrays(surface), arrays(Rotated(surface, 0.0))
            np.testing.assert_array_equal(rotated(jnp.asarray(points)), inner(jnp.asarray(points)))
        assert Rotated(surface, 0.0).start == pytest.approx(surface.start, abs=1e-15)


@pytest.mark.parametrize("key", KEYS)
def test_the_domain_contains_the_rotated_ellipse(key: str) -> None:
    for surface in variants(key):
        (x0, x1), (y0, y1) = surface.domain
        phi = np.linspace(0, 2 * np.pi, 361)
        ellipse = np.stack([(x1 - x0) / 2 * np.cos(phi), (y1 - y0) / 2 * np.sin(phi)])
        ellipse += _centre(surface)[:, None]
        for angle in ANGLES:
            low, high = np.array(Rotated(surface, angle).domain).T
            rotated = _rotate(ellipse, _centre(surface), angle)
            assert (rotated.min(axis=1) >= low - 1e-9).all() and (rotated.max(axis=1) <= high + 1e-9).all()


def test_data_and_batches_are_those_of_the_inner_surface() -> None:
    inner = SURFACES["linear_regression"]()
    rotated = Rotated(inner, 30.0)
    assert rotated.data is inner.data or all(a is b for a, b in zip(rotated.data, inner.data, strict=True))
    w = np.array([0.3, -0.2])
    batch = tuple(v[:7] for v in inner.data)
    at = _rotate(w, _centre(inner), -30.0)  # R' w
    with jax.enable_x64(True):
        expected = arrays(inner).loss(jnp.asarray(at), batch)
        loss = arrays(rotated).loss(jnp.asarray(w), batch)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)


def test_the_list_of_critical_points_is_as_complete_as_that_of_the_inner_surface() -> None:
    for key in SURFACES:
        for surface in rotations(key):
            assert surface.complete == SURFACES[key].complete


def test_a_rotated_surface_cannot_be_rotated_again() -> None:
    rotated = Rotated(SURFACES["rosenbrock"](), 20.0)
    with pytest.raises(ValueError, match="sum of the angles"):
        Rotated(rotated, 10.0)
