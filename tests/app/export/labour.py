"""The function that the workers in tests carry out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def work(order: str, tell: Callable[[float], None]) -> int:
    """Carry out an order, and return the process id."""
    if order == "refuse":
        raise ValueError("no such thing")
    if order == "exhaust":
        raise MemoryError
    if order == "die":
        os._exit(3)
    if order == "print":
        print("a library has something to say")
    if order == "sleep":
        time.sleep(60)
    if order == "toil":
        for k in range(10_000):
            tell(k / 10_000)
            time.sleep(0.001)
    for k in range(1, 5):
        tell(k / 4)
        if order == "dawdle":
            time.sleep(0.2)
    return os.getpid()
