"""The Streamlit pages. They show widgets, pass changes of settings on, and mount the player."""
