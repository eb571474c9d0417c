"""Which work a new session takes up."""

from __future__ import annotations

import pytest

from app.views import reloads
from app.views.reloads import Work


def test_the_word_of_a_browser_is_the_same_under_every_mask() -> None:
    """Two cookies that one browser had from a server, of which each response masks the word anew."""
    first = "2|dd96e8ac|102a7cc1f94f138ac676985b7507ea8a|1795777229"
    second = "2|fb25ef61|36997b0cdffc1447e0c59f9653b4ed47|1795777229"
    other = "2|f99b9600|22ba5949934d934d6bd05957b4d6ebd8|1795776474"
    assert reloads.unmasked(first) == reloads.unmasked(second) != reloads.unmasked(other)
    assert reloads.unmasked("plain") == "plain"
    assert reloads.unmasked("") == reloads.unmasked("2|xy|00|1") == reloads.unmasked("2||00|1") == ""


def test_only_work_of_the_same_browser_whose_session_has_ended_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    works = {name: Work(name, browser) for name, browser in (("a", "one"), ("b", "one"), ("c", "one"), ("d", "two"))}
    monkeypatch.setattr(reloads, "_works", dict(works))
    assert reloads.latest("three", lambda session: False) is None
    assert reloads.latest("one", lambda session: session == "c") is works["b"]  # the latest, and c is another tab's
    assert reloads.latest("one", lambda session: session == "c") is works["a"]
    assert reloads.latest("one", lambda session: session == "c") is None
    works["d"].drop()
    assert reloads.latest("two", lambda session: False) is None
