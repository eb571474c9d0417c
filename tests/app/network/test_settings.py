"""A training as a record: links round-trip, bad values are refused in words and change nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from app.common import racers
from app.common.racers import Choice, Racer, Refused, remove_racer
from app.network import changes, presets
from app.network.landscape import PLANES
from app.network.link import parse, query
from app.network.presets import PRESETS
from app.network.settings import (
    LEAST,
    MEMORY,
    MOST,
    MOST_STEPS,
    REGULARIZATION,
    Setup,
    Training,
    generated,
    read_widths,
)
from app.network.views import VIEWS
from optimizers import OPTIMIZERS, RULES
from optimizers.training import train
from surfaces.network import ACTIVATIONS, INITIALIZATIONS, REGULARIZERS

FIRST = presets.first()
DATA = generated(FIRST)


def _nowhere(training: Training) -> Any:
    raise Refused(f"The file {training.file!r} is not here.")


def _read(given_: Any) -> tuple[Training, list[str]]:
    return parse(given_, _nowhere)


@pytest.mark.parametrize("key", PRESETS)
@pytest.mark.thinned(2)
def test_presets_are_links(key: str) -> None:
    made = presets.preset(key)
    assert len(made.racers) == len(PRESETS[key].racers) >= 1
    again, notices = _read(query(made))
    assert notices == [] and again == made


@st.composite
def trainings(draw: Any) -> Training:
    key = draw(st.sampled_from(["spirals", "moons", "blobs", "xor"]))
    training = changes.choose_data(Training(), key)
    data = generated(training)
    training = changes.change(training, "widths", draw(st.sampled_from(["", "4", "8-3", "5-5-5-5"])), data)
    training = changes.set_setup(training, "activation", draw(st.sampled_from(sorted(ACTIVATIONS))), data)
    training = changes.set_setup(training, "initialization", draw(st.sampled_from(sorted(INITIALIZATIONS))), data)
    training = changes.set_setup(training, "l2", draw(st.floats(0, 0.1)), data)
    training = changes.set_setup(training, "dropout", draw(st.sampled_from([0, 0.5])), data)
    training = changes.change(training, "batch_size", draw(st.sampled_from(["all", 1, 7, 32])), data)
    training = racers.set_steps(training, draw(st.integers(1, MOST_STEPS)))
    training = racers.set_seed(training, draw(st.integers(0, 2**31 - 1)))
    for rule in draw(st.lists(st.sampled_from(["sgd", "rmsprop", "lion"]), max_size=4)):
        racer = Racer(Choice(rule, (("learning_rate", draw(st.sampled_from([0.5, 1e-3]))),)), len(training.racers))
        training = dataclasses.replace(training, racers=(*training.racers, racer))
        if draw(st.booleans()):
            training = changes.set_racer(training, racer.id, "activation", "gelu")
            training = changes.set_racer(training, racer.id, "batch_size", draw(st.sampled_from(["all", "3"])))
            training = changes.set_racer(training, racer.id, "widths", "3-3")
            training = changes.set_racer(training, racer.id, "mixup", draw(st.sampled_from([0, 0.2])))
            training = changes.set_racer(training, racer.id, "norm", draw(st.sampled_from(["none", "batch"])))
    views = draw(st.permutations(sorted(VIEWS)))[:3]
    plane = draw(st.sampled_from(sorted(PLANES)))
    return dataclasses.replace(training, views=tuple(views), plane=plane)


@given(trainings())
@settings(max_examples=6, deadline=None)
def test_a_link_holds_all_that_is_set(training: Training) -> None:
    again, notices = _read(query(training))
    assert notices == [] and again == training


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda t: changes.change(t, "widths", "0", DATA), "whole number from 1 to 4,096"),
        (lambda t: changes.change(t, "widths", "8-x", DATA), "must be a number"),
        (lambda t: changes.change(t, "widths", "-".join(["4"] * 21), DATA), "at most 20 hidden layers"),
        (lambda t: changes.change(t, "widths", "4096-4096-4096", DATA), "too large"),
        (lambda t: changes.change(t, "batch_size", 241, DATA), "training samples, 240"),
        (lambda t: changes.change(t, "batch_size", 2.5, DATA), "whole number"),
        (lambda t: changes.change(t, "batch_size", "many", DATA), "32, or all"),
        (lambda t: racers.set_steps(t, 0), "from 1 to 100,000"),
        (lambda t: racers.set_seed(t, -1), "seed"),
        (lambda t: changes.set_setup(t, "objective", "likelihood", DATA), "classes as targets"),
        (lambda t: changes.set_setup(t, "activation", "swish", DATA), "activation must be one of"),
        (lambda t: changes.set_setup(t, "l2", -1, DATA), "l2 must lie in"),
        (lambda t: changes.set_setup(t, "dropout", 1, DATA), "dropout must lie in the range from 0 to 0.9"),
        (lambda t: changes.set_setup(t, "shift", 1, DATA), "Shifted images needs square images"),
        (lambda t: changes.set_setup(t, "norm", "instance", DATA), "norm must be one of none, batch, layer, group"),
        (
            lambda t: changes.set_setup(changes.set_setup(t, "groups", 5, DATA), "norm", "group", DATA),
            "groups of equal size; got 5 groups of 32 neurons",
        ),
        (lambda t: changes.set_data(t, "noise", "nan"), "finite"),
        (lambda t: changes.choose_data(t, "cifar"), "Unknown data set 'cifar'"),
        (lambda t: changes.add_racer(t, "newton", DATA), "Hessian"),
        (lambda t: changes.add_racer(t, "adamant", DATA), "Unknown optimizer 'adamant'"),
        (lambda t: changes.set_racer(t, "racer-0", "activation", "x"), "activation must be one of"),
        (lambda t: changes.set_racer(t, "racer-9", "widths", "3"), "no longer in the race"),
        (lambda t: changes.set_view(t, 0, "pie"), "Unknown view 'pie'"),
        (lambda t: changes.change(t, "plane", "flat", DATA), "plane must be one of principal, .*'flat'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(attempt: Any, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        attempt(FIRST)
    assert str(refused.value).endswith(".") and "Traceback" not in str(refused.value)


def test_bad_values_of_a_link_are_dropped_one_by_one() -> None:
    spelled = {
        "data": ["moons"],
        "data.noise": ["9"],
        "widths": ["8-0"],
        "batch_size": ["9999"],
        "steps": ["50"],
        "activation": ["gelu"],
        "colour": ["red"],
        "views": ["loss,loss,loss"],
        "racer": ["adam:learning_rate=0.5,widths=x", "nobody", "sgd:batch_size=500"],
    }
    training, notices = _read(spelled)
    assert training.data == Choice("moons") and training.steps == 50 and training.of(None, "activation") == "gelu"
    assert [r.rule.key for r in training.racers] == ["adam", "sgd"]
    assert training.racers[0].rule.get("learning_rate", 0) == 0.5
    text = "\n".join(notices)
    for word in ("noise", "hidden layer", "9999" if "9999" in text else "batch size", "colour", "views", "nobody"):
        assert word in text, (word, notices)


def test_a_link_to_a_file_that_is_not_here_keeps_the_rest() -> None:
    training, notices = _read({"data": ["file"], "file": ["mnist.npz"], "steps": ["77"], "racer": ["adam"]})
    assert training.steps == 77 and training.data.key == "spirals"
    assert any("mnist.npz" in notice for notice in notices)


def test_racers_may_have_settings_of_their_own() -> None:
    training = changes.set_racer(FIRST, "racer-1", "activation", "relu")
    training = changes.set_racer(training, "racer-1", "widths", "5-4")
    mine, other = training.racers[1], training.racers[0]
    assert training.model(mine, DATA).widths == (2, 5, 4, 2) and training.model(mine, DATA).activation == "relu"
    assert training.model(other, DATA).widths == (2, 32, 32, 2) and training.model(other, DATA).activation == "tanh"
    back = changes.set_racer(changes.set_racer(training, "racer-1", "widths", ""), "racer-1", "activation", "")
    assert back == FIRST


def test_learning_rates_begin_where_the_network_suggests() -> None:
    """0.5/λmax for steps that scale with the gradient, 1 % of the weights' root mean square for others, and as
    declared where neither says anything.
    """
    from surfaces.curvature import top_eigenvalues

    rates = {r.rule.key: r.rule.get("learning_rate", 0) for r in FIRST.racers}
    w = FIRST.start(None, DATA)
    sharpness = float(top_eigenvalues(FIRST.network(None, DATA), w)[0])
    assert rates["sgd"] == pytest.approx(0.5 / sharpness, rel=0.05)
    assert rates["adam"] == pytest.approx(0.01 * float(np.sqrt(np.mean(w**2))), rel=0.05)
    zeros = changes.set_setup(FIRST, "initialization", "zeros", DATA)
    added = changes.add_racer(zeros, "lion", DATA).racers[-1]
    assert added.rule.get("learning_rate", 0) == OPTIMIZERS["lion"].parameters()["learning_rate"].default


def test_other_data_bring_a_loss_and_a_batch_size_that_fit() -> None:
    values = changes.choose_data(FIRST, "chebyshev")
    assert values.of(None, "objective") == "mse" and values.batch_size == 0
    classes = changes.choose_data(values, "spirals")
    assert classes.of(None, "objective") in ("mse", "cross_entropy")
    changes.checked_whole(classes, generated(classes))


def test_views_change_places() -> None:
    training = changes.set_view(FIRST, 0, "loss")
    assert training.views == ("loss", "accuracy", "outcome")


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("widths", ["900-700", "1000-1000"])
def test_what_is_kept_is_bounded_by_memory(widths: str, count: int) -> None:
    """Four bytes a weight, and four of what a rule divides by, each time, of every racer; and the bound is used."""
    wide = changes.change(dataclasses.replace(FIRST, racers=(2 * FIRST.racers)[:count]), "widths", widths, DATA)
    each = 8 * wide.model(None, DATA).size * len(wide.racers)
    times = wide.kept(DATA)
    assert each * times <= MEMORY and LEAST <= times < FIRST.kept(DATA) <= MOST
    fewer = -(-wide.steps // (wide.stride(DATA) - 1)) + 1  # were they kept one step more often
    assert times == LEAST or each * fewer > MEMORY or fewer == times + 1


def test_the_largest_network_is_the_one_that_fits_the_memory_the_fewest_times() -> None:
    """2·w + w·w + 2·w weights and 2·w + 2 biases for two hidden layers of w: the largest w by that count."""
    racers_ = len(FIRST.racers)
    fits = next(w for w in range(2000, 1, -1) if 8 * LEAST * racers_ * (2 * w + w + w * w + w + 2 * w + 2) <= MEMORY)
    largest = changes.change(FIRST, "widths", f"{fits}-{fits}", DATA)
    assert 8 * LEAST * racers_ * largest.model(None, DATA).size <= MEMORY and largest.kept(DATA) == LEAST
    with pytest.raises(Refused, match=rf"{racers_} racers need 5\d\d MB, and the limit is 512 MB"):
        changes.change(FIRST, "widths", f"{fits + 1}-{fits + 1}", DATA)
    alone = dataclasses.replace(FIRST, racers=FIRST.racers[:1])
    with pytest.raises(Refused, match=r"1 racer needs \d+ MB, and the limit is 512 MB"):
        changes.change(alone, "widths", f"{2 * fits}-{2 * fits}", DATA)
    with pytest.raises(Refused, match="too large"):
        changes.checked_whole(dataclasses.replace(largest, racers=(*FIRST.racers, FIRST.racers[0])), DATA)


def test_what_a_run_keeps_takes_the_bytes_it_is_reckoned_with() -> None:
    """Of a training that is run: weights and preconditioners of every piece, without the losses of each step."""
    training = changes.add_racer(racers.set_steps(dataclasses.replace(FIRST, racers=()), 300), "adam", DATA)
    (racer,) = training.racers
    pieces = list(
        train(
            training.network(racer, DATA),
            training.rule(racer),
            training.start(racer, DATA),
            training.steps,
            batch_size=training.of(racer, "batch_size"),
            stride=training.stride(DATA),
            preconditioners=True,
        )
    )
    taken = sum(piece.weights.nbytes + np.asarray(piece.preconditioners).nbytes for piece in pieces)
    reckoned = 8 * training.model(racer, DATA).size * training.kept(DATA)
    assert 0.9 * reckoned <= taken <= reckoned


def test_all_rules_but_the_dense_can_be_added() -> None:
    for key, rule in RULES.items():
        if rule.dense:
            continue
        training = changes.add_racer(remove_racer(FIRST, "racer-0"), key, DATA)
        assert training.rule(training.racers[-1]).name == rule.name


def test_every_regularizer_has_its_strength_among_the_settings() -> None:
    """At 0 the network has no regularizer; other strengths reach the network, that of a racer before that of all."""
    for key, part in REGULARIZERS.items():
        spec = Setup.parameters()[key]
        assert spec.default == 0 and key in REGULARIZATION
        assert (spec.low, spec.high) == (part.parameters()[part.strength].low, part.parameters()[part.strength].high)
    assert FIRST.network(FIRST.racers[0], DATA).regularizers == ()
    training = changes.set_setup(FIRST, "dropout", 0.3, DATA)
    training = changes.set_racer(training, "racer-1", "dropout", 0)
    training = changes.set_racer(training, "racer-2", "input_noise", 0.2)
    parts = [
        [(p.name, getattr(p, p.strength)) for p in training.network(r, DATA).regularizers] for r in training.racers
    ]
    assert parts == [[("Dropout", 0.3)], [], [("Input noise", 0.2), ("Dropout", 0.3)]]
    averaged = changes.set_racer(training, "racer-1", "average", 0.9)
    rules = [averaged.rule(racer) for racer in averaged.racers]
    assert [type(rule).__name__ for rule in rules] == ["SGD", "Averaged", "Adam"] and rules[1].decay == 0.9  # type: ignore[attr-defined]
    normalised = changes.set_setup(training, "norm", "layer", DATA)
    assert normalised.model(None, DATA).norm == "layer"


def test_images_are_moved_as_they_are_before_standardisation() -> None:
    training = changes.choose_data(FIRST, "digits")
    data = generated(training)
    training = changes.set_setup(training, "shift", 1, data)
    (part,) = training.network(None, data).regularizers
    assert part.mean is data.mean and part.deviation is data.deviation  # type: ignore[attr-defined]
    assert changes.choose_data(training, "moons").regularizers(None, DATA) == ()
    own = changes.set_racer(changes.choose_data(FIRST, "digits"), "racer-0", "rotation", 5)
    assert dict(changes.choose_data(own, "moons").racers[0].own) == {}


def test_setup_says_what_it_is() -> None:
    for spec in Setup.parameters().values():
        assert spec.doc.endswith(".") and spec.symbol


@pytest.mark.parametrize("spelled", ["32×3", "32x3", "32-32-32", "32, 32, 32", "32 32–32", "32×2-32"])
def test_widths_may_be_typed_as_they_are_shown(spelled: str) -> None:
    assert read_widths(spelled) == (32, 32, 32)


@pytest.mark.parametrize("spelled", ["-5", "−5", "32×0", "×3", "32x99", "32×y"])
def test_widths_that_mean_nothing_are_refused(spelled: str) -> None:
    with pytest.raises(Refused, match=r"whole number|must be a number"):
        read_widths(spelled)


def test_data_of_values_take_the_view_of_classes_away() -> None:
    training = changes.choose_data(FIRST, "curve")
    assert "accuracy" not in training.views and len(set(training.views)) == 3


def test_rates_and_seed_are_numbers_and_all_else_asks_for_other_programs() -> None:
    plain = changes.numbers_aside(FIRST)
    assert plain == changes.numbers_aside(racers.set_seed(racers.set_racer(FIRST, "racer-0", "learning_rate", 0.5), 3))
    for other in (
        racers.set_steps(FIRST, 20),
        changes.change(FIRST, "widths", "8", DATA),
        changes.set_setup(FIRST, "activation", "relu", DATA),
        changes.add_racer(FIRST, "lion", DATA),
        racers.choose_schedule(FIRST, "cosine"),
    ):
        assert changes.numbers_aside(other) != plain


def test_a_preset_says_what_to_look_at_whatever_its_rates() -> None:
    for key, one in PRESETS.items():
        made = presets.preset(key)
        for changed in (
            racers.set_racer(made, "racer-0", "learning_rate", 0.03),
            changes.add_racer(made, "lion", generated(made)),
        ):
            assert presets.shown_by(changed) == f"{one.about} {one.own_samples}".strip()
        assert not presets.shown_by(changes.choose_data(made, "xor"))


@pytest.mark.parametrize("batch_size", [1, 7, 32, 100, 0])
def test_epochs_are_passes_through_all_samples(batch_size: int) -> None:
    """The fewest steps in which so many passes fit; the page shows steps · batch size / samples."""
    training, samples = dataclasses.replace(FIRST, batch_size=batch_size), len(DATA.train)
    batch = batch_size or samples
    assert training.epoch(DATA) == samples / batch
    for epochs in (1, 2.5, 3):
        steps = changes.set_epochs(training, epochs, DATA).steps
        assert (steps - 1) * batch < epochs * samples <= steps * batch
    for bad in ("0", "-1", "1e9", "nan", "many"):
        with pytest.raises(Refused, match="epochs must be"):
            changes.set_epochs(training, bad, DATA)


def test_shares_seeds_and_features_change_the_samples_and_are_in_the_link() -> None:
    plain = generated(FIRST)
    more = changes.prepare(FIRST, "share", "80", generated)
    data = generated(more)
    assert (len(data.train), len(data.validation), len(data.test)) == (320, 40, 40)
    again = changes.draw_again(FIRST)
    assert again.sample == 1 and not np.array_equal(generated(again).train.x, plain.train.x)
    wide = changes.prepare(again, "features", "squares,products", generated)
    assert generated(wide).inputs == 5 and generated(wide).dimensions == 2
    assert _read(query(wide)) == (wide, []) and _read(query(more)) == (more, [])
    with pytest.raises(Refused, match="from 10 to 90"):
        changes.prepare(FIRST, "share", "5", generated)
    digits = changes.choose_data(wide, "digits")
    assert digits.features == ()  # 64 inputs have too many products
    with pytest.raises(Refused, match="at most 20 inputs; these have 64"):
        changes.prepare(digits, "features", "squares", generated)


def test_a_link_may_say_how_many_epochs() -> None:
    training, notices = _read({"epochs": ["4"], "batch_size": ["60"], "steps": ["9"]})
    assert notices == [] and training.steps == 16  # of 240 samples
    assert _read({"epochs": ["none"]})[1] != []


@pytest.mark.parametrize(
    "own", [(), (("activation", "sigmoid"), ("initialization", "he_normal"))], ids=["common", "own"]
)
def test_a_suggested_rate_is_half_the_inverse_of_the_largest_eigenvalue_at_the_start(own: Any) -> None:
    """Held to the dense Hessian of the racer's network, all of whose eigenvalues are known."""
    training = changes.choose_data(Training(steps=20), "moons")
    data = generated(training)
    training = dataclasses.replace(training, widths=(4,), racers=())
    training = changes.add_racer(training, "momentum", data, 1.7)
    (racer,) = training.racers
    racer = dataclasses.replace(racer, rule=racer.rule.having("momentum", 0.5), own=own)
    training = dataclasses.replace(training, racers=(racer,))
    network = training.network(racer, data)
    hessian = jax.hessian(lambda w: network(w))(jnp.asarray(training.start(racer, data)))
    largest = float(np.linalg.eigvalsh(np.asarray(hessian, float))[-1])
    (suggested,) = changes.suggest_rate(training, racer.id, data).racers
    assert suggested.rule.get("learning_rate", 0) == pytest.approx(0.5 / largest, rel=0.05)  # two digits
    assert suggested.rule.get("momentum", 0) == 0.5 and suggested.own == own
    assert "eigenvalue" in changes.suggestion("momentum") and changes.suggestion("prodigy") != changes.suggestion("sgd")
