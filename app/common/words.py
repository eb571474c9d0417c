"""Sentences about words that are not among the choices."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from app.common.digits import MOST_DIGITS, shortened


def unknown(noun: str, word: str, choices: Iterable[str]) -> str:
    """A sentence that names an unknown word, the choice that was probably meant, and all choices."""
    known = list(choices)
    meant = nearest(word, known)
    guess = f" Did you mean {meant!r}?" if meant else ""
    return f"Unknown {noun} {shortened(word)!r}.{guess} Choose from {', '.join(known)}."


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that is spelled most like a word, whatever its capitals and blanks; empty if none is similar."""
    if len(word) > MOST_DIGITS:
        return ""
    known = {_plain(choice): choice for choice in choices}
    found = difflib.get_close_matches(_plain(word), known, n=1, cutoff=0.6)
    return known[found[0]] if found else ""


def _plain(word: str) -> str:
    return word.lower().replace(" ", "_").replace("-", "_")
