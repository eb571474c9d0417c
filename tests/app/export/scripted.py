"""Runs exported scripts."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import jax


def run_script(code: str) -> dict[str, Any]:
    """Run a script with JAX's default promotion of dtypes, and return its global names and the text `printed`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with (
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        contextlib.redirect_stdout(io.StringIO()) as printed,
    ):
        try:
            exec(compile(code, "script.py", "exec"), names)
        finally:
            jax.config.update("jax_enable_x64", False)  # which scripts set, and tests do not
    return {**names, "printed": printed.getvalue()}
