"""The rules that need the matrices of a network: each file holds one, as in `optimizers/rules/`."""
