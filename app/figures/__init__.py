"""Pure functions from surfaces and runs to plotly figures; they know no page."""
