"""The text of an exported HTML page, read without a browser."""

from __future__ import annotations

import base64
import gzip
import re
from html.parser import HTMLParser

import pytest

from app.export.page import html
from app.player.scene import Scene, pack
from app.race import scene as made
from app.race.link import parse
from app.race.runs import Race


@pytest.fixture(scope="module")
def scene() -> Scene:
    return made.scene(Race(parse({"steps": ["37"], "racer": ["sgd"]})[0]))


class Page(HTMLParser):
    """The elements of a page with their attributes, and the texts of those that have an id."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._id = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._id = dict(attributes).get("id") or ""

    def handle_endtag(self, tag: str) -> None:
        self._id = ""

    def handle_data(self, data: str) -> None:
        if self._id:
            self.texts[self._id] = self.texts.get(self._id, "") + data

    def attribute(self, name: str) -> list[str | None]:
        """The values of an attribute in all elements."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.mark.parametrize(
    ("link", "offered"),
    [
        ("https://example.org/?v=1&steps=37", True),
        ("http://localhost:8501/?v=1", True),
        ("?v=1&steps=37", False),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,<b>", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_an_http_address_is_offered_as_the_way_back(scene: Scene, link: str, offered: bool) -> None:
    page = Page(html(scene, "Race", link))
    assert page.attribute("data-recording") == [link if offered else ""]


@pytest.mark.parametrize("title", ["</title><script>alert(1)</script>", "a \"b\" & 'c'", "<!-- --> ]]>"])
def test_a_title_cannot_add_elements(scene: Scene, title: str) -> None:
    plain, page = Page(html(scene, "Race")), Page(html(scene, title))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]


def test_the_page_contains_the_scene_and_all_modules_and_fetches_nothing(scene: Scene) -> None:
    content = html(scene, "Race")
    page = Page(content)
    assert gzip.decompress(base64.b64decode(page.texts["recording"])) == pack(scene)
    assert len(gzip.decompress(base64.b64decode(page.texts["plotly"]))) > 10**6
    assert not page.attribute("src") and not page.attribute("href")
    modules = re.findall(r'"([^"]+)": "data:text/javascript;base64,([^"]+)"', content.decode())
    sources = {name: base64.b64decode(code).decode() for name, code in modules}
    assert len(sources) > 30
    imported = {name for source in sources.values() for name in re.findall(r"""from ['"]([^'"]+)['"]""", source)}
    assert imported <= set(sources), imported - set(sources)


def test_the_theme_is_one_of_three(scene: Scene) -> None:
    pages = {theme: html(scene, "Race", theme=theme) for theme in ("light", "dark", "auto")}  # type: ignore[arg-type]
    assert len(set(pages.values())) == 3
    assert [theme for theme, page in pages.items() if b"@media (prefers-color-scheme: dark)" in page] == ["auto"]
    with pytest.raises(ValueError, match="light, dark, auto; got 'grey'"):
        html(scene, "Race", theme="grey")  # type: ignore[arg-type]
