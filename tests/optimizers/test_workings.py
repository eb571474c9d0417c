"""The numbers of a rule's equations: each line gives what the run recorded, in every step."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, MiniBatch, Scheduled, Shifted, trace
from optimizers.borrowed import Borrowed, fields
from optimizers.equations import TEXTBOOK
from optimizers.mathml import numbers, symbols
from optimizers.noise import Noise
from optimizers.workings import Line, Workings, workings
from surfaces import SURFACES
from surfaces.calculus import double

OURS = [
    (key, convention)
    for key, rule in OPTIMIZERS.items()
    if not issubclass(rule, Borrowed)
    for convention in (rule.parameters()["convention"].choices if "convention" in rule.parameters() else (TEXTBOOK,))
]
LANDSCAPE = SURFACES["himmelblau"]()


def rule(key: str, convention: str, **values: Any) -> Any:
    return OPTIMIZERS[key](**({"convention": convention} if convention != TEXTBOOK else {}), **values)


@pytest.mark.parametrize(("key", "convention"), OURS)
@pytest.mark.thinned(3)
def test_every_line_gives_the_recorded_value(key: str, convention: str) -> None:
    """Gradient, named values, state and next point in 40 steps with noise."""
    run = trace(LANDSCAPE, rule(key, convention), steps=40, noise=Isotropic(0.2), seed=3)
    equations = workings(run)
    assert {line.letter for line in equations.lines} == set(equations.after)
    recorded = {"w": run.positions[1:], "g": run.step.gradient, **run.step.values}
    recorded |= {n: leaf for n, leaf in run.states._asdict().items() if n in equations.after}
    assert {"w", "g"} <= set(recorded)
    for letter, values in recorded.items():
        result = np.broadcast_to(equations.after[letter], np.shape(values))
        np.testing.assert_allclose(result, values, rtol=1e-9, atol=1e-12, err_msg=letter)


@pytest.mark.parametrize(("key", "convention"), OURS)
@pytest.mark.thinned(3)
def test_every_slot_resolves_and_every_line_evaluates_to_its_value(key: str, convention: str) -> None:
    """The expression of a line, evaluated for a single step with the numbers that its slots name."""
    equations = workings(trace(LANDSCAPE, rule(key, convention), steps=12))
    for line in equations.lines:
        slots = re.findall(r'data-slot="([^"]*)"', numbers(line))
        known = {slot.removesuffix("′"): value(equations, slot)[7] for slot in slots}
        if any(word in str(line.expression) for word in ("grad(", "hessian(")):
            continue  # these need the landscape; the test above checks them
        result = evaluated(line, known)
        np.testing.assert_allclose(result, equations.after[line.letter][7], rtol=1e-12, err_msg=line.letter)


def value(equations: Workings, slot: str) -> Any:
    return equations.after[slot[:-1]] if slot.endswith("′") else equations.before[slot]


def evaluated(line: Line, known: dict[str, Any]) -> Any:
    """The value of a line for the numbers of one step, by Python's arithmetic."""
    assert line.expression is not None
    plain = {k: float(v[0]) if np.size(v) == 1 else v for k, v in known.items()}
    functions = {"sqrt": np.sqrt, "sign": np.sign, "max": np.maximum, "norm": np.linalg.norm}
    return eval(line.expression, {"__builtins__": {}}, {**functions, **plain})


@pytest.mark.parametrize("key", [key for key, kind in OPTIMIZERS.items() if issubclass(kind, Borrowed)])
@pytest.mark.thinned(3)
def test_borrowed_rules_show_their_state_with_optaxs_names(key: str) -> None:
    run = trace(LANDSCAPE, OPTIMIZERS[key](), steps=20)
    equations = workings(run)
    names = [line.letter for line in equations.lines]
    assert names[0] == "g" and names[-1] == "w" and set(fields(run.states)) <= set(names)
    np.testing.assert_allclose(equations.after["w"], run.positions[1:], rtol=1e-12, atol=1e-12)


def test_a_scheduled_rule_shows_the_rate_of_each_step() -> None:
    """The rate falls to a tenth every 5 steps."""
    schedule = SCHEDULES["step_decay"](drop=0.1, every=5.0)
    equations = workings(trace(LANDSCAPE, Scheduled(OPTIMIZERS["sgd"](learning_rate=0.01), schedule), steps=12))
    assert equations.scheduled
    np.testing.assert_allclose(equations.before["η"][:, 0], [0.01] * 5 + [0.001] * 5 + [0.0001] * 2)
    assert not workings(trace(LANDSCAPE, OPTIMIZERS["sgd"](), steps=3)).scheduled


def test_the_step_that_diverged_is_the_last_one() -> None:
    """On ½(x² + 100 y²) with η = 10, y grows by a factor of 999 in each step, until it overflows."""
    run = trace(SURFACES["quadratic_ravine"](condition_number=100.0), OPTIMIZERS["sgd"](learning_rate=10.0), steps=300)
    assert run.diverged > 0
    equations = workings(run)
    assert len(equations.after["w"]) == run.last + 1 == run.diverged
    np.testing.assert_allclose(equations.after["w"][:-1], run.positions[1 : run.diverged])


def test_a_run_without_states_or_steps_is_refused() -> None:
    run = trace(LANDSCAPE, OPTIMIZERS["sgd"](), steps=4, record=("positions", "losses"))
    with pytest.raises(ValueError, match="states and steps"):
        workings(run)
    with pytest.raises(ValueError, match="states and steps"):
        workings(trace(LANDSCAPE, OPTIMIZERS["sgd"](), steps=4, stride=2))


@pytest.mark.parametrize(("key", "convention"), OURS)
def test_mathml_is_well_formed(key: str, convention: str) -> None:
    for line in workings(trace(LANDSCAPE, rule(key, convention), steps=2)).lines:
        for text in (symbols(line, state=True), symbols(line, state=False), numbers(line)):
            ElementTree.fromstring(text)


def test_adams_last_line_reads_as_it_is_printed() -> None:
    """w ← w − η m̂ / (√v̂ + ε)."""
    line = workings(trace(LANDSCAPE, OPTIMIZERS["adam"](), steps=2)).lines[-1]
    text = "".join(ElementTree.fromstring(symbols(line, state=True)).itertext()).replace("\u2062", "")
    assert text == "w←w−ηm^v^+ε"
    assert line.after == {"m_hat", "v_hat"}


NOISES = {
    "isotropic": Isotropic(0.8),
    "uniform": Isotropic(0.8, distribution="uniform"),
    "shifted": Shifted(0.3),
    "mini-batch": MiniBatch(batch_size=4),
}
NOISY = [(key, convention) for key, convention in OURS if key in ("sgd", "nesterov", "adam", "sam", "newton")]
NOISY += [(key, TEXTBOOK) for key in ("polyak_sgd", "schedule_free_sgd", "novograd")]


@pytest.mark.parametrize("noise", NOISES.values(), ids=list(NOISES))
@pytest.mark.parametrize(("key", "convention"), NOISY)
@pytest.mark.thinned(8)
def test_a_noisy_gradient_is_the_sum_of_the_true_one_and_its_noise(key: str, convention: str, noise: Noise) -> None:
    """The true gradient is that of `jax.grad` at the recorded point."""
    surface = SURFACES["linear_regression"]() if isinstance(noise, MiniBatch) else LANDSCAPE
    run = trace(surface, rule(key, convention), steps=12, noise=noise, seed=2)
    equations = workings(run)
    sums = [line for line in equations.lines if " + ξ" in str(line.expression)]
    assert [line.letter for line in sums] == (["h", "g"] if key == "sam" else ["g"])
    for line in sums:
        (true,), letter = line.after, str(line.expression).rpartition(" + ")[2]
        at = (
            run.positions[: len(equations.after["g"])]
            if line.letter == "h"
            else run.step.at[: len(equations.after["g"])]
        )
        with double():
            expected = np.asarray(jax.vmap(jax.grad(surface))(jnp.asarray(at)))
        np.testing.assert_allclose(equations.after[true], expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            equations.after[true] + equations.before[letter], equations.after[line.letter], rtol=1e-12, atol=1e-12
        )
        assert np.abs(equations.before[letter]).max() > 0.01
        slots = re.findall(r'data-slot="([^"]*)"', numbers(line))
        assert slots == [f"{true}′", letter]
    np.testing.assert_array_equal(equations.after["g"], run.step.gradient[: len(equations.after["g"])])


def test_isotropic_noise_shows_the_draws_of_its_seed() -> None:
    """ξ is σ times a draw of `jax.random.normal`, keyed by seed and step."""
    equations = workings(trace(LANDSCAPE, OPTIMIZERS["sgd"](learning_rate=1e-3), steps=5, noise=Isotropic(0.5), seed=9))
    with double():
        keys = [jax.random.fold_in(jax.random.key(9), t) for t in range(1, 6)]
        drawn = np.array([jax.random.normal(key, (2,), "float64") for key in keys])
    np.testing.assert_allclose(equations.before["ξ"], 0.5 * drawn, rtol=1e-9)


def test_the_noise_of_a_mini_batch_is_its_gradient_minus_that_of_all_samples() -> None:
    """By hand: the mean gradient of the samples in the batch minus that of all samples."""
    surface = SURFACES["linear_regression"]()
    run = trace(surface, OPTIMIZERS["sgd"](learning_rate=1e-2), steps=3, noise=MiniBatch(batch_size=5), seed=4)
    equations = workings(run)
    with double():
        samples = len(jax.tree.leaves(surface.data)[0])
        for k, w in enumerate(run.positions[:3]):
            key = jax.random.fold_in(jax.random.key(4), k + 1)
            picked = np.asarray(jax.random.permutation(key, samples)[:5])

            def loss(u: Any, i: int) -> Any:
                return surface.loss(u, jax.tree.map(lambda leaf: leaf[i : i + 1], surface.data))

            each = np.array([jax.grad(loss)(jnp.asarray(w), i) for i in range(samples)])
            expected = each[picked].mean(axis=0) - each.mean(axis=0)
            np.testing.assert_allclose(equations.before["ξ"][k], expected, rtol=1e-8, atol=1e-10)


def test_without_noise_there_is_no_xi() -> None:
    equations = workings(trace(LANDSCAPE, OPTIMIZERS["sgd"](), steps=3))
    assert [line.expression for line in equations.lines] == ["grad(w)", "w - η*g"] and "ξ" not in equations.before


def test_a_noisy_hessian_has_a_tilde() -> None:
    """Isotropic noise adds a linear function, which has no curvature; a shift or a mini-batch changes the Hessian."""
    for noise, tilde in ((NOISES["isotropic"], False), (NOISES["shifted"], True)):
        line = next(
            line
            for line in workings(trace(LANDSCAPE, OPTIMIZERS["newton"](), steps=3, noise=noise)).lines
            if line.letter == "d"
        )
        assert ("~" in symbols(line, state=False)) is tilde
        ElementTree.fromstring(numbers(line))


def test_noisy_lines_read_as_they_are_printed() -> None:
    first, second = workings(trace(LANDSCAPE, OPTIMIZERS["nesterov"](), steps=2, noise=Isotropic(0.2))).lines[:2]
    for line, expected in ((first, "∇L(w−ηβa)"), (second, "g=∇L(w−ηβa)+ξ")):
        text = "".join(ElementTree.fromstring(symbols(line, state=False)).itertext()).replace("\u2062", "")
        assert text == expected
    lines = workings(trace(LANDSCAPE, OPTIMIZERS["sam"](), steps=2, noise=Shifted(0.2))).lines
    assert [line.letter for line in lines] == ["grad(w)", "h", "u", "grad(u)", "g", "w"]
