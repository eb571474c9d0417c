"""Declarations of the settings of a page.

Each setting is declared once, at a field of the page's record: its default, its legal values, its key in a link, its
meaning, and whether it changes a run or only the look. The link, the widgets, the cache keys, JSON, the command line
and the documentation read the declaration.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Query = dict[str, list[str]]
"""The keys of a link with their values as text."""
R = TypeVar("R", bound="DataclassInstance")


class Form:
    """The legal values of a setting, and how links, fields and the command line write them."""

    metavar = ""
    """The placeholder of a value in the command line's help, which does not offer settings without one."""

    @property
    def allowed(self) -> str:
        """The legal values, in words."""
        raise NotImplementedError

    def read(self, value: Any, name: str) -> Any:
        """Convert a text, or a value of the right type, to a legal value.

        Raises:
            Refused: if the value is not legal, with a sentence that names the setting, the value and what is allowed.
        """
        raise NotImplementedError

    def spell(self, value: Any) -> str:
        """The text of a value in a link."""
        return str(value)

    def typed(self, value: Any) -> str:
        """The text of a value in an input field."""
        return self.spell(value)

    def write(self, value: Any, key: str) -> Query:
        """The part of a link for a value."""
        return {key: [self.spell(value)]}

    def keys(self, key: str) -> str:
        """The keys of the setting in a link, in words."""
        return f"`{key}`"


@dataclasses.dataclass(frozen=True)
class Setting:
    """The declaration of one setting.

    Attributes:
        name: the field of the record.
        default: the value if a link does not mention the setting.
        form: the legal values, and how they are written.
        key: the key in a link, and the option of the command line.
        label: the label of the widget.
        help: the meaning, in a sentence.
        tab: the tab in which the page shows the widget, or empty if the page places it elsewhere.
        look: whether the setting changes only what is shown, and no run.
        always: whether the link of a record mentions the setting even at its default.
    """

    name: str
    default: Any
    form: Form
    key: str
    label: str
    help: str
    tab: str
    look: bool
    always: Callable[[Any], bool]

    @property
    def explained(self) -> str:
        """The meaning and the legal values, in sentences."""
        allowed = self.form.allowed
        return f"{self.help} {allowed[0].upper()}{allowed[1:]}."

    def read(self, value: Any) -> Any:
        """Convert a user's input to a legal value.

        Raises:
            Refused: if it is not legal.
        """
        return self.form.read(value, self.key)

    def write(self, record: Any) -> Query:
        """The part of a link for this setting; empty if the value is the default."""
        value = getattr(record, self.name)
        return self.form.write(value, self.key) if self.always(record) or value != self.default else {}


Settings = Mapping[str, Setting]


def setting(
    default: Any,
    form: Form,
    *,
    help: str,
    key: str = "",
    label: str = "",
    tab: str = "",
    look: bool = False,
    always: bool | Callable[[Any], bool] = False,
) -> Any:
    """Declare a field of a page's record as a setting.

    Args:
        default: the value if a link does not mention the setting.
        form: the legal values, and how they are written.
        help: the meaning, in a sentence.
        key: the key in a link, by default the name of the field.
        label: the label of the widget, by default the name of the field.
        tab: the tab in which the page shows the widget, or empty if the page places it elsewhere.
        look: whether the setting changes only what is shown, and no run.
        always: whether a link mentions the setting even at its default, or a function of the record that decides this.
    """
    mentioned = always if callable(always) else lambda record: bool(always)
    spec = Setting("", default, form, key, label, help, tab, look, mentioned)
    return dataclasses.field(default=default, metadata={"setting": spec})


def declared(record: Any, **forms: Form) -> Settings:
    """The settings of a record by the names of their fields, in the order of their declarations.

    A field that a subclass declares again has the position of its last declaration.

    Args:
        forms: forms that replace the declared ones, for settings whose choices are known only outside the record.
    """
    specs: Settings = _declared(record)
    return {**specs, **{name: dataclasses.replace(specs[name], form=form) for name, form in forms.items()}}


@functools.cache
def _declared(record: Any) -> Settings:
    order: dict[str, None] = {}
    for cls in reversed(record.__mro__):
        for name in inspect.get_annotations(cls):
            order.pop(name, None)
            order[name] = None
    specs = {field.name: field.metadata.get("setting") for field in dataclasses.fields(record)}
    return {
        name: dataclasses.replace(
            spec, name=name, key=spec.key or name, label=spec.label or name.replace("_", " ").capitalize()
        )
        for name in order
        if (spec := specs.get(name))
    }


def with_value(record: R, spec: Setting, value: Any) -> R:
    """A copy of the record with another value of one setting.

    Raises:
        Refused: if the value is not legal.
    """
    return dataclasses.replace(record, **{spec.name: spec.read(value)})


def without_looks(record: R, **changes: Any) -> R:
    """A copy of the record with `changes`, in which all settings that change only the look have their defaults."""
    return dataclasses.replace(record, **{**_looks(type(record)), **changes})


@functools.cache
def _looks(record: Any) -> Mapping[str, Any]:
    return {spec.name: spec.default for spec in _declared(record).values() if spec.look}
