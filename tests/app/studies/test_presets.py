"""The presets of the Studies page: studies with their defaults, and with other parameters."""

from __future__ import annotations

import pytest

from app.studies import changes, link, presets
from app.studies.presets import PRESETS
from app.studies.settings import Settings
from optimizers.studies import STUDIES


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_found_from_its_settings_and_from_its_link(key: str) -> None:
    settings, notices = link.parse(PRESETS[key].query)
    assert notices == [] and settings == changes.reset(Settings(seed=3), key)
    assert presets.shown(settings) == key and presets.changes(settings) == ""


def test_a_further_preset_is_its_study_with_other_parameters() -> None:
    study = changes.reset(Settings(), "denoising").built()
    assert type(study) is STUDIES["autoencoder"] and study.corruption == "noise"
    assert PRESETS["denoising"].rows == STUDIES["autoencoder"].rows
    assert PRESETS["denoising"].about != PRESETS["autoencoder"].about


def test_a_changed_preset_says_what_differs_from_it() -> None:
    settings = changes.set_parameter(changes.reset(Settings(), "denoising"), "code", 8)
    assert presets.shown(settings) == "denoising" and presets.changes(settings) == "Changed: c 16 → 8."
    assert presets.shown(changes.set_parameter(settings, "corruption", "none")) == "autoencoder"
