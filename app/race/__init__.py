"""The Race page without Streamlit: settings, runs, and everything that is shown of them."""
