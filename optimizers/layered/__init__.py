"""Rules that work on the matrices of a network: one file a rule, as in `optimizers/rules/`."""
