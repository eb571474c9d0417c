"""Phrases about several racers, and about numbers of things."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 3
"""The most racers that a phrase names; of more it says the number."""
_COMMON_NOUNS = ("Momentum",)
"""Names of rules that are common nouns, whose first letter is a capital only at the beginning of a sentence."""


def listed(names: Sequence[str]) -> str:
    """Names as a phrase within a sentence, such as "SGD, momentum and Adam"; of many their number."""
    if len(names) > MOST_NAMED:
        return f"{len(names)} optimizers"
    words = [within(name) for name in names]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def counted(number: int, noun: str) -> str:
    """A number with its noun, which is plural unless the number is 1: "1 step", "2,000 steps"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def within(name: str) -> str:
    """A name as it is spelled within a sentence."""
    return name[0].lower() + name[1:] if name.startswith(_COMMON_NOUNS) else name


def agreeing(names: Sequence[str], verb: str) -> str:
    """Names and a verb in the third person, such as "SGD diverges" or "SGD and Adam diverge".

    Args:
        verb: in the singular; regular, with the ending -s.
    """
    one, *rest = verb.split(" ", 1)
    plural = " ".join([one.removesuffix("es") if one.endswith("ches") else one.removesuffix("s"), *rest])
    return f"{listed(names)} {verb if len(names) == 1 else plural}"


def sentence_case(phrase: str) -> str:
    """A phrase with a capital at its beginning."""
    return phrase[:1].upper() + phrase[1:]
