"""The regularizers, one in each file."""
