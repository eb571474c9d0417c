"""A scene as a single HTML file that plays it with the same player, without a server or a network connection.

Text from outside is escaped, and the recording is base64, which cannot contain markup.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal
from urllib.parse import urlsplit

from app.export.about import version
from app.player.scene import Scene, pack

__all__ = ["Theme", "html"]

Theme = Literal["light", "dark", "auto"]
WEB = "player/web"
IMPORT = re.compile(r"from '(\.{1,2}/[^']+)'")
SHEET = re.compile(r"@import url\('([^']+)'\);")

# The policy forbids all requests. Without it, plotly.js could fetch maps of the world.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' data:; \
style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width">
<meta name="generator" content="Optiscope {version}">
<meta name="description" content="{description}">
<meta name="permalink" content="{link}">
<title>{title}</title>
<style>
{colors}
{style}</style>
</head>
<body>
<h1>{title}</h1>
<p class="caption">{caption}</p>
<div class="optiscope-player" data-testid="player" data-kind="{kind}" data-recording="{back}">
<p>To play, this page needs JavaScript and a browser from 2023 or later: Chrome 112, Firefox 117, Safari 16.5.</p>
</div>
<!-- plotly.js, © Plotly, Inc., under the MIT license: gzip, base64 -->
<script type="text/plain" id="plotly">{plotly}</script>
<script type="text/plain" id="recording">{recording}</script>
<script type="importmap">{modules}</script>
<script type="module">
{script}</script>
</body>
</html>
"""


def html(scene: Scene, title: str, link: str = "", theme: Theme = "auto") -> bytes:
    """The bytes of an HTML file that plays `scene` under the heading `title`.

    Args:
        link: the permalink. If it is an http address, not only a query, the file offers it as the way back to the app.
        theme: "auto" follows the setting of the reader's system.

    Raises:
        ValueError: if the theme is unknown.
    """
    if theme not in _colors():
        raise ValueError(f"theme must be one of {', '.join(_colors())}; got {theme!r}")
    back = link if urlsplit(link).scheme in ("http", "https") else ""
    caption = f"A: {scene.caption} — B: {scene.beside.caption}" if scene.beside else scene.caption
    words = {"title": title, "link": link, "back": back, "caption": caption, "description": scene.description}
    return PAGE.format(
        **{name: escape(text) for name, text in words.items()},
        version=version(),
        colors=_colors()[theme],
        kind=scene.kind,
        recording=_packed(pack(_recorded(scene))),
        **_parts(),
    ).encode()


def _recorded(scene: Scene) -> Scene:
    """The scene as a recording. Hidden racers without marks cannot be shown again, and their cards say so."""
    drawn = {mark.racer for panel in scene.panels for mark in panel.marks}
    why = "It was hidden when this was recorded."
    cards = (
        dataclasses.replace(card, status="not recorded", why=why, settled=0)
        if card.hidden and card.id not in drawn
        else card
        for card in scene.cards
    )
    return dataclasses.replace(scene, cards=tuple(cards), busy=False)


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, compresslevel=6, mtime=0)).decode()


@cache
def _parts() -> dict[str, str]:
    """The parts of the template that are the same in every file."""
    web = files("app") / WEB
    modules = {path: _address(path, text) for path, text in _texts(web, WEB) if path.endswith(".js")}
    return {
        "plotly": _packed((files("plotly") / "package_data" / "plotly.min.js").read_bytes()),
        "modules": json.dumps({"imports": dict(sorted(modules.items()))}, indent=0),
        "script": _resolved("export/page.js", (files(__package__) / "page.js").read_text("utf-8")),
        "style": _style(web) + (files(__package__) / "page.css").read_text("utf-8"),
    }


def _texts(folder: Traversable, below: str) -> Iterator[tuple[str, str]]:
    """Yield the paths and contents of all files below a folder, whose path is `below`."""
    for entry in folder.iterdir():
        path = posixpath.join(below, entry.name)
        if entry.is_dir():
            yield from _texts(entry, path)
        else:
            yield path, entry.read_text("utf-8")


def _address(path: str, module: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(_resolved(path, module).encode()).decode()}"


def _resolved(path: str, module: str) -> str:
    """Replace the relative imports of a module by paths in the app, which the import map resolves.

    A data: URL has no folder, so relative imports from it cannot be resolved.
    """
    folder = posixpath.dirname(path)
    return IMPORT.sub(lambda match: f"from '{posixpath.normpath(posixpath.join(folder, match[1]))}'", module)


def _style(web: Traversable) -> str:
    """The player's style sheets joined into one, in the order of the imports."""
    return SHEET.sub(lambda match: (web / match[1]).read_text("utf-8"), (web / "style.css").read_text("utf-8"))


@cache
def _colors() -> dict[str, str]:
    """The CSS variables that Streamlit sets around a player, read from the app's configuration, by theme."""
    themes = tomllib.loads((files("app") / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]

    def rule(name: str) -> str:
        variables = [f"--st-{re.sub('(?=[A-Z])', '-', key).lower()}: {color}" for key, color in themes[name].items()]
        return f":root {{ color-scheme: {name}; {'; '.join(variables)} }}"

    light, dark = rule("light"), rule("dark")
    return {"light": light, "dark": dark, "auto": f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}"}
