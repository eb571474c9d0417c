"""The axes of a sweep as words of the command line."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.racers import Refused
from app.sweeps import axes
from optimizers import Grid, Random


@pytest.mark.parametrize(
    ("word", "axis"),
    [
        ("learning_rate=0.1,2e-3", [0.1, 0.002]),
        ("learning_rate=7", Grid(7)),
        ("learning_rate=7.0", [7.0]),
        ("learning_rate=0.01:1:12", Grid(12, 0.01, 1.0)),
        ("learning_rate=0.01:1", Random(0.01, 1.0)),
        ("learning_rate = random", Random()),
        ("start.0=-2:2:3", Grid(3, -2.0, 2.0)),
        ("seed=3:6", range(3, 7)),
        ("seed=4,2", [4, 2]),
        ("seed=7", [7]),
    ],
)
def test_words_become_axes(word: str, axis: Any) -> None:
    assert list(axes.read([word]).values()) == [axis]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["learning_rate"], "takes NAME=VALUES, such as learning_rate=0.001:1:64; got 'learning_rate'"),
        (["=3"], "takes NAME=VALUES"),
        (["a=1", "a=2"], "--over a is given twice"),
        (["a=1:2:x"], "64 (a grid over the declared range)"),
        (["a=1:2:3:4"], "got '1:2:3:4'"),
        (["a=" + "9" * 5000], "a grid over the declared range"),
        (["a=1,nan"], "got '1,nan'"),
        (["seed=0.5"], "whole numbers, such as 0:99 or 1,2,3"),
        (["seed=5:2"], "from the first to the last"),
        (["seed=0:1000000"], "at most 1,000,000 seeds"),
    ],
)
def test_other_words_are_refused_with_the_forms(words: list[str], sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        axes.read(words)
    assert sentence in str(refusal.value)
