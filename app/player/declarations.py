"""Generates TypeScript declarations from the dataclasses of all records that are sent to the browser.

``python -m app.player.declarations`` writes the file, and ``--check`` checks whether it is up to date. Only the type
checker reads it.

The declaration of an array depends on its element type and its axes: ``NDArray[np.uint8]`` becomes a ``Uint8Array``,
and an array of any element type becomes an ``ArrayLike<number>``. An array has one axis unless its annotation names
more: ``Annotated[NDArray[np.float32], "runs, steps"]`` becomes ``Float32Array[]``, with one row for each run. If there
are several such texts, the array may have any of these forms.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from app.figures import marks
from app.player import scene

__all__ = ["declarations", "main"]

PATH = Path(__file__).parent / "web" / "core" / "records.d.ts"
ROOTS: tuple[type[Any], ...] = (scene.Scene, scene.Runs)
"""The records that are sent. All others are reachable through their fields."""
NAMES: dict[str, Any] = {"Kind": scene.Kind, "AnyMark": marks.AnyMark}
"""The type aliases of the TypeScript file."""
TAGGED = True
"""Whether every record is sent with its ``type``, the name of its class in lower case."""

HEAD = """\
// Written by `make docs` from the dataclasses of app/player/scene.py.

/** An array of numbers whose element type is left open. */
export type Numbers = ArrayLike<number>;
"""
SIMPLE = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "any"}
ARRAYS: dict[Any, str] = {
    np.float32: "Float32Array",
    np.float64: "Float64Array",
    np.int8: "Int8Array",
    np.int16: "Int16Array",
    np.int32: "Int32Array",
    np.uint8: "Uint8Array",
    np.uint16: "Uint16Array",
    np.uint32: "Uint32Array",
}


def declarations(roots: Iterable[type[Any]], names: Mapping[str, Any], tagged: bool = False) -> str:
    """The text with the declarations of `roots`, of all records in their fields, and of the aliases in `names`.

    With `tagged`, every record also has a ``type``: the name of its class in lower case.
    """
    parts = [HEAD]
    parts += [f"export type {name} = {_typescript(kind, {})};\n" for name, kind in names.items()]
    parts += [_interface(record, names, tagged) for record in _reachable(roots)]
    return "\n".join(parts)


def _reachable(roots: Iterable[type[Any]]) -> list[type[Any]]:
    """The records that are reachable through fields, sorted by name."""
    waiting, records = list(roots), set[type[Any]]()
    while waiting:
        record = waiting.pop()
        if record not in records:
            records.add(record)
            waiting += [other for hint in _hints(record).values() for other in _records(hint)]
    return sorted(records, key=lambda record: record.__name__)


def _hints(record: type[Any]) -> dict[str, Any]:
    """The types of a record's fields by name."""
    hints = get_type_hints(record, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(record)}


def _records(hint: Any) -> Iterator[type[Any]]:
    """Yield the records in a type."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint
    elif get_origin(hint) is not Literal:
        for argument in get_args(hint):
            yield from _records(argument)


def _interface(record: type[Any], names: Mapping[str, Any], tagged: bool) -> str:
    first = (record.__doc__ or "").strip().partition("\n")[0]
    lines = [f"  type: '{record.__name__.lower()}';"] if tagged else []
    lines += [f"  {name}: {_typescript(hint, names)};" for name, hint in _hints(record).items()]
    return "\n".join([f"/** {first} */", f"export interface {record.__name__} {{", *lines, "}", ""])


def _typescript(hint: Any, names: Mapping[str, Any]) -> str:
    """The TypeScript notation of a Python type.

    Raises:
        TypeError: if the type has no counterpart.
    """
    for name, kind in names.items():
        if hint == kind:
            return name
    if hint in SIMPLE:
        return SIMPLE[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint.__name__
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _array(arguments[0], arguments[1:])
    if origin is np.ndarray:
        return _array(hint, ())
    if origin is Literal:
        return " | ".join(_literal(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(_typescript(argument, names) for argument in arguments))
    if origin is tuple and arguments[-1] is not Ellipsis:
        return f"[{', '.join(_typescript(argument, names) for argument in arguments)}]"
    if origin in (tuple, list, Sequence):
        return _rows(_typescript(arguments[0], names))
    if origin in (dict, Mapping):
        key = "string" if arguments[0] is str else _typescript(arguments[0], names)
        return f"Record<{key}, {_typescript(arguments[1], names)}>"
    raise TypeError(f"{hint} has no counterpart in TypeScript")


def _array(hint: Any, shapes: tuple[Any, ...]) -> str:
    """The notation of an array: a typed array for the last axis, nested in a list for every other axis."""
    element = get_args(get_args(hint)[1])[0]
    flat = ARRAYS.get(element, "Numbers")
    forms = [flat if shape is None else flat + "[]" * shape.count(",") for shape in shapes or (None,)]
    return " | ".join(dict.fromkeys(forms))


def _rows(item: str) -> str:
    return f"({item})[]" if " | " in item else f"{item}[]"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or check with ``--check`` whether it is up to date. Return the exit status."""
    text = declarations(ROOTS, NAMES, TAGGED)
    if "--check" not in (sys.argv[1:] if arguments is None else arguments):
        PATH.write_text(text, encoding="utf-8")
        return 0
    if PATH.exists() and PATH.read_text("utf-8") == text:
        return 0
    print(f"{PATH} does not match the records: run `make docs`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
