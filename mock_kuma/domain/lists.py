"""What an active list or a context table holds, and the three formats in which it travels.

Sources: "Importing entries into an active list" 222252 and 269915 (REST API, 5.2), context tables (5.3);
the internal format is a JSON object a line, as in the examples of a public client. Rule: a key is in a
list once, and text that cannot be read as the format says changes nothing.

GUESS: contents that cannot be read are the correlator's refusal, "correlator API request failed" with the
line in the details; the rows of the page for this were cut.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from mock_kuma.domain import sheets
from mock_kuma.domain.problems import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# GUESS: a list takes so many records, so many bytes, and keys of so many; the vendor names no limit.
MAX_RECORDS: Final = 200_000
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_KEY: Final = 1_024
#: The number that a public client's examples give a text in a context table.
_TEXT_CELL: Final = 3


class Kind(StrEnum):
    """What lives on a correlator; the words are those of the resources that define them."""

    ACTIVE_LIST = "activeList"
    CONTEXT_TABLE = "contextTable"


class Format(StrEnum):
    """How records are written in a file."""

    CSV = "csv"
    TSV = "tsv"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: ``record`` is the JSON text of its fields, ``count`` how often it was seen."""

    key: str
    record: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a context table and which of them are its key; without names, any field may come."""

    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class CorrelatorUnavailable(Problem):
    """The correlator is known and does not run, so the Core cannot ask it."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service

    def __str__(self) -> str:
        return f"correlator {self.service} is not running"


Count = Annotated[int, Meta(ge=0, lt=2**31)]


class _ActiveLine(msgspec.Struct, frozen=True):
    key: str
    # GUESS: the fields of an active list are texts; a public client joins them as such.
    record: dict[str, str]
    count: Count = 1


class _Cell(msgspec.Struct, frozen=True):
    type: Annotated[int, Meta(ge=0, lt=2**31)]
    value: str | bool | int | float | list[str | int | float] | None


class _ContextLine(msgspec.Struct, frozen=True):
    record: Annotated[dict[str, _Cell], Meta(min_length=1)]
    count: str = "1"


class _Field(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1)]
    key: bool = False


class _Schema(msgspec.Struct, frozen=True):
    fields: list[_Field] = []


_ACTIVE: Final = msgspec.json.Decoder(_ActiveLine, strict=False)
# Numbers come as text and as numbers; a cell's value stays what it is.
_CONTEXT: Final = msgspec.json.Decoder(_ContextLine)


def fields_of(payload: Mapping[str, Any]) -> Fields:
    """Return the fields that a context table's resource defines.

    GUESS: they are ``{"fields": [{"name", "key"}]}`` in its payload; no payload of this kind was seen.
    Without key fields every field belongs to the key.
    """
    try:
        schema = msgspec.convert(payload, _Schema)
    except msgspec.ValidationError as error:
        raise BadInput("invalid value", f"payload: {error}") from error
    return Fields(
        tuple(field.name for field in schema.fields),
        tuple(field.name for field in schema.fields if field.key),
    )


def active_records(data: bytes, *, format: Format, key_field: str) -> list[Record]:  # noqa: A002 -- the vendor's word
    """Return the records of an active list's file; ``key_field`` is a column of csv and tsv."""
    if format is Format.INTERNAL:
        lines = _decoded(data, _ACTIVE)
        return unique((at, record_of(line.key, line.record, line.count)) for at, line in lines)
    sheet = _sheet(data, format)
    if key_field not in sheet.columns:
        raise _refused(1, f"the header has no column {key_field[:64]!r}")
    place = sheet.columns.index(key_field)
    # GUESS: the key's column is not a field of the record as well; the client's examples look like it.
    others = [column for column in sheet.columns if column != key_field]
    return unique(
        (row.line, record_of(row.fields[place], dict(zip(others, _without(row.fields, place), strict=True))))
        for row in sheet.rows
    )


def context_records(data: bytes, *, format: Format, fields: Fields) -> list[Record]:  # noqa: A002 -- the vendor's word
    """Return the records of a context table's file."""
    if format is Format.INTERNAL:
        return unique(
            (at, context_record(line.record, fields, at=at, count=_count(line.count, at)))
            for at, line in _decoded(data, _CONTEXT)
        )
    sheet = _sheet(data, format)
    return unique(
        (
            row.line,
            context_record(text_cells(dict(zip(sheet.columns, row.fields, strict=True))), fields, row.line),
        )
        for row in sheet.rows
    )


def record_of(key: str, record: Mapping[str, str], count: int = 1) -> Record:
    """Return a record of an active list."""
    return Record(key, msgspec.json.encode(record).decode(), count)


def text_cells(values: Mapping[str, str]) -> dict[str, _Cell]:
    """Return texts as the cells of a context table.

    GUESS: every cell of a csv becomes text; the numbers of other types are not known.
    """
    return {name: _Cell(_TEXT_CELL, value) for name, value in values.items()}


def context_record(record: Mapping[str, _Cell], fields: Fields, at: int, count: int = 1) -> Record:
    """Return a record of a context table; its key is a digest of its key fields."""
    unknown = next((name for name in record if fields.names and name not in fields.names), None)
    if unknown is not None:
        raise _refused(at, f"the context table has no field {unknown[:64]!r}")
    missing = next((name for name in fields.keys if name not in record), None)
    if missing is not None:
        raise _refused(at, f"the key field {missing!r} is missing")
    parts = [[name, record[name].value] for name in fields.keys or sorted(record)]
    key = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
    return Record(key, msgspec.json.encode(record).decode(), count)


def internal(kind: Kind, records: Iterable[Record]) -> str:
    """Return records in the internal format, one JSON object a line."""
    if kind is Kind.CONTEXT_TABLE:
        return "".join(f'{{"count":"{one.count}","record":{one.record}}}\n' for one in records)
    return "".join(
        f'{{"key":{msgspec.json.encode(one.key).decode()},"record":{one.record},"count":{one.count}}}\n'
        for one in records
    )


def unique(lines: Iterable[tuple[int, Record]]) -> list[Record]:
    """Return the records of these lines, once their keys are known to be sound and unique."""
    seen: dict[str, Record] = {}
    size = 0
    for at, one in lines:
        # A short line under long column names is a large record.
        size += len(one.record)
        if size > MAX_BYTES:
            raise _refused(at, f"more than {MAX_BYTES} bytes of records")
        if not one.key or len(one.key.encode()) > MAX_KEY or "\0" in one.key:
            raise _refused(at, f"a key has 1 to {MAX_KEY} bytes and no NUL")
        if one.key in seen:
            raise _refused(at, f"the key {one.key[:64]!r} is there twice; key values must be unique")
        seen[one.key] = one
    return list(seen.values())


def _without(fields: Sequence[str], place: int) -> list[str]:
    return [*fields[:place], *fields[place + 1 :]]


def _sheet(data: bytes, format: Format) -> sheets.Sheet:  # noqa: A002 -- the vendor's word
    delimiter = sheets.TAB if format is Format.TSV else sheets.COMMA
    try:
        return sheets.read(data, delimiter=delimiter, most=MAX_RECORDS)
    except sheets.BadSheet as error:
        raise _refused(error.line, error.why) from error


def _decoded(data: bytes, decoder: msgspec.json.Decoder[Any]) -> Iterator[tuple[int, Any]]:
    found = 0
    for at, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        found += 1
        if found > MAX_RECORDS:
            raise _refused(at, f"more than {MAX_RECORDS} records")
        try:
            yield at, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _refused(at, str(error)) from error


def _count(text: str, at: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 -- below 2**31
        return int(text)
    raise _refused(at, "count: expected a whole number")


def _refused(line: int, why: str) -> BadInput:
    return BadInput("correlator API request failed", f"line {line}: {why}" if line else why)
