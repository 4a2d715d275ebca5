"""Builds the OpenAPI 3.1 document of one API version from ``operations`` and the models.

Rule: a route, a parameter, a status or an error row is in the document if and only if it is in
``operations``; marks and sources are told as ``x-mark`` and ``x-source``.
"""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from mock_kuma import operations
from mock_kuma.actions import tasks
from mock_kuma.api import alert_operations, assets, incidents, services, tenants
from mock_kuma.domain.incidents import Draft
from mock_kuma.domain.settings import ExtendedField
from mock_kuma.openapi import answers, bodies
from mock_kuma.operations import Kind, Operation, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VERSIONS: Final = ("v1", "v2", "v2.1", "v2.2", "v3")
_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"
#: What is no model.
_PLAIN: Final = frozenset({"", "bytes", "text"})
_DETAILS: Final = {
    "type": ["string", "null"],
    "description": "No fixed type; the offending parameter mostly.",
}

_SCHEMAS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.PAGE: {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "default": 1},
    Kind.TEXT: {"type": "string"},
    Kind.PATTERN: {"type": "string", "description": "PCRE, in any case, matches anywhere"},
    # An empty one is an absent one; other forms than these are taken, too (REST API, 3.1).
    Kind.MOMENT: {"type": "string", "description": "RFC 3339", "examples": ["2026-01-01T00:00:00Z"]},
    Kind.FLAG: {"description": "True by being there, whatever its value"},
    Kind.NUMBER: {"type": "integer", "minimum": 0},
    Kind.SWITCH: {"type": "string", "enum": ["0", "1"]},
    Kind.BOOLEAN: {"type": "string", "description": "As Go reads it: true, false, 1, 0"},
}


def models() -> dict[str, Any]:
    """Return the models by the names that ``operations`` uses."""
    found: dict[str, Any] = {
        name: kind
        for module in (answers, bodies)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Struct)
    }
    return found | {
        "AlertV1": answers.Alert,
        "AssetDeletion": assets.Delete,
        "AlertAssignment": alert_operations.Assignment,
        "AlertComment": alert_operations.Comment,
        "EventLink": alert_operations.Link,
        "EventUnlink": alert_operations.Unlink,
        "IncidentDraft": Draft,
        "IncidentAssignment": incidents.Assignment,
        "IncidentClosing": incidents.Closing,
        "IncidentComment": incidents.Comment,
        "IncidentLinks": incidents.Links,
        "NewService": services.NewService,
        "NewTenant": tenants.NewTenant,
        "Task": tasks.Task,
        "ExtendedField": ExtendedField,
        "dict[str, Any]": dict[str, Any],
        "dict[str, str]": dict[str, str],
    }


def build(version: str) -> dict[str, Any]:
    """Return the document of one API version, ready to be written as JSON."""
    offered = [one for one in operations.every().values() if version in one.versions]
    shapes = _Shapes(sorted({name for one in offered for name in _named(one, version)}))
    paths: dict[str, dict[str, Any]] = {}
    for one in offered:
        paths.setdefault(one.route, {})[one.method.lower()] = _operation(one, version, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"KUMA REST API {version}, as mock-kuma answers it",
            "version": version,
            "description": "Each operation carries its mark (`x-mark`): documented, observed in a public "
            "client, recalled or inferred; and each error row its own.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": f"/api/{version}"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in sorted({_tag(one) for one in offered})],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": shapes.components(),
        },
    }


def _named(one: Operation, version: str) -> Iterable[str]:
    """Return the models that an operation names; bytes and text are none."""
    for name in (one.body, one.answer_in(version)[1], one.conflict):
        if name not in _PLAIN:
            yield _inner(name)


def _inner(name: str) -> str:
    return name.removeprefix("list[").removesuffix("]") if name.startswith("list[") else name


class _Shapes:
    """Schemas of the models that are used, each once."""

    def __init__(self, names: Sequence[str]) -> None:
        known = models()
        kinds = [known[name] for name in names]
        schemas, self._components = msgspec.json.schema_components(kinds, ref_template=_REF)
        self._schemas = dict(zip(names, schemas, strict=True))

    def schema(self, name: str) -> dict[str, Any]:
        """Return the schema of a model, or of ``list[model]``."""
        inner = self._schemas[_inner(name)]
        return inner if inner is self._schemas.get(name) else {"type": "array", "items": inner}

    def components(self) -> dict[str, Any]:
        """Return the components."""
        return {**self._components, "ErrorBody": _error_schema()}


def _error_schema() -> dict[str, Any]:
    properties = {"message": {"type": "string"}, "details": _DETAILS}
    return {"type": "object", "required": ["message", "details"], "properties": properties}


def _operation(one: Operation, version: str, shapes: _Shapes) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation_id(one),
        "tags": [_tag(one)],
        "summary": one.summary,
        "description": f"Mark in {version}: **{one.versions[version].value}**. Source: {one.source}.",
        "x-mark": one.versions[version].value,
        "x-source": one.source,
        "parameters": [*_path_parameters(one), *(_parameter(each) for each in one.parameters)],
        "responses": _responses(one, version, shapes),
    }
    if one.body:
        described["requestBody"] = {"required": True, "content": _content(one.body, shapes, form=True)}
    return described


def operation_id(one: Operation) -> str:
    """Return the operation's id: ``post_alerts_close``."""
    words = re.findall(r"[A-Za-z_]+", one.route)
    return "_".join([one.method.lower(), *words])


def _tag(one: Operation) -> str:
    return one.route.split("/")[1]


def _path_parameters(one: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", one.route):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _parameter(one: Parameter) -> dict[str, Any]:
    schema = dict(_SCHEMAS.get(one.kind, {"type": "string"}))
    if one.words:
        schema["enum"] = list(one.words)
    if one.required and one.kind is Kind.TEXT:
        schema["minLength"] = 1
    if one.kind is Kind.TEXTS:
        schema = {"type": "array", "items": schema}
    described = {"name": one.name, "in": "query", "required": one.required, "schema": schema}
    return described | ({"allowEmptyValue": True} if one.kind is Kind.FLAG else {})


def _responses(one: Operation, version: str, shapes: _Shapes) -> dict[str, Any]:
    status, model = one.answer_in(version)
    success: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model:
        success["content"] = _content(model, shapes)
    offered = [link for link in one.links if version in operations.every()[link.to].versions]
    if offered:
        success["links"] = {operation_id(operations.every()[link.to]): _link(link) for link in offered}
    responses = {str(status): success}
    rows: dict[int, list[operations.Row]] = {}
    for row in (*operations.COMMON, *one.errors):
        rows.setdefault(row.status, []).append(row)
    for code in sorted(rows):
        told = [f"`{row.message}` {row.details} ({row.mark.value})" for row in rows[code]]
        responses[str(code)] = {
            "description": "; ".join(told),
            "content": {_JSON: {"schema": {"$ref": _REF.format(name="ErrorBody")}}},
        }
    if one.conflict:
        responses["409"] = {
            "description": "What is here already; send the request again with a decision for each.",
            "content": _content(one.conflict, shapes),
        }
    return responses


def _link(link: operations.Link) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation_id(operations.every()[link.to])}
    if link.parameters:
        described["parameters"] = {name: f"$response.body#{place}" for name, place in link.parameters.items()}
    if link.body:
        described["requestBody"] = {name: f"$response.body#{place}" for name, place in link.body.items()}
    return described


def _content(name: str, shapes: _Shapes, *, form: bool = False) -> dict[str, Any]:
    if name == "bytes":
        return {_BYTES if form else "*/*": {"schema": {}}}
    if name == "text":
        return {"text/plain": {"schema": {"type": "string"}}}
    media = "multipart/form-data" if name == "DictionaryFile" else _JSON
    return {media: {"schema": shapes.schema(name)}}
