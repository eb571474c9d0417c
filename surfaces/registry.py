"""Registries: every module of a package declares one class, whose key is the name of the module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")


def discover(package: str, base: type[T], order: Callable[[type[T]], Any]) -> Mapping[str, type[T]]:
    """The subclasses of `base` that the modules of `package` declare, each by its key.

    Every class gets its key as the attribute `key`.

    Args:
        package: the dotted name of the package, whose modules are imported.
        base: the common base class.
        order: the sort key of a class; classes with equal sort keys are sorted by their keys.

    Raises:
        TypeError: if a module declares no subclass of `base`, or several.
    """
    folder = importlib.import_module(package)
    classes: dict[str, type[T]] = {}
    for info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        declared = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        ]
        if len(declared) != 1:
            names = ", ".join(c.__name__ for c in declared) or "none"
            raise TypeError(f"{module.__name__} must declare exactly one {base.__name__}; it declares {names}")
        declared[0].key = info.name  # type: ignore[attr-defined]
        classes[info.name] = declared[0]
    return MappingProxyType(dict(sorted(classes.items(), key=lambda item: (order(item[1]), item[0]))))
