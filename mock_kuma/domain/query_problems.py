"""What can be wrong with an event search, in the vendor's rows (REST API, 4.1).

    QueryProblem
        InvalidSql     the text is no query that the search allows; ``reason`` says why
        WrongTable     it asks another table than ``events``
        LimitRequired  it has no LIMIT
        LimitTooLarge  its LIMIT is above ``maximum``
        SearchFailed   the query is right, and running it does not work out; ``reason`` says why

Knows neither SQL nor HTTP. Rule: nothing that a client writes raises anything else.
"""

from __future__ import annotations

from mock_kuma.domain.problems import Problem


class QueryProblem(Problem):
    """An event search that is answered with an error."""


class InvalidSql(QueryProblem):
    """The vendor's ``invalid sql``; ``reason`` is for its ``details``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"invalid sql: {self.reason}"


class WrongTable(QueryProblem):
    """The query asks ``table``."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table

    def __str__(self) -> str:
        return "the only valid table is `events`"


class LimitRequired(QueryProblem):
    """The query has no LIMIT."""

    def __str__(self) -> str:
        return "sql: LIMIT required"


class LimitTooLarge(QueryProblem):
    """The query asks for more rows than ``maximum``."""

    def __init__(self, maximum: int) -> None:
        super().__init__(maximum)
        self.maximum = maximum

    def __str__(self) -> str:
        return f"sql: maximum LIMIT is {self.maximum}"


class SearchFailed(QueryProblem):
    """The vendor's ``event search failed``: too much work, or arithmetic that has no result."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"event search failed: {self.reason}"
