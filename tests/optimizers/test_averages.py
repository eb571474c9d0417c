"""The averages of all pairs agree with the list of them, whether they are listed or found by bisection."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from optimizers import verdict
from optimizers.averages import Averages, positive_share
from optimizers.verdicts import MOST_PAIRS
from surfaces.calculus import Floats
from tests.optimizers.cases import rng

INF = np.inf


def _numbers(kind: str, count: int) -> Floats:
    draws = rng("averages", kind, str(count))
    if kind == "tied":
        return draws.integers(-3, 4, count).astype(float)
    numbers = draws.normal(size=count)
    return (
        np.where(draws.random(count) < 0.3, draws.choice([INF, -INF], count), numbers)
        if kind == "infinite"
        else numbers
    )


@pytest.mark.parametrize("listed", [1_000, 0], ids=["listed", "bisected"])
@pytest.mark.parametrize("kind", ["normal", "tied", "infinite"])
def test_averages_by_going_through_all_pairs(kind: str, listed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizers.averages.MOST_LISTED", listed)
    for count in (1, 2, 3, 8, 21):
        numbers = _numbers(kind, count)
        pairs = [*itertools.combinations_with_replacement(numbers.tolist(), 2)]
        defined = sorted((a + b) / 2 for a, b in pairs if a + b == a + b)
        opposite = len(pairs) - len(defined)
        low, high = [-INF] * opposite + defined, defined + [INF] * opposite
        averages = Averages(numbers)
        for rank in range(1, len(pairs) + 1):
            ours = averages.smallest(rank), averages.largest(rank)
            np.testing.assert_allclose(ours, (low[rank - 1], high[-rank]), rtol=0, atol=1e-14)
        middle = defined[(len(defined) - 1) // 2], defined[len(defined) // 2]
        if middle != (-INF, INF):
            np.testing.assert_allclose(averages.median(), np.mean(middle), rtol=0, atol=1e-14)


def test_a_tie_at_zero_is_zero_also_by_bisection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours are 10⁻³⁰⁰ and 1; the end of an interval that touches equality is equality itself."""
    monkeypatch.setattr("optimizers.averages.MOST_LISTED", 0)
    averages = Averages(np.array([-1.0, 0.0, 0.0, 1e-300, 1.0]))
    assert [averages.smallest(rank) for rank in (1, 7, 8, 9, 10)] == [-1.0, 0.0, 0.0, 5e-301, 5e-301]


def test_the_median_between_two_infinities_is_not_defined() -> None:
    assert np.isnan(Averages(np.array([INF, -INF])).median())
    assert Averages(np.array([INF, INF, -INF])).median() == INF
    assert Averages(np.array([INF, 0.0, -INF])).median() == 0.0


@pytest.mark.parametrize("kind", ["normal", "tied", "infinite"])
def test_the_share_of_positive_sums_by_going_through_all_pairs(kind: str) -> None:
    for count in (2, 3, 9, 30):
        numbers = _numbers(kind, count)
        sums = [a + b for a, b in itertools.combinations(numbers.tolist(), 2)]
        expected = np.mean([1.0 if s > 0 else 0.0 if s < 0 else 0.5 for s in sums])  # 0.5 also for ∞ − ∞
        assert positive_share(numbers) == pytest.approx(expected, rel=1e-12)
    assert [positive_share(np.array([x])) for x in (2.0, 0.0, -2.0)] == [1.0, 0.5, 0.0]


def test_the_memory_of_a_verdict_grows_with_the_pairs_not_with_their_square() -> None:
    """The 200 million averages of 20,000 pairs would take 1.6 GB."""
    draws = rng("memory")
    a = draws.lognormal(0.0, 1.0, 20_000)
    b = a * draws.lognormal(0.02, 1.0, 20_000)
    tracemalloc.start()
    try:
        result = verdict(a, b)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 2**20
    low, high = result.interval
    error = 1.0 / np.sqrt(0.955 * 20_000)  # of the estimate for normal differences, whose efficiency is 3/π
    assert abs(np.log(result.effect) - 0.02) < 4 * error
    np.testing.assert_allclose(np.log(high / low), 2 * 1.96 * error, rtol=0.05)


def test_too_many_pairs_are_refused_with_a_sentence() -> None:
    many = np.zeros(MOST_PAIRS + 1)
    with pytest.raises(ValueError, match="a verdict has at most 1,000,000 pairs; got 1,000,001"):
        verdict(many, many)
