"""Phrases agree with the numbers that they name."""

from __future__ import annotations

import pytest

from app.common.phrases import counted


@pytest.mark.parametrize(
    ("number", "phrase"), [(0, "0 racers"), (1, "1 racer"), (2, "2 racers"), (12_000, "12,000 racers")]
)
def test_a_counted_noun_is_plural_unless_there_is_one(number: int, phrase: str) -> None:
    assert counted(number, "racer") == phrase
