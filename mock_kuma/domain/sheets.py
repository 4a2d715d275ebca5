"""Text with columns, as lists and dictionaries are imported: a header, then lines with as many fields.

Sources: REST API, 5.2 (csv and tsv of active lists) and 5.4 (a dictionary's file). It reads and writes
the text and knows nothing of what the columns mean. Rule: a sheet has distinct column names, and
every row has a field for each; anything else is refused with its line.

GUESS: bytes are UTF-8 with or without a byte order mark, empty lines are skipped, and tsv is quoted as csv
is; no page that was read says. A live import of such files would settle it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMMA: Final = ","
TAB: Final = "\t"
#: Wider sheets than this are nobody's, and larger ones would take more memory than their bytes let expect.
MAX_COLUMNS: Final = 256
MAX_FIELDS: Final = 4_000_000


class BadSheet(ValueError):
    """The text is no sheet: ``line`` (from 1, 0 for the whole text) and ``why``."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}" if self.line else self.why


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with the line of the text it begins in."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and its rows, in the order of the text."""

    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def text_of(data: bytes) -> str:
    """Return the text of an imported file."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSheet(0, f"not UTF-8 at byte {error.start}") from error


def read(data: bytes, *, delimiter: str, most: int) -> Sheet:
    """Return the sheet of a file with no more than ``most`` rows."""
    reader = csv.reader(io.StringIO(text_of(data), newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[SheetRow] = []
    line = 1
    try:
        for fields in reader:
            if not fields:
                pass
            elif not columns:
                columns = header(fields, line)
            elif len(fields) != len(columns):
                raise BadSheet(line, f"expected {len(columns)} fields as in the header, got {len(fields)}")
            elif len(rows) == most:
                raise BadSheet(line, f"more than {most} rows")
            elif len(rows) * len(columns) >= MAX_FIELDS:
                raise BadSheet(line, f"more than {MAX_FIELDS} fields")
            else:
                rows.append(SheetRow(line, tuple(fields)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadSheet(line, str(error)) from error
    if not columns:
        raise BadSheet(0, "a header line is required")
    return Sheet(columns, tuple(rows))


def header(fields: Sequence[str], line: int = 1) -> tuple[str, ...]:
    """Return the column names, once they are known to be distinct and not empty."""
    if not 0 < len(fields) <= MAX_COLUMNS:
        raise BadSheet(line, f"expected 1 to {MAX_COLUMNS} columns, got {len(fields)}")
    if "" in fields:
        raise BadSheet(line, "a column without a name")
    double = next((name for place, name in enumerate(fields) if name in fields[:place]), None)
    if double is not None:
        raise BadSheet(line, f"two columns are named {double[:64]!r}")
    return tuple(fields)


def write(columns: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = COMMA) -> str:
    """Return the text of a sheet: one line each, ended by a line feed."""
    text = io.StringIO(newline="")
    plain = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    # The writer does not see that a carriage return needs quotes, unless it ends its lines with one.
    quoted = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in (columns, *rows):
        writer = quoted if any("\r" in field for field in row) else plain
        writer.writerow(row)
    return text.getvalue()
