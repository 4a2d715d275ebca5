"""Query strings and bodies, as clients really send them, to the domain's values.

Source: REST API, 2 and 3.1. The names ``tenantID`` and ``clusterID`` are read in any case, since the
English pages print ``TenantID``. Presence flags mean true whatever their value. Of a parameter that takes
one value the first counts. Rule: this is the only module that reads a query string.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from mock_kuma.domain import moments
from mock_kuma.domain.alerts import Status
from mock_kuma.domain.filters import AlertFilter, TenantFilter, TimestampField
from mock_kuma.domain.patterns import Pattern
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Container

    from mock_kuma.domain.roles import Scope

_ANY_CASE: Final = {"tenantid": "tenantID", "clusterid": "clusterID"}
_STATUSES: Final = frozenset(status.value for status in Status)
_LARGEST_PAGE: Final = 2**31
_MAX_FIELDS: Final = 4_096
_SHORT: Final = 2_048
_FIELDS: Final = frozenset(field.value for field in TimestampField)
# GUESS: larger JSON bodies are refused; the vendor names a limit for uploads alone.
MAX_JSON: Final = 8 * 1024 * 1024
# What Go's strconv.ParseBool takes, and the bare name.
_TRUE: Final = frozenset({"", "1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class Period(NamedTuple):
    """A time field, and the first and last moment that are asked for, in microseconds."""

    field: TimestampField
    since: int | None
    until: int | None


def pairs(query: str) -> list[tuple[str, str]]:
    """Return a query string's names and values. Raises ValueError where there are too many."""
    return list(_pairs(query)) if len(query) <= _SHORT else _parsed(query)


@lru_cache(maxsize=128)
def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    # Asked twice for each request, and by most clients again and again.
    return tuple(_parsed(query))


def _parsed(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)


class Params:
    """A query string, understood; absent, empty and given are told apart."""

    def __init__(self, query: str) -> None:
        try:
            given = pairs(query)
        except ValueError as error:
            raise BadInput("invalid query", f"more than {_MAX_FIELDS} parameters") from error
        self._values: dict[str, list[str]] = {}
        for name, value in given:
            self._values.setdefault(_ANY_CASE.get(name.lower(), name), []).append(value)

    def has(self, name: str) -> bool:
        """Say whether a presence flag is there."""
        return name in self._values

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of a repeatable parameter."""
        return tuple(self._values.get(name, ()))

    def first(self, name: str) -> str | None:
        """Return the value of a parameter that takes one, or None where it is absent or empty."""
        values = self._values.get(name)
        return (values[0] or None) if values else None

    def page(self) -> int:
        """Return the page that is asked for, from 1."""
        if not self.has("page"):
            return 1
        text = self._values["page"][0]
        # isascii first: isdigit alone lets digits of other scripts through.
        if text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) < _LARGEST_PAGE:  # noqa: PLR2004 -- the digits of the largest page
            return int(text)
        raise BadInput("invalid query parameter value", "page")

    def name(self) -> Pattern | None:
        """Return the name pattern, or None."""
        text = self.first("name")
        return None if text is None else Pattern(text)

    def boolean(self, name: str) -> bool:
        """Return a v3 switch, off where it is absent.

        GUESS: v3 reads booleans as Go does, and takes a bare name for true; a public client sends True and
        False.
        """
        if not self.has(name):
            return False
        text = self._values[name][0]
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise BadInput("invalid query parameter value", name)

    def moment(self, name: str) -> int | None:
        """Return a time in microseconds, or None."""
        text = self.first(name)
        if text is None:
            return None
        try:
            return moments.parse(text)
        except moments.NotAMoment as error:
            raise BadInput(f"cannot parse {name}", str(error)) from error

    def statuses(self, known: Container[str]) -> tuple[str, ...]:
        """Return the statuses asked for, each of which must be known."""
        asked = self.every("status")
        wrong = next((status for status in asked if status not in known), None)
        if wrong is not None:
            raise BadInput("invalid status", wrong)
        return asked

    def period(self) -> Period:
        """Return the time field of a search, with both ends of the period."""
        field = self.first("timestampField") or TimestampField.LAST_SEEN.value
        if field not in _FIELDS:
            raise BadInput("invalid timestamp field")
        since, until = self.moment("from"), self.moment("to")
        if since is not None and until is not None and since > until:
            raise BadInput("from cannot be greater than to")
        return Period(TimestampField(field), since, until)


def alert_filter(params: Params, scope: Scope) -> AlertFilter:
    """Return the search for alerts that a query asks for (222254)."""
    page, statuses, period = params.page(), params.statuses(_STATUSES), params.period()
    return AlertFilter(
        scope=scope,
        page=page,
        ids=params.every("id"),
        tenants=params.every("tenantID"),
        name=params.name(),
        field=period.field,
        since=period.since,
        until=period.until,
        statuses=statuses,
        with_events=params.has("withEvents"),
        with_affected=params.has("withAffected"),
    )


def tenant_filter(params: Params, scope: Scope) -> TenantFilter:
    """Return the search for tenants that a query asks for (222306)."""
    return TenantFilter(
        scope=scope,
        page=params.page(),
        ids=params.every("id"),
        name=params.name(),
        main_only=params.has("main"),
    )


def json_value(data: bytes) -> Any:
    """Return the request's JSON; its content type is not asked for, real clients omit it.

    Decoding costs many times a body's size, hence the bound.
    """
    if len(data) > MAX_JSON:
        raise BadInput("request body decode failed", f"larger than {MAX_JSON} bytes")
    if not data.strip():
        raise BadInput("request body required")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("request body decode failed", str(error)) from error


def json_body(data: bytes) -> dict[str, Any]:
    """Return the request's JSON object."""
    body = json_value(data)
    if not isinstance(body, dict):
        raise BadInput("request body decode failed", f"expected an object, got {_kind(body)}")
    return body


def text_field(body: dict[str, Any], name: str) -> str | None:
    """Return a text of the body, or None where it is absent, null or empty."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadInput("request body decode failed", f"{name}: expected text, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
