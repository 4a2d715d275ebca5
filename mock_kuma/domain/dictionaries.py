"""A dictionary's table: columns, the first of which is the key, and rows of text.

Sources: "Updating a dictionary" 234105 (REST API, 5.4) and a public client. A dictionary is a resource,
and its table is part of the payload, so that exporting, importing and reverting carry it along.
Rule: a key is in a table once, and an update keeps the column names.

GUESS: the payload is ``{"type": "table" | "dictionary", "columns": [...], "rows": [[...]]}``; no payload of
this kind was seen, on a live server it can be read at GET /resources/dictionary/{id}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, field

from mock_kuma.domain import sheets
from mock_kuma.domain.problems import BadInput, Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLE: Final = "table"
_TYPES: Final = frozenset({TABLE, "dictionary"})
# GUESS: a table takes so many rows; the vendor names no limit.
MAX_ROWS: Final = 50_000

_Row = list[str]


class Table(msgspec.Struct, frozen=True):
    """The part of a dictionary's payload that this module knows; other fields are left alone."""

    columns: Annotated[list[str], Meta(min_length=1)] = field(default_factory=lambda: ["key", "value"])
    rows: Annotated[list[_Row], Meta(max_length=MAX_ROWS)] = []
    type: str = TABLE


def read(payload: Mapping[str, Any]) -> Table:
    """Return the table of a payload, or raise what is wrong with it."""
    try:
        table = msgspec.convert(payload, Table)
        sheets.header(table.columns)
    except (msgspec.ValidationError, sheets.BadSheet) as error:
        raise BadInput("invalid value", f"payload: {error}") from error
    if table.type not in _TYPES:
        raise BadInput("invalid value", "payload.type")
    width = len(table.columns)
    seen: set[str] = set()
    for place, row in enumerate(table.rows):
        if len(row) != width or not row[0] or row[0] in seen:
            raise BadInput("invalid value", f"payload.rows[{place}]")
        seen.add(row[0])
    return table


def from_csv(data: bytes, columns: Sequence[str]) -> list[_Row]:
    """Return the rows of an update's file, whose header must be the table's."""
    try:
        sheet = sheets.read(data, delimiter=sheets.COMMA, most=MAX_ROWS)
    except sheets.BadSheet as error:
        raise BadInput("request body decode failed", str(error)) from error
    if list(sheet.columns) != list(columns):
        # GUESS: this and the next row of the page's table were cut; the words follow its others.
        raise BadInput("invalid value", f"file[1]: the header must be {','.join(columns)}")
    seen: set[str] = set()
    for row in sheet.rows:
        if not row.fields[0] or row.fields[0] in seen:
            raise BadInput("invalid value", f"file[{row.line}]: keys must be there and unique")
        seen.add(row.fields[0])
    return [list(row.fields) for row in sheet.rows]


def to_csv(table: Table) -> str:
    """Return the table as the text that an update takes back."""
    return sheets.write(table.columns, table.rows)


def with_row(table: Table, key: str, values: Mapping[str, Any], *, overwrite: bool) -> list[_Row]:
    """Return the rows with one more; columns that are not named stay empty.

    GUESS: a key that is there already is a conflict unless it may be overwritten.
    """
    key_column = table.columns[0]
    for name, value in values.items():
        if name not in table.columns or not isinstance(value, str):
            raise BadInput("invalid value", name)
        if name == key_column and value != key:
            raise BadInput("invalid value", name)
    row = [key, *(values.get(name, "") for name in table.columns[1:])]
    place = _place(table, key)
    if place is not None:
        if not overwrite:
            raise Conflict(key, "row already exists")
        return [*table.rows[:place], row, *table.rows[place + 1 :]]
    if len(table.rows) >= MAX_ROWS:
        raise BadInput("invalid value", f"rowKey: a dictionary has at most {MAX_ROWS} rows")
    return [*table.rows, row]


def without_row(table: Table, key: str) -> list[_Row] | None:
    """Return the rows without that of the key, or None where it is not there."""
    place = _place(table, key)
    return None if place is None else [*table.rows[:place], *table.rows[place + 1 :]]


def _place(table: Table, key: str) -> int | None:
    return next((place for place, row in enumerate(table.rows) if row[0] == key), None)
