"""Presets of the Studies page: every study with its default parameters, and its variants."""

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
        for name, variant in study.variants.items():
            choice = Choice(key, tuple(variant.parameters.items()))
            yield name, Preset(variant.name, variant.label, variant.about, choice, study.rows)


PRESETS: Mapping[str, Preset] = MappingProxyType(dict(_presets()))
"""Every preset by its key, which is that of its study or of its variant."""


def shown(settings: Settings) -> str:
    """The preset of the settings, whatever else was changed: that of their study, or of a variant that they are."""

    def matches(choice: Choice) -> bool:
        here = settings.study
        return choice.key == here.key and all(here.get(name, "") == value for name, value in choice.values)

    matching = [key for key, preset in PRESETS.items() if matches(preset.study)]
    return max(matching, key=lambda key: len(PRESETS[key].study.values))


def changes(settings: Settings) -> str:
    """What differs from the preset, as a sentence; an empty text if nothing does."""
    found = list(of_parameters(settings.declared, PRESETS[shown(settings)].study, settings.study))
    return sentence(found + ([f"seed 0 → {settings.seed}"] if settings.seed else []))
