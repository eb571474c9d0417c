"""The rules: each file holds one, and the folder is the registry."""
