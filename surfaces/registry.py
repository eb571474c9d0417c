"""The shared vocabulary: a folder is the registry. One file declares one class; its name is the key."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")


def discover(package: str, base: type[T], order: Callable[[type[T]], Any]) -> Mapping[str, type[T]]:
    """Import every module of `package` and collect the one subclass of `base` that each declares.

    Raises:
        TypeError: if a file declares none or several, naming the file and what it holds.
    """
    folder = importlib.import_module(package)
    found: dict[str, type[T]] = {}
    for info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        own = [
            v
            for v in vars(module).values()
            if isinstance(v, type) and issubclass(v, base) and v.__module__ == module.__name__
        ]
        if len(own) != 1:
            names = ", ".join(c.__name__ for c in own) or "none"
            raise TypeError(f"{module.__name__} must declare exactly one {base.__name__}; it declares {names}")
        own[0].key = info.name  # type: ignore[attr-defined]
        found[info.name] = own[0]
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (order(item[1]), item[0]))))
