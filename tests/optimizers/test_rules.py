"""Every rule against its oracles: 300 steps, three surfaces, drawn parameters, to 10⁻¹⁰."""

import ast
import dataclasses
import functools
import importlib
import inspect
from typing import Any

import numpy as np
import pytest

from optimizers import OPTIMIZERS, Optimizer, Trace, trace
from optimizers import RULES as ALL_RULES
from surfaces import SURFACES
from tests.optimizers import oracles_adaptive
from tests.optimizers.cases import PLANE, RULES, STEPS, drawn, rng
from tests.optimizers.oracles import NUMPY, OPTAX, TORCH, Problem, optax_paths, problem, torch_path

DRAWS = 3
TOLERANCE = 1e-10


def _values(rule: Optimizer) -> dict[str, Any]:
    return {f.name: getattr(rule, f.name) for f in dataclasses.fields(rule)}  # type: ignore[arg-type]


def _oracle(rule: Optimizer, on: Problem, surface: str) -> np.ndarray:
    with np.errstate(all="ignore"):  # draws that overflow are rejected below
        return np.array(NUMPY[rule.key](_values(rule), on, np.array(SURFACES[surface]().start), STEPS))


@functools.cache
def _draws(key: str, surface: str) -> tuple[Optimizer, ...]:
    """Drawn parameters for which two correct implementations can agree to 10⁻¹⁰.

    Relative errors of 10⁻¹¹ in the gradients must move the oracle's path by less than 10⁻⁷; rounding errors of 10⁻¹⁶
    then move it by 10⁻¹². A chaotic path, such as Adam's around a minimum with a short memory, magnifies the last bit
    without bound.
    """
    generator, draws, on = rng(key, surface), [], problem(surface)
    for _ in range(100):
        rule = drawn(key, SURFACES[surface](), generator)
        path = _oracle(rule, on, surface)
        if all(np.abs(_oracle(rule, on.shaken(1e-11, k), surface) - path).max() <= 1e-7 for k in range(2)):
            draws.append(rule)
        if len(draws) == DRAWS:
            return tuple(draws)
    raise AssertionError(f"{key} on {surface}: all but {len(draws)} of 100 draws are chaotic")


def _run(rule: Optimizer, surface: str) -> Trace:
    run = trace(SURFACES[surface](), rule, steps=STEPS)
    assert run.diverged == -1, f"{rule} diverges on {surface}, so the comparison would prove nothing"
    return run


def _look_ahead(run: Trace) -> np.ndarray:
    """w − η β a, which optax and PyTorch call the parameter of Nesterov's method."""
    a = np.concatenate([np.zeros((1, 2)), run.states.a])
    return run.positions - run.optimizer.learning_rate * run.optimizer.momentum * a  # type: ignore[attr-defined]


def _close(run: Trace, expected: Any, key: str, ahead: bool) -> None:
    ours = _look_ahead(run) if ahead and key == "nesterov" else run.positions
    error = np.abs(ours - expected) / (1 + np.abs(expected))
    assert error.max() <= TOLERANCE, f"{run.optimizer} at step {error.max(axis=1).argmax()}: {error.max():.1e}"
    assert np.ptp(ours, axis=0).max() > 1e-3, "it did not move, so the comparison would prove nothing"


def test_every_rule_has_an_oracle() -> None:
    """If this fails, implement the new rule in plain NumPy in one of the two files of oracles."""
    assert set(OPTIMIZERS) == {*NUMPY, *oracles_adaptive.ORACLES}


@pytest.mark.parametrize("surface", PLANE)
@pytest.mark.parametrize("key", [p for p in RULES if p.values[0] in NUMPY])
@pytest.mark.thinned(4)
def test_numpy_walks_the_same_path(key: str, surface: str) -> None:
    for rule in _draws(key, surface):
        _close(_run(rule, surface), _oracle(rule, problem(surface), surface), key, ahead=False)


@pytest.mark.parametrize("key", [p for p in RULES if p.values[0] in OPTAX])
@pytest.mark.thinned(4)
def test_optax_walks_the_same_path(key: str) -> None:
    draws = {surface: _draws(key, surface) for surface in PLANE}
    values = {surface: [_values(rule) for rule in rules] for surface, rules in draws.items()}
    expected = optax_paths(key, values, {s: SURFACES[s]().start for s in PLANE}, STEPS)
    for surface, rules in draws.items():
        for rule, path in zip(rules, expected[surface], strict=True):
            _close(_run(rule, surface), path, key, ahead=True)


@pytest.mark.torch
@pytest.mark.xdist_group("torch")  # one worker only, because importing PyTorch takes longer than all its steps
@pytest.mark.parametrize("key", TORCH)
@pytest.mark.thinned(2)
def test_pytorch_walks_the_same_path(key: str) -> None:
    for surface in PLANE:
        for rule in _draws(key, surface)[:2]:
            expected = torch_path(key, _values(rule), surface, SURFACES[surface]().start, STEPS)
            _close(_run(rule, surface), expected, key, ahead=True)


# The calls of other libraries in the docs


def _arguments(call: str) -> tuple[list[str], list[str], dict[str, Any]]:
    """The parts of a call: its dotted name, the arguments without a value, and those with one."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    required = [ast.unparse(a) for a in node.args]
    return (
        ast.unparse(node.func).split("."),
        required,
        {k.arg: ast.literal_eval(k.value) for k in node.keywords if k.arg},
    )


@pytest.mark.parametrize(
    ("library", "module"), [("optax", "optax"), pytest.param("PyTorch", "torch.optim", marks=pytest.mark.torch)]
)
def test_calls_of_other_libraries_show_their_arguments_and_defaults(library: str, module: str) -> None:
    count = 0
    for key, rule in ALL_RULES.items():
        for name, call in rule.libraries:
            if name != library:
                continue
            path, required, keywords = _arguments(call)
            factory: Any = importlib.import_module(module)
            for part in path:
                factory = getattr(factory, part)
            signature = inspect.signature(factory).parameters
            for argument in required:  # or one that switches the rule on
                assert signature[argument].default in (inspect.Parameter.empty, None, 0), (key, argument)
            for argument, value in keywords.items():
                assert signature[argument].default == value or value is True, (key, argument)
            count += 1
    assert count >= (25 if library == "optax" else 13)


def test_every_rule_names_its_libraries_and_explains_its_epsilon() -> None:
    for key, rule in OPTIMIZERS.items():
        assert rule.libraries or rule.dense, key
        if "epsilon" in rule.parameters() and rule.elementwise:
            assert "ε" in inspect.cleandoc(rule.__doc__ or "").rsplit("$$", 1)[-1], key
