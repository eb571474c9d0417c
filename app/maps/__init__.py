"""The Maps page without Streamlit: settings, grids of runs, and everything that is shown of them."""
