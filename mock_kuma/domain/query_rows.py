"""Reads stored events for a query: only the columns that it names, each as its type.

A field that is not there holds "" or 0, as in ClickHouse. A test may have stored anything, so a value of
another type than its column's is read as best it can be.
Rule: every attribute of a row is of its column's type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from mock_kuma.domain.query_columns import COLUMNS, TYPES, empty
from mock_kuma.domain.query_types import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LOWEST: Final = -(1 << 63)
_HIGHEST: Final = (1 << 63) - 1
_STRICT: Final[dict[Type, Any]] = {
    Type.STRING: str,
    Type.INT64: Annotated[int, msgspec.Meta(ge=_LOWEST, le=_HIGHEST)],
    Type.FLOAT64: float,
    Type.NESTED: Any,
}
_NESTED_EVENTS: Final = "BaseEvents"


def reader(columns: Iterable[str]) -> Callable[[str, str | None], Any]:
    """Return what makes a row of an event's JSON text and the JSON text of its base events."""
    names = sorted(columns)
    if not names:
        return lambda _body, _nested: None
    shape = msgspec.defstruct(
        "Row", [(name, _STRICT[TYPES[COLUMNS[name]]], _default(name)) for name in names]
    )
    decode = msgspec.json.Decoder(shape).decode
    with_events = _NESTED_EVENTS in names

    def read(body: str, nested: str | None) -> Any:
        try:
            row: Any = decode(body)
        except msgspec.ValidationError:
            row = _lenient(shape, names, msgspec.json.decode(body))
        if with_events:
            row.BaseEvents = nested or ""
        return row

    return read


def _default(name: str) -> Any:
    value = empty(COLUMNS[name])
    return msgspec.field(default_factory=type(value)) if isinstance(value, list | dict) else value


def _lenient(shape: type, names: Iterable[str], event: dict[str, Any]) -> Any:
    return shape(**{name: _as_type(event[name], name) for name in names if event.get(name) is not None})


def _as_type(value: Any, name: str) -> Any:
    # GUESS: what the vendor's storage does with a value of the wrong type is not documented.
    match TYPES[COLUMNS[name]]:
        case Type.STRING:
            return value if isinstance(value, str) else msgspec.json.encode(value).decode()
        case Type.NESTED:
            return value
        case Type.FLOAT64:
            return _number(value, float, name)
        case _:
            number = _number(value, int, name)
            return number if _LOWEST <= number <= _HIGHEST else empty(COLUMNS[name])


def _number(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, str | int | float):
        return empty(COLUMNS[name])
    try:
        return kind(value)
    except ValueError:
        return empty(COLUMNS[name])
