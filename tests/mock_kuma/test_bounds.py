"""What one request may cost: bodies, depth, queries. Archives and patterns have their own tests."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from mock_kuma import journal
from mock_kuma.bounds import MAX_BODY
from mock_kuma.control import openapi
from mock_kuma.operations import every
from tests.mock_kuma.conftest import CONTROL_TOKEN

if TYPE_CHECKING:
    import pytest

    from tests.mock_kuma.conftest import Kuma, World

#: Far deeper than any stack, in well under a megabyte.
DEEP = b"[" * 200_000
DEEP_OBJECT = b'{"a":' * 100_000
BROKEN = (DEEP, DEEP_OBJECT, b'"' + b"\\u0000" * 10_000, b"\xff\xfe", b"{" + b"\0" * 1_000)
#: Operations whose body is a file, whatever it is.
TAKE_FILES = {"POST /resources/upload"}


class Endless(io.RawIOBase):
    """A body that never ends, and says how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """Return as much as is asked for; everything is not to be had."""
        assert size >= 0, "somebody wants all of it"
        self.taken += size
        return b"x" * size


def send(kuma: Kuma, token: str, **environ: Any) -> tuple[int, int]:
    """Send an endless body; return the status, and how much of it was read."""
    body = Endless()
    sent = EnvironBuilder(path="/api/v1/alerts/close", method="POST").get_environ()
    sent |= {"wsgi.input": body, "HTTP_AUTHORIZATION": f"Bearer {token}", **environ}
    if "CONTENT_LENGTH" not in environ:
        sent.pop("CONTENT_LENGTH", None)
    _, status, _ = run_wsgi_app(kuma.vendor_client.application, sent, buffered=True)
    return int(status.split()[0]), body.taken


def test_no_more_is_read_than_the_largest_upload(kuma: Kuma, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an announced length and in chunks, of somebody who is known."""
    assert MAX_BODY < 70 * 1024 * 1024
    monkeypatch.setattr("mock_kuma.incoming.MAX_BODY", 100_000)
    announced = send(kuma, kuma.default_token, CONTENT_LENGTH=str(MAX_BODY + 1))
    in_chunks = send(kuma, kuma.default_token, **{"wsgi.input_terminated": True})

    assert announced == (413, 100_001)
    assert in_chunks[1] == 100_001


def test_of_a_strangers_body_only_the_beginning_is_read(kuma: Kuma) -> None:
    """As much as the journal keeps; the refusal does not wait for the rest."""
    assert send(kuma, "0" * 32, CONTENT_LENGTH="1000000000") == (403, journal.BODY_KEPT + 1)


def test_no_json_brings_an_operation_down(world: World) -> None:
    """Depth without end, and what is no JSON: refused by each operation that takes JSON."""
    as_json = {"Content-Type": "application/json"}
    asked = {
        (name, number): world.vendor(method, f"/v3{re.sub('[{}]', '', path)}", body, **as_json).status_code
        for number, body in enumerate(BROKEN)
        for name in every()
        for method, _, path in [name.partition(" ")]
        if method in {"POST", "PUT"} and name not in TAKE_FILES
    }

    assert len(asked) > 20 * len(BROKEN)
    assert {key: status for key, status in asked.items() if not 400 <= status < 500} == {}


def test_no_json_brings_the_control_api_down(kuma: Kuma) -> None:
    """Refused by each route that takes a body."""
    asked = {
        (method, path, number): kuma.console_client.open(
            re.sub("[{}]", "", "/control/v1" + path.replace("{world_id}", "default")),
            method=method,
            data=body,
            headers={"Authorization": f"Bearer {CONTROL_TOKEN}"},
        ).status_code
        for number, body in enumerate(BROKEN)
        for (method, path), one in openapi.operations().items()
        if one.body is not None
    }

    assert len(asked) > 20 * len(BROKEN)
    assert set(asked.values()) <= {400, 404}


def test_no_query_brings_a_search_down(world: World) -> None:
    """Understood, or refused with the vendor's words."""
    queries = {
        "five thousand parameters": "&".join(f"status=new{n}" for n in range(5_000)),
        "a long value": "name=" + "a" * 200_000,
        "a deep pattern": "name=" + "(" * 5_000,
        "a long number": "page=" + "9" * 5_000,
        "a long time": "from=" + "1" * 10_000,
        "rubbish": "%ff%00=%zz&&&===",
    }

    found = {name: world.vendor("GET", f"/v1/alerts?{query}") for name, query in queries.items()}

    assert {name: one.status_code for name, one in found.items() if one.status_code not in {200, 400}} == {}
    assert all(isinstance(one.json, list | dict) for one in found.values())


def test_no_sql_brings_the_event_search_down(world: World) -> None:
    """Depth and length are refusals, not failures."""
    period = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    cluster = world.vendor("GET", "/v1/events/clusters").json[0]["id"]  # type: ignore[index] # one is there
    texts = ("(" * 5_000, "SELECT " + "-" * 20_000 + "1", "SELECT '" + "a" * 300_000, "\0" * 100)

    found = [
        world.vendor("POST", "/v1/events", {"sql": sql, "period": period, "clusterID": cluster}).status_code
        for sql in texts
    ]

    assert found == [400] * len(texts)
