"""The server: the Streamlit app, and the routes for the files of the player.

`optiscope`, `python -m app` and `streamlit run app/main.py` all start here. Streamlit finds `app` by reading the source
of this file, so it has to be a plain assignment.
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
from app.player.routes import Preload, routes  # noqa: E402
from app.server import live_route, warm  # noqa: E402

_PAGE = Path(__file__).resolve().with_name("router.py")

# Outside `streamlit run`, creating the first App tells Streamlit where .streamlit/config.toml is. It must exist before
# `routes()` reads a setting, because Streamlit caches the configuration.
streamlit.App(_PAGE)

app = streamlit.App(
    _PAGE,
    routes=[*routes(), *live_route.routes()],
    middleware=[Middleware(Preload), Middleware(WholeRunFirst)],
)

warm.start()
