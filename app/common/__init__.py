"""The modules that all pages share: settings, racers, links, titles and numbers, without Streamlit."""
