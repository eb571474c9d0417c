"""The Tests page: which optimizers cope with which difficulties. Nothing here imports Streamlit."""
