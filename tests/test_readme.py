"""The README is run: its snippets, its commands, its pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippets_run_and_their_shapes_are_true(snippet: str) -> None:
    known: dict[str, object] = {}
    exec(compile(snippet, "README.md", "exec"), known)
    shapes = re.findall(r"^(\S+)\s+# (\([\d, ]+\))", snippet, flags=re.MULTILINE)
    assert shapes, "a snippet that states no shape shows nothing that could be wrong"
    for expression, shape in shapes:
        assert eval(f"{expression}.shape", known) == eval(shape), expression


def test_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [*re.findall(r"`make ([a-z-]+)`", README), *re.findall(r"^make ([a-z-]+)$", README, flags=re.MULTILINE)]
    assert {"run", "test", "bench"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_links_and_pictures_exist() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    paths = re.findall(r"\]\((?!https?:)([^)#]+)\)", prose)
    assert len(paths) >= 3
    for path in paths:
        assert (ROOT / path).exists(), path


def test_every_named_picture_is_made_by_a_script() -> None:
    script = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("pictures.py", "cost.py"))
    for name in re.findall(r"docs/pictures/([\w-]+)\.png", README):
        base = re.sub(r"-(light|dark)$", "", name)  # those of the views are made in both
        assert f'"{name}"' in script or f'"{base}"' in script, name
