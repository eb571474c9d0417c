"""Oracles for the adaptive rules in every convention: plain NumPy, and the optimizers of the libraries.

Nothing here uses the rules, the engine or the surfaces under test; gradients are derived by hand. Functions called
`path` take (parameters, slope, start, steps) and return positions (steps + 1, 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

Parameters = dict[str, Any]
Slope = Callable[[Any], Any]


def ravine(w: Any) -> tuple[Any, Any]:
    """½(x² + 30 y²)"""
    return w[0], 30.0 * w[1]


def rosenbrock(w: Any) -> tuple[Any, Any]:
    x, y = w
    return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


def himmelblau(w: Any) -> tuple[Any, Any]:
    x, y = w
    p, q = x**2 + y - 11, x + y**2 - 7
    return 4 * x * p + 2 * q, 2 * p + 4 * y * q


SLOPES: dict[str, Slope] = {"quadratic_ravine": ravine, "rosenbrock": rosenbrock, "himmelblau": himmelblau}


def _walk(moves: Callable[..., Iterator[np.ndarray]], p: Parameters, slope: Slope, start: Any, steps: int) -> Any:
    """The path of a generator of moves, which is sent the gradient and the point and yields the move."""
    w = np.array(start, dtype=float)
    path, rule = [w], moves(p)
    next(rule)
    for _ in range(steps):
        w = w + rule.send((np.array(slope(w)), w))  # type: ignore[attr-defined]
        next(rule)
        path.append(w)
    return np.array(path)


# Each rule is a generator that receives (g, w) and yields the move, again and again.


def _adagrad(p: Parameters) -> Iterator[Any]:
    total = np.full(2, {"optax": 0.1}.get(p["convention"], 0.0))
    while True:
        g, _ = yield
        total = total + g * g
        root = np.sqrt(total) + p["epsilon"] if p["convention"] == "pytorch" else np.sqrt(total + p["epsilon"])
        yield -p["learning_rate"] * g / root


def _rmsprop(p: Parameters) -> Iterator[Any]:
    mean = np.zeros(2)
    while True:
        g, _ = yield
        mean = p["decay"] * mean + (1 - p["decay"]) * g * g
        root = np.sqrt(mean) + p["epsilon"] if p["convention"] == "pytorch" else np.sqrt(mean + p["epsilon"])
        yield -p["learning_rate"] * g / root


def _moments(p: Parameters) -> Iterator[Any]:
    """Receives g and yields t, m, v, 1 − β₁ᵗ and 1 − β₂ᵗ."""
    m, v, t = np.zeros(2), np.zeros(2), 0
    g = yield
    while True:
        t += 1
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        v = p["beta2"] * v + (1 - p["beta2"]) * g * g
        g = yield t, m, v, 1 - p["beta1"] ** t, 1 - p["beta2"] ** t


def _radam(p: Parameters) -> Iterator[Any]:
    moments = _moments(p)
    next(moments)
    largest = 2 / (1 - p["beta2"]) - 1
    while True:
        g, _ = yield
        t, m, v, c1, c2 = moments.send(g)
        ρ = largest - 2 * t * p["beta2"] ** t / c2
        if ρ <= (4 if p["convention"] == "textbook" else 5):
            yield -p["learning_rate"] * m / c1
            continue
        r = np.sqrt((ρ - 4) * (ρ - 2) * largest / ((largest - 4) * (largest - 2) * ρ))
        if p["convention"] == "pytorch":
            yield -p["learning_rate"] * r * np.sqrt(c2) * (m / c1) / (np.sqrt(v) + p["epsilon"])
        else:
            yield -p["learning_rate"] * r * (m / c1) / (np.sqrt(v / c2) + p["epsilon"])


def _nadam(p: Parameters) -> Iterator[Any]:
    moments = _moments(p)
    next(moments)
    product = 1.0
    while True:
        g, _ = yield
        t, m, v, _, c2 = moments.send(g)
        warm = (lambda k: 1 - 0.5 * 0.96 ** (0.004 * k)) if p["convention"] == "pytorch" else (lambda k: 1.0)
        now, after = p["beta1"] * warm(t), p["beta1"] * warm(t + 1)
        product *= now
        mean = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        yield -p["learning_rate"] * mean / (np.sqrt(v / c2) + p["epsilon"])


def _amsgrad(p: Parameters) -> Iterator[Any]:
    moments, top = _moments(p), np.zeros(2)
    next(moments)
    while True:
        g, _ = yield
        _, m, v, c1, c2 = moments.send(g)
        if p["convention"] == "textbook":
            top = np.maximum(top, v)
            yield -p["learning_rate"] * m / (np.sqrt(top) + p["epsilon"])
        elif p["convention"] == "optax":
            top = np.maximum(top, v / c2)
            yield -p["learning_rate"] * (m / c1) / (np.sqrt(top) + p["epsilon"])
        else:
            top = np.maximum(top, v)
            yield -p["learning_rate"] * (m / c1) / (np.sqrt(top / c2) + p["epsilon"])


def _adabelief(p: Parameters) -> Iterator[Any]:
    m, s, t = np.zeros(2), np.zeros(2), 0
    while True:
        g, _ = yield
        t += 1
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        s = p["beta2"] * s + (1 - p["beta2"]) * (g - m) ** 2 + p["epsilon"]
        root = np.sqrt(s / (1 - p["beta2"] ** t)) + p["epsilon"]
        yield -p["learning_rate"] * m / (1 - p["beta1"] ** t) / root


def _lion(p: Parameters) -> Iterator[Any]:
    m = np.zeros(2)
    while True:
        g, w = yield
        sign = np.sign(p["beta1"] * m + (1 - p["beta1"]) * g)
        m = p["beta2"] * m + (1 - p["beta2"]) * g
        yield -p["learning_rate"] * (sign + p["weight_decay"] * w)


def _nesterov_velocity(p: Parameters) -> Iterator[Any]:
    """Nesterov's two sequences of the look-ahead form, observed at y = w + ρ (w − w_before)."""
    before, y0 = None, None
    while True:
        g, y = yield
        before = y if before is None else before
        y0 = y - p["learning_rate"] * g
        yield y0 + p["momentum"] * (y0 - before) - y
        before = y0


def _yogi(p: Parameters) -> Iterator[Any]:
    """Zaheer et al. 2018, with both moments corrected and not started at zero, as in optax."""
    m, v, t = np.full(2, p["initial_moment"]), np.full(2, p["initial_moment"]), 0
    while True:
        g, _ = yield
        t += 1
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        v = v - (1 - p["beta2"]) * np.sign(v - g * g) * g * g
        root = np.sqrt(v / (1 - p["beta2"] ** t)) + p["epsilon"]
        yield -p["learning_rate"] * m / (1 - p["beta1"] ** t) / root


def _adamax(p: Parameters) -> Iterator[Any]:
    m, u, t = np.zeros(2), np.zeros(2), 0
    while True:
        g, _ = yield
        t += 1
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        u = np.maximum(p["beta2"] * u, np.abs(g) + p["epsilon"])
        yield -p["learning_rate"] * m / (1 - p["beta1"] ** t) / u


def _adan(p: Parameters) -> Iterator[Any]:
    """β is the weight of the old mean, as in optax; in the paper it is the weight of the new value."""
    m, v, n, before, t = np.zeros(2), np.zeros(2), np.zeros(2), None, 0
    b1, b2, b3 = p["beta1"], p["beta2"], p["beta3"]
    while True:
        g, w = yield
        t += 1
        change = np.zeros(2) if before is None else g - before
        before = g
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * change
        n = b3 * n + (1 - b3) * (g + (1 - b2) * change) ** 2
        root = np.sqrt(n / (1 - b3**t) + p["epsilon_root"]) + p["epsilon"]
        u = (m / (1 - b1**t) + (1 - b2) * v / (1 - b2**t)) / root
        yield -p["learning_rate"] * (u + p["weight_decay"] * w)


def _prodigy(p: Parameters) -> Iterator[Any]:
    """Mishchenko & Defazio 2023, algorithm 4, with Adam's corrections in the rate and β₃ = √β₂."""
    m, v, s, start, t = np.zeros(2), np.zeros(2), np.zeros(2), None, 0
    r, d, first = 0.0, p["first_estimate"], p["first_estimate"]
    b1, b2, b3 = p["beta1"], p["beta2"], p["beta2"] ** 0.5
    while True:
        g, w = yield
        t += 1
        start = w if start is None else start
        rate = d * p["learning_rate"] * np.sqrt(1 - b2**t) / (1 - b1**t)
        m, v = b1 * m + (1 - b1) * d * g, b2 * v + (1 - b2) * (d * g) ** 2
        s = b3 * s + rate * d * g / first
        r = b3 * r + d / first * rate * (g @ (start - w))
        d = max(d, p["coefficient"] * r / np.abs(s).sum())
        yield -rate * m / (np.sqrt(v) + d * p["epsilon"])


def _ademamix(p: Parameters) -> Iterator[Any]:
    moments, slow = _moments(p), np.zeros(2)
    next(moments)
    while True:
        g, w = yield
        _, m, v, c1, c2 = moments.send(g)
        slow = p["beta3"] * slow + (1 - p["beta3"]) * g
        step = (m / c1 + p["alpha"] * slow) / (np.sqrt(v / c2) + p["epsilon"])
        yield -p["learning_rate"] * (step + p["weight_decay"] * w)


def _schedule_free_adamw(p: Parameters, slope: Slope, start: Any, steps: int) -> Any:
    """Defazio et al. 2024, algorithm 1 without warm-up: z moves by corrected RMSprop, and x is the mean of all z."""
    x = z = np.array(start, dtype=float)
    v, path = np.zeros(2), [x]
    for t in range(1, steps + 1):
        y = (1 - p["beta1"]) * z + p["beta1"] * x
        g = np.array(slope(y))
        v = p["beta2"] * v + (1 - p["beta2"]) * g * g
        step = g / (np.sqrt(v / (1 - p["beta2"] ** t)) + p["epsilon"]) + p["weight_decay"] * y
        z = z - p["learning_rate"] * step
        x = x + (z - x) / t
        path.append(x)
    return np.array(path)


_RULES: dict[str, Callable[..., Iterator[Any]]] = {
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "radam": _radam,
    "nadam": _nadam,
    "amsgrad": _amsgrad,
    "adabelief": _adabelief,
    "lion": _lion,
    "nesterov_velocity": _nesterov_velocity,
    "yogi": _yogi,
    "adamax": _adamax,
    "adan": _adan,
    "prodigy": _prodigy,
    "ademamix": _ademamix,
}
ORACLES = (*_RULES, "schedule_free_adamw")


def numpy_path(key: str, p: Parameters, slope: Slope, start: Any, steps: int) -> np.ndarray:
    with np.errstate(all="ignore"):  # the caller rejects draws that overflow
        if key == "schedule_free_adamw":
            return np.asarray(_schedule_free_adamw(p, slope, start, steps))
        return np.asarray(_walk(_RULES[key], p, slope, start, steps))


# optax: the call for each rule and convention, as users write it


def _optax(key: str, convention: str, p: Parameters) -> Any:
    rate, eps = p["learning_rate"], p.get("epsilon")
    betas = {"b1": p.get("beta1"), "b2": p.get("beta2")}
    uncorrected = {"bias_correction_mu": False, "bias_correction_nu": False}
    factories: dict[tuple[str, str], Callable[[], Any]] = {
        ("adagrad", "textbook"): lambda: optax.adagrad(rate, initial_accumulator_value=0.0, eps=eps),
        ("adagrad", "optax"): lambda: optax.adagrad(rate, eps=eps),
        ("rmsprop", "textbook"): lambda: optax.rmsprop(rate, decay=p["decay"], eps=eps),
        ("rmsprop", "optax"): lambda: optax.rmsprop(rate, decay=p["decay"], eps=eps),
        ("rmsprop", "pytorch"): lambda: optax.rmsprop(rate, decay=p["decay"], eps=eps, eps_in_sqrt=False),
        ("radam", "textbook"): lambda: optax.radam(rate, **betas, eps=eps, threshold=4.0),
        ("radam", "optax"): lambda: optax.radam(rate, **betas, eps=eps),
        ("nadam", "textbook"): lambda: optax.nadam(rate, **betas, eps=eps),
        ("nadam", "optax"): lambda: optax.nadam(rate, **betas, eps=eps),
        ("amsgrad", "textbook"): lambda: optax.amsgrad(rate, **betas, eps=eps, **uncorrected),
        ("amsgrad", "optax"): lambda: optax.amsgrad(rate, **betas, eps=eps),
        ("adabelief", "textbook"): lambda: optax.adabelief(rate, **betas, eps=eps, eps_root=eps),
        ("yogi", "textbook"): lambda: optax.yogi(rate, **betas, eps=eps),
        ("lion", "textbook"): lambda: optax.lion(rate, **betas, weight_decay=p["weight_decay"]),
        ("nesterov_velocity", "textbook"): lambda: optax.sgd(rate, momentum=p["momentum"], nesterov=True),
    }
    return factories[key, convention]()


OPTAX = (
    *((key, convention) for key in ("adagrad", "radam", "nadam", "amsgrad") for convention in ("textbook", "optax")),
    *(("rmsprop", convention) for convention in ("textbook", "optax", "pytorch")),
    *((key, "textbook") for key in ("adabelief", "yogi", "lion", "nesterov_velocity")),
)


def optax_paths(key: str, convention: str, draws: dict[str, list[Parameters]], starts: Any, steps: int) -> Any:
    """The positions (draws, steps + 1, 2) by surface, in one jitted program."""

    def run(surface: str, p: Parameters) -> Any:
        rule, start = _optax(key, convention, p), jnp.asarray(starts[surface])

        def advance(carry: Any, _: None) -> Any:
            w, state = carry
            update, state = rule.update(jnp.stack(SLOPES[surface](w)), state, w)
            w = optax.apply_updates(w, update)
            return (w, state), w

        _, path = jax.lax.scan(advance, (start, rule.init(start)), None, length=steps)
        return jnp.concatenate([start[None], path])

    @jax.jit
    def paths(stacked: Any) -> Any:
        return {s: jax.vmap(lambda p, s=s: run(s, p))(stacked[s]) for s in stacked}

    # optax mixes weak and strong types and counts in integers, so it runs under the standard promotion
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        stacked = {s: {n: np.array([d[n] for d in ds]) for n in ds[0] if n != "convention"} for s, ds in draws.items()}
        return jax.tree.map(np.asarray, paths(stacked))


# PyTorch

TORCH = ("adagrad", "rmsprop", "radam", "nadam", "amsgrad", "adamax", "nesterov_velocity")


def torch_path(key: str, p: Parameters, surface: str, start: Any, steps: int) -> np.ndarray:
    """The positions (steps + 1, 2) of `torch.optim` in float64."""
    import torch

    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    rate, eps, betas = p["learning_rate"], p.get("epsilon"), (p.get("beta1"), p.get("beta2"))
    factories: dict[str, Callable[[], Any]] = {
        "adagrad": lambda: torch.optim.Adagrad([w], lr=rate, eps=eps),
        "rmsprop": lambda: torch.optim.RMSprop([w], lr=rate, alpha=p["decay"], eps=eps),
        "radam": lambda: torch.optim.RAdam([w], lr=rate, betas=betas, eps=eps),
        "nadam": lambda: torch.optim.NAdam([w], lr=rate, betas=betas, eps=eps),
        "amsgrad": lambda: torch.optim.Adam([w], lr=rate, betas=betas, eps=eps, amsgrad=True),
        "adamax": lambda: torch.optim.Adamax([w], lr=rate, betas=betas, eps=eps),
        "nesterov_velocity": lambda: torch.optim.SGD([w], lr=rate, momentum=p["momentum"], nesterov=True),
    }
    rule = factories[key]()
    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        w.grad = torch.from_numpy(np.array(SLOPES[surface](path[-1])))
        rule.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)
