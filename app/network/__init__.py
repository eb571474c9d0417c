"""The Network page without a word of Streamlit: its settings, its runs, and what is seen of them."""
