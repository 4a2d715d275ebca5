"""What the vendor answers when something is wrong: one table, status, message and details.

Source: the error rows of the REST API reference, "Standard error" 222250. Rule: every class of
``domain.problems`` has a row, and an answer that is not here does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from mock_kuma.domain.lists import CorrelatorUnavailable
from mock_kuma.domain.patterns import BadPattern
from mock_kuma.domain.problems import (
    AccessDenied,
    AlertAlreadyClosed,
    BadInput,
    Conflict,
    NotFound,
    Problem,
    TenantDisabled,
    WrongState,
)
from mock_kuma.domain.query_problems import (
    InvalidSql,
    LimitRequired,
    LimitTooLarge,
    SearchFailed,
    WrongTable,
)
from mock_kuma.domain.services import NoNodes
from mock_kuma.domain.settings import SettingNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ErrorBody(msgspec.Struct, frozen=True):
    """The vendor's error body; ``details`` has no fixed type, and "-" in the pages is null."""

    message: str
    details: object = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One error answer."""

    status: int
    body: ErrorBody


INVALID_HEADER: Final = Answer(
    400,
    ErrorBody(
        "invalid authorization header",
        "Example: Authorization: Bearer 0123456789abcdef0123456789abcdef",
    ),
)
ACCESS_DENIED: Final = Answer(403, ErrorBody("access denied"))
# GUESS: unknown routes and wrong methods are answered in the error body (REST API, 8, row 19).
NO_ROUTE: Final = Answer(404, ErrorBody("not found"))
WRONG_METHOD: Final = Answer(405, ErrorBody("method not allowed"))
# Ours, not the vendor's: only a mock whose store has no room, or is gone, answers so.
NO_STORE: Final = "the mock cannot use its store"
TOO_LARGE: Final = Answer(413, ErrorBody("request body too large"))


def _bad_input(problem: BadInput) -> Answer:
    return Answer(400, ErrorBody(problem.message, problem.details))


def _not_found(problem: NotFound) -> Answer:
    return Answer(404, ErrorBody(f"{problem.kind} not found"))


ROWS: Final[Mapping[type[Problem], Callable[..., Answer]]] = {
    AccessDenied: lambda _: ACCESS_DENIED,
    AlertAlreadyClosed: lambda _: Answer(406, ErrorBody("alert already closed")),
    BadInput: _bad_input,
    # GUESS: no row of the vendor's tables is about patterns; this is the row of its scalars.
    BadPattern: lambda _: Answer(400, ErrorBody("invalid query parameter value", "name")),
    # GUESS: the vendor's own operations that create a thing twice are not documented.
    Conflict: lambda problem: Answer(409, ErrorBody(problem.why)),
    # GUESS: which 50x it is, and the details (REST API, 5.2: "50x", "variable").
    CorrelatorUnavailable: lambda problem: Answer(
        503, ErrorBody("correlator API request failed", str(problem))
    ),
    InvalidSql: lambda problem: Answer(400, ErrorBody("invalid sql", problem.reason)),
    LimitRequired: lambda problem: Answer(400, ErrorBody(str(problem))),
    LimitTooLarge: lambda problem: Answer(400, ErrorBody(str(problem))),
    NotFound: _not_found,
    # GUESS: which 50x it is (REST API, 4.1: "50x").
    SearchFailed: lambda problem: Answer(500, ErrorBody("event search failed", problem.reason)),
    # The words of 244979, unlike those of every other thing that is not there.
    SettingNotFound: lambda _: Answer(404, ErrorBody("Not found in database")),
    TenantDisabled: lambda _: Answer(406, ErrorBody("tenant disabled")),
    WrongState: lambda problem: Answer(406, ErrorBody(problem.message)),
    WrongTable: lambda problem: Answer(400, ErrorBody(str(problem))),
    NoNodes: lambda _: Answer(500, ErrorBody("no nodes available")),
}


def answer(problem: Problem) -> Answer:
    """Return what the vendor answers to the problem."""
    return ROWS[type(problem)](problem)
