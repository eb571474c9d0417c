"""Curvature without the Hessian: products with vectors, and its largest eigenvalues by Lanczos."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.compiled import compiled
from surfaces.surface import Surface

VECTORS = 20
"""Krylov vectors: the largest eigenvalue to about 10⁻³ at the cost of some 30 gradients."""


def hessian_product(surface: Surface, w: Array, v: Array) -> Array:
    """∇²L(w) v, shape (n,), by forward over reverse: about the cost of two gradients (Pearlmutter 1994)."""
    return jax.jvp(jax.grad(surface), (w,), (v,))[1]


@compiled(static=("count", "vectors"), network=True)
def top_eigenvalues(
    surface: Surface, w: Array, count: int = 1, vectors: int = VECTORS, seed: int = 0, scale: Any = None
) -> Array:
    r"""The `count` algebraically largest eigenvalues of the Hessian at w, largest first (Lanczos 1950).

    Every new vector is orthogonalised twice against all before it, without which rounding makes copies of
    eigenvalues that were found.

    Args:
        surface: L; its full loss is meant.
        w: (n,).
        vectors: dimension of the Krylov space; at most n are used.
        scale: (n,), P of a preconditioned rule: the eigenvalues are then those of P⁻¹H, from P^{-1/2} H P^{-1/2}.

    Returns:
        (count,), or fewer where w is shorter.
    """
    n = w.shape[0]
    vectors = min(vectors, n)
    root = jnp.ones_like(w) if scale is None else 1 / jnp.sqrt(scale)

    def product(v: Array) -> Array:
        return root * hessian_product(surface, w, root * v)

    first = jax.random.normal(jax.random.key(seed), w.shape, w.dtype)
    basis = jnp.zeros((vectors, n), w.dtype).at[0].set(first / jnp.linalg.norm(first))

    def step(carry: tuple[Array, Array, Array], k: Array) -> tuple[tuple[Array, Array, Array], None]:
        basis, alpha, beta = carry
        u = product(basis[k])
        alpha = alpha.at[k].set(u @ basis[k])
        for _ in range(2):
            u = u - basis.T @ (basis @ u)
        length = jnp.linalg.norm(u)
        # an invariant space is used up: what would follow is rounding, and is left out as zeros
        whole = length > 1e-6 * jnp.max(jnp.abs(alpha))
        beta = beta.at[k].set(jnp.where(whole, length, 0.0))
        following = jnp.where(whole, u / jnp.where(whole, length, 1.0), 0.0)
        basis = basis.at[k + 1].set(following, mode="drop")
        return (basis, alpha, beta), None

    zeros = jnp.zeros(vectors, w.dtype)
    (basis, alpha, beta), _ = jax.lax.scan(step, (basis, zeros, zeros), jnp.arange(vectors))
    used = jnp.linalg.norm(basis, axis=1) > 0.5
    # rows that were left out would add eigenvalues of zero: they are put below all others
    lowest = jnp.min(jnp.where(used, alpha, jnp.inf)) - jnp.sum(jnp.abs(beta)) - 1
    diagonal = jnp.where(used, alpha, lowest)
    off = jnp.where(used[1:], beta[:-1], 0.0)
    matrix = jnp.diag(diagonal) + jnp.diag(off, 1) + jnp.diag(off, -1)
    return jnp.linalg.eigvalsh(matrix)[::-1][:count]
