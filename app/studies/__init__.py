"""The Studies page: experiments over many runs, each of which tests a statement. Nothing here imports Streamlit."""
