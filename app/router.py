"""The router: which page is shown."""

import streamlit as st

from app.views import look, race

st.set_page_config(page_title="Optiscope", page_icon="◎", layout="wide", initial_sidebar_state="collapsed")
look.apply()
st.navigation([st.Page(race.show, title="Race", default=True, url_path="race")], position="top").run()
