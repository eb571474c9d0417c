"""The largest eigenvalues of the Hessian of any surface, from products of the Hessian with vectors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.calculus import eigenvalues
from surfaces.compiled import compiled
from surfaces.surface import Surface

VECTORS = 20
"""The dimension of the Krylov space: the largest eigenvalue to about 10⁻³ for the cost of some 30 gradients."""


def hessian_product(surface: Surface, w: Array, v: Array) -> Array:
    """The product ∇²L(w) v, shape (n,), for about the cost of two gradients (Pearlmutter 1994)."""
    return jax.jvp(jax.grad(surface), (w,), (v,))[1]


@compiled(static=("count", "vectors"), network=True)
def top_eigenvalues(
    surface: Surface, w: Array, count: int = 1, vectors: int = VECTORS, seed: int = 0, scale: Any = None
) -> Array:
    r"""The `count` algebraically largest eigenvalues of the Hessian at w, largest first.

    Of two coordinates, in closed form from the whole Hessian; of more, by Lanczos's method (1950), in which every new
    vector is orthogonalised twice against all before it, because rounding would otherwise repeat eigenvalues.

    Args:
        surface: a surface whose call is the full loss.
        w: (n,).
        vectors: the dimension of the Krylov space, n at most.
        seed: of Lanczos's first vector.
        scale: (n,), the diagonal P of a preconditioned rule; the eigenvalues are then those of P⁻¹H, computed from the
            symmetric P^{-1/2} H P^{-1/2}.

    Returns:
        (count,), or (n,) where n is smaller.
    """
    root = jnp.ones_like(w) if scale is None else 1 / jnp.sqrt(scale)
    if w.shape[0] == 2:
        (a, b), (_, c) = jax.hessian(surface)(w) * (root[:, None] * root[None])
        return eigenvalues(a, b, c)[:count]
    n = w.shape[0]
    vectors = min(vectors, n)

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
        # in an invariant space nothing but rounding is left of u: the rows that would follow stay zero
        continues = length > 1e-6 * jnp.max(jnp.abs(alpha))
        beta = beta.at[k].set(jnp.where(continues, length, 0.0))
        following = jnp.where(continues, u / jnp.where(continues, length, 1.0), 0.0)
        basis = basis.at[k + 1].set(following, mode="drop")
        return (basis, alpha, beta), None

    zeros = jnp.zeros(vectors, w.dtype)
    (basis, alpha, beta), _ = jax.lax.scan(step, (basis, zeros, zeros), jnp.arange(vectors))
    used = jnp.linalg.norm(basis, axis=1) > 0.5
    # rows that stayed zero would add eigenvalues of zero: theirs are set below all others
    lowest = jnp.min(jnp.where(used, alpha, jnp.inf)) - jnp.sum(jnp.abs(beta)) - 1
    diagonal = jnp.where(used, alpha, lowest)
    off = jnp.where(used[1:], beta[:-1], 0.0)
    matrix = jnp.diag(diagonal) + jnp.diag(off, 1) + jnp.diag(off, -1)
    return jnp.linalg.eigvalsh(matrix)[::-1][:count]
