"""Every error row of every operation is brought about by a real request, and changes nothing.

What goes well, and what to change in it for a row, stands in ``error_rows.toml``; rows that are alike
everywhere (no token, no body, a page that is no number, a role that is missing) have rules here. Rule: no
answer here, nor in the role matrix that sends by this module, has a status that its OpenAPI document does
not list.
"""

from __future__ import annotations

import io
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import pytest

from mock_kuma import operations
from mock_kuma.openapi import document
from mock_kuma.operations import COMMON, Kind, Operation, Row
from tests.mock_kuma.api.scene import Scene, make
from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.mock_kuma.conftest import Kuma

RECIPES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("error_rows.toml").read_text(encoding="utf-8")
)
WRONG = {
    Kind.PAGE: "0",
    Kind.PATTERN: "(",
    Kind.NUMBER: "x",
    Kind.SWITCH: "2",
    Kind.BOOLEAN: "maybe",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One world for all rows: an error leaves it as it was."""
    with started(tmp_path_factory.mktemp("rows")) as kuma:
        yield make(kuma)


def rows() -> list[Any]:
    """Return every operation with every row of its own."""
    return [
        pytest.param(one, row, id=f"{one.name}: {row.status} {row.message} {row.details}".strip())
        for one in operations.every().values()
        for row in one.errors
    ]


@pytest.mark.parametrize(("operation", "row"), rows())
def test_a_row_is_reached(scene: Scene, operation: Operation, row: Row, tmp_path: Path) -> None:
    """The answer is the row's: status, message and details."""
    version = list(operation.versions)[-1]
    if "before" in (recipe(operation, row) or {}):
        with started(tmp_path) as kuma:
            check(make(kuma), operation, row, version)
    else:
        check(scene, operation, row, version)


def check(scene: Scene, operation: Operation, row: Row, version: str) -> None:
    """Fail unless the row is answered, and nothing has changed."""
    before = scene.history()

    response = reach(scene, operation, row, version)

    assert response.status_code == row.status, response.text
    told = msgspec.json.decode(response.data)
    assert set(told) == {"message", "details"}
    assert row.fits(response.status_code, told["message"], told["details"]), response.text
    assert scene.history() == before


@pytest.mark.parametrize("name", RECIPES)
def test_a_request_without_a_right_token_is_refused(scene: Scene, name: str) -> None:
    """In every version: 400 without a token, 403 with one that nobody has."""
    operation = operations.every()[name]
    request = scene.filled(good(scene, operation))
    for version in operation.versions:
        answers = [
            send(scene, operation, {**request, "token": token}, version) for token in (None, "stranger")
        ]

        assert [answer.status_code for answer in answers] == [400, 403]
        assert [(answer.json or {})["message"] for answer in answers] == [row.message for row in COMMON[:3:2]]


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_changed_goes_well_by_itself(kuma: Kuma, name: str) -> None:
    """In every version that has the operation the unchanged request is answered as its document says."""
    operation = operations.every()[name]
    for version in operation.versions:
        scene = make(kuma)
        status, model = operation.answer_in(version)

        response = send(scene, operation, scene.filled(good(scene, operation)), version)

        assert (response.status_code, bool(response.data)) == (status, bool(model)), response.text


def test_every_operation_has_a_recipe() -> None:
    """None is forgotten."""
    assert set(RECIPES) == set(operations.every())


def test_every_recipe_is_for_a_row() -> None:
    """A change that no row asks for would be tried by nobody."""
    for name, recipes in RECIPES.items():
        keys = {key for row in operations.every()[name].errors for key in keys_of(row)}

        assert set(recipes) - {"good"} <= keys, name


def keys_of(row: Row) -> tuple[str, str]:
    """Return the names of a row's recipe, with its status and without."""
    text = f"{row.message} / {row.details}" if row.details else row.message
    return text, f"{row.status} {text}"


def recipe(operation: Operation, row: Row) -> dict[str, Any] | None:
    """Return what to change for a row, or None where a rule says it."""
    own = RECIPES[operation.name]
    return next((own[key] for key in keys_of(row) if key in own), None)


def good(scene: Scene, operation: Operation) -> dict[str, Any]:
    """Return the request that goes well."""
    request = deepcopy(RECIPES[operation.name].get("good", {}))
    return scene.prepared(request)


def reach(scene: Scene, operation: Operation, row: Row, version: str) -> TestResponse:
    """Send the request that brings the row about."""
    change = recipe(operation, row)
    request = good(scene, operation)
    if change is not None:
        merge(request, change)
        if "drop" in request:
            request["query"].pop(request.pop("drop"))
        return send(scene, operation, scene.filled(scene.prepared(request)), version)
    if row.status == 500:
        return scene.with_fault(row, lambda: send(scene, operation, scene.filled(request), version))
    return send(scene, operation, scene.filled(by_rule(operation, row, request)), version)


def by_rule(operation: Operation, row: Row, request: dict[str, Any]) -> dict[str, Any]:
    """Return the request changed for a row that is alike everywhere."""
    query = request.setdefault("query", {})
    match row.message, row.details:
        case "access denied", _:
            request["token"] = "outsider"
        case "request body required", _:
            for name in ("body", "form", "json"):
                request.pop(name, None)
            request["text"] = ""
        case "request body decode failed", _:
            request["text"] = "{"
        case "query parameter required", name:
            query.pop(name)
        case "invalid query parameter value", name:
            (kind,) = (one.kind for one in operation.parameters if one.name == name)
            query[name] = WRONG.get(kind, "nonsense")
        case message, "" if message.endswith(" required"):
            request["body"].pop(message.removesuffix(" required"))
        case _:
            raise AssertionError(f"{operation.name}: no recipe for {row.status} {row.message} {row.details}")
    return request


def merge(request: dict[str, Any], change: dict[str, Any]) -> None:
    """Put what changes into a request, table by table."""
    for key, value in deepcopy(change).items():
        if isinstance(value, dict) and isinstance(request.get(key), dict):
            merge(request[key], value)
        else:
            request[key] = value
            if key in {"text", "json"}:
                request.pop("form", None)


def send(scene: Scene, operation: Operation, request: dict[str, Any], version: str) -> TestResponse:
    """Send a request that is filled in; fail if its document does not list the answer's status."""
    path = operation.route
    for name, value in request.get("path", {}).items():
        path = path.replace(f"{{{name}}}", value)
    url = f"/api/{version}{path.removesuffix('/')}?{urlencode(request.get('query', {}))}"
    headers = dict(request.get("headers", {}))
    token = scene.tokens[request.get("token", "admin")]
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    sent: dict[str, Any] = {}
    if "form" in request and "text" not in request:
        sent = {"data": {"file": (io.BytesIO(request["form"]["file"].encode()), "rows.csv")}}
    elif "text" in request:
        sent = {"data": request["text"], "content_type": request.get("type", "application/octet-stream")}
    elif "json" in request or "body" in request:
        sent = {"json": request.get("json", request.get("body"))}
    response = scene.kuma.vendor_client.open(url, method=operation.method, headers=headers, **sent)
    assert str(response.status_code) in listed(operation.name, version), response.text
    return response


@cache
def listed(name: str, version: str) -> frozenset[str]:
    """Return the statuses that an operation's document lists in an API version."""
    operation = operations.every()[name]
    return frozenset(document.build(version)["paths"][operation.route][operation.method.lower()]["responses"])
