"""Oracles for the rules: plain NumPy with gradients derived by hand, optax, and PyTorch.

Nothing here uses the rules, the engine, or the surfaces under test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

Parameters = dict[str, Any]
Slope = Callable[[np.ndarray], np.ndarray]

# Formulas, for arrays of any library


def _ravine(x: Any, y: Any) -> Any:
    return 0.5 * (x**2 + 30.0 * y**2)


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def _himmelblau(x: Any, y: Any) -> Any:
    return (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2


FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "quadratic_ravine": _ravine,
    "rosenbrock": _rosenbrock,
    "himmelblau": _himmelblau,
}

# Their derivatives, derived by hand


def _slope(surface: str) -> Slope:
    def ravine(w: np.ndarray) -> np.ndarray:
        return np.array([w[0], 30.0 * w[1]])

    def rosenbrock(w: np.ndarray) -> np.ndarray:
        x, y = w
        return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])

    def himmelblau(w: np.ndarray) -> np.ndarray:
        x, y = w
        p, q = x**2 + y - 11, x + y**2 - 7
        return np.array([4 * x * p + 2 * q, 2 * p + 4 * y * q])

    return {"quadratic_ravine": ravine, "rosenbrock": rosenbrock, "himmelblau": himmelblau}[surface]


def _hessian(surface: str) -> Slope:
    def rosenbrock(w: np.ndarray) -> np.ndarray:
        x, y = w
        return np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200.0]])

    def himmelblau(w: np.ndarray) -> np.ndarray:
        x, y = w
        return np.array([[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]])

    return {
        "quadratic_ravine": lambda w: np.diag([1.0, 30.0]),
        "rosenbrock": rosenbrock,
        "himmelblau": himmelblau,
    }[surface]


class Problem(NamedTuple):
    """A surface, as the oracles use it."""

    loss: Callable[[Any, Any], Any]
    slope: Slope
    hessian: Slope

    def shaken(self, size: float, seed: int = 0) -> Problem:
        """The problem with relative errors of this size in every gradient, as rounding makes them with 10⁻¹⁶."""
        random = np.random.default_rng(seed)
        return self._replace(slope=lambda w: self.slope(w) * (1 + size * random.uniform(-1, 1, 2)))


def problem(surface: str) -> Problem:
    return Problem(FORMULAS[surface], _slope(surface), _hessian(surface))


# Plain NumPy: (parameters, problem, start, steps) → positions (steps + 1, 2)


def _sgd(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, path = on.slope, [w]
    for _ in range(steps):
        w = w - p["learning_rate"] * grad(w)
        path.append(w)
    return path


def _momentum(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, path, v = on.slope, [w], np.zeros(2)
    for _ in range(steps):
        v = p["momentum"] * v - p["learning_rate"] * grad(w)  # Keras's form: the velocity includes the rate
        w = w + v
        path.append(w)
    return path


def _nesterov(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    """Two sequences: y_{t+1} = w_t + β (w_t − w_{t−1}), w_{t+1} = y − η ∇L(y) (Nesterov's own notation)."""
    grad, path, before = on.slope, [w], w
    for _ in range(steps):
        y = w + p["momentum"] * (w - before)
        before, w = w, y - p["learning_rate"] * grad(y)
        path.append(w)
    return path


def _adam(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, path, m, v = on.slope, [w], np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = grad(w)
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        v = p["beta2"] * v + (1 - p["beta2"]) * g * g
        step = m / (1 - p["beta1"] ** t) / (np.sqrt(v / (1 - p["beta2"] ** t)) + p["epsilon"])
        w = w - p["learning_rate"] * (step + p.get("weight_decay", 0.0) * w)
        path.append(w)
    return path


def _adadelta(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, path, G, H = on.slope, [w], np.zeros(2), np.zeros(2)
    for _ in range(steps):
        g = grad(w)
        G = p["decay"] * G + (1 - p["decay"]) * g**2
        delta = -np.sqrt(H + p["epsilon"]) / np.sqrt(G + p["epsilon"]) * g
        H = p["decay"] * H + (1 - p["decay"]) * delta**2
        w = w + delta
        path.append(w)
    return path


def _sam(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, path = on.slope, [w]
    for _ in range(steps):
        h = grad(w)
        w = w - p["learning_rate"] * grad(w + p["radius"] * h / np.linalg.norm(h))
        path.append(w)
    return path


def _newton(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    grad, hessian, path = on.slope, on.hessian, [w]
    for _ in range(steps):
        w = w - p["learning_rate"] * np.linalg.solve(hessian(w), grad(w))
        path.append(w)
    return path


def _novograd(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    """Ginsburg et al. 2019, algorithm 1, with the whole vector as one layer: v₁ = ‖g‖², m₁ = g/√v₁ + d w."""
    grad, path = on.slope, [w]
    v, m = 0.0, np.zeros(2)
    for t in range(steps):
        g = grad(w)
        square = g @ g
        v = square if t == 0 else p["beta2"] * v + (1 - p["beta2"]) * square
        m = p["beta1"] * m + g / (np.sqrt(v) + p["epsilon"]) + p["weight_decay"] * w
        w = w - p["learning_rate"] * m
        path.append(w)
    return path


def _polyak(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    """optax scales the gradient by c before it takes the norm: c divides Polyak's step and multiplies its bound."""
    grad, path = on.slope, [w]
    for _ in range(steps):
        g = p["scaling"] * grad(w)
        if g @ g > np.finfo(float).eps:
            w = w - min((on.loss(*w) - p["lowest"]) / (g @ g), p["learning_rate"]) * g
        path.append(w)
    return path


def _schedule_free(p: Parameters, on: Problem, w: np.ndarray, steps: int) -> list[np.ndarray]:
    """Defazio et al. 2024: y = (1−β) z + β x, z ← z − η ∇L(y); x is the mean of all z without the start."""
    grad, path, x, z = on.slope, [w], w, w
    for t in range(1, steps + 1):
        y = (1 - p["momentum"]) * z + p["momentum"] * x
        z = z - p["learning_rate"] * grad(y)
        x = x + (z - x) / t
        path.append(x)
    return path


NUMPY: dict[str, Callable[[Parameters, Problem, np.ndarray, int], list[np.ndarray]]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adam": _adam,
    "adamw": _adam,
    "adadelta": _adadelta,
    "sam": _sam,
    "newton": _newton,
    "novograd": _novograd,
    "polyak_sgd": _polyak,
    "schedule_free_sgd": _schedule_free,
}


# optax, as users call it: one jitted scan per rule, for all surfaces and draws


def _optax(key: str, p: Parameters) -> optax.GradientTransformationExtraArgs:
    rate = p.get("learning_rate")
    factories = {
        "sgd": lambda: optax.sgd(rate),
        "momentum": lambda: optax.sgd(rate, momentum=p["momentum"]),
        "nesterov": lambda: optax.sgd(rate, momentum=p["momentum"], nesterov=True),
        "adam": lambda: optax.adam(rate, p["beta1"], p["beta2"], eps=p["epsilon"]),
        "adamw": lambda: optax.adamw(rate, p["beta1"], p["beta2"], eps=p["epsilon"], weight_decay=p["weight_decay"]),
        "adadelta": lambda: optax.adadelta(1.0, rho=p["decay"], eps=p["epsilon"]),
        "sam": lambda: optax.contrib.sam(
            optax.sgd(rate),
            optax.chain(optax.contrib.normalize(), optax.sgd(p["radius"])),
            sync_period=2,
            opaque_mode=True,
        ),
        "novograd": lambda: optax.novograd(
            rate, p["beta1"], p["beta2"], eps=p["epsilon"], weight_decay=p["weight_decay"]
        ),
        "polyak_sgd": lambda: optax.polyak_sgd(rate, scaling=p["scaling"], f_min=p["lowest"]),
        "schedule_free_sgd": lambda: optax.contrib.schedule_free_sgd(rate, b1=p["momentum"]),
    }
    return optax.with_extra_args_support(factories[key]())


OPTAX = tuple(key for key in NUMPY if key != "newton")


def optax_paths(key: str, draws: dict[str, list[Parameters]], starts: dict[str, Any], steps: int) -> Any:
    """The positions (draws, steps + 1, 2) of optax's parameters, by surface.

    For the schedule-free rule they are the parameters that optax says to evaluate; for Nesterov they are the look-ahead
    points.
    """

    def run(surface: str, p: Parameters, start: Any) -> Any:
        def loss(w: Any) -> Any:
            return FORMULAS[surface](w[0], w[1])

        rule = _optax(key, p)

        def advance(carry: Any, _: None) -> Any:
            w, state = carry
            value, g = jax.value_and_grad(loss)(w)
            extra = {"grad_fn": lambda u, i: jax.grad(loss)(u)} if key == "sam" else {"value": value}
            update, state = rule.update(g, state, w, **extra)
            w = optax.apply_updates(w, update)
            solution = optax.contrib.schedule_free_eval_params(state, w) if "free" in key else w
            return (w, state), solution

        _, path = jax.lax.scan(advance, (start, rule.init(start)), None, length=steps)
        return jnp.concatenate([start[None], path])

    @jax.jit
    def paths(stacked: Any, starts: Any) -> Any:
        return {s: jax.vmap(lambda p, s=s: run(s, p, starts[s]))(stacked[s]) for s in stacked}

    # optax mixes weak and strong types and counts in integers, so it runs under the standard promotion
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        stacked = {s: {n: np.array([d[n] for d in ds]) for n in ds[0]} for s, ds in draws.items()}
        return jax.tree.map(np.asarray, paths(stacked, {s: np.array(w) for s, w in starts.items()}))


# PyTorch

TORCH = ("sgd", "momentum", "nesterov", "adam", "adamw", "adadelta")


def torch_path(key: str, p: Parameters, surface: str, start: Any, steps: int) -> np.ndarray:
    """The positions (steps + 1, 2) of `torch.optim` in float64; for Nesterov they are the look-ahead points."""
    import torch

    torch.set_num_threads(1)
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    betas = (p.get("beta1"), p.get("beta2"))
    rate = p.get("learning_rate")
    rule = {
        "sgd": lambda: torch.optim.SGD([w], lr=rate),
        "momentum": lambda: torch.optim.SGD([w], lr=rate, momentum=p["momentum"]),
        "nesterov": lambda: torch.optim.SGD([w], lr=rate, momentum=p["momentum"], nesterov=True),
        "adam": lambda: torch.optim.Adam([w], lr=rate, betas=betas, eps=p["epsilon"]),
        "adamw": lambda: torch.optim.AdamW([w], lr=rate, betas=betas, eps=p["epsilon"], weight_decay=p["weight_decay"]),
        "adadelta": lambda: torch.optim.Adadelta([w], lr=1.0, rho=p["decay"], eps=p["epsilon"]),
    }[key]()
    slope = _slope(surface)  # because autograd takes ten times as long as the optimizers
    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        w.grad = torch.from_numpy(slope(path[-1]))
        rule.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)
