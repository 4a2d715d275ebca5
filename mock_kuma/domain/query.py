"""Event search: the text of a query becomes a value that can be run over events.

The search's SQL is ClickHouse's SELECT on the table ``events``, and only what the vendor's pages show
(REST API, 4.1): the functions of ``query_functions``, IN, BETWEEN, LIKE, ILIKE, AND, OR, NOT, arithmetic,
aliases, GROUP BY, HAVING, ORDER BY, OFFSET and LIMIT. Knows no store and no HTTP.
Rule: the client's text ends here; behind this are only trees of our own.
"""

from __future__ import annotations

from mock_kuma.domain.query_analysis import analyse
from mock_kuma.domain.query_problems import (
    InvalidSql,
    LimitRequired,
    LimitTooLarge,
    QueryProblem,
    SearchFailed,
    WrongTable,
)
from mock_kuma.domain.query_run import run
from mock_kuma.domain.query_tree import Query

__all__ = [
    "InvalidSql",
    "LimitRequired",
    "LimitTooLarge",
    "Query",
    "QueryProblem",
    "SearchFailed",
    "WrongTable",
    "parse",
    "run",
]


def parse(sql: str) -> Query:
    """Return what the text asks for; raises a ``QueryProblem``."""
    # Loading the parser takes a tenth of a second, which a server that nobody searches does not spend.
    from mock_kuma.domain import query_syntax  # noqa: PLC0415 -- see above

    return analyse(query_syntax.read(sql))
