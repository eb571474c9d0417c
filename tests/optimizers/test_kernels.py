"""Every way of compiling a sweep gives the same results; the kernel of a GPU is interpreted here."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, Isotropic, Sweep, from_optax, plan_sweep, sweep
from optimizers.entries import NotEntrywise
from optimizers.kernels import RUNS, Loop
from optimizers.lanes import STEPS_OF_A_PASS
from optimizers.parameters import learning_rate
from surfaces import SURFACES, from_function
from tests.apart import run_apart
from tests.optimizers.cases import RULES

RAVINE = SURFACES["quadratic_ravine"]
STEPS = 3 * STEPS_OF_A_PASS + 5


def _same(ours: Sweep, theirs: Sweep) -> None:
    for name in ("final", "best", "area", "end"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-8, atol=1e-10, err_msg=name)
    for name in ("reached", "diverged", "codes"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", ["radam", "novograd"])
def test_the_kernel_agrees_with_planes(key: str) -> None:
    _compare(SURFACES["rosenbrock"](), OPTIMIZERS[key](), "interpreted")


@pytest.mark.long
def test_lanes_agree_with_planes() -> None:
    _compare(SURFACES["rosenbrock"](), OPTIMIZERS["adam"](), "lanes")


@pytest.mark.long
@pytest.mark.parametrize("key", RULES)
def test_loops_agree_for_every_rule(key: str) -> None:
    rule = OPTIMIZERS[key]
    if rule.layered:
        pytest.skip("layered rules work on the matrices of a network")
    if rule.dense:
        with pytest.raises(NotEntrywise):
            _compare(RAVINE(), rule(), "interpreted")
        return
    _compare(RAVINE(), rule(), "interpreted")


@pytest.mark.long
@pytest.mark.parametrize("key", SURFACES)
def test_loops_agree_on_every_surface(key: str) -> None:
    _compare(SURFACES[key](), OPTIMIZERS["momentum"](), "interpreted")


@pytest.mark.long
def test_borrowed_rules_and_formulas() -> None:
    borrowed = from_optax("Borrowed", optax.adam, parameters={"learning_rate": learning_rate(0.05)})
    bowl = from_function(lambda w: w[0] ** 2 + 3 * w[1] ** 4, (1.0, 1.0))
    _compare(bowl, borrowed(), "interpreted")


def _compare(surface: Any, rule: Any, loop: Loop) -> None:
    """Sweep the start and a hyperparameter, on a few runs more than a block of the kernel."""
    first = next(name for name, spec in rule.parameters().items() if spec.tuned and not spec.static)
    count = RUNS // 8 + 1
    value = getattr(rule, first)
    over = {"start.0": np.linspace(-0.5, 0.7, 8), first: value * np.linspace(0.5, 1.0, count)}
    options: dict[str, Any] = {"over": over, "steps": STEPS, "dtype": "float64"}
    _same(sweep(surface, rule, **options, loop=loop), sweep(surface, rule, **options))


LONG = """
    import numpy as np
    from optimizers import OPTIMIZERS, sweep, trace
    from surfaces import SURFACES
    surface, adam, steps = SURFACES["quadratic_ravine"](), OPTIMIZERS["adam"], 60_000
    rates = [1e-7, 1e-6, 1e-5]
    options = {"steps": steps, "record": ("losses",), "dtype": "float32"}
    losses = np.array([trace(surface, adam(rate), **options).losses for rate in rates])
    exact = losses.mean(axis=1, dtype=float)
    plain = np.cumsum(losses, axis=1)[:, -1] / (steps + 1)
    print(losses.dtype, plain.dtype, np.abs(plain / exact - 1).max())
    for loop in ("planes", "lanes", "interpreted"):
        for record in (("area",), ("final", "best", "area", "reached", "end", "status")):
            over = {"learning_rate": rates}
            area = sweep(surface, adam(), over=over, steps=steps, record=record, loop=loop).area
            print(loop, len(record), np.abs(area / exact - 1).max())
"""


@pytest.mark.long
def test_the_mean_loss_of_a_long_run_in_float32_is_exact_to_rounding() -> None:
    """Compiled with all passes, which must not simplify the compensation away; half a digit of float32 is 6 · 10⁻⁸."""
    first, *rest = run_apart(textwrap.dedent(LONG)).splitlines()
    assert first.split()[:2] == ["float32", "float32"] and float(first.split()[2]) > 2e-6
    assert len(rest) == 6
    for line in rest:
        assert float(line.split()[2]) < 2e-7, line


def test_a_divergence_is_noticed_at_its_step() -> None:
    over = {"learning_rate": [0.01, 3.0, 1e30]}
    options: dict[str, Any] = {"over": over, "steps": 400}
    ours = sweep(RAVINE(), OPTIMIZERS["sgd"](), **options, loop="interpreted")
    _same(ours, sweep(RAVINE(), OPTIMIZERS["sgd"](), **options))
    assert ours.diverged[0] == -1 and 1 <= ours.diverged[2] < ours.diverged[1]


def test_a_kernel_draws_no_noise() -> None:
    options: dict[str, Any] = {"over": {"seed": range(20)}, "noise": Isotropic(0.1), "steps": 30}
    with pytest.raises(NotEntrywise, match="random"):
        sweep(RAVINE(), OPTIMIZERS["adam"](), **options, loop="interpreted")


def test_a_program_that_a_kernel_cannot_hold_runs_in_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton's method solves a linear system; on an accelerator the plan falls back without being asked."""
    plan = plan_sweep(RAVINE(), OPTIMIZERS["newton"](), over={"start.0": [1.0, 2.0]}, steps=3)
    expected = plan.gather(plan).final
    plan = plan_sweep(RAVINE(), OPTIMIZERS["newton"](), over={"start.0": [1.0, 2.0]}, steps=3)
    monkeypatch.setitem(plan.__dict__, "_loop", "interpreted")  # what a plan chooses on a GPU, but for the compiler
    np.testing.assert_array_equal(plan.gather(plan).final, expected)


@pytest.mark.long
def test_devices_share_the_runs_of_a_kernel() -> None:
    script = """
        import jax
        import numpy as np
        from optimizers import OPTIMIZERS, sweep
        from surfaces import SURFACES
        surface, rule = SURFACES["quadratic_ravine"](), OPTIMIZERS["adam"]()
        over = {"learning_rate": np.geomspace(1e-3, 0.1, 300)}
        shared, alone = (
            sweep(surface, rule, over=over, steps=40, loop="interpreted", devices=devices, record=("final",))
            for devices in (jax.devices(), jax.devices()[:1])
        )
        print(len(jax.devices()), np.array_equal(shared.final, alone.final), len(set(alone.final)))
    """
    printed = run_apart(textwrap.dedent(script), XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert printed == "2 True 300"
