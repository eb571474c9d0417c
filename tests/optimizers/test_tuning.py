"""Tuning spends equal budgets, finds what theory says, and never compares on what it tuned on."""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, MiniBatch, Scheduled, Shifted, Tuned, trace, tune
from optimizers.search import draw_seeds, draw_starts, grid_counts
from surfaces import SURFACES, from_function
from tests.optimizers.cases import Testbed, rng

SGD, MOMENTUM, SAM = OPTIMIZERS["sgd"], OPTIMIZERS["momentum"], OPTIMIZERS["sam"]
RAVINE = SURFACES["quadratic_ravine"]


def test_the_best_learning_rate_is_that_of_theory() -> None:
    """On a parabola SGD is fastest at η = 2/(1 + κ); the weights of the two coordinates shift it by less than 1 %."""
    result = tune(RAVINE(9.0), [SGD()], steps=60, budget=200, search="grid", ranges={"learning_rate": (0.1, 0.3)})
    rates = result["SGD"].settings["learning_rate"]
    assert len(rates) == 200 and result["SGD"].best["learning_rate"] == pytest.approx(0.2, rel=0.01)
    assert result["SGD"].optimizer.learning_rate == result["SGD"].best["learning_rate"]  # type: ignore[attr-defined]


def test_scores_are_means_over_starts_and_seeds() -> None:
    starts = [(1.0, 1.0), (-1.0, 0.5)]
    for score in ("final", "area", "reached"):
        result = tune(
            Testbed(), [SGD()], budget=4, steps=30, starts=starts, seeds=2, noise=Isotropic(0.01), score=score,
            ranges={"learning_rate": (0.02, 0.1)}, threshold=0.1, dtype="float64",
        )  # fmt: skip
        for k, rate in enumerate(result["SGD"].settings["learning_rate"]):
            values = []
            for start, seed in itertools.product(starts, (0, 2)):
                run = trace(Testbed(), SGD(rate), start, 30, noise=Isotropic(0.01), seed=seed)
                low = np.flatnonzero(run.losses <= 0.1 * run.losses[0])
                reached = float(low[0]) if len(low) else math.inf
                values.append({"final": run.losses[-1], "area": run.losses.mean(), "reached": reached}[score])
            assert result["SGD"].scores[k] == pytest.approx(np.mean(values), rel=1e-9)


def test_every_optimizer_has_the_same_budget() -> None:
    """SAM takes two evaluations for a step: half the trials, or with the clock of evaluations half the steps."""
    result = tune(RAVINE(), [SGD(), MOMENTUM(), SAM()], steps=40, budget=16, starts=3)
    assert [t.trials for t in result.tuned.values()] == [16, 16, 8]
    assert result.evaluations == 16 * 40 * 3
    assert {t.evaluations for t in result.tuned.values()} == {result.evaluations}
    equal = tune(RAVINE(), [SGD(), SAM()], steps=40, budget=16, clock="evaluations")
    assert [(t.trials, t.steps) for t in equal.tuned.values()] == [(16, 40), (16, 20)]
    assert {t.evaluations for t in equal.tuned.values()} == {16 * 40 * 5}


def test_no_optimizer_has_more_trials_than_the_budget() -> None:
    """7 steps are 3 steps of SAM; 100 · 7 evaluations are 116 trials of 6 evaluations."""
    tuned = tune(RAVINE(), [SGD(), SAM()], steps=7, budget=100, clock="evaluations", starts=1).tuned
    assert [(t.trials, t.steps, t.evaluations) for t in tuned.values()] == [(100, 7, 700), (100, 3, 600)]


def test_a_trial_that_costs_more_than_the_budget_is_refused() -> None:
    """A step of Newton's method costs 1 + n evaluations."""
    rules = [SGD(), OPTIMIZERS["newton"]()]
    with pytest.raises(
        ValueError, match=r"one trial of Newton costs 3 .* budget of 2 trials .*: pass budget=3 or more"
    ):
        tune(RAVINE(), rules, steps=5, budget=2)
    assert tune(RAVINE(), rules, steps=5, budget=3)["Newton"].trials == 1
    with pytest.raises(
        ValueError, match=r"horizon of 2 gradient evaluations is less than a step of Newton, .*: pass steps=3"
    ):
        tune(RAVINE(), rules, steps=2, budget=64, clock="evaluations")


def test_what_is_tuned_can_be_chosen() -> None:
    rules = {"plain": OPTIMIZERS["adam"](), "decayed": Scheduled(OPTIMIZERS["adam"](), SCHEDULES["step_decay"]())}
    all_ = tune(RAVINE(), rules, budget=4, steps=10)
    assert list(all_["plain"].settings) == ["learning_rate", "beta1", "beta2", "epsilon"]
    assert set(all_["decayed"].settings) == {"drop", *all_["plain"].settings}
    some = tune(RAVINE(), rules, budget=16, steps=10, parameters=["learning_rate", "beta1"], search="grid")
    assert list(some["plain"].settings) == ["learning_rate", "beta1"] and some["plain"].trials == 16
    assert some["plain"].optimizer.epsilon == rules["plain"].epsilon  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("trials", "counts"),
    [
        (1, {"learning_rate": 1, "beta1": 1, "beta2": 1, "epsilon": 1}),
        (3, {"learning_rate": 3, "beta1": 1, "beta2": 1, "epsilon": 1}),  # a second parameter would need four
        (4, {"learning_rate": 2, "beta1": 2, "beta2": 1, "epsilon": 1}),
        (16, {"learning_rate": 2, "beta1": 2, "beta2": 2, "epsilon": 2}),
        (64, {"learning_rate": 3, "beta1": 3, "beta2": 3, "epsilon": 2}),
        (1000, {"learning_rate": 6, "beta1": 6, "beta2": 5, "epsilon": 5}),
    ],
)
def test_a_grid_uses_its_budget(trials: int, counts: dict[str, int]) -> None:
    """Four parameters had 2 values each for 64 trials: a quarter of the budget."""
    assert grid_counts(["beta1", "learning_rate", "beta2", "epsilon"], trials) == counts


def test_no_grid_has_room_for_one_more_value() -> None:
    for number in range(1, 6):
        names = [f"p{k}" for k in range(number)]
        for trials in (*range(1, 130), 10**6, 10**7):
            counts = list(grid_counts(names, trials).values())
            size = math.prod(counts)
            assert size <= trials < min(size // count * (count + 1) for count in counts)
            assert size > trials / 2 and max(counts) - min(counts) <= max(2, min(counts))


def test_a_grid_keeps_the_values_of_parameters_that_have_no_room() -> None:
    adam = OPTIMIZERS["adam"](beta2=0.95, epsilon=1e-5)
    tuned = tune(RAVINE(), [adam], budget=7, steps=5, search="grid", ranges={"beta1": (0.5, 0.9)})["Adam"]
    assert tuned.trials == 6 and list(tuned.settings) == ["learning_rate", "beta1"]
    assert sorted(set(tuned.settings["beta1"])) == [0.5, 0.9] and len(set(tuned.settings["learning_rate"])) == 3
    assert tuned.optimizer.beta2 == 0.95 and tuned.optimizer.epsilon == 1e-5  # type: ignore[attr-defined]
    fixed = tune(RAVINE(), [adam], budget=7, steps=5, search="grid", ranges={"beta2": (0.9, 0.9)})["Adam"]
    assert fixed.best["beta2"] == 0.9 and fixed.trials == 6


def test_a_rule_without_tuned_parameters_has_one_trial() -> None:
    result = tune(RAVINE(), [SGD()], budget=8, steps=10, parameters=[])
    assert result["SGD"].trials == 1 and result["SGD"].best == {} and result["SGD"].evaluations == 10 * 5


def _tuned(scores: Any) -> Tuned:
    return Tuned("a", SGD(), {"learning_rate": np.arange(float(len(scores)))}, np.asarray(scores, dtype=float), 1, 1)


def test_the_best_of_fewer_trials_by_going_through_all_subsets() -> None:
    scores = rng("subsets").permutation([0.5, 0.1, 3.0, 2.0, 2.0, 7.0, 0.9])
    for k in range(1, 8):
        best = sorted(min(subset) for subset in itertools.combinations(scores, k))
        assert _tuned(scores).expected_best(k) == pytest.approx(np.mean(best), rel=1e-12)
        for share in (0.25, 0.5, 1.0):
            assert _tuned(scores).best_of(k, share) == best[math.ceil(share * len(best)) - 1]


def test_failed_trials_are_counted_and_make_no_median_infinite() -> None:
    tuned = _tuned([1.0, math.inf, 2.0, math.inf, 3.0])
    assert tuned.failed == 0.4 and tuned.best_score == 1.0 and tuned.best == {"learning_rate": 0.0}
    assert tuned.expected_best(1) == math.inf and tuned.best_of(1) == 3.0
    assert tuned.expected_best(3) < math.inf, "at most two of three trials fail"
    assert [tuned.score_at(share) for share in (0.0, 0.5, 1.0)] == [1.0, 3.0, math.inf]
    with pytest.raises(ValueError, match="a has 5 trials; got 6"):
        tuned.best_of(6)


def test_the_ranking_depends_on_the_budget() -> None:
    """Momentum is better once both of its parameters fit; a single trial more often fits SGD, which has one."""
    result = tune(RAVINE(100.0), [SGD(), MOMENTUM()], steps=100, budget=256, ranges={"learning_rate": (1e-4, 0.1)})
    few, many = result.ranking(1), result.ranking(256)
    assert [name for name, _ in many] == ["Momentum", "SGD"]
    assert many[0][1] == result["Momentum"].best_score
    assert few[0][1] > many[0][1]
    with pytest.raises(ValueError, match="budgets from 1 to 256 trials; got 500"):
        result.ranking(500)


def test_fresh_seeds_and_starts_are_never_those_of_the_tuning() -> None:
    for seed in (0, 1, 7, 123_456_789, 2**31 - 1):
        tuning, fresh = (draw_seeds(5000, seed, tuning=flag) for flag in (True, False))
        assert len(set(tuning)) == len(set(fresh)) == 5000
        for other in (0, 1, 2**31 - 1):
            assert not set(tuning) & set(draw_seeds(5000, other, tuning=False))
        assert min(tuning.min(), fresh.min()) >= 0 and max(tuning.max(), fresh.max()) < 2**32
        a, b = (draw_starts(RAVINE(), 100, seed, tuning=flag) for flag in (True, False))
        assert not {tuple(w) for w in a} & {tuple(w) for w in b}
    noisy = tune(Testbed(), [SGD()], budget=2, steps=5, noise=Isotropic(0.1)).evaluate(9)
    assert not set(noisy.seeds) & set(noisy.tuning.seeds) and len(set(noisy.seeds)) == 9
    assert (noisy.sweeps["SGD"].axes["seed"] == noisy.seeds).all()
    quiet = tune(Testbed(), [SGD()], budget=2, steps=5).evaluate(9)
    assert not {tuple(w) for w in quiet.starts} & {tuple(w) for w in quiet.tuning.starts}
    with pytest.raises(ValueError, match="without noise a run from a start of the tuning is no fresh run"):
        quiet.tuning.evaluate(3, starts=quiet.tuning.starts[0])


@pytest.mark.thinned(3)
@pytest.mark.parametrize("noise", [None, Isotropic(0.0), Shifted(0.0)], ids=["none", "isotropic", "shifted"])
def test_the_same_run_counts_once(noise: Any) -> None:
    """Without noise, or with noise of strength 0, 20 runs from one start are one run, and no evidence of anything."""
    tuning = tune(Testbed(), [SGD(), MOMENTUM()], budget=2, steps=5, noise=noise)
    assert len(tuning.starts) == 5 and len(tuning.seeds) == 1
    cases: list[tuple[Any, int]] = [
        ((1.0, 1.0), 1),
        ([(1.0, 1.0)] * 3, 1),
        ([(1.0, 1.0), (0.5, 0.0), (1.0, 1.0)], 2),
    ]
    for starts, different in cases:
        with pytest.raises(ValueError, match=f"pass 3 different starts, or leave them out; got {different}"):
            tuning.evaluate(3, starts=starts)
    assert tuning.evaluate(1, starts=(1.0, 1.0)).starts.shape == (1, 2)


def test_full_batches_ignore_the_seed() -> None:
    surface = SURFACES["linear_regression"]()
    samples = len(np.asarray(surface.data[0]))
    assert MiniBatch(samples).ignores_seed(surface) and not MiniBatch(samples - 1).ignores_seed(surface)  # type: ignore[arg-type]
    runs = [trace(surface, SGD(0.01), steps=5, noise=MiniBatch(samples), seed=k).losses for k in (0, 1)]  # type: ignore[arg-type]
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-12)


def test_with_noise_the_seeds_make_the_runs_of_one_start_different() -> None:
    evaluation = tune(Testbed(), [SGD()], budget=2, steps=5, noise=Isotropic(0.1)).evaluate(6, starts=(1.0, 1.0))
    assert len(set(evaluation.measures["SGD"])) == 6


def test_a_fair_race_from_tuning_to_verdicts() -> None:
    """Momentum beats SGD on a ravine of κ = 100, and a second SGD has the same trials as the first."""
    rules = {"SGD": SGD(), "again": SGD(), "Momentum": MOMENTUM()}
    options: dict[str, Any] = {"ranges": {"learning_rate": (1e-4, 0.1)}, "steps": 100, "budget": 64}
    evaluation = tune(RAVINE(100.0), rules, **options).evaluate(12)
    by_names = {v.names: v for v in evaluation.verdicts()}
    assert by_names["SGD", "again"].word == "cannot tell"
    assert by_names["SGD", "Momentum"].winner == by_names["again", "Momentum"].winner == "Momentum"
    measured = evaluation.measures["Momentum"][4]
    run = trace(RAVINE(100.0), evaluation.tuning["Momentum"].optimizer, evaluation.starts[4], 100)
    assert measured == pytest.approx(run.losses[-1], rel=1e-9)


def test_losses_are_measured_above_the_minimum_and_its_rounding() -> None:
    """Styblinski-Tang's minimum lies at −78.3; a converged run is equal to another one there."""
    surface = SURFACES["styblinski_tang"]()
    options: dict[str, Any] = {"ranges": {"learning_rate": (0.02, 0.03)}, "steps": 200, "budget": 4}
    evaluation = tune(surface, {"a": SGD(), "b": SGD()}, starts=[(-2.0, -2.0)], **options)
    measures = evaluation.evaluate(3, starts=[(-2.5, -2.0), (-2.0, -2.5), (-3.0, -2.2)]).measures["a"]
    assert (measures >= 0).all() and measures.max() < 1e-11
    slow = tune(RAVINE(), [SGD()], score="reached", threshold=1e-9, **options | {"steps": 100})
    assert slow["SGD"].failed == 1


def test_runs_that_do_not_reach_the_threshold_have_an_infinite_measure() -> None:
    """On the tuning's start SGD arrives; from the far end of the ravine it needs more steps."""
    options: dict[str, Any] = {"ranges": {"learning_rate": (0.09, 0.1)}, "steps": 15, "budget": 4, "score": "reached"}
    tuning = tune(RAVINE(10.0), [SGD()], starts=[(0.0, 1.0)], threshold=1e-2, **options)
    assert tuning["SGD"].failed == 0
    measures = tuning.evaluate(2, starts=[(0.0, 0.5), (3.0, 0.0)]).measures["SGD"]
    assert measures[0] <= 2 and measures[1] == math.inf


def test_an_optimizer_whose_trials_all_fail_has_no_best_setting() -> None:
    """At η ≥ 1 SGD diverges on a ravine of κ = 100 from every start, and Lion, whose steps have length η, does not."""
    options: dict[str, Any] = {"ranges": {"learning_rate": (1.0, 2.0)}, "steps": 100, "budget": 8}
    tuning = tune(RAVINE(100.0), [SGD(), OPTIMIZERS["lion"](), MOMENTUM()], parameters=["learning_rate"], **options)
    lost = tuning["SGD"]
    assert lost.failed == 1 and tuning["Lion"].failed == 0 and lost.best_score == math.inf
    reason = r"SGD has no best setting, because all its trials failed \(8 of 8\): .* within 100 steps"
    for missing in ("best", "optimizer"):
        with pytest.raises(ValueError, match=f"{reason}. Tune it in other ranges"):
            getattr(lost, missing)
    assert [name for name, _ in tuning.ranking(8)] == ["Lion", "SGD", "Momentum"]
    assert [score == math.inf for _, score in tuning.ranking(8)] == [False, True, True]
    with pytest.raises(ValueError, match=f"{reason}; Momentum .* compare the others with names=\\['Lion'\\]"):
        tuning.evaluate(3)
    assert list(tuning.evaluate(3, names=["Lion"]).measures) == ["Lion"]
    with pytest.raises(ValueError, match="unknown optimizer 'Adam'; the names are SGD, Lion, Momentum"):
        tuning.evaluate(3, names=["Adam"])
    all_lost = tune(RAVINE(100.0), [SGD()], **options)
    with pytest.raises(ValueError, match="there is no ranking, because all trials of all optimizers failed"):
        all_lost.ranking(8)


def test_a_threshold_needs_a_known_minimum() -> None:
    unknown = from_function(lambda w: jnp.sum(w**2), start=(2.0, 1.0))
    with pytest.raises(ValueError, match='this surface lists no minimum: use "final" or "area"'):
        tune(unknown, [SGD()], score="reached")
    known = from_function(lambda w: jnp.sum(w**2), start=(2.0, 1.0), minima=[(0.0, 0.0)])
    assert tune(known, [SGD()], score="reached", budget=16, steps=50).tuned["SGD"].best_score < 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget must be a whole number from 1 to 10,000,000; got 0"),
        ({"budget": 10**9}, "budget must be a whole number from 1 to 10,000,000; got 1000000000"),
        ({"budget": 2.5}, "budget must be a whole number .* got 2.5"),
        ({"budget": True}, "budget must be a whole number .* got True"),
        ({"budget": 10**7}, r"budget × starts × seeds = 10,000,000 × 5 × 1 = 50,000,000: take a smaller budget"),
        ({"steps": 0}, "steps must be a whole number from 1 to 2,147,483,646; got 0"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4,294,967,295; got -1"),
        ({"search": "guess"}, "search must be one of random, grid; got 'guess'"),
        ({"clock": "hours"}, "clock must be one of steps, evaluations"),
        ({"score": "end"}, "score must be one of final, area, reached"),
        ({"parameters": ["beta1"]}, "no optimizer tunes beta1; they tune learning_rate"),
        ({"parameters": "learning_rate"}, r"parameters must be a list of names, such as \['learning_rate'\]"),
        ({"ranges": {"rate": (0.0, 1.0)}}, "no optimizer tunes rate; they tune learning_rate"),
        ({"ranges": {"learning_rate": (1.0, 0.1)}}, "reversed: low must be at most high; got 1 to 0.1"),
        (
            {"ranges": {"learning_rate": 0.1}},
            "the range of 'learning_rate' must be a pair of numbers, as in .* got 0.1",
        ),
        ({"ranges": {"learning_rate": (0.1, 0.2, 0.3)}}, "must be a pair of numbers"),
        ({"ranges": {"learning_rate": (0.0, 0.2)}}, "has a log scale, so its range must be positive"),
        ({"ranges": {"learning_rate": (0.1, math.inf)}}, "must be finite"),
        ({"ranges": [("learning_rate", 0.1, 0.2)]}, "ranges must map names to pairs of numbers, such as"),
        ({"starts": 0}, "starts must be a whole number from 1 to 10,000,000; got 0"),
        ({"starts": 10**9}, "starts must be a whole number from 1 to 10,000,000; got 1000000000"),
        ({"starts": 10**6}, r"budget × starts × seeds = 64 × 1,000,000 × 1 = 64,000,000"),
        ({"starts": "x"}, "starts must be a whole number of starts, or points of shape .* got 'x'"),
        ({"starts": 2.5}, "starts must be a whole number of starts, or points of shape .* got 2.5"),
        ({"starts": [(1.0, math.nan)]}, "with finite coordinates"),
        ({"starts": [(1.0, 2.0), (1.0,)]}, "points of shape"),
        ({"starts": [1.0, 2.0, 3.0]}, r"starts must be points of shape \(k, 2\) on this surface; got shape \(1, 3\)"),
        ({"seeds": 0}, "seeds must be a whole number from 1 to 10,000,000; got 0"),
        ({"seeds": 10**9}, "seeds must be a whole number from 1 to 10,000,000; got 1000000000"),
        ({"threshold": 2.0}, "threshold must be a share of the initial height between 0 and 1; got 2"),
        ({"dtype": "float16"}, "dtype must be float32 or float64; got 'float16'"),
        ({"seeds": 10**6, "noise": Isotropic(0.1)}, "64 × 1 × 1,000,000 = 64,000,000: take a smaller budget"),
        ({"noise": MiniBatch(3)}, "no data to draw mini-batches from"),  # type: ignore[arg-type]
    ],
)
@pytest.mark.parametrize("search", ["random", "grid"])
def test_bad_arguments_are_refused_with_a_sentence(
    search: Any, options: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is computed, and before SGD is tuned if only the arguments of Momentum are bad."""
    monkeypatch.setattr("optimizers.tuning.sweep", None)
    with pytest.raises(ValueError, match=message):
        tune(RAVINE(), [SGD()], **{"search": search, **options})


def test_no_optimizer_is_tuned_if_the_range_of_another_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizers.tuning.sweep", None)
    with pytest.raises(ValueError, match=r"momentum must lie in \[0, 1\); got 1"):
        tune(RAVINE(), [SGD(), MOMENTUM()], ranges={"momentum": (0.0, 1.0)})
    with pytest.raises(TypeError, match=r"noise must be a noise, such as Isotropic\(0.1\), or None; got 0.1"):
        tune(RAVINE(), [SGD()], noise=0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairs": 0}, "pairs must be a whole number from 1 to .*; got 0"),
        ({"pairs": 10**9}, "pairs must be a whole number from 1 to .*; got 1000000000"),
        ({"pairs": 2.5}, "pairs must be a whole number .* got 2.5"),
        (
            {"starts": [1, 2, 3]},
            r"one point of shape \(2,\), or points of shape \(20, 2\) for the pairs; got \[1, 2, 3\]",
        ),
        ({"starts": [(1, 2)] * 3}, r"points of shape \(20, 2\)"),
        ({"starts": 20}, r"points of shape \(20, 2\) for the pairs; got 20"),
        ({"starts": "x"}, "points of shape"),
    ],
)
def test_bad_arguments_of_the_comparison_are_refused_with_a_sentence(arguments: Any, message: str) -> None:
    tuning = tune(RAVINE(), [SGD()], budget=1, steps=2)
    with pytest.raises(ValueError, match=message):
        tuning.evaluate(**arguments)


def test_optimizers_need_different_names() -> None:
    with pytest.raises(ValueError, match="two optimizers have the same name: pass a mapping"):
        tune(RAVINE(), [SGD(), SGD(0.1)])
    with pytest.raises(ValueError, match="at least one optimizer"):
        tune(RAVINE(), [])
    for wrong in ("sgd", SGD(), optax.sgd(0.1), 3):
        with pytest.raises(ValueError, match=r"optimizers must be a list of rules, such as .* or a mapping"):
            tune(RAVINE(), wrong)  # type: ignore[arg-type]
