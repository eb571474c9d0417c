"""The parts that several pages share."""

from __future__ import annotations

import pytest

from app.views.pages import ADDRESSES
from app.views.parts import base_of


@pytest.mark.parametrize("root", ["http://localhost:8501/", "https://example.org/tools/optiscope/"])
def test_the_base_address_is_found_on_every_page(root: str) -> None:
    for address in (root, root.rstrip("/"), *(f"{root}{name}{end}" for name in ADDRESSES for end in ("", "/"))):
        assert base_of(address) == root


def test_there_is_no_base_address_without_a_server() -> None:
    assert base_of("") == ""
