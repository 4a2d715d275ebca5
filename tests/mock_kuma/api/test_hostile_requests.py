"""Requests that mean harm, sent to every operation: the answer is a row of its table, and never a 5xx.

Broken bytes, NUL, deep and huge JSON, wrong types in each field, absurd queries and paths. Each is the good
request of ``error_rows.toml`` with one thing broken. What goes over the wire is in ``test_hostile_sockets``.
"""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec
import pytest

from mock_kuma import operations
from mock_kuma.api import params
from mock_kuma.operations import Kind
from tests.mock_kuma.api.scene import Scene, make
from tests.mock_kuma.api.test_error_rows import good, listed
from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from mock_kuma.operations import Operation

DEEP = 20_000
BODIES = {
    "nul": b"\0",
    "bad UTF-8": b'{"id": "\xff\xfe"}',
    "a lone surrogate": b'{"id": "\\ud800", "ids": ["\\udfff"], "name": "\\ud800"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "half": b'{"id": "',
    "a number too large": b'{"id": 1e999, "priority": 99999999999999999999999999}',
    "no object": b"[1, 2]",
    "null": b"null",
    "text": b'"\\u0000"',
}
#: What stands in place of each field of a good body in turn.
VALUES: dict[str, Any] = {
    "nul": "\0",
    "long": "x" * 20_000,
    "number": -1,
    "list": [[None]],
}
TEXTS = {"nul": "%00", "bad UTF-8": "%FF%FE", "long": "x" * 20_000, "markup": "%3Cb%3E'%22%3B--%25"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One world for all: whatever happens in it, it goes on answering."""
    with started(tmp_path_factory.mktemp("hostile")) as kuma:
        yield make(kuma)


def version_of(operation: Operation) -> str:
    """Return the newest version that has the operation."""
    return list(operation.versions)[-1]


def ask(scene: Scene, operation: Operation, path: str, query: str, data: bytes | None) -> TestResponse:
    """Send bytes as they are, with the administrator's token."""
    return scene.kuma.vendor_client.open(
        f"/api/{version_of(operation)}{path}",
        query_string=query,
        method=operation.method,
        headers={"Authorization": f"Bearer {scene.world.token}"},
        data=data,
    )


def check(operation: Operation, response: TestResponse, what: str) -> None:
    """Fail unless the answer is one that the operation's document and table know."""
    assert str(response.status_code) in listed(operation.name, version_of(operation)), (what, response.text)
    assert response.status_code < 500, (what, response.text[:300])
    if response.status_code >= 400:
        told = msgspec.json.decode(response.data)
        assert set(told) == {"message", "details"}, what
        assert operation.row(response.status_code, **told) is not None, (what, response.text[:300])


def filled(scene: Scene, operation: Operation) -> tuple[str, dict[str, str], bytes | None, Any]:
    """Return the good request in parts: path, query, body, and the body's value where it is JSON."""
    request = scene.filled(good(scene, operation))
    path = operation.route
    for name, value in request.get("path", {}).items():
        path = path.replace(f"{{{name}}}", value)
    value = request.get("json", request.get("body"))
    data = None if operation.method == "GET" else request.get("text", "")
    if isinstance(data, str):
        data = data.encode()
    if value is not None:
        data = msgspec.json.encode(value)
    return path, request.get("query", {}), data, value


OPERATIONS = list(operations.every().values())


def name(operation: Operation) -> str:
    """Return an operation's name as a test's id."""
    return operation.name


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.method != "GET"], ids=name)
def test_a_broken_body_is_refused(scene: Scene, operation: Operation) -> None:
    """Each of the broken bodies, and each field of a good one replaced by what it cannot be."""
    path, query, _, value = filled(scene, operation)
    for what, data in BODIES.items():
        check(operation, ask(scene, operation, path, urlencode(query), data), what)
    for field in value if isinstance(value, dict) else ():
        for what, wrong in VALUES.items():
            body = {**deepcopy(value), field: wrong}
            data = msgspec.json.encode(body)
            check(operation, ask(scene, operation, path, urlencode(query), data), f"{field}: {what}")


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_an_absurd_query_is_refused_or_passed_over(scene: Scene, operation: Operation) -> None:
    """Each parameter with each text; ten thousand of one, and one that nobody knows."""
    path, query, data, _ = filled(scene, operation)
    names = [one.name for one in operation.parameters]
    for key in names:
        others = urlencode({other: value for other, value in query.items() if other != key})
        for what, text in TEXTS.items():
            check(operation, ask(scene, operation, path, f"{others}&{key}={text}", data), f"{key}: {what}")
    many = f"{urlencode(query)}&" + f"{(*names, 'id')[0]}=a&" * 10_000
    check(operation, ask(scene, operation, path, many, data), "many")
    check(operation, ask(scene, operation, path, f"{urlencode(query)}&%00=%00&=&&&=;", data), "nameless")


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if "{" in one.route], ids=name)
@pytest.mark.parametrize("text", ["%00", "%FF%FE", "x" * 20_000, "%2e%2e%2f'%22%3B--"])
def test_an_absurd_path_finds_nothing(scene: Scene, operation: Operation, text: str) -> None:
    """In place of every variable part."""
    path, query, data, _ = filled(scene, operation)
    whole = path.split("/")
    for place, part in enumerate(operation.route.split("/")):
        if part.startswith("{"):
            changed = "/".join([*whole[:place], text, *whole[place + 1 :]])
            check(operation, ask(scene, operation, changed, urlencode(query), data), part)


PATTERNS = [
    pytest.param(one, parameter.name, id=f"{one.name} {parameter.name}")
    for one in operations.every().values()
    for parameter in one.parameters
    if parameter.kind is Kind.PATTERN
]


@pytest.mark.parametrize(("operation", "parameter"), PATTERNS)
def test_a_catastrophic_pattern_is_answered_within_a_second(
    scene: Scene, operation: Operation, parameter: str
) -> None:
    """Whatever is named so: found, not found, or refused, but at once."""
    path, query, data, _ = filled(scene, operation)
    for pattern in (
        "(a+)+$",
        "(.*)*(.*)*(.*)*[xy]",
        "(?R)?a",
        "(*LIMIT_MATCH=4000000000)(a+)+$",
        "(" * 5_000,
    ):
        began = time.thread_time()

        response = ask(scene, operation, path, f"{urlencode(query)}&{parameter}={quote(pattern)}", data)

        assert time.thread_time() - began < 1
        check(operation, response, pattern[:40])


def test_a_json_body_is_bounded(scene: Scene) -> None:
    """Decoding takes many times a body's size, so that a larger one is refused undecoded."""
    operation = operations.every()["POST /assets/import"]
    body = b'{"tenantID":"t","assets":[' + b"{}," * (params.MAX_JSON // 3) + b"{}]}"

    response = ask(scene, operation, "/assets/import", "", body)

    assert (response.status_code, (response.json or {})["message"]) == (400, "request body decode failed")


def test_a_body_larger_than_any_upload_is_413(scene: Scene) -> None:
    """In the vendor's shape; the announced length is enough to refuse it."""
    response = scene.kuma.vendor_client.post(
        "/api/v1/alerts/close",
        headers={"Authorization": f"Bearer {scene.world.token}"},
        data=b"{",
        environ_overrides={"CONTENT_LENGTH": str(2**40)},
    )

    assert (response.status_code, response.json) == (
        413,
        {"message": "request body too large", "details": None},
    )


def test_after_all_that_the_server_goes_on(scene: Scene) -> None:
    """Alerts are there, and nothing of what was sent has become one."""
    assert {"Brute force", "Closed", "Linked"} <= {alert["name"] for alert in scene.world.alerts()}
