"""The matrix: how many random settings of each rule solve each unit test, and how many attempts that takes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import jax
import numpy as np

from optimizers import OPTIMIZERS
from optimizers.axes import Random
from optimizers.diagnostics.catalogue import UNIT_TESTS
from optimizers.diagnostics.unit_test import DECAY, SHARES, UnitTest
from optimizers.engine import Trace, trace
from optimizers.optimizer import Optimizer
from optimizers.sweeps import plan_sweep, sweep
from surfaces.calculus import Floats
from surfaces.landscapes.ravine_nd import RavineND

TRIALS = 64
MOST_TRIALS = 4096
DTYPE = "float64"
"""The precision of runs, which is that of the Race page: with noise, rounding would decide some of them."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting of a rule in a test, and the worst of its runs.

    Attributes:
        values: the tuned parameters by name.
        run: the index of the run with the largest height at the end.
        height: that height, as a share of the initial height; infinite if the run diverged.
    """

    values: Mapping[str, float]
    run: int
    height: float


@dataclasses.dataclass(frozen=True)
class Cell:
    """What the trials of one rule in one test have shown.

    Attributes:
        test, rule: their keys.
        trials: the number of random settings.
        solved: the number of those that solved the test.
        seed: the seed of the settings.
        best: the setting with the smallest height.
        failed: of the settings that failed, the one with the smallest height; None if none failed.
        diverged: the number of settings with a run that diverged.
    """

    test: str
    rule: str
    trials: int
    solved: int
    seed: int
    best: Setting
    failed: Setting | None
    diverged: int

    @property
    def share(self) -> float:
        """The share of settings that solved the test."""
        return self.solved / self.trials

    @property
    def attempts(self) -> float:
        """The expected number of settings to try until one solves the test; see `attempts`."""
        return attempts(self.trials, self.solved)

    def trace(self, setting: Setting | None = None, **options: Any) -> Trace:
        """The path of the worst run of a setting, by default the best one, in the precision of the matrix.

        Args:
            setting: `best` or `failed`.
            options: further arguments of `optimizers.trace`, such as what to record.
        """
        setting = setting or self.best
        test = UNIT_TESTS[self.test]
        rule = OPTIMIZERS[self.rule]()
        steps = steps_of(test, rule)
        start = test.starts[setting.run]
        tuned = test.rule(rule.replace(**setting.values), steps)
        options = {"noise": test.noise, "seed": setting.run, "dtype": DTYPE, **options}
        return trace(test.landscape, tuned, start, steps, **options)


def attempts(trials: int, solved: int) -> float:
    r"""The expected number of attempts until the first one that solves the test.

    If settings are drawn without replacement from n, of which k solve the test, the place of the first of these has
    the expectation

    $$ \frac{n + 1}{k + 1} $$

    because the k places divide the other n − k into k + 1 parts of equal expectation (n − k)/(k + 1). For k = 0 the
    formula gives n + 1: more attempts than there were.

    Raises:
        ValueError: if there are no trials, or more solved ones than trials.
    """
    if trials < 1 or not 0 <= solved <= trials:
        raise ValueError(f"solved must lie between 0 and the number of trials, at least 1; got {solved} of {trials}")
    return (trials + 1) / (solved + 1)


def tuned_parameters(rule: Optimizer | type[Optimizer]) -> list[str]:
    """The names of the parameters that are drawn at random: those declared as tuned, without weight decay."""
    return [name for name, spec in rule.parameters().items() if spec.tuned and not spec.static and name != DECAY]


def steps_of(test: UnitTest, rule: Optimizer) -> int:
    """The steps that a rule takes in a test, which has the same number of gradient evaluations for all rules."""
    return max(1, test.steps // _cost(rule.key, test.starts.shape[1]))


@functools.cache
def _cost(rule: str, dimension: int) -> int:
    """The gradient evaluations of a step, which depend on the dimension alone."""
    return plan_sweep(RavineND(dimension=dimension), OPTIMIZERS[rule]()).cost


def units(tests: Sequence[str], rules: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The rules, each with tests that it runs in one compiled program.

    Tests on the same landscape, which differ in numbers only, stand together.
    """
    groups: dict[Any, list[str]] = {}
    for key in tests:
        test = UNIT_TESTS[key]
        kind = test.delay, bool(test.drift), jax.tree.structure((test.landscape, test.noise))
        groups.setdefault(kind, []).append(key)
    return [(rule, tuple(group)) for group in groups.values() for rule in rules]


def diagnose(
    tests: Iterable[str] | None = None,
    rules: Iterable[str] | None = None,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    devices: Sequence[Any] | None = None,
) -> Iterator[Cell]:
    """Compute the cells of the matrix, and yield each when it is ready.

    A trial is a setting, drawn at random over the declared range of each parameter that is declared as tuned, on its
    declared scale. It runs from three starts, with a seed of the noise each. Weight decay is 0, because it leads to the
    origin, where many tests have their minimum. All rules have the same number of gradient evaluations.

    The cells do not depend on the order in which they come, nor on the number of devices.

    Args:
        tests: the keys of the tests, by default all of `UNIT_TESTS`.
        rules: the keys of the rules, by default all of `OPTIMIZERS`.
        trials: the number of settings of each rule, which are the same in all tests.
        seed: the seed of the settings.
        devices: the devices that share the work, by default all of this process.

    Raises:
        ValueError: if a test or a rule is unknown, or if the number of trials is not between 1 and 4,096.
    """
    tests = list(UNIT_TESTS if tests is None else dict.fromkeys(tests))
    rules = list(OPTIMIZERS if rules is None else dict.fromkeys(rules))
    for what, keys, known in (("test", tests, UNIT_TESTS), ("rule", rules, OPTIMIZERS)):
        if unknown := [key for key in keys if key not in known]:
            raise ValueError(f"unknown {what} {unknown[0]!r}; the choices are {', '.join(known)}")
    if not 1 <= trials <= MOST_TRIALS:
        raise ValueError(f"trials must be a number from 1 to {MOST_TRIALS:,}; got {trials}")
    return _cells(units(tests, rules), trials, seed, list(jax.local_devices() if devices is None else devices))


def _cells(work: list[tuple[str, tuple[str, ...]]], trials: int, seed: int, devices: list[Any]) -> Iterator[Cell]:
    """The cells of these units, of which each device computes one at a time in a thread of its own."""
    if len(devices) == 1:
        for rule, tests in work:
            for test in tests:
                yield cell(test, rule, trials, seed, devices[0])
        return
    waiting = list(reversed(work))
    with ThreadPoolExecutor(len(devices), thread_name_prefix="diagnose") as threads:

        def unit(device: Any) -> tuple[Any, list[Cell]]:
            rule, tests = waiting.pop()
            return device, [cell(test, rule, trials, seed, device) for test in tests]

        running: set[Future[tuple[Any, list[Cell]]]] = {
            threads.submit(unit, device) for device in devices[: len(waiting)]
        }
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                device, cells = future.result()
                if waiting:
                    running.add(threads.submit(unit, device))
                yield from cells


def cell(test_key: str, rule_key: str, trials: int = TRIALS, seed: int = 0, device: Any = None) -> Cell:
    """One cell of the matrix, computed on one device."""
    test, rule = UNIT_TESTS[test_key], OPTIMIZERS[rule_key]()
    names = tuned_parameters(rule)
    steps = steps_of(test, rule)
    over: dict[Any, Any] = {f"optimizer.{name}": Random() for name in names}
    result = sweep(
        test.landscape,
        test.rule(rule, steps),
        over={**over, ("start", "seed"): (test.starts, np.arange(len(SHARES)))},
        steps=steps,
        noise=test.noise,
        draws=trials,
        draw_seed=seed,
        record=("final",),
        dtype=DTYPE,
        devices=None if device is None else [device],
    )
    shares = relative_heights(test, result.final.reshape(-1, len(SHARES)))
    settings = {name: result.values(f"optimizer.{name}")[:, 0] for name in names}
    return _summary(test, rule_key, shares, settings, seed)


def relative_heights(test: UnitTest, final: Any) -> Floats:
    """The heights of final losses (trials, runs), as shares of the initial heights; infinite for runs that diverged."""
    with np.errstate(over="ignore"):  # of a run that grows, from a start close to the minimum
        shares = (np.asarray(final, dtype=float) - test.bottom) / test.heights
    return np.where(np.isnan(shares), np.inf, shares)


def _summary(test: UnitTest, rule: str, shares: Floats, settings: Mapping[str, Floats], seed: int) -> Cell:
    """The cell of trials whose runs end at these shares of their initial heights, (trials, runs)."""
    worst = shares.max(axis=1)
    solved = worst <= test.goal

    def setting(k: int) -> Setting:
        values = {name: float(column[k]) for name, column in settings.items()}
        return Setting(values, int(shares[k].argmax()), float(worst[k]))

    failures = np.flatnonzero(~solved)
    return Cell(
        test=test.key,
        rule=rule,
        trials=len(worst),
        solved=int(solved.sum()),
        seed=seed,
        best=setting(int(worst.argmin())),
        failed=setting(int(failures[worst[failures].argmin()])) if len(failures) else None,
        diverged=int(np.isinf(worst).sum()),
    )
