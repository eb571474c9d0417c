"""Benchmarks, which measure the app and its competitors in the same run and compare them by ratios."""
