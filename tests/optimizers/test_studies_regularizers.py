"""The studies of regularizers and norms: their data, their results, and their sentences."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Averaged
from optimizers.studies import STUDIES
from optimizers.studies.catalogue import norms
from optimizers.studies.catalogue.regularizers import METHODS as ALL
from optimizers.studies.catalogue.regularizers import Found, _measures, drawn, ends, word
from optimizers.studies.networks import seeds_of, starts_of, train_bundle
from optimizers.training import join, train
from surfaces.network import MLP, Network
from surfaces.network.datasets.digits import Digits
from surfaces.network.losses import LOSSES
from surfaces.network.network import accuracy
from tests.apart import run_apart

ADAM = OPTIMIZERS["adam"]
METHODS: dict[str, str] = STUDIES["regularizers"]().methods  # type: ignore[attr-defined]


STUDIED = """
import pathlib, pickle, sys
from optimizers.studies import STUDIES
key, parameters, path = sys.argv[1], pickle.loads(bytes.fromhex(sys.argv[2])), pathlib.Path(sys.argv[3])
*_, last = STUDIES[key](**parameters).run(seed=int(sys.argv[4]))
assert last.share == 1
path.write_bytes(pickle.dumps(last.found))
"""


def _studied(path: Path, key: str, seed: int = 0, **parameters: Any) -> tuple[Any, Any]:
    """A study and its result, computed apart: with all passes of the compiler it takes a tenth of the time."""
    run_apart(STUDIED, key, pickle.dumps(parameters).hex(), str(path / "found"), str(seed))
    return STUDIES[key](**parameters), pickle.loads((path / "found").read_bytes())


def test_a_share_of_the_training_and_validation_labels_is_wrong() -> None:
    """Of 2,000 labels, 0.2 ± 0.009; a wrong label can be each of the nine other classes, and test labels are right."""
    images, labels = Digits().draw(np.random.default_rng(0))
    right = {image.astype(np.float32).tobytes(): label for image, label in zip(images, labels, strict=True)}
    wrong, kept = [], []
    for seed in range(5):
        data = drawn(200, 0.2, seed, "grey")
        true = [[right[image.tobytes()] for image in part.x] for part in (data.train, data.validation, data.test)]
        assert len({*map(bytes, np.concatenate([data.train.x, data.validation.x, data.test.x]))}) == len(right)
        for part, expected in zip((data.train, data.validation), true, strict=False):
            given = part.y.argmax(axis=1)
            wrong += list((given - expected)[given != expected] % 10)
            kept.append((given == expected).mean())
        assert (data.test.y.argmax(axis=1) == true[2]).all() and len(data.test) == len(labels) - 400
    assert np.mean(kept) == pytest.approx(0.8, abs=0.04) and set(wrong) == set(range(1, 10))
    scaled = drawn(200, 0.2, 0)
    np.testing.assert_allclose(scaled.train.x.mean(axis=0), 0, atol=1e-5)
    assert (scaled.train.y == drawn(200, 0.2, 0, "grey").train.y).all()


def _found(methods: int = len(METHODS), seeds: int = 8, records: int = 4) -> Found:
    rng = np.random.default_rng(0)
    return Found(np.arange(records) * 10, *(rng.random((3, methods, seeds, records))))


def test_early_stopping_takes_the_weights_with_the_lowest_validation_loss() -> None:
    found = _found()
    row = list(METHODS).index("early_stopping")
    end = ends(found)
    for seed in range(8):
        best = int(np.argmin(found.validation[row, seed]))
        assert end.step[row, seed] == 10 * best and end.accuracy[row, seed] == found.test[row, seed, best]
        assert end.gap[row, seed] == found.validation[row, seed, best] - found.training[row, seed, best]
    others = [k for k in range(len(METHODS)) if k != row]
    np.testing.assert_array_equal(end.accuracy[others], found.test[others, :, -1])
    assert (end.step[others] == 30).all()


def test_verdicts_are_those_of_paired_accuracies_corrected_for_their_number() -> None:
    """Better by 0.1 on all 8 seeds: p = 2/2⁸ = 0.0078, which Holm's level 0.05/9 = 0.0056 does not reach, but 2/2¹⁰."""
    study: Any = STUDIES["regularizers"]
    for seeds, expected in ((8, "cannot tell"), (10, "better")):
        found = _found(seeds=seeds)
        found.test[:] = np.linspace(0.5, 0.6, seeds)[None, :, None]
        found.test[list(METHODS).index("dropout")] += 0.1
        judged = study(seeds=seeds).verdicts(found)
        assert set(judged) == set(METHODS) - {"none"} and word(judged["dropout"]) == expected
        assert judged["dropout"].effect == pytest.approx(0.1) and judged["dropout"].names == ("dropout", "none")
    found.test[list(METHODS).index("mixup")] -= 0.1
    words = study(seeds=10).verdicts(found)
    assert word(words["mixup"]) == "worse" and word(words["l2"]) == "cannot tell"
    assert study(seeds=10).finding(found) == "Better than no regularizer: dropout; worse than no regularizer: mixup."
    assert study(seeds=5).verdicts(_found(seeds=5)) == {}, "five pairs cannot tell two methods apart"


def test_a_result_that_is_not_complete_has_rows_for_what_is_known() -> None:
    found = _found(seeds=10)
    for values in found[1:]:
        values[4:] = np.nan
    study: Any = STUDIES["regularizers"](seeds=10)  # type: ignore[call-arg]
    rows = study.table(found).rows
    assert [row[0] for row in rows] == list(METHODS.values())[:4] and study.finding(found) == ""
    assert all(len(row) == len(study.table(found).columns) for row in rows)


@pytest.mark.long
def test_the_first_method_is_measured_on_its_data() -> None:
    """Until the first method is complete: losses and accuracies of the weights that Adam reaches from its start."""
    study: Any = STUDIES["regularizers"](samples=60, seeds=2, steps=60, width=8)  # type: ignore[call-arg]
    parts = list(itertools.takewhile(lambda part: part.share <= 1 / 9, study.run(seed=3)))
    shares = [part.share for part in parts]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1 / 9)
    found = parts[-1].found
    assert np.isnan(found.test[2:, :, 1:]).all() and np.isfinite(found.test[:2]).all()
    np.testing.assert_array_equal(found.test[0], found.test[1])
    for k, seed in enumerate(seeds_of(2, 3)):
        data = drawn(60, 0.2, seed)
        model = MLP((64, 8, 10), "relu")
        network = Network(model, data.train.x, data.train.y)
        run = join(train(network, ADAM(1e-3), starts_of(model, [seed])[0], 60, batch_size=32, seed=seed, stride=2))
        for step, record in ((0, 0), (60, -1)):
            w = run.weights[list(run.steps).index(step)]
            outputs = model(w, data.validation.x)
            loss = float(LOSSES["cross_entropy"].function(outputs, data.validation.y).mean())
            assert found.validation[0, k, record] == pytest.approx(loss, rel=1e-3)
            share = float(accuracy(model(w, data.test.x), data.test.y))
            assert found.test[0, k, record] == pytest.approx(share, abs=2e-3)
        assert (found.training[0, k, -1] < found.training[0, k, 0]) and list(found.steps[[0, -1]]) == [0, 60]


def test_a_bundle_of_averaged_rules_has_their_averages() -> None:
    data = drawn(60, 0.0, 0)
    model = MLP((64, 4, 10), "relu")
    network, rule = Network(model, data.train.x, data.train.y), Averaged(ADAM(1e-2), 0.9)
    *_, bundle = train_bundle(network, rule, starts_of(model, [0, 1]), 20, batch_size=16, seeds=[0, 1], stride=10)
    run = join(train(network, rule, model.initial(1), 20, batch_size=16, seed=1, stride=20))
    np.testing.assert_allclose(bundle.weights[1], run.weights[-1], rtol=1e-4, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 3])
def test_sentences_on_regularizers(tmp_path: Path, seed: int) -> None:
    study, found = _studied(tmp_path, "regularizers", seed)
    assert study.seeds == 20 and study.inputs == "standardised"
    judged = study.verdicts(found)
    points = {key: 100 * one.effect for key, one in judged.items()}
    assert points["input_noise"] == pytest.approx(8, abs=1)
    for key in ("dropout", "decay", "l2"):
        assert 3 < points[key] < 5
    assert 2 < points["early_stopping"] < 4
    assert 0 < points["average"] < 1 and abs(points["mixup"]) < 1
    assert all(-3 < points[key] < -1.5 for key in ("label_smoothing", "batch_norm"))
    better = ("input_noise", "early_stopping", "dropout", "decay", "l2", "average")
    words = dict.fromkeys(better, "better") | dict.fromkeys(("label_smoothing", "batch_norm"), "worse")
    assert {key: word(one) for key, one in judged.items()} == words | {"mixup": "cannot tell"}


@pytest.mark.long
def test_with_grey_levels_label_smoothing_mixup_and_rotated_images_help_as_well(tmp_path: Path) -> None:
    grey: Any = {"inputs": "grey", "input_noise": 0.3, "seeds": 12}
    for compared, keys in (("first", ("label_smoothing", "mixup")), ("second", ("rotation",))):
        study, found = _studied(tmp_path, "regularizers", compared=compared, **grey)
        judged = study.verdicts(found)
        assert {word(judged[key]) for key in keys} == {"better"}


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 3])
def test_sentences_on_further_regularizers(tmp_path: Path, seed: int) -> None:
    parameters = STUDIES["regularizers"].presets["further_regularizers"].parameters
    study, found = _studied(tmp_path, "regularizers", seed, **parameters)
    judged = study.verdicts(found)
    points = {key: 100 * one.effect for key, one in judged.items()}
    assert points["dropconnect"] == pytest.approx(9, abs=1) and 4 < points["shift"] < 6
    assert 2 < points["early_stopping"] < 4
    assert 1 < points["weight_noise"] < 2.5 and 1 < points["l1"] < 2.5
    assert -1.25 < points["rotation"] < -0.4 and word(judged["rotation"]) == ("worse" if seed == 0 else "cannot tell")
    assert {key for key, one in judged.items() if word(one) == "better"} == set(judged) - {"rotation"}


def test_the_sentence_of_a_set_names_only_methods_of_that_set() -> None:
    study = STUDIES["regularizers"]
    sentences = {study.about: {}, **{preset.about: preset.parameters for preset in study.presets.values()}}
    assert len(sentences) == 2
    for about, parameters in sentences.items():
        shown = study(**parameters).methods  # type: ignore[attr-defined]
        named = {key for key, name in ALL.items() if key != "none" and name.lower() in about.lower()}
        assert named == set(shown) - {"none"}


def test_images_are_moved_as_they_were_before_standardisation() -> None:
    """Every method of the second set has one regularizer besides smoothing by 0, with the scales of its data."""
    study: Any = STUDIES["regularizers"](compared="second", shift=1.0)  # type: ignore[call-arg]
    assert list(study.methods)[:2] == ["none", "early_stopping"] and len(study.methods) == 7
    data = drawn(60, 0.0, 0)
    raw = data.train.x * data.deviation + data.mean
    for key in list(study.methods)[2:]:
        network = study.network(key, data)
        smoothing, part = network.regularizers
        assert (network.model.norm, network.decay, smoothing.share) == ("none", 0.0, 0.0) and part.key.replace(
            "_", ""
        ) == key.replace("_", "")
        if key == "shift":
            x, _ = part.batch(data.train.x, data.train.y, jax.random.key(0))
            moved = np.asarray(x) * data.deviation + data.mean
            assert np.abs(moved - raw).max() > 0.1 and moved.min() >= -1e-4 and moved.max() <= raw.max() + 1e-4


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 6])
def test_sentences_on_norms(tmp_path: Path, seed: int) -> None:
    study, found = _studied(tmp_path, "norms", seed)
    assert (list(found.depths), norms.TRAINED, study.steps) == ([2, 10], 0.5, 300)
    shallow, deep = (dict(zip(norms.KINDS, each, strict=True)) for each in np.median(found.losses[..., -1], axis=3))
    rates = list(norms.RATES)
    trained = {key: {rate for rate, loss in zip(rates, each, strict=True) if loss < 0.5} for key, each in deep.items()}
    assert trained["none"] == {0.03, 0.1} and trained["batch"] == {0.03, 0.1, 0.3, 1.0}
    diverged = np.isinf(found.losses[1, :, :, :, -1])
    assert diverged[0, -2:].all() and not diverged[1:].any() and rates[-2:] == [3.0, 10.0]
    for key in ("layer", "group"):
        assert not trained[key] & {0.3, 1.0}
    assert all(each.min() < 0.01 for each in shallow.values())
    assert study.finding(found) == (
        "With 10 hidden layers, the median training loss falls below 0.5 at 2 of 7 learning rates without a norm, and "
        "at 4 of them with batch norm."
    )


def test_a_norm_that_trains_at_no_further_rate_is_not_praised() -> None:
    losses = np.full((2, 4, 7, 3, 2), 0.1)
    losses[1, :, 2:] = np.inf
    found = norms.Found(np.array([2, 10]), norms.RATES, np.array([0, 300]), losses)
    words = STUDIES["norms"](seeds=3).finding(found)
    assert words.endswith("at 2 of 7 learning rates without a norm, and at no more of them with any norm.")


def test_norms_name_what_diverged_and_refuse_groups_of_different_size() -> None:
    study: Any = STUDIES["norms"]
    losses = np.full((2, 4, 7, 3, 2), 0.1)
    losses[1, 0, 3:, 1:] = np.inf
    losses[1, 3] = np.nan
    found = norms.Found(np.array([2, 10]), norms.RATES, np.array([0, 300]), losses)
    rows = study(seeds=3).table(found).rows
    assert len(rows) == 7 * 7 and rows[7 * 4 + 3][:3] == (10, "no norm", 0.3) and rows[7 * 4 + 3][4] == 2
    assert study(seeds=3).finding(found) == ""
    with pytest.raises(ValueError, match="4 groups of 30 neurons: choose a width that is a multiple of 4"):
        study(width=30)


def test_a_network_that_diverged_has_no_test_accuracy() -> None:
    data = [drawn(50, 0.2, seed) for seed in range(2)]
    model = MLP((64, 4, 10))
    weights = starts_of(model, [0, 1])
    weights[1] = np.nan
    measured = _measures(Network(model, data[0].train.x, data[0].train.y), weights, data)
    assert all(np.isfinite(values[0]) and np.isnan(values[1]) for values in measured)
