"""Sentences of the page beside the checks that compute them.

A module of tests fills a `Sentences` with a check, or with the reason why nothing can be computed, for each sentence
of the texts it answers for. `entries` then has to equal what the texts say: a changed sentence asks for its check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

Check = Callable[[], None]


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, with single spaces, without displayed formulas and what is raised."""
    prose = re.sub(r"\$\$.*?\$\$", " ", text.partition("Raises:")[0], flags=re.DOTALL)
    # the next sentence begins with a capital or a Greek letter: "et al. (2021)" does not end one
    return re.split(r"(?<=[.?])\s+(?=[A-ZÀ-ÞΑ-ω])", " ".join(prose.split())) if prose.strip() else []


class Sentences:
    """The checks of sentences, and the reasons of those that have none, by text and sentence."""

    def __init__(self) -> None:
        self.checks: dict[tuple[str, str], Check] = {}
        self.reasons: dict[tuple[str, str], str] = {}
        self.marks: dict[Check, list[pytest.MarkDecorator]] = {}

    def hold(self, key: str, *said: str, marks: pytest.MarkDecorator | None = None) -> Callable[[Check], Check]:
        """Register the decorated check for sentences of the text `key`."""

        def register(check: Check) -> Check:
            self.marks[check] = [marks] if marks else []
            for sentence in said:
                assert (key, sentence) not in self.checks
                self.checks[key, sentence] = check
            return check

        return register

    def not_computable(self, reason: str, key: str, *said: str) -> None:
        """Register sentences that nothing computes, such as history and attributions, with the reason."""
        self.reasons |= {(key, sentence): reason for sentence in said}

    def cases(self) -> list[Any]:
        """Every check once, as a parameter of a test, named by the first of its sentences."""
        first: dict[Check, tuple[str, str]] = {}
        for entry, check in self.checks.items():
            first.setdefault(check, entry)
        return [
            pytest.param(
                check,
                id=f"{key}-{re.sub(r'[^a-z0-9]+', '-', sentence.lower())[:48].strip('-')}",
                marks=[pytest.mark.xdist_group(key), *self.marks.get(check, ())],
            )
            for check, (key, sentence) in first.items()
        ]

    def entries(self) -> set[tuple[str, str]]:
        """Every sentence that has a check or a reason, with the text it stands in."""
        assert not set(self.checks) & set(self.reasons)
        return {*self.checks, *self.reasons}


def entries_of(texts: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    """Every sentence of some texts, with the key they stand under."""
    return {(key, sentence) for key, parts in texts.items() for text in parts for sentence in sentences(text)}
