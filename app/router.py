"""The router: Streamlit runs this script for every page."""

import importlib
from collections.abc import Callable

import streamlit as st

from app.views import look
from app.views.pages import ADDRESSES

st.set_page_config(page_title="Optiscope", page_icon=look.icon(), layout="wide", initial_sidebar_state="collapsed")
look.apply()


def _shows(name: str) -> Callable[[], None]:
    """The function that shows a page."""

    def page() -> None:
        # imported here, so that the browser can start loading before Python imports JAX
        importlib.import_module(f"app.views.{name}").show()

    return page


pages = [
    st.Page(_shows(name), title=title, default=place == 0, url_path=name)
    for place, (name, title) in enumerate(ADDRESSES.items())
]
st.session_state["pages"] = pages
st.navigation(pages, position="hidden").run()
