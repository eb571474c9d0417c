"""Presets of the Studies page: every study with its default parameters, and further ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from app.common.differences import of_parameters, sentence
from app.common.racers import Choice
from app.studies.settings import Settings
from optimizers.studies import STUDIES


@dataclasses.dataclass(frozen=True)
class Preset:
    """A study that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        label: the same in one to three words, for a button.
        about: what to look at.
        study: the study with its parameters.
        rows: the statements of the lectures that it shows.
    """

    name: str
    label: str
    about: str
    study: Choice
    rows: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """The settings, as an address spells them."""
        return urlencode({"study": self.study.key, **{f"study.{name}": value for name, value in self.study.values}})

    @property
    def query(self) -> dict[str, list[str]]:
        """The settings as a query."""
        return parse_qs(self.link)


def _presets() -> Iterator[tuple[str, Preset]]:
    for key, study in STUDIES.items():
        yield key, Preset(study.name, study.label or study.name, study.about, Choice(key), study.rows)
        for name, preset in study.presets.items():
            choice = Choice(key, tuple(preset.parameters.items()))
            yield name, Preset(preset.name, preset.label, preset.about, choice, study.rows)


PRESETS: Mapping[str, Preset] = MappingProxyType(dict(_presets()))
"""Every preset by its key, which is that of the study for its default parameters."""


def shown(settings: Settings) -> str:
    """The key of the preset with most parameters among those whose parameters the settings have."""

    def matches(choice: Choice) -> bool:
        here = settings.study
        return choice.key == here.key and all(here.get(name, "") == value for name, value in choice.values)

    matching = [key for key, preset in PRESETS.items() if matches(preset.study)]
    return max(matching, key=lambda key: len(PRESETS[key].study.values))


def changes(settings: Settings) -> str:
    """What differs from the preset, as a sentence; an empty text if nothing does."""
    found = list(of_parameters(settings.declared, PRESETS[shown(settings)].study, settings.study))
    return sentence(found + ([f"seed 0 → {settings.seed}"] if settings.seed else []))
