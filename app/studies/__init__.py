"""The Studies page: experiments over many runs, each of which shows a statement. Nothing here imports Streamlit."""
