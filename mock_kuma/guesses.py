"""Every behaviour that the vendor does not document, read from the marks in the source.

A guess is marked where it is made: the word and a colon in a comment or docstring, up to the next blank
or unmarked line. What is not documented of an operation as a whole, or of its error rows, stands in the data
that the documents are made of. Rule: the list cannot differ from the code, since it is the code.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mock_kuma import operations
from mock_kuma.operations import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.operations import Operation

_MARK: Final = "GUESS"
_NAME: Final = re.compile(r'name = "([A-Z]+ /[^"]*)"')


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess: where it is made, and what it says."""

    file: str
    line: int
    text: str


def every(root: Path = Path(__file__).parent) -> list[Guess]:
    """Return the guesses of a package, file by file."""
    return [
        guess
        for path in sorted(root.rglob("*.py"))
        if path != Path(__file__)
        for guess in read(path.read_text(encoding="utf-8"), str(path.relative_to(root.parent)))
    ]


def of_operations() -> list[Guess]:
    """Return one line for each operation that is not documented in every version, to the last error row."""
    found = []
    for file in sorted(files(operations).iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            named = _NAME.fullmatch(line)
            if named is not None and (text := _told(operations.every()[named[1]])):
                found.append(Guess(f"mock_kuma/operations/{file.name}", number, text))
    return found


def _told(one: Operation) -> str:
    marks = [f"{version} {mark}" for version, mark in one.versions.items() if mark is not Mark.DOCUMENTED]
    rows = [row for row in one.errors if row.mark is not Mark.DOCUMENTED]
    told = [*marks, *([f"{len(rows)} of {len(one.errors)} error rows"] if rows else [])]
    return f"{one.name}: {', '.join(told)}" if told else ""


def read(source: str, file: str) -> Iterator[Guess]:
    """Return the guesses of one file's text."""
    for line, block in _blocks(source):
        for found in re.finditer(rf"{_MARK}:", block):
            sentence = " ".join(block[found.end() :].split(f"{_MARK}:")[0].split())
            at = line + block.count("\n", 0, found.start())
            yield Guess(file, at, sentence.rstrip("()"))


def _blocks(source: str) -> Iterator[tuple[int, str]]:
    """Return comments that stand together, and texts, each with the line it begins in."""
    first, lines, last = 0, [""], -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("#: ")
            if token.start[0] == last + 1:
                lines.append(words)
            else:
                yield first, "\n".join(lines)
                first, lines = token.start[0], [words]
            last = token.start[0]
        elif token.type == tokenize.STRING and _MARK in token.string:
            for paragraph_line, paragraph in _paragraphs(token.string):
                yield token.start[0] + paragraph_line, paragraph
    yield first, "\n".join(lines)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    line = 0
    for paragraph in text.strip('"').split("\n\n"):
        yield line, paragraph
        line += paragraph.count("\n") + 2
