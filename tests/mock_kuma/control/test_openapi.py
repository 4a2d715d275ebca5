"""The control API's own OpenAPI document: complete, and true where a test can ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from mock_kuma.control import openapi

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma


def test_every_route_is_in_the_document_and_no_other(kuma: Kuma) -> None:
    """A route without a row, or a row without a route, is a mistake."""
    app = kuma.console_client.application
    assert isinstance(app, Flask)
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/control/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    document = kuma.control("GET", "/openapi.json", status=200)

    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    assert described == routes


def test_every_reference_leads_somewhere(kuma: Kuma) -> None:
    """And every answer and parameter is described."""
    document = kuma.control("GET", "/openapi.json", status=200)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r"'\$ref': '([^']+)'", str(document))) <= known
    for path, operations in document["paths"].items():
        for operation in operations.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert "401" in operation["responses"]


@pytest.mark.parametrize(("method", "path"), [key for key, one in openapi.operations().items() if one.body])
def test_a_body_is_as_strict_as_the_document_says(kuma: Kuma, method: str, path: str) -> None:
    """An unknown field is refused where a body is described."""
    target = re.sub(r"{world_id}", "default", path)

    answer = kuma.control(method, target, {"no such field": 1}, status=422)

    assert answer["errors"]


@pytest.mark.parametrize(
    ("method", "path"),
    [key for key in openapi.operations() if "{" in key[1] and not openapi.operations()[key].body],
)
def test_what_does_not_exist_is_404(kuma: Kuma, method: str, path: str) -> None:
    """Wherever a path names something."""
    target: Any = re.sub(r"{\w+}", "nowhere", path) + ("?from=nowhere" if path.endswith("diff") else "")

    kuma.control(method, target, status=404)
