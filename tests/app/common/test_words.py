"""Suggestions for words that are not among the choices."""

from __future__ import annotations

import pytest

from app.common.digits import MOST_DIGITS
from app.common.words import nearest, unknown
from optimizers import RULES
from surfaces import SURFACES


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("rosenbrok", "rosenbrock"),
        ("Rosenbrock", "rosenbrock"),
        ("quadratic ravine", "quadratic_ravine"),
        ("six-hump-camel", "six_hump_camel"),
        ("himelblau", "himmelblau"),
        ("weather", ""),
        ("", ""),
        ("rosenbrok" * MOST_DIGITS, ""),
    ],
)
def test_the_choice_that_was_probably_meant_is_found(word: str, meant: str) -> None:
    assert nearest(word, SURFACES) == meant


def test_a_sentence_names_the_word_the_guess_and_the_choices() -> None:
    assert unknown("optimizer", "adm", ["sgd", "adam"]) == (
        "Unknown optimizer 'adm'. Did you mean 'adam'? Choose from sgd, adam."
    )
    assert unknown("optimizer", "xyz", ["sgd", "adam"]) == "Unknown optimizer 'xyz'. Choose from sgd, adam."


def test_every_key_with_a_letter_missing_leads_back_to_it() -> None:
    for registry in (SURFACES, RULES):
        for key in registry:
            typed = key[: len(key) // 2] + key[len(key) // 2 + 1 :]
            assert typed in registry or nearest(typed, registry) == key or len(key) <= 3
