"""The Network page without Streamlit: its settings, its runs and what is shown of them."""
