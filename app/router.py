"""The router: which page is shown."""

import streamlit as st

from app.views import look

st.set_page_config(page_title="Optiscope", page_icon=look.icon(), layout="wide", initial_sidebar_state="collapsed")
look.apply()


def race() -> None:
    """The Race page; imported here, so that the browser has its work before Python imports JAX."""
    from app.views.race import show

    show()


def network() -> None:
    """The Network page."""
    from app.views.network import show

    show()


pages = [
    st.Page(race, title="Race", default=True, url_path="race"),
    st.Page(network, title="Network", url_path="network"),
]
st.session_state["pages"] = pages
st.navigation(pages, position="hidden").run()
