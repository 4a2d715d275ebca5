"""The vendor's operations as data: parameters, bodies, answers, every error row, each with its mark.

One TOML file a group of nouns lies beside this module; fixtures/README.md says what the keys mean. Knows no
routes. Rule: an operation, a version or an error row that is not in these files is not the vendor's.

Marks: documented (a help page says it), observed (a public client relies on it), recalled (a page that exists
and could not be read to its end), inferred (a conclusion of ours).
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER: Final = re.compile(r"<[a-z]+>|\*")


class Mark(StrEnum):
    """How sure a fact is."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    RECALLED = "recalled"
    INFERRED = "inferred"


class Kind(StrEnum):
    """What a query parameter takes."""

    PAGE = "page"  # from 1
    TEXT = "text"
    TEXTS = "texts"  # repeatable, combined with OR
    PATTERN = "pattern"  # PCRE in any case
    MOMENT = "moment"  # RFC 3339
    FLAG = "flag"  # true by being there
    NUMBER = "number"  # whole, from 0
    SWITCH = "switch"  # 0 or 1
    BOOLEAN = "boolean"


class Parameter(Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter of the query string."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    required: bool = False


class Row(Struct, frozen=True, array_like=True):
    """One error: status, message, details, mark. ``*`` is any text, ``<word>`` a part that varies."""

    status: int
    message: str
    details: str
    mark: Mark

    def fits(self, status: int, message: str, details: object) -> bool:
        """Say whether an answer is this row's."""
        told = "" if details is None else str(details)
        return status == self.status and _fits(self.message, message) and _fits(self.details, told)


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an answer another operation takes: JSON pointers into the answer, by parameter or field."""

    to: str
    parameters: dict[str, str] = {}
    body: dict[str, str] = {}


class Operation(Struct, frozen=True, forbid_unknown_fields=True):
    """One operation in every version that has it."""

    name: str
    summary: str
    source: str
    versions: dict[str, Mark]
    path: str = ""
    body: str = ""
    answer: str | dict[str, str] = ""
    success: int = 200
    conflict: str = ""
    parameters: tuple[Parameter, ...] = ()
    links: tuple[Link, ...] = ()
    errors: tuple[Row, ...] = ()

    @property
    def method(self) -> str:
        """GET, POST or PUT."""
        return self.name.partition(" ")[0]

    @property
    def route(self) -> str:
        """The path below ``/api/{version}``, its variable parts in braces."""
        return self.path or self.name.partition(" ")[2]

    def answer_in(self, version: str) -> tuple[int, str]:
        """Return the status of success and the name of the answer's model, "" for an empty answer."""
        model = self.answer
        if isinstance(model, dict):
            model = model.get(version, model.get("*", ""))
        return (self.success if model or self.success != 200 else 204), model  # noqa: PLR2004 -- HTTP

    def row(self, status: int, message: str, details: object) -> Row | None:
        """Return the row of an error answer, a common one or its own."""
        rows = (row for row in (*COMMON, *self.errors) if row.fits(status, message, details))
        return next(rows, None)


#: What any operation may answer (REST API, 1.3 and 8, row 19).
COMMON: Final = (
    Row(400, "invalid authorization header", "Example: *", Mark.DOCUMENTED),
    Row(400, "invalid query", "*", Mark.INFERRED),
    Row(403, "access denied", "", Mark.DOCUMENTED),
    Row(404, "not found", "", Mark.INFERRED),
    Row(405, "method not allowed", "", Mark.INFERRED),
    Row(413, "request body too large", "", Mark.INFERRED),
)


@cache
def every() -> Mapping[str, Operation]:
    """Return all operations by name."""
    folder = files(__package__)
    found: dict[str, Operation] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            tables = tomllib.loads(file.read_text(encoding="utf-8"))["operation"]
            found |= {one.name: one for one in msgspec.convert(tables, list[Operation])}
    return found


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    places = _PLACEHOLDER.findall(pattern)
    texts = _PLACEHOLDER.split(pattern)
    fills = [".*" if place == "*" else "[^ ]+" for place in places]
    parts = [re.escape(text) + fill for text, fill in zip(texts, [*fills, ""], strict=True)]
    return re.compile("".join(parts), re.DOTALL)


def _fits(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None
