"""The Network page run by Streamlit's own test driver: its widgets, and what bad input does to them."""

from __future__ import annotations

import dataclasses
import re
import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.common.digits import short
from app.common.racers import Choice
from optimizers import RULES

CHANGES: tuple[dict[str, Any], ...] = (
    {"standardised": False},
    {"data": Choice("moons", (("noise", 0.4),))},
)


def _page() -> None:
    from app.views.network import show

    show()


def _open(**query: Any) -> AppTest:
    test = AppTest.from_function(_page, default_timeout=120)
    for key, value in query.items():
        test.query_params[key.replace("__", ".")] = value
    test.run()
    assert not test.exception
    return test


def _widget(widgets: Any, key: str) -> Any:
    (found,) = (w for w in widgets if re.fullmatch(rf"{re.escape(key)}(-again-\d+)?", w.key or ""))
    return found


def _type(test: AppTest, key: str, text: str) -> AppTest:
    _widget(test.text_input, f"{key}-field").set_value(text).run()
    assert not test.exception
    return test


def _refusals(test: AppTest) -> list[str]:
    return [m.value.removeprefix(":red[").removesuffix("]") for m in test.markdown if m.value.startswith(":red[")]


def _train(test: AppTest) -> AppTest:
    test.button(key="train").click().run()
    end = time.monotonic() + 120
    while test.session_state["job"].busy:
        assert time.monotonic() < end
        time.sleep(0.05)
    test.run()
    assert not test.exception
    return test


@pytest.fixture(scope="module")
def small() -> AppTest:
    return _open(data="moons", widths="4", steps="20", racer=["sgd:learning_rate=0.1", "adam:learning_rate=0.01"])


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("training-widths", "4-0", "whole number from 1 to 4,096"),
        ("training-widths", "a", "must be a number"),
        ("training-batch_size", "99999", "training samples"),
        ("training-batch_size", "-3", "whole number"),
        ("training-steps", "0", "from 1 to 100,000"),
        ("epochs", "nan", "finite"),
        ("training-seed", "1.5", "whole number"),
        ("own-racer-0-widths", "0", "whole number"),
        ("own-racer-0-batch_size", "500", "training samples"),
        ("own-racer-0-l2", "7", "l2 must lie in"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_loses_nothing(small: AppTest, key: str, text: str, said: str) -> None:
    before, good = small.session_state["training"], _widget(small.text_input, f"{key}-field").value
    _type(small, key, text)
    assert len(_refusals(small)) == 1 and said in _refusals(small)[0]
    assert small.session_state["training"] == before
    assert _widget(small.text_input, f"{key}-field").value == text  # to be mended
    _type(small, key, good)
    assert _refusals(small) == []


def test_a_loss_that_does_not_fit_the_data_is_refused(small: AppTest) -> None:
    before = small.session_state["training"]
    _widget(small.selectbox, "setup-objective").set_value("likelihood").run()
    assert any("classes as targets" in said for said in _refusals(small))
    assert small.session_state["training"] == before
    _widget(small.selectbox, "setup-objective").set_value("cross_entropy").run()


def test_training_fills_the_table_and_the_test_set_is_used_when_asked() -> None:
    test = _train(_open(data="moons", widths="4", steps="20", racer=["sgd:learning_rate=0.1", "adam"]))
    assert "Validation accuracy" in _text_of(test) and "Test accuracy" not in _text_of(test)
    assert "for the end" in " ".join(c.value for c in test.caption)
    test.button(key="test-set").click().run()
    assert "Test accuracy" in _text_of(test) and not test.exception
    assert any("used 1 time" in c.value for c in test.caption)


def test_uses_of_the_test_set_are_counted_for_the_same_samples_alone() -> None:
    test = _train(_open(data="moons", widths="4", steps="20", racer=["sgd:learning_rate=0.1"]))
    test.button(key="test-set").click().run()
    same, other = (dataclasses.replace(test.session_state["training"], **change) for change in CHANGES)
    for training, used in ((same, True), (other, False)):
        test.session_state["training"] = training
        test = _train(test.run())
        captions = " ".join(c.value for c in test.caption)
        assert ("used 1 time" in captions) is used and ("for the end" in captions) is not used


@pytest.mark.parametrize("zero", ["0", "0.0", "00", "-0"])
def test_a_batch_size_of_zero_is_refused_in_every_spelling(small: AppTest, zero: str) -> None:
    before = small.session_state["training"]
    _type(small, "training-batch_size", zero)
    assert any("whole number of at least 1, or all" in said for said in _refusals(small))
    assert small.session_state["training"] == before


def _text_of(test: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in test.get("html"))


def test_a_change_makes_another_job_and_leaves_the_data_of_others_alone(small: AppTest) -> None:
    job = small.session_state["job"]
    _type(small, "training-widths", "5")
    assert small.session_state["job"] is not job
    assert small.session_state["job"].runs[0].network.model.widths == (2, 5, 2)
    _type(small, "training-widths", "4")


def test_presets_come_from_the_list() -> None:
    test = _open(steps="10")
    _widget(test.selectbox, "data").set_value("preset:outlier").run()
    assert not test.exception
    training = test.session_state["training"]
    assert training.data.key == "curve" and [r.own for r in training.racers] == [(), (("objective", "mae"),)]
    _widget(test.selectbox, "data").set_value("preset:exercise").run()
    assert "upload MNIST under Data" in _text_of(test)
    assert test.session_state["training"].widths == (256,)


def test_the_sentence_of_a_preset_stays_when_it_is_changed_until_other_data_are_chosen() -> None:
    test = _open(preset="neurons")
    _type(test, "training-widths", "2")
    assert "two lines cannot enclose it" in _text_of(test) and "Changed: widths 3 → 2." in _text_of(test)
    assert (test.query_params["preset"], test.query_params["widths"]) == ("neurons", "2")
    next(button for button in test.button if button.label == "Reset").click().run()
    assert test.session_state["training"].widths == (3,) and "Changed:" not in _text_of(test)
    _widget(test.selectbox, "data").set_value("data:circles").run()
    assert "two lines cannot enclose it" not in _text_of(test) and "preset" not in test.query_params


def _explained(key: str) -> None:
    from app.common.racers import Choice
    from app.views.parts import explain

    explain(Choice(key))


@pytest.mark.thinned(3)
@pytest.mark.parametrize("key", RULES)
def test_defaults_are_called_defaults(key: str) -> None:
    """AdaBelief's ε is its paper's and AdamW's λ is PyTorch's: no textbook has them."""
    page = AppTest.from_function(_explained, args=(key,), default_timeout=60).run()
    assert not page.exception
    text = " ".join(markdown.value for markdown in page.markdown)
    assert "in the textbook" not in text
    for name, spec in RULES[key].parameters().items():
        if not spec.choices:
            assert f"{name.replace('_', ' ')}, {short(spec.default)} by default. {spec.doc}" in text


def test_words_on_batches_and_epochs_hold_where_batches_do_not_divide_the_samples() -> None:
    test = _open(data="spirals", batch_size="150", steps="16", racer="sgd:learning_rate=0.1")
    epochs, batch = (_widget(test.text_input, f"{key}-field") for key in ("epochs", "training-batch_size"))
    assert epochs.value == "10" and "all 240 training samples. One epoch takes 1.6 steps" in epochs.help
    assert "those with the same batch size see the same batches" in batch.help
    assert _widget(_type(test, "epochs", "5").text_input, "training-steps-field").value == "8"


def _interrupted_upload() -> None:
    import contextlib
    from types import SimpleNamespace

    import streamlit as st

    from app.network import files
    from app.network.settings import Training
    from app.views import network

    class Stopped(BaseException):
        """What Streamlit raises in a script when the user does something else."""

    read = []

    def bring(given):  # type: ignore[no-untyped-def]
        read.append(given[0][0])
        if len(read) == 1:
            raise Stopped
        raise network.Refused("read to the end")

    file = SimpleNamespace(name="mnist.npz", file_id="1", getvalue=lambda: b"PK\x03\x04")
    st.session_state.update(page="training", training=Training(), uploader=[file])
    st.session_state["through"] = lambda settings, change: change(settings)
    original, files.bring = files.bring, bring
    with contextlib.suppress(Stopped):
        network._bring()
    for _ in range(2):
        network._bring_rest()
    files.bring = original
    st.text(f"{len(read)} {st.session_state['refusals']}")


def test_files_whose_reading_was_broken_off_are_read_by_the_next_run() -> None:
    test = AppTest.from_function(_interrupted_upload).run()
    assert not test.exception
    assert test.text[0].value == "2 {'uploader': 'read to the end'}"
