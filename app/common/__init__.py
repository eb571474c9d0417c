"""What the pages share: racers, links, titles and numbers, without Streamlit."""
