"""The server: Streamlit's page and, beside it, the files the player asks for.

`optiscope`, `python -m app` and `streamlit run app/main.py` all come here. Streamlit finds `app` by reading
this file, so it stays a plain assignment.
"""

import sys
from pathlib import Path

# `streamlit run` puts this folder on the import path, not the one above it, where the packages are.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from app.server import environment  # noqa: E402

environment.prepare()  # before anything below imports JAX

import streamlit  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from app.player.reconnected import WholeRunFirst  # noqa: E402
from app.player.routes import Ahead, routes  # noqa: E402
from app.server import live_route, warm  # noqa: E402

_PAGE = Path(__file__).resolve().with_name("router.py")

# Outside `streamlit run`, the first App made tells Streamlit where .streamlit/config.toml is. That has to be
# known before `routes()` reads a setting, for what is read once is kept.
streamlit.App(_PAGE)

app = streamlit.App(
    _PAGE,
    routes=[*routes(), *live_route.routes()],
    middleware=[Middleware(Ahead), Middleware(WholeRunFirst)],
)

warm.start()
