"""Presets of the Studies page: every study with its default parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qs

from app.common.differences import of_parameters, sentence
from app.studies.settings import Settings
from optimizers.studies import STUDIES


@dataclasses.dataclass(frozen=True)
class Preset:
    """A study that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        label: the same in one to three words, for a button.
        about: what to look at.
        link: the settings, as an address spells them.
        rows: the statements of the lectures that it shows.
    """

    name: str
    label: str
    about: str
    link: str
    rows: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, list[str]]:
        """The settings as a query."""
        return parse_qs(self.link)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        key: Preset(study.name, study.label or study.name, study.about, f"study={key}", study.rows)
        for key, study in STUDIES.items()
    }
)
"""Every preset by its key, which is that of its study."""


def changes(settings: Settings) -> str:
    """What differs from the study with its default parameters, as a sentence; an empty text if nothing does."""
    found = list(of_parameters(settings.declared, type(settings.study)(settings.study.key), settings.study))
    return sentence(found + ([f"seed 0 → {settings.seed}"] if settings.seed else []))
