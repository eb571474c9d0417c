"""The settings of a study: links, limits, presets, files of settings, and scripts."""

from __future__ import annotations

import importlib
from urllib.parse import parse_qs

import pytest

from app.common.racers import Choice, Refused
from app.studies import changes, export, link, presets, script
from app.studies.job import Job
from app.studies.presets import PRESETS
from app.studies.settings import FIRST, Settings
from optimizers.studies import GROUPS, STUDIES


def parsed(text: str) -> Settings:
    settings, notices = link.parse(parse_qs(text))
    assert notices == []
    return settings


@pytest.mark.parametrize("key", STUDIES)
def test_every_study_has_a_picture_a_preset_and_a_link_that_restores_it(key: str) -> None:
    study = STUDIES[key]
    picture = importlib.import_module(f"app.studies.pictures.{key}")
    assert callable(picture.panels) and getattr(picture, "UNIT", "step").isalpha()
    assert study.group in GROUPS and study.about.endswith(".") and study.source and study.seconds > 0
    assert len(PRESETS[key].label) < 30, "it is the text of a button"
    settings = parsed(PRESETS[key].link)
    assert settings.study == Choice(key) and not presets.changes(settings)
    assert link.parse({"preset": [key]}) == (settings, [])
    for name, spec in study.parameters().items():
        other = spec.choices[-1] if spec.choices else spec.high
        changed = changes.set_parameter(settings, name, other)
        assert link.parse(link.query(changed)) == (changed, [])
        assert (changed.drawn != settings.drawn) is (other != spec.default)


def test_a_value_out_of_its_range_is_refused_in_a_sentence_and_dropped_from_a_link() -> None:
    sentence = "starts must lie in the range from 5 to 100; got 101."
    with pytest.raises(Refused, match=sentence):
        changes.set_parameter(Settings(), "starts", "101")
    settings, notices = link.parse(parse_qs("study=rotation&study.starts=101&study.steps=500&seed=x&study.colour=1"))
    assert (settings.values["starts"], settings.values["steps"], settings.seed) == (20, 500, 0)
    assert notices == [
        f"Dropped from the link: {sentence}",
        "Dropped from the link: Unknown parameter of Rotation and conditioning 'colour'. Choose from "
        "condition_number, starts, steps.",
        "Dropped from the link: seed must be a number, such as 0 or 7; got 'x'.",
    ]


def test_a_link_changes_a_preset() -> None:
    settings, notices = link.parse(parse_qs("preset=denoising&seed=1&study.code=8&v=1"))
    assert settings.study == Choice("autoencoder", (("corruption", "noise"), ("code", 8))) and settings.seed == 1
    assert not notices and presets.shown(settings) == "denoising"
    settings, (notice,) = link.parse(parse_qs("preset=denoisnig&seed=1"))
    assert settings == Settings(seed=1) and "Did you mean 'denoising'?" in notice


def test_an_unknown_study_is_named_with_the_one_that_was_meant() -> None:
    settings, (notice,) = link.parse(parse_qs("study=rotatoin&seed=3"))
    assert settings.study.key == FIRST and settings.seed == 3
    assert "Unknown study 'rotatoin'. Did you mean 'rotation'?" in notice


def test_the_result_depends_on_values_and_not_on_how_a_link_writes_them() -> None:
    assert parsed("study=rotation&study.starts=20").drawn == Settings(study=Choice("rotation")).drawn
    assert parsed("study=rotation&seed=1").drawn != Settings(study=Choice("rotation")).drawn


def test_what_was_changed_is_said_and_reset() -> None:
    changed = parsed("study=rotation&study.condition_number=30&study.starts=5&seed=2")
    assert presets.changes(changed) == "Changed: κ 100 → 30; starts 20 → 5; seed 0 → 2."
    assert changes.reset(changed, "rotation") == Settings(study=Choice("rotation"))
    assert changes.choose_study(changed, "dimension_saddles").seed == 2


def test_files_of_settings_open_again_and_those_of_other_pages_are_refused() -> None:
    settings = parsed("study=dimension_saddles&study.largest=5")
    job = Job(settings)
    written = export.numbers(settings, job, "study.json")
    assert export.from_json(written) == (settings, [])
    with pytest.raises(Refused, match="belong to the page “maps”"):
        export.from_json(written.replace(b'"page": "studies"', b'"page": "maps"'))
    for name in ("study.csv", "study.parquet", "study.npz"):
        with pytest.raises(Refused, match=r"Nothing is computed yet\. Press Run first\."):
            export.numbers(settings, job, name)
    with pytest.raises(Refused, match=r"no file format \.docx here"):
        export.numbers(settings, job, "study.docx")


def test_the_script_prints_the_table_of_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    settings = parsed("study=dimension_saddles&study.largest=2&study.samples=1000&seed=4")
    exec(compile(script.script(settings), "study.py", "exec"), {})
    *_, (_, found) = STUDIES["dimension_saddles"](largest=2, samples=1000).run(4)
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == ", ".join(map(str, settings.built().table(found).rows[-1]))
    assert printed[-3].startswith("dimension, share of saddles")
