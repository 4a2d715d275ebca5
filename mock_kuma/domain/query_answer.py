"""The objects of an answer: what an event or a group becomes in JSON.

Source: REST API, 4.1 and 6.4. Times are RFC 3339 unless they are asked for raw, empty fields of whole
events go unless they are asked for, and numbers are written as ClickHouse writes them.
Rule: keys keep their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from mock_kuma.domain.moments import render_exact
from mock_kuma.domain.query_columns import COLUMNS, Kind, empty
from mock_kuma.domain.query_evaluation import Evaluator, evaluator
from mock_kuma.domain.query_types import json_number

if TYPE_CHECKING:
    from mock_kuma.domain.query_tree import Query
    from mock_kuma.domain.query_work import Work

#: The last millisecond that RFC 3339 has a name for.
_LAST: Final = 253_402_300_799_999


class Answer:
    """Makes the objects of one query's answer."""

    def __init__(self, query: Query, work: Work, *, raw_timestamps: bool, empty_fields: bool) -> None:
        self._outputs: list[tuple[str, Evaluator, bool]] = [
            (one.title, evaluator(one.expression, work), one.is_time and not raw_timestamps)
            for one in query.outputs
        ]
        self._star = query.star
        self._raw_timestamps = raw_timestamps
        self._empty_fields = empty_fields

    def of(self, row: Any, body: str = "", nested: str | None = None) -> dict[str, Any]:
        """Return the object for an event's row and texts, or for a group."""
        made = self._event(body, nested) if self._star else {}
        for title, value_of, is_time in self._outputs:
            value = value_of(row)
            made[title] = moment(value) if is_time else _plain(value)
        return made

    def _event(self, body: str, nested: str | None) -> dict[str, Any]:
        """Return a normalized event; fields that a test made up are part of it."""
        event: dict[str, Any] = msgspec.json.decode(body)
        # In search results base events are JSON text (REST API, 6.4).
        event["BaseEvents"] = nested or ""
        if self._empty_fields:
            event = {name: empty(kind) for name, kind in COLUMNS.items()} | event
        else:
            event = {name: value for name, value in event.items() if value}
        if not self._raw_timestamps:
            for name, value in event.items():
                if COLUMNS.get(name) is Kind.TIME:
                    event[name] = moment(value)
        return event


def moment(value: Any) -> Any:
    """Return milliseconds as RFC 3339; what is no moment stays as it is."""
    # GUESS: with a fraction where there is one, since whole seconds would lose the order of events.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST:
        return render_exact(value * 1_000)
    return value


def _plain(value: Any) -> Any:
    return json_number(value) if isinstance(value, float) else value
