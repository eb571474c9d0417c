"""The connection to the worker, in a process that all pages share."""

from __future__ import annotations

from importlib import metadata

from app.common import workers

QUICK = ("--xla_backend_optimization_level=0",)
QUICK_010 = ("--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1")
"""Flags with which XLA compiles in half the time: a matrix compiles 600 programs, and each runs for milliseconds. Those
of jaxlib 0.10 may be unknown to other versions, which end at an unknown flag."""
LOST = "The process that computes the tests ended, perhaps because memory ran out. Press Run to compute the rest."


class Process(workers.Process):
    """A worker in a separate process."""

    def __init__(self) -> None:
        flags = (*QUICK, *(QUICK_010 if metadata.version("jaxlib").startswith("0.10.") else ()))
        super().__init__("app.matrix.worker", LOST, flags)


shared = workers.Shared(Process)
"""Returns the worker that all pages share."""
