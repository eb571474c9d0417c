"""The connection to the worker, in processes that all pages share."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import jax

from app.common import workers

QUICK = ("--xla_backend_optimization_level=0",)
QUICK_010 = ("--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1")
"""Flags with which XLA compiles in half the time: a matrix compiles 600 programs, and each runs for milliseconds. Those
of jaxlib 0.10 may be unknown to other versions, which end at an unknown flag."""
LOST = "The process that computes the tests ended, perhaps because memory ran out. Press Run to compute the rest."
MOST_PROCESSES = 4
"""Each process takes about half a gigabyte."""


class Process(workers.Process):
    """A worker in several processes: JAX traces programs in Python, which runs one thread of a process at a time."""

    def __init__(self) -> None:
        devices = [device for device in jax.local_devices() if device.platform == "cpu"]
        count = min(max(len(devices), 1), MOST_PROCESSES)
        share = f"--xla_force_host_platform_device_count={max(len(devices) // count, 1)}"
        quick = (*QUICK, *(QUICK_010 if metadata.version("jaxlib").startswith("0.10.") else ()))
        super().__init__("app.matrix.worker", LOST, (*quick, share), count)

    def share(self, k: int, *content: Any) -> tuple[Any, ...]:
        """The units k, k + n, k + 2n, … of n processes."""
        units, *settings = content
        return units[k :: len(self.processes)], *settings


shared = workers.Shared(Process)
"""Returns the worker that all pages share."""
