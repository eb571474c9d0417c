"""A setting is declared once: a declaration in a copy of a page is enough to add a setting."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.common.forms import Number, OneOf, Point, SomeOf, Whole
from app.common.racers import Choice, Refused
from app.common.setting import declared, setting, with_value, without_looks
from app.maps.changes import SETTINGS as MAPS
from app.maps.settings import Settings as Map
from app.network.changes import SETTINGS as NETWORK
from app.network.settings import Training
from app.race.changes import SETTINGS as RACE
from app.race.settings import Settings

ROOT = Path(__file__).parents[3]
DECLARED = """
    grain: int = setting(3, Whole(1, 9, "3"), key="g", tab="Run", help="The grain of the run.")
    tempo: float = setting(1.0, Number(0.25, 4, "2"), look=True, help="The tempo of the clock.")
"""
COMMON = """
plain, notices = parse({"racer": ["sgd:learning_rate=0.25"]})
assert notices == [] and (plain.grain, plain.tempo) == (3, 1.0)
assert not {"g", "tempo"} & set(query(plain))
both, notices = parse({**query(plain), "g": ["7"], "tempo": ["0.5"]})
assert notices == [] and (both.grain, both.tempo) == (7, 0.5)
assert (query(both)["g"], query(both)["tempo"]) == (["7"], ["0.5"]) and parse(query(both)) == (both, [])
kept, notices = parse({**query(plain), "g": ["10"], "tempo": ["fast"]})
assert kept == plain and notices == [
    "Dropped from the link: g must be a whole number from 1 to 9; got 10.",
    "Dropped from the link: tempo must be a number, such as 2; got 'fast'.",
]
assert cache_key(dataclasses.replace(plain, tempo=4.0)) == cache_key(plain) != cache_key(both)
assert from_json(to_json(both)) == (both, [])
words = [command, "--g", "7", "--tempo", "0.5", "--racer", "sgd:learning_rate=0.25", "-o", "a"]
assert from_arguments(cli.parser().parse_args(words)) == both
page = build.settings_page()
assert "| `g` | `3` | a whole number from 1 to 9 | the runs | The grain of the run. |" in page
assert "| `tempo` | `1` | a number from 0.25 to 4 | the look | The tempo of the clock. |" in page
"""
RACE_PAGE = """
import dataclasses
from app.race.data import from_json, to_json
from app.race.link import parse, query
from app.race.settings import Settings
from app.server import cli, commands
from docs import build
cache_key, command, from_arguments = Settings.bare, "render", commands.race_settings
"""
NETWORK_PAGE = """
import dataclasses
from app.common.setting import without_looks as cache_key
from app.network import link
from app.network.export import query_of
from app.network.link import query
from app.network.settings import generated
from app.common.saved import write_query
from app.server import cli, commands
from docs import build
def parse(given): return link.parse(given, generated)
def to_json(training): return write_query("network", query(training))
def from_json(content): return parse(query_of(content))
def from_arguments(arguments): return commands._training(arguments, {})
command = "train"
"""


@pytest.mark.long
@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("page", "record", "code"), [("race", "Settings", RACE_PAGE), ("network", "Training", NETWORK_PAGE)]
)
def test_a_further_setting_is_one_declaration(page: str, record: str, code: str, tmp_path: Path) -> None:
    """The page is a copy in which only the record was changed."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("web", "__pycache__"))
    path = tmp_path / "app" / page / "settings.py"
    before, head, after = path.read_text("utf-8").partition(f"class {record}(Lineup):\n")
    docstring, end, fields = after.partition('."""\n')
    text = "".join([before, head, docstring, end, DECLARED, fields])
    imported = "from app.common.forms import Number, Whole\nfrom app.common import shared\n"
    path.write_text(
        text.replace("from app.common import shared\n", imported).replace(
            "from app.common import budget, shared\n", imported.replace("shared", "budget, shared")
        ),
        "utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", code + COMMON], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@dataclasses.dataclass(frozen=True)
class Base:
    second: int = 0
    third: int = setting(3, Whole(0, 9, "3"), help="Third.")


@dataclasses.dataclass(frozen=True)
class Record(Base):
    first: str = setting("a", OneOf({"a": "A", "b": "B"}), look=True, help="First.", always=True)
    second: int = setting(2, Whole(0, 9, "2"), key="two", help="Second.", always=lambda record: record.third > 5)


def test_settings_are_in_the_order_of_their_declarations() -> None:
    assert [(s.name, s.key, s.label) for s in declared(Record).values()] == [
        *(("third", "third", "Third"), ("first", "first", "First"), ("second", "two", "Second"))
    ]
    assert list(declared(Base)) == ["third"]


def test_a_link_contains_settings_that_differ_and_those_that_are_always_mentioned() -> None:
    third, first, second = declared(Record).values()
    assert (third.write(Record()), first.write(Record()), second.write(Record())) == ({}, {"first": ["a"]}, {})
    other = Record(third=6)
    assert (third.write(other), second.write(other)) == ({"third": ["6"]}, {"two": ["2"]})


def test_without_looks_resets_only_looks() -> None:
    assert without_looks(Record(first="b", second=7, third=8)) == Record(second=7, third=8)


def test_a_setting_accepts_legal_values_and_refuses_others() -> None:
    spec = declared(Record)["second"]
    assert with_value(Record(), spec, "7") == Record(second=7)
    with pytest.raises(Refused, match="two must be a whole number from 0 to 9; got 10"):
        with_value(Record(), spec, 10)


@pytest.mark.parametrize(
    ("form", "word", "value"),
    [
        (Number(-90, 90, "45", "degrees"), "-90", -90.0),
        (Number(-90, 90, "45", "degrees"), "12.25", 12.25),
        (OneOf({"a": "A", "b": "B"}), "b", "b"),
        (SomeOf(0, 2, {"a": 0, "b": 0}), "b,a", ("b", "a")),
        (SomeOf(0, 2, {"a": 0, "b": 0}), "", ()),
        (Point(), "-1.5,1e-09", (-1.5, 1e-9)),
        (RACE["surface"].form, "booth", Choice("booth")),
        (NETWORK["widths"].form, "8-4", (8, 4)),
        (NETWORK["batch_size"].form, "0", 0),
        (NETWORK["standardised"].form, "0", False),
        (MAPS["window"].form, "-4,0.3,0,2", (-4.0, 0.3, 0.0, 2.0)),
        (MAPS["x"].form, "surface.ratio", "surface.ratio"),
    ],
    ids=str,
)
def test_a_form_writes_the_values_that_it_reads(form: Any, word: str, value: Any) -> None:
    assert form.read(word, "it") == value and form.spell(value) == word


@pytest.mark.parametrize(
    ("form", "value", "sentence"),
    [
        (Number(-90, 90, "45", "degrees"), 90.5, "it must lie in [−90, 90] degrees; got 90.5."),
        (Number(0, 1, "0.5"), "half", "it must be a number, such as 0.5; got 'half'."),
        (OneOf({"a": "A", "b": "B"}), "c", "it must be one of a, b; got 'c'."),
        (SomeOf(2, 2, {"a": 0, "b": 0}), "a", "it must be 2 different keys out of a, b, separated by commas; got 'a'."),
        (SomeOf(0, 3, {"a": 0, "b": 0}), "a,a", "it must be up to 3 different keys out of a, b"),
        (Point(), "1;2", "it must be two numbers separated by a comma, such as -1.5,2; got '1;2'."),
        (RACE["noise"].form, "pink", "Unknown noise 'pink'. Choose from none, "),
    ],
    ids=lambda v: str(v)[:20],
)
def test_a_form_describes_its_legal_values(form: Any, value: Any, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        form.read(value, "it")
    assert str(refused.value).startswith(sentence) and str(refused.value).endswith(".")


@pytest.mark.parametrize("spec", [*RACE.values(), *MAPS.values(), *NETWORK.values()], ids=lambda spec: spec.key)
def test_every_setting_has_a_help_text(spec: Any) -> None:
    assert (
        spec.help[0].isupper() and spec.help.endswith(".") and spec.form.allowed and not spec.form.allowed.endswith(".")
    )


@pytest.mark.parametrize(("record", "specs"), [(Settings, RACE), (Map, MAPS), (Training, NETWORK)])
def test_every_field_that_a_user_sets_is_declared(record: Any, specs: Any) -> None:
    assert {field.name for field in dataclasses.fields(record)} - {"halved", "source"} == set(specs)
    assert all(getattr(record(), name) == spec.default for name, spec in specs.items())
    assert len({spec.key for spec in specs.values()}) == len(specs)
