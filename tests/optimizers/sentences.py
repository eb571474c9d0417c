"""The sentences of a rule's file, and the register of the tests that check them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from optimizers import Optimizer
from surfaces import CriticalPoint, Surface
from surfaces.parameter import parameter

Test = TypeVar("Test", bound=Callable[..., Any])

CHECKED: defaultdict[str, set[str]] = defaultdict(set)
"""The sentences that tests quote, by the key of their rule."""


def checks(key: str, *sentences: str) -> Callable[[Test], Test]:
    """A decorator that registers a test as the check of these sentences of a rule."""

    def register(test: Test) -> Test:
        CHECKED[key] |= set(sentences)
        return test

    return register


def sentences(rule: type[Optimizer]) -> set[str]:
    """The sentences of a rule: those of its docstring, of its texts on the page, and of its parameters."""
    prose = re.sub(r"\$\$.*?\$\$", "", rule.prose, flags=re.DOTALL)
    texts = (prose, rule.watch, rule.beginning, *(p.doc for p in rule.parameters().values()))
    return {sentence for text in texts for sentence in split(text)}


def split(text: str) -> list[str]:
    """The sentences of a text: after a full stop, a capital, a letter of a formula or code begins the next one."""
    return [s for s in re.split(r"(?<=[.?!])\s+(?=[A-ZΔε`√])", " ".join(text.split())) if s]


class Slope(Surface):
    """L = p x + q y, whose gradient is the same everywhere."""

    name = "Slope"
    theme = "ravines"

    p: float = parameter("p", default=0.1, doc="Slope along x.")
    q: float = parameter("q", default=10.0, doc="Slope along y.")

    def __call__(self, w: Any) -> Any:
        return self.p * w[0] + self.q * w[1]

    @property
    def domain(self) -> Any:
        return (-3.0, 3.0), (-2.0, 2.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (0.0, 0.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return ()
