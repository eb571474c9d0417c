"""The studies of bagging, boosting and averages: facts that hold exactly, and what their sentences say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizers.rules.adam import Adam
from optimizers.studies import STUDIES, Progress, Study, curves
from optimizers.studies.catalogue.bagging import resamples
from optimizers.studies.catalogue.boosting import factor
from optimizers.studies.catalogue.ensembles import METHODS, measures, with_label_noise
from optimizers.studies.comparisons import Comparison, all_compared, compared
from optimizers.studies.networks import outputs_of, seeds_of, starts_of, train_bundle
from surfaces.network import DATASETS, MLP, Network


def finished(study: Study, seed: int = 0) -> Any:
    """The complete result of a study, whose shares never fall."""
    parts = list(study.run(seed))
    shares = [part.share for part in parts]
    assert shares == sorted(shares) and shares[-1] == 1.0
    return parts[-1].found


@pytest.fixture(scope="module")
def bagging() -> Any:
    return finished(STUDIES["bagging"](members=6, data_sets=6, width=16, steps=400))


@pytest.fixture(scope="module")
def boosting() -> Any:
    return finished(STUDIES["boosting"](members=12, data_sets=6, steps=250))


@pytest.fixture(scope="module")
def ensembles() -> Any:
    return finished(STUDIES["ensembles"](groups=6, members=3, steps=400, batch_size=16))


def test_the_curve_is_that_of_the_data_set() -> None:
    source = DATASETS["curve"](samples=50, noise=0.0)  # type: ignore[call-arg]
    x, y = source.draw(np.random.default_rng(3))
    np.testing.assert_allclose(curves.truth(x), y, rtol=1e-12)
    assert x.min() >= curves.LOW and x.max() <= curves.HIGH


def test_the_mean_of_members_is_never_worse_than_the_members_on_average(bagging: Any) -> None:
    """The gap is the spread of the members around their mean, so it is positive for the first m of them, any m ≥ 2."""
    counts = np.arange(1, bagging.member_errors.shape[1] + 1)
    averages = np.cumsum(bagging.member_errors, axis=1) / counts
    np.testing.assert_allclose(bagging.mean_errors[:, 0], averages[:, 0], rtol=1e-12)
    assert (bagging.mean_errors[:, 1:] < averages[:, 1:]).all()


def test_a_bootstrap_sample_has_63_percent_of_the_samples() -> None:
    """A sample is missing with the probability (1 − 1/N)^N, which is near 1/e."""
    rows = resamples(200, 100, np.random.default_rng(0))
    assert rows[0].tolist() == list(range(200)) and rows.shape == (101, 200)
    shares = [len(set(row)) / 200 for row in rows[1:].tolist()]
    assert np.mean(shares) == pytest.approx(1 - (1 - 1 / 200) ** 200, abs=0.01)


def test_a_part_is_short_also_where_a_study_is_large() -> None:
    bagging = STUDIES["bagging"]
    most = {name: int(spec.high) for name, spec in bagging.parameters().items() if spec.integer}
    large = bagging(**most)
    stride = curves.stride_of(large.members + 1, large.samples, large.model.size)  # type: ignore[attr-defined]
    work = (large.members + 1) * large.samples * large.model.size  # type: ignore[attr-defined]
    assert 1 <= stride < 30 and stride * work <= curves.WORK
    assert curves.stride_of(26, 30, bagging().model.size) == 250  # type: ignore[attr-defined]


def test_a_result_of_bagging_grows_data_set_by_data_set() -> None:
    parts = list(STUDIES["bagging"](members=2, data_sets=2, width=4, steps=50).run())
    known = [int(np.isfinite(part.found.alone_errors).sum()) for part in parts]
    assert known == sorted(known) and set(known) == {0, 1, 2}
    assert [len(STUDIES["bagging"]().table(part.found).rows) for part in parts] == known
    again = list(STUDIES["bagging"](members=2, data_sets=2, width=4, steps=50).run())
    np.testing.assert_array_equal(parts[-1].found.member_errors, again[-1].found.member_errors)


def test_the_training_error_falls_with_every_member(boosting: Any) -> None:
    assert (np.diff(boosting.training_errors, axis=1) < 0).all()


def test_members_add_up_to_the_sums(boosting: Any) -> None:
    np.testing.assert_allclose(np.diff(boosting.sums, axis=0), 0.5 * boosting.members, atol=1e-12)
    np.testing.assert_allclose(np.square(boosting.rests).mean(axis=1), boosting.training_errors[0])
    np.testing.assert_allclose(boosting.training_errors[0, 0], np.mean(boosting.y**2))
    # the sum at the samples, by interpolation between the places at which it is drawn
    between = np.interp(boosting.x, boosting.grid, boosting.sums[-1])
    assert np.mean((between - boosting.y) ** 2) == pytest.approx(boosting.training_errors[0, -1], rel=0.05)


def test_the_factor_of_a_member_minimises_the_error() -> None:
    rng = np.random.default_rng(0)
    rest, h = rng.standard_normal((2, 20))
    c = factor(rest, h)
    assert c == pytest.approx(np.polynomial.polynomial.polyfit(h, rest, [1])[1])
    left = [np.sum((rest - scale * c * h) ** 2) for scale in (0.9, 1.0, 1.1)]
    assert left[1] < min(left[0], left[2])
    half = np.sum((rest - 0.5 * c * h) ** 2)
    assert half == pytest.approx(rest @ rest - 0.5 * 1.5 * (rest @ h) ** 2 / (h @ h))
    assert factor(rest, np.zeros(20)) == 0.0


def test_the_cross_entropy_of_an_ensemble_is_at_most_that_of_its_members(ensembles: Any) -> None:
    assert (ensembles.loss[1] < ensembles.loss[0]).all()


def test_the_first_moving_average_is_the_start_and_snapshots_begin_halfway(ensembles: Any) -> None:
    np.testing.assert_array_equal(ensembles.accuracy[3, 0], ensembles.accuracy[0, 0])
    known = np.isfinite(ensembles.accuracy[2]).all(axis=1)
    np.testing.assert_array_equal(known, 2 * ensembles.steps > ensembles.steps[-1])
    np.testing.assert_allclose(ensembles.members.mean(axis=2), ensembles.accuracy[0], rtol=1e-12)


def test_averages_are_those_of_their_definitions() -> None:
    """The weights of each stride, once more: Σ (1 − s) s^(T − k) w_k + s^T w_0, and means of probabilities."""
    study = STUDIES["ensembles"](groups=2, members=2, steps=60, samples=40, batch_size=10, decay=0.95)
    found, data = finished(study), study.drawn(0)  # type: ignore[attr-defined]
    seeds = seeds_of(4, np.random.default_rng([0, 1]))
    model = MLP((64, 32, 10), "relu")
    bundle = train_bundle(
        Network(model, data.train.x, data.train.y),
        Adam(3e-3),
        starts_of(model, seeds),
        60,
        batch_size=10,
        seeds=seeds,
        stride=10,
    )
    weights = np.stack([part.weights for part in bundle])
    share = 0.95**10
    factors = np.array([share**6, *((1 - share) * share ** (6 - k) for k in range(1, 7))])
    averaged = np.einsum("k,knw->nw", factors, weights).astype(np.float32)
    last, moving = (outputs_of(model, w, data.test.x) for w in (weights[-1], averaged))
    label = data.test.y.argmax(axis=1)
    for method, outputs in ((0, last), (3, moving)):
        right = (outputs.argmax(axis=-1) == label).mean(axis=1).reshape(2, 2).mean(axis=1)
        np.testing.assert_allclose(found.accuracy[method, -1], right, atol=2e-3)
    p = np.stack([np.exp(outputs_of(model, w, data.test.x)) for w in weights[4:]])
    kept = (p / p.sum(axis=-1, keepdims=True)).mean(axis=0)
    right = (kept.argmax(axis=-1) == label).mean(axis=1).reshape(2, 2).mean(axis=1)
    np.testing.assert_allclose(found.accuracy[2, -1], right, atol=2e-3)


def test_measures_of_probabilities() -> None:
    p = np.array([[[0.7, 0.3], [0.4, 0.6]], [[0.2, 0.8], [0.1, 0.9]]])
    accuracy, loss = measures(p, np.array([[1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(accuracy, [1.0, 0.5])
    np.testing.assert_allclose(loss, [-np.log([0.7, 0.6]).mean(), -np.log([0.2, 0.9]).mean()])


def test_label_noise_changes_its_share_of_labels() -> None:
    labels = np.arange(50) % 10
    noisy = with_label_noise(labels, 10, 0.3, np.random.default_rng(0))
    assert (noisy != labels).sum() == 15 and set(noisy) <= set(range(10))


def test_training_and_test_samples_do_not_overlap() -> None:
    data = STUDIES["ensembles"](samples=500).drawn(0)  # type: ignore[attr-defined]
    assert len(data.train) == 500 and len(data.test) == 1000
    both = np.concatenate([data.train.x, data.test.x])
    assert len(np.unique(both, axis=0)) == len(both)


def test_sentences_on_paired_numbers() -> None:
    """The ratio is that of the first to the second, whichever is lower."""
    low, high = np.arange(1.0, 9.0), np.arange(1.0, 9.0) * 1.5
    assert compared(high, low, ("one", "two"), "test error") == (
        "The test error of one is higher than that of two (ratio 1.5, 95 % interval 1.5 to 1.5, 8 paired seeds)."
    )
    assert compared(low, high, ("one", "two"), "error", where="with Adam").startswith(
        "With Adam, the error of one is lower than that of two (ratio 0.667"
    )
    assert compared(low - 10, high - 10, ("one", "two"), "level").startswith(
        "The level of one is lower than that of two (difference −2.25"
    )
    unclear = compared(low, low[::-1], ("one", "two"), "error", unit="groups")
    assert unclear.startswith(
        "8 groups cannot tell whether the error of one or that of two is lower (ratio 1, 95 % interval"
    )
    missing = compared([*low[:6], np.nan], [*high[:5], np.nan, 1.0], ("one", "two"), "error", where="with Adam")
    assert missing == "With Adam, at least 6 seeds are needed to compare one with two."


def test_several_comparisons_are_corrected_for_their_number() -> None:
    """All 7 pairs alike: p = 2/2⁷ = 0.0156 is below 0.05 and above 0.05/4; with 8 pairs p = 0.0078 is below it."""

    def sentences(pairs: int, count: int) -> str:
        low = np.linspace(1.0, 2.0, pairs)
        clear = [Comparison(low, 1.5 * low, ("one", "two"), f"error {k}") for k in range(count)]
        return all_compared(clear)

    assert sentences(7, 1) == compared(np.linspace(1, 2, 7), 1.5 * np.linspace(1, 2, 7), ("one", "two"), "error 0")
    assert sentences(7, 4) == "At least 8 seeds are needed to compare one with two."
    four = sentences(8, 4)
    assert four.count("of one is lower than that of two (ratio 0.667, 98.8 % interval") == 4
    assert four.endswith(" The levels of the intervals follow from Holm's correction for 4 comparisons.")
    assert four.count("Holm") == 1 and "Holm" not in sentences(7, 1)
    assert sentences(8, 7).count("At least 9 seeds") == 1, "p = 0.0078 is above 0.05/7 = 0.0071"


def test_the_last_of_several_comparisons_faces_the_whole_level() -> None:
    """Of two comparisons, the clear one faces 2.5 %, and the other one then 5 %, at which 6 pairs are enough."""
    low = np.linspace(1.0, 2.0, 8)
    known = np.where(np.arange(8) < 6, 1.5 * low, np.nan)
    both = all_compared([Comparison(low, known, ("a", "b"), "x"), Comparison(low, 2 * low, ("c", "d"), "y")])
    assert "x of a is lower than that of b (ratio 0.667, 95 % interval" in both and "97.5 % interval" in both


@pytest.mark.parametrize("key", ["bagging", "boosting", "ensembles"])
def test_tables_have_a_number_in_every_cell(key: str, request: pytest.FixtureRequest) -> None:
    table = STUDIES[key]().table(request.getfixturevalue(key))
    assert len(table.rows) >= 6 and {len(row) for row in table.rows} == {len(table.columns)}
    assert all(isinstance(cell, str) or np.isfinite(cell) for row in table.rows for cell in row)
    assert key != "ensembles" or {row[0] for row in table.rows} == set(METHODS)
    empty: Progress = next(iter(STUDIES[key]().run()))
    assert len(STUDIES[key]().table(empty.found).rows) <= len(METHODS)
