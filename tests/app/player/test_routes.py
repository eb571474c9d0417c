"""The routes of the player's files, requested through Starlette without a network."""

from __future__ import annotations

import gzip
import importlib
import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

import plotly
import pytest
from starlette.responses import HTMLResponse, Response, StreamingResponse

from tests.app.asking import get

# as an attribute, `app.player.routes` is the function of that name
served = importlib.import_module("app.player.routes")
WEB = Path(served.__file__).parent / "web"
FILES = sorted(p.relative_to(WEB).as_posix() for p in WEB.rglob("*") if p.suffix in (".js", ".css"))


def _address(name: str) -> str:
    return f"/player/{served.version()}/{name}"


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_with_its_type_and_cached_forever(name: str) -> None:
    status, headers, body = get(_address(name))
    assert status == 200 and body == (WEB / name).read_bytes()
    kind = "text/javascript" if name.endswith(".js") else "text/css"
    assert headers["content-type"] == f"{kind}; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    cache = headers["cache-control"]
    assert "immutable" in cache and int(re.findall(r"max-age=(\d+)", cache)[0]) >= 365 * 24 * 3600


def test_the_addresses_of_the_entry_and_plotly_are_served() -> None:
    assert get(served.index_path())[2] == (WEB / "index.js").read_bytes()
    status, headers, body = get(served.plotly_path())
    assert status == 200 and headers["content-type"].startswith("text/javascript")
    assert b"plotly.js v" in body[:200] and len(body) > 1e6
    assert plotly.__version__ in served.plotly_path()


def test_imports_of_modules_and_style_sheets_are_served() -> None:
    """Modules name each other without a version: a missing file would leave the page empty."""
    imported = set()
    for name in FILES:
        for other in re.findall(r"(?:from |@import url\()'([^']+)'", (WEB / name).read_text()):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), other))
            assert path in FILES, f"{name} imports {other}"
            imported.add(path)
    assert set(FILES) - imported == {"index.js", "style.css"}


@pytest.mark.parametrize("accept", ["gzip", "br, gzip;q=0.5", "*", "GZIP", "gzip;q=1.0"])
def test_files_are_compressed_if_the_browser_accepts_it(accept: str) -> None:
    status, headers, body = get(_address("stage/player.js"), accept_encoding=accept)
    assert status == 200 and headers["content-encoding"] == "gzip" and headers["vary"] == "accept-encoding"
    assert gzip.decompress(body) == (WEB / "stage" / "player.js").read_bytes()
    assert int(headers["content-length"]) == len(body) < len(gzip.decompress(body))


@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000", "x-gzipped"])
def test_files_are_not_compressed_otherwise(accept: str) -> None:
    status, headers, body = get(_address("stage/player.js"), accept_encoding=accept)
    assert status == 200 and "content-encoding" not in headers and body == (WEB / "stage" / "player.js").read_bytes()


def test_the_address_changes_with_the_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web = tmp_path / "web"
    shutil.copytree(WEB, web)
    monkeypatch.setattr(served, "WEB", web)
    before = served.version()
    assert served.version.__wrapped__() == before
    clock = web / "core" / "clock.js"
    text = clock.read_text()
    clock.write_text(text + "\n")
    assert served.version.__wrapped__() != before
    clock.write_text(text)
    clock.rename(web / "drawing" / "clock.js")
    assert served.version.__wrapped__() != before


@pytest.mark.parametrize(
    "path",
    [
        "/player/{v}/nothing.js",
        "/player/{v}/clock.js",
        "/player/{v}/core",
        "/player/{v}/core/../index.js",
        "/player/{v}/core//clock.js",
        "/player/{v}/core/../../routes.py",
        "/player/{v}/",
        "/player/0000/index.js",
        "/player/{v}/../routes.py",
        "/player/{v}/..%2Froutes.py",
        "/player/{v}/%2e%2e/routes.py",
        "/player/{v}/....//routes.py",
        "/player/{v}//etc/passwd",
        "/player/../../../etc/passwd",
        "/player/{v}/index.js%00.css",
        "/player/{v}/index.py",
        "/player/{v}/plotly.min.js",
        "/player/..",
    ],
)
def test_nothing_else_is_served(path: str) -> None:
    status, headers, body = get(path.format(v=served.version()))
    assert status == 404 and b"import" not in body and b"root:" not in body
    assert "immutable" not in headers.get("cache-control", "")


def test_a_base_path_moves_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.st, "get_option", lambda name: "/lectures/" if name == "server.baseUrlPath" else None)
    assert served.index_path().startswith("/lectures/player/")
    assert get(served.index_path())[0] == 200
    assert get(served.index_path().removeprefix("/lectures"))[0] == 404


PAGE = b"<html><head><title>x</title></head><body></body></html>"


def _behind(response: Any) -> Any:
    return served.Preload(response)


def test_a_page_preloads_the_player_and_plotly() -> None:
    status, head, body = get("/", _behind(HTMLResponse(PAGE)))
    assert status == 200 and head["content-length"] == str(len(body))
    before, after = PAGE.split(b"</head>")
    assert body.startswith(before) and body.endswith(b"</head>" + after)
    asked = re.findall(r'href="([^"]+)"', body.decode())
    assert served.plotly_path() in asked and served.index_path() in asked
    for address in asked:
        assert get(address)[0] == 200, address


def test_other_responses_are_not_changed() -> None:
    zipped = gzip.compress(PAGE)
    for response in (
        Response(PAGE, media_type="text/plain"),
        HTMLResponse(PAGE, status_code=404),
        HTMLResponse(zipped, headers={"content-encoding": "gzip"}),
    ):
        status, head, body = get("/", _behind(response))
        assert (status, body, head) == (response.status_code, response.body, dict(response.headers))


def test_a_page_in_chunks_and_one_without_a_body() -> None:
    async def pieces() -> Any:
        for k in range(0, len(PAGE), 7):
            yield PAGE[k : k + 7]

    whole = get("/", _behind(HTMLResponse(PAGE)))[2]
    assert get("/", _behind(StreamingResponse(pieces(), media_type="text/html")))[2] == whole
    _, head, body = get("/", _behind(HTMLResponse(b"", headers={"content-length": "57"})), method="HEAD")
    assert body == b"" and head["content-length"] == "57"
