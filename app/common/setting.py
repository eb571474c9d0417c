"""Settings of a page. Each is declared once, at a field of the page's record: its default, its legal values, its key in
a link, its meaning, and whether it changes a run or only the look. The link, the widgets, the cache keys, JSON, the
command line and the documentation read the declaration.
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
"""The keys of a link, each with its words."""
R = TypeVar("R", bound="DataclassInstance")


class Form:
    """The legal values of a setting, and how links, fields and the command line write them."""

    metavar = ""
    """The word for a value in the command's help; a setting without one is not offered there."""

    @property
    def allowed(self) -> str:
        """The legal values, in words."""
        raise NotImplementedError

    def read(self, value: Any, name: str) -> Any:
        """The legal value that a word, or a value of the right type, stands for.

        Raises:
            Refused: in a sentence that names the setting, the value and what is allowed.
        """
        raise NotImplementedError

    def spell(self, value: Any) -> str:
        """A value as a word of a link."""
        return str(value)

    def typed(self, value: Any) -> str:
        """A value as a field shows it."""
        return self.spell(value)

    def write(self, value: Any, key: str) -> Query:
        """A value as a part of a link."""
        return {key: [self.spell(value)]}

    def keys(self, key: str) -> str:
        """The keys of a link that the setting takes, in words."""
        return f"`{key}`"


@dataclasses.dataclass(frozen=True)
class Setting:
    """The declaration of one setting.

    Attributes:
        name: the field of the record.
        default: the value where a link does not mention the setting.
        form: the legal values, and how they are written.
        key: the key in a link, and the option of the command line.
        label: the label of the widget.
        help: the meaning, in a sentence.
        tab: the tab under which the page shows the widget, if it has no place of its own.
        look: whether it changes only what is shown, and no run.
        always: whether the link of a record mentions it at its default, too.
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
        """The value that a user's word stands for.

        Raises:
            Refused: if it is not legal.
        """
        return self.form.read(value, self.key)

    def write(self, record: Any) -> Query:
        """What a link says of this setting; nothing where the default stands for it."""
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
        default: its value where a link does not mention it.
        form: the legal values, and how they are written.
        help: its meaning, in a sentence.
        key: its key in a link; the name of the field unless given.
        label: of its widget; the name of the field unless given.
        tab: the tab under which the page shows its widget; without one the page places it itself.
        look: whether it changes only what is shown, and no run.
        always: whether a link mentions it at its default, too; or a function of the record that says so.
    """
    mentioned = always if callable(always) else lambda record: bool(always)
    spec = Setting("", default, form, key, label, help, tab, look, mentioned)
    return dataclasses.field(default=default, metadata={"setting": spec})


def declared(record: Any, **forms: Form) -> Settings:
    """The settings of a record by the names of their fields, in the order in which its class declares them.

    A field that a subclass declares again takes its place there.

    Args:
        forms: of settings whose choices are known only outside the record, in the place of those declared.
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
    """The record with one setting as a user gives it, and nothing else changed.

    Raises:
        Refused: if the value is not legal.
    """
    return dataclasses.replace(record, **{spec.name: spec.read(value)})


def without_looks(record: R, **changes: Any) -> R:
    """The record with `changes`, and with each setting that changes only the look at its default."""
    return dataclasses.replace(record, **{**_looks(type(record)), **changes})


@functools.cache
def _looks(record: Any) -> Mapping[str, Any]:
    return {spec.name: spec.default for spec in _declared(record).values() if spec.look}
