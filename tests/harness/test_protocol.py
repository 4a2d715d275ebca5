"""Answers of connectors, well-formed and not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from harness.protocol import (
    BadAnswer,
    Feature,
    Refusal,
    encode_request,
    read_answer,
    read_hello,
    read_incidents,
    read_nothing,
    read_polled,
)

HELLO = {"protocol": 1, "name": "Acme", "version": "2.3"}
INCIDENT = {
    "id": "7",
    "alert_id": "a1",
    "status": "open",
    "name": "Вход",
    "priority": "high",
    "first_seen": "2026-11-24T10:00:00Z",
    "last_seen": "2026-11-24T13:00:00.250+03:00",
}


def test_a_request_is_one_line() -> None:
    """A line break in a parameter does not break the framing."""
    line = encode_request(3, "edit", {"fields": {"notes": "one\ntwo"}})

    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line) == {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "edit",
        "params": {"fields": {"notes": "one\ntwo"}},
    }


def test_a_result_is_handed_on() -> None:
    """Unknown fields beside it are ignored."""
    assert read_answer(b'{"jsonrpc":"2.0","id":1,"result":{"a":1},"extra":0}', number=1, method="poll") == {
        "a": 1
    }


def test_an_error_becomes_a_refusal_with_what_it_told() -> None:
    """Whether to try again, and KUMA's status, are kept where they are told."""
    line = b'{"id":1,"error":{"code":1,"message":"down","data":{"retryable":true,"http_status":503}}}'

    assert read_answer(line, number=1, method="poll") == Refusal(1, "down", retryable=True, http_status=503)


def test_an_error_may_tell_little() -> None:
    """Data is optional, and odd data is not a mistake of the protocol."""
    line = b'{"id":null,"error":{"code":-32603,"message":"boom","data":"trace"}}'

    assert read_answer(line, number=1, method="poll") == Refusal(-32603, "boom")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"Connecting ...", "printed 'Connecting ...' on stdout, which is not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'"hello"', "not a JSON object"),
        (b'{"result": {}}', 'has no "id"'),
        (b'{"id": 2, "result": {}}', "has the id '2', but the request had 1"),
        (b'{"id": "1", "result": {}}', "repeat the id unchanged"),
        (b'{"id": 1}', 'neither "result" nor "error"'),
        (b'{"id": 1, "error": "down"}', "the error of poll is"),
    ],
)
def test_what_is_no_answer_is_explained(line: bytes, told: str) -> None:
    """Every way to break the framing is told in words that help to mend it."""
    with pytest.raises(BadAnswer) as raised:
        read_answer(line, number=1, method="poll")

    assert told in str(raised.value)


def test_hello_needs_little() -> None:
    """Features and reasons are optional, unknown features are kept for nothing."""
    assert read_hello(HELLO).features == []
    assert read_hello({**HELLO, "features": ["close", "telepathy"]}).features == ["close", "telepathy"]


@pytest.mark.parametrize(
    ("hello", "told"),
    [
        ({**HELLO, "protocol": 2}, "this harness speaks protocol 1"),
        ({"protocol": 1, "name": "Acme"}, "missing required field version"),
        ({**HELLO, "features": "close"}, "features: expected array, got str"),
        ({**HELLO, "reasons": {"done": 1}}, "expected str, got int"),
        (None, "expected object, got null"),
    ],
)
def test_a_malformed_hello_is_explained(hello: Any, told: str) -> None:
    """The sentence names the field."""
    with pytest.raises(BadAnswer) as raised:
        read_hello(hello)

    assert told in str(raised.value)


def test_times_are_read_as_instants() -> None:
    """An offset and a fraction are as good as Z."""
    [incident] = read_incidents({"incidents": [INCIDENT]}, features=frozenset())

    assert incident.last_seen == dt.datetime(2026, 11, 24, 10, 0, 0, 250_000, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"first_seen": "2026-11-24T10:00:00"}, "timezone"),
        ({"first_seen": 1732442400}, "first_seen"),
        ({"status": "new"}, "status"),
        ({"id": 7}, "id: expected str, got int"),
        ({"event_ids": "e1"}, "event_ids"),
    ],
)
def test_a_malformed_incident_is_explained(change: dict[str, Any], told: str) -> None:
    """Types of the protocol are what they are."""
    with pytest.raises(BadAnswer) as raised:
        read_incidents({"incidents": [{**INCIDENT, **change}]}, features=frozenset())

    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("feature", "field"),
    [(Feature.EVENTS, "event_ids"), (Feature.MIRROR, "assignee"), (Feature.EDIT, "owner")],
)
def test_a_claimed_feature_makes_fields_mandatory(feature: Feature, field: str) -> None:
    """Without the claim the same incident is well-formed."""
    read_incidents({"incidents": [INCIDENT]}, features=frozenset())

    with pytest.raises(BadAnswer, match=field):
        read_incidents({"incidents": [INCIDENT]}, features=frozenset({feature}))


@pytest.mark.parametrize("result", [None, {"created": 1}, {"created": -1, "updated": 0}, {"created": "1"}])
def test_a_poll_tells_two_counts(result: Any) -> None:
    """Both are numbers from zero on."""
    with pytest.raises(BadAnswer, match="the result of poll is malformed"):
        read_polled(result)


def test_nothing_may_be_an_empty_object_or_null() -> None:
    """Anything else is a mistake."""
    read_nothing({}, method="close")
    read_nothing(None, method="close")

    with pytest.raises(BadAnswer, match="the result of close is 'true'"):
        read_nothing(True, method="close")
