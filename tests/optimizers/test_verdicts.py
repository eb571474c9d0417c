"""Verdicts agree with SciPy, keep their promise on false positives, and treat censored runs as they say."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats

from optimizers import OPTIMIZERS, Isotropic, Verdict, sweep, verdict, verdicts
from optimizers.verdicts import MOST_EXACT, _null, holm, holm_levels, signed_rank
from surfaces import SURFACES
from tests.optimizers.cases import rng


@pytest.mark.parametrize("pairs", [5, 6, 11, 20, 48])
def test_the_p_value_is_that_of_scipy(pairs: int) -> None:
    draws = rng("p", str(pairs))
    for shift in (0.0, 0.3, 1.0):
        d = draws.normal(shift, 1.0, pairs)
        expected = stats.wilcoxon(d, method="exact")
        assert signed_rank(d)[1] == pytest.approx(expected.pvalue, rel=1e-9)


def test_ties_are_those_of_all_signs() -> None:
    """The p-value for tied and zero differences, by going through all signs of the ranks."""
    d = np.array([0.0, 1.0, 1.0, -1.0, 2.0, 2.0, 3.0, math.inf, math.inf])
    kept = d[d != 0]
    ranks = stats.rankdata(np.abs(kept))
    observed = abs(ranks[kept > 0].sum() - ranks.sum() / 2)
    sums = [sum(r for r, s in zip(ranks, signs, strict=True) if s) for signs in itertools.product((0, 1), repeat=8)]
    expected = np.mean([abs(s - ranks.sum() / 2) >= observed - 1e-9 for s in sums])
    balance, p = signed_rank(d)
    assert p == pytest.approx(expected, rel=1e-12)
    assert balance == pytest.approx((2 * ranks[kept > 0].sum() - ranks.sum()) / ranks.sum())


def test_the_normal_approximation_takes_over_smoothly() -> None:
    d = rng("normal").normal(0.15, 1.0, 201)
    assert signed_rank(d)[1] == pytest.approx(stats.wilcoxon(d, correction=True, method="approx").pvalue, rel=1e-6)
    assert signed_rank(d[:200])[1] == pytest.approx(stats.wilcoxon(d[:200], method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize("pairs", range(1, 15))
def test_the_rate_of_false_verdicts_is_at_most_the_level(pairs: int) -> None:
    """Under random signs, exactly: the sum of the chances of all rank sums that lead to a verdict."""
    chances = _null(2 * np.arange(1, pairs + 1))
    total = pairs * (pairs + 1)
    rejected = 0.0
    for doubled, chance in enumerate(chances):
        larger = max(doubled, total - doubled)
        rejected += chance * (2 * chances[larger:].sum() <= 0.05)
    assert rejected <= 0.05
    assert (rejected > 0) == (pairs >= 6)


def _copies(trials: int, pairs: int, seed: int) -> int:
    """The number of trials in which two copies of SGD, which differ in their seeds alone, are told apart."""
    seeds = np.arange(2 * trials * pairs) + seed
    result = sweep(
        SURFACES["rosenbrock"](),
        OPTIMIZERS["sgd"](1e-3),
        over={"seed": seeds},
        noise=Isotropic(1.0),
        steps=60,
        record=("final",),
    )
    a, b = result.final.astype(float).reshape(2, trials, pairs)
    return sum(verdict(x, y).winner is not None for x, y in zip(a, b, strict=True))


def test_two_copies_are_rarely_told_apart() -> None:
    """200 trials: at a rate of 5 %, more than 20 verdicts have a chance of 0.1 %."""
    assert _copies(200, 12, seed=0) <= 20


@pytest.mark.long
def test_two_copies_are_told_apart_in_at_most_five_per_cent_of_a_thousand_trials() -> None:
    assert _copies(1000, 20, seed=1_000_000) <= 50


def test_a_real_difference_is_found_with_its_size() -> None:
    draws = rng("effect")
    a = draws.lognormal(0.0, 1.0, 25)
    b = 3.0 * a * draws.lognormal(0.0, 0.3, 25)
    result = verdict(a, b, names=("Adam", "SGD"))
    assert result.word == "Adam is better" and result.winner == "Adam" and result.p < 1e-4
    low, high = result.interval
    assert low < 3.0 < high and low < result.effect < high
    averages = [(x + y) / 2 for x, y in itertools.combinations_with_replacement(np.log(b / a), 2)]
    assert result.effect == pytest.approx(math.exp(np.median(averages)), rel=1e-9)
    assert "SGD / Adam = " in str(result) and "95 % interval" in str(result) and "25 pairs for Adam" in str(result)
    swapped = verdict(b, a, names=("SGD", "Adam"))
    assert swapped.winner == "Adam" and swapped.p == result.p
    assert swapped.effect == pytest.approx(1 / result.effect) and swapped.rank_biserial == -result.rank_biserial
    np.testing.assert_allclose(swapped.interval, (1 / high, 1 / low), rtol=1e-9)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """95 % of 400 intervals contain the true ratio of 1.5, to 3 standard deviations of 1.1 %."""
    draws = rng("coverage")
    covered = 0
    for _ in range(400):
        a = draws.lognormal(0.0, 1.0, 15)
        low, high = verdict(a, 1.5 * a * np.exp(draws.normal(0.0, 0.5, 15))).interval
        covered += low <= 1.5 <= high
    assert 0.917 <= covered / 400 <= 0.99


def test_the_pairs_that_are_needed_have_the_power_that_was_asked_for() -> None:
    """About 80 % of 300 repetitions with that number of pairs find the effect, up to the error of the formula."""
    draws = rng("needed")
    pilot = verdict(np.ones(400), np.exp(stats.norm.ppf((np.arange(400) + 0.5) / 400, 0.5)))
    assert pilot.needed is not None and 30 < pilot.needed < 45
    found = [
        verdict(np.ones(pilot.needed), np.exp(draws.normal(0.5, 1.0, pilot.needed))).winner is not None
        for _ in range(300)
    ]
    assert 0.7 < np.mean(found) < 0.9


def test_equal_runs_and_few_runs_cannot_be_told_apart() -> None:
    same = verdict([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert same.word == "cannot tell" and same.ties == 3 and same.p == 1.0 and same.needed is None and same.effect == 1
    assert str(same).endswith("for an effect of this size, 1,000,000 pairs would not be enough")
    few = verdict([1.0] * 5, [2.0] * 5)
    assert few.winner is None and few.p == 0.0625 and few.needed == 11 and few.interval == (0.0, math.inf)
    assert verdict([1.0] * 6, [2.0] * 6).winner == "A"


def test_runs_that_never_arrive_are_worse_than_all_others() -> None:
    steps = [120.0, 80.0, 95.0, 110.0, 60.0, 75.0, 130.0, 90.0]
    never = [math.inf] * 8
    lost = verdict(steps, never)
    assert lost.winner == "A" and lost.effect == math.inf and lost.wins == 8
    assert verdict(never, steps).effect == 0
    both = verdict(never, never)
    assert both.winner is None and both.ties == 8 and both.effect == 1
    opposite = verdict([math.inf, 1.0], [1.0, math.inf])
    assert opposite.winner is None and math.isnan(opposite.effect)
    mixed = verdict([math.inf, 1.0, 1.0], [1.0, math.inf, 1.0])
    assert mixed.winner is None and mixed.rank_biserial == 0 and mixed.interval == (0.0, math.inf)


def test_losses_below_zero_are_compared_by_their_differences() -> None:
    result = verdict([-3.0, -2.0, -5.0], [-2.0, -1.0, -4.0])
    assert not result.is_ratio and result.effect == 1.0 and "B − A = 1" in str(result)
    exact = verdict([0.0, 0.0, 1e-9], [1e-3, 0.0, 1e-9])
    assert exact.is_ratio and exact.ties == 2 and exact.wins == 1


def test_holm_by_hand() -> None:
    """Sorted: 0.005 · 4, 0.01 · 3, 0.03 · 2, 0.04 · 1, and never less than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_levels_of_holm_by_hand() -> None:
    """Of four, 0.005 faces 0.05/4, 0.01 faces 0.05/3, and 0.03 > 0.05/2, where the method stops."""
    assert holm_levels([0.01, 0.04, 0.03, 0.005], 0.05) == pytest.approx([0.05 / 3, 0.025, 0.025, 0.0125])
    assert holm_levels([0.9, 0.8], 0.05) == [0.025, 0.025]
    assert holm_levels([0.001, 0.002, 0.01], 0.05) == pytest.approx([0.05 / 3, 0.025, 0.05])
    assert holm_levels([0.02, 0.001, 0.02], 0.05) == pytest.approx([0.025, 0.05 / 3, 0.025])  # a tie faces 0.05/2
    assert holm_levels([0.01], 0.05) == [0.05]


def test_corrected_p_values_and_corrected_levels_decide_alike() -> None:
    draws = rng("holm")
    decisions = set()
    for _ in range(500):
        p = np.round(draws.random(draws.integers(1, 7)) ** 3, 2)  # with ties
        significant = [value <= 0.05 for value in holm(p)]
        assert significant == [value <= faced for value, faced in zip(p, holm_levels(p, 0.05), strict=True)]
        decisions.add(sum(significant))
    assert decisions >= {0, 1, 2, 3}


def test_interval_and_pairs_of_several_verdicts_use_the_corrected_level() -> None:
    """Each is that of a single verdict at the level that its pair faces, and excludes equality if the test does."""
    told = Counter[bool]()
    for trial in range(40):
        draws = rng("corrected", str(trial))
        base = draws.lognormal(0.0, 1.0, 14)
        measures = {name: base * draws.lognormal(0.3 * k, 0.5, 14) for k, name in enumerate("abcd")}
        results = verdicts(measures)
        for v, faced in zip(results, holm_levels([verdict(*_both(measures, v)).p for v in results], 0.05), strict=True):
            alone = verdict(*_both(measures, v), level=faced)
            assert (v.corrected_level, v.level) == (faced, 0.05) and v.interval == alone.interval
            assert (v.winner is None) == (v.interval[0] <= 1 <= v.interval[1])
            assert v.needed == (max(alone.needed, 15) if alone.needed and v.winner is None else alone.needed)
            told[v.winner is None] += 1
    assert min(told[True], told[False]) > 40
    assert "98.33 % interval" in str(verdicts({"a": [1.0, 2.0], "b": [2.0, 1.0], "c": [1.0, 3.0]})[0])


def _both(measures: Any, result: Verdict) -> tuple[Any, Any]:
    return measures[result.names[0]], measures[result.names[1]]


def test_the_rate_of_false_verdicts_on_several_copies_is_at_most_the_level() -> None:
    """Of 400 comparisons of four copies 5 % may tell any two apart; more than 34 have a chance of 0.1 %."""
    draws = rng("family")
    wrong = 0
    for _ in range(400):
        base = draws.lognormal(0.0, 1.0, 10)
        copies = {name: base * draws.lognormal(0.0, 0.3, 10) for name in "abcd"}
        wrong += any(v.winner is not None for v in verdicts(copies))
    assert 1 <= wrong <= 34


def test_who_cannot_tell_needs_more_pairs_than_there_are() -> None:
    undecided = 0
    for count in range(1, 60):
        draws = rng("needed", str(count))
        for d in (draws.normal(0.4, 1.0, count), draws.integers(-1, 3, count).astype(float)):
            result = verdict(np.ones(count), np.exp(d))
            if result.winner is None and result.needed is not None:
                undecided += 1
                assert result.needed > count
    assert undecided > 40
    one = verdict([1.0], [2.0])
    assert one.needed == 11, "the best guess from a single pair is that all pairs favour A"


def test_ties_raise_the_number_of_pairs_that_are_needed() -> None:
    """The test leaves ties out: if three of four pairs are ties, four times as many pairs are needed."""
    d = rng("tied").normal(0.5, 1.0, 40)
    plain, tied = verdict(np.ones(40), np.exp(d)), verdict(np.ones(160), np.exp(np.concatenate([d, np.zeros(120)])))
    assert plain.p == tied.p and plain.needed is not None and tied.needed == 4 * plain.needed
    few = verdict([1.0] * 8, [2.0] * 4 + [1.0] * 4)
    assert few.winner is None and few.needed == 22 and few.ties == 4  # 11 without ties


def test_equality_is_the_end_of_an_interval_with_many_ties() -> None:
    """The test leaves ties out and tells the two apart; a typical pair is a tie, and the interval begins there."""
    result = verdict([1.0] * 21, [2.0] * 6 + [1.0] * 15)
    assert result.winner == "A" and result.effect == 1.0 and result.interval[0] == 1.0


def test_all_pairs_are_compared_with_correction() -> None:
    draws = rng("pairs")
    base = draws.lognormal(0.0, 1.0, 12)
    noisy = {name: base * factor * draws.lognormal(0.0, 0.2, 12) for name, factor in (("a", 1), ("b", 1.02), ("c", 9))}
    results = verdicts(noisy)
    assert [v.names for v in results] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [v.winner for v in results] == [None, "a", "b"]
    single = [verdict(noisy[a], noisy[b]).p for a, b in itertools.combinations("abc", 2)]
    assert [v.p for v in results] == holm(single)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0]), r"two lists of the same length, at least 1; got shapes \(2,\) and \(1,\)"),
        (([], []), "at least 1"),
        (([[1.0]], [[1.0]]), "two lists"),
        (([math.nan], [1.0]), "pass math.inf for a run that diverged"),
        (([-math.inf], [1.0]), "measures must be numbers"),
    ],
)
def test_bad_measures_are_refused_with_a_sentence(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        verdict(*arguments)
    with pytest.raises(ValueError, match="level must lie between 0 and 1; got 1"):
        verdict([1.0], [2.0], level=1.0)
    with pytest.raises(ValueError, match="at least two optimizers to compare; got 1"):
        verdicts({"a": [1.0]})


@pytest.mark.parametrize("pairs", [MOST_EXACT, MOST_EXACT + 1, 400])
def test_the_interval_of_many_pairs_excludes_equality_exactly_when_the_test_does(pairs: int) -> None:
    draws = rng("many pairs")
    decisions = []
    for shift in np.linspace(0.0, 0.35, 30):
        a = draws.lognormal(0.0, 1.0, pairs)
        result = verdict(a, a * np.exp(shift + draws.normal(0.0, 1.0, pairs)))
        low, high = result.interval
        if abs(result.p - 0.05) > 0.005:  # the normal approximations of test and interval differ by less
            assert (low > 1 or high < 1) == (result.p < 0.05)
            decisions.append(result.p < 0.05)
    assert len(decisions) > 20 and 5 < sum(decisions) < len(decisions) - 5
