"""Text with columns: what is written is read, and what is no sheet is refused with its line."""

from __future__ import annotations

import pytest

from mock_kuma.domain import sheets

AWKWARD = ["", " ", "a,b", 'say "so"', "two\nlines", "tab\there", "я", "\u2028", "'", "\\", "\r"]


@pytest.mark.parametrize("delimiter", [sheets.COMMA, sheets.TAB])
def test_what_is_written_is_read(delimiter: str) -> None:
    """Quotes, delimiters and line ends inside a field survive."""
    rows = [[f"k{place}", text] for place, text in enumerate(AWKWARD)]
    text = sheets.write(["key", "value"], rows, delimiter=delimiter)

    sheet = sheets.read(text.encode(), delimiter=delimiter, most=100)

    assert sheet.columns == ("key", "value")
    assert [list(row.fields) for row in sheet.rows] == rows


def test_a_row_knows_the_line_it_begins_in() -> None:
    """Also after a field of two lines and an empty line."""
    sheet = sheets.read(b'a,b\n1,"x\ny"\n\n2,z\n', delimiter=sheets.COMMA, most=10)

    assert [row.line for row in sheet.rows] == [2, 5]


def test_a_sheet_has_no_more_fields_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commas are cheap to send and dear to hold."""
    monkeypatch.setattr(sheets, "MAX_FIELDS", 6)

    with pytest.raises(sheets.BadSheet, match="line 4: more than 6 fields"):
        sheets.read(b"a,b,c\n,,\n,,\n,,\n", delimiter=sheets.COMMA, most=100)


@pytest.mark.parametrize(
    ("data", "line", "why"),
    [
        (b"", 0, "a header line is required"),
        (b"\n\n", 0, "a header line is required"),
        (b"a,b\n1\n", 2, "expected 2 fields"),
        (b"a,b\n\n\n1,2,3\n", 4, "expected 2 fields"),
        (b"a,a\n", 1, "two columns are named 'a'"),
        (b"a,\n", 1, "a column without a name"),
        (b"a\n1\n2\n3\n", 4, "more than 2 rows"),
        (b'a\n"1', 2, "unexpected end of data"),
        (b"a\n\xff\n", 0, "not UTF-8 at byte 2"),
        (b"a" * 200_000, 1, "field larger"),
    ],
)
def test_what_is_no_sheet_is_refused(data: bytes, line: int, why: str) -> None:
    """With the line, where there is one."""
    with pytest.raises(sheets.BadSheet, match=why) as caught:
        sheets.read(data, delimiter=sheets.COMMA, most=2)

    assert caught.value.line == line


HOSTILE_CELLS = (
    "=cmd|'/c calc'!A1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    'a",="b',
    "a\n=1,2",
    ",=1",
    '"',
    "",
)


@pytest.mark.parametrize("cell", HOSTILE_CELLS)
def test_a_hostile_cell_stays_the_cell_that_it_is(cell: str) -> None:
    """It begins no other cell and no other row; a formula is the vendor's data, and comes back unchanged."""
    written = sheets.write(("key", "value"), [("first", cell), (cell, "second")])

    read = sheets.read(written.encode(), delimiter=sheets.COMMA, most=2)

    assert [row.fields for row in read.rows] == [("first", cell), (cell, "second")]
