"""Scripts that were taken away, run as a reader would."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import jax


def run_script(code: str) -> dict[str, Any]:
    """The names that a script leaves behind, and what it `printed`; it may promote dtypes as JAX does by itself."""
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
