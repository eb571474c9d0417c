"""Controls show the current settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.common.digits import parsed
from app.common.racers import Refused
from app.race.changes import choose_start
from app.race.settings import Settings
from app.views.controls import format_number


@bounded(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_without_loss(value: float) -> None:
    assert parsed(format_number(value)) == value


def test_a_number_with_few_digits_is_written_in_short() -> None:
    assert [format_number(v) for v in (0.05, 30.0, 1e-8, 0.123456)] == ["0.05", "30", "10⁻⁸", "0.123456"]


@pytest.mark.parametrize("text", ["1.5, -0.5", "(1.5,-0.5)", " 1.5 ,−0.5 "])
def test_a_start_is_read_as_people_write_it(text: str) -> None:
    assert choose_start(Settings(), text).start == (1.5, -0.5)


@pytest.mark.parametrize("text", ["", "1.5", "1.5 -0.5", "1;2", "a, b", "1, 2, 3", "nan, 0", "1e9, 0"])
def test_an_invalid_start_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        choose_start(Settings(), text)


def _replaced() -> None:
    """A field whose value was changed elsewhere gets a new key, and a late report of the old widget is ignored."""
    import streamlit as st

    from app.common import racers
    from app.race.settings import Settings
    from app.views import controls

    controls.enter("settings")
    st.session_state["settings"] = Settings(steps=70)
    old = controls.widget("steps-field", "70")
    st.session_state[old] = "900"
    controls.take("steps-field", old, racers.set_steps, "steps")
    taken = st.session_state["settings"].steps
    new = controls.widget("steps-field", "70")  # set elsewhere
    controls.take("steps-field", old, racers.set_steps, "steps")
    st.text(f"{old} {taken} {new} {st.session_state['settings'].steps}")
    st.session_state["settings"] = Settings(steps=70)
    controls.take("steps-field", old, racers.set_steps, "steps")
    st.text(str(st.session_state["settings"].steps))


def test_the_report_of_a_replaced_widget_is_ignored() -> None:
    page = AppTest.from_function(_replaced).run()
    assert not page.exception
    assert [text.value for text in page.text] == ["steps-field 900 steps-field-again-1 900", "70"]
