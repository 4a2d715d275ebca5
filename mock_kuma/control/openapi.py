"""The control API's own description, OpenAPI 3.1: built from the models that its routes read.

The table below says, for each route, what it is for, which body it reads and how it answers; the schemas come
from the models themselves. Rule: a route that the table lacks fails a test, and a row without a route too.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgspec
from flask import Blueprint, Response

from mock_kuma.control import (
    PREFIX,
    assets,
    clock,
    directory,
    events,
    faults,
    filling,
    lists,
    reports,
    resources,
    scenarios,
    services,
    settings,
    stimuli,
    worlds,
)
from mock_kuma.control.answers import answer

_WORDS: Final = {
    200: "Done; the answer shows how things are now.",
    201: "Made.",
    204: "Done; there is nothing to show.",
    400: "The body is not JSON.",
    401: "The control token is missing or wrong.",
    404: "What the path names does not exist.",
    409: "What was asked for conflicts with how things are.",
    422: "A field or a parameter is unknown, or has a wrong type or value.",
}
_QUERIES: Final[dict[str, tuple[tuple[str, str, bool], ...]]] = {
    "/worlds/{world_id}/journal": (
        ("since", "integer", False),
        ("wait_for", "integer", False),
        ("timeout_ms", "integer", False),
        ("method", "string", False),
        ("path", "string", False),
        ("format", "string", False),
    ),
    "/worlds/{world_id}/diff": (("from", "string", True),),
}


class World(msgspec.Struct, frozen=True):
    """A new world: its administrator's token is told this once."""

    world: str
    token: str
    tenant: str


class Id(msgspec.Struct, frozen=True):
    """The id of what was made."""

    id: str


class Ids(msgspec.Struct, frozen=True):
    """The ids of what was made, in the order given."""

    ids: list[str]


class Token(msgspec.Struct, frozen=True):
    """A new API token, told this once."""

    token: str


class Snapshot(msgspec.Struct, frozen=True):
    """The name of what was kept."""

    snapshot: str


class Mistake(msgspec.Struct, frozen=True):
    """One wrong field."""

    path: str
    problem: str


class Refusal(msgspec.Struct, frozen=True):
    """Why nothing was done."""

    message: str
    errors: list[Mistake]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it is for, the body it reads, its good answer, and the refusals that are its own."""

    summary: str
    code: int = 200
    body: Any = None
    shows: Any = None
    refuses: tuple[int, ...] = ()


_W: Final = "/worlds/{world_id}"


def operations() -> dict[tuple[str, str], Operation]:
    """Return every route of the control API: method and path to what it is."""
    return {
        ("POST", "/worlds"): Operation("Make a world", 201, worlds.NewWorld, World, (404,)),
        ("GET", "/worlds"): Operation("List the worlds"),
        ("GET", _W): Operation("Summarise a world"),
        ("DELETE", _W): Operation("Delete a world with all that is in it", 204, refuses=(409,)),
        ("POST", f"{_W}/snapshots"): Operation("Keep a world as it is", 201, shows=Snapshot),
        ("DELETE", "/snapshots/{snapshot}"): Operation("Delete a snapshot", 204),
        ("POST", f"{_W}/restore"): Operation("Set a world back to a snapshot", body=worlds.Restore),
        ("GET", f"{_W}/diff"): Operation("Compare a world with another or a snapshot", refuses=(422,)),
        ("GET", f"{_W}/clock"): Operation("Read the clock"),
        ("PUT", f"{_W}/clock"): Operation("Set the clock", body=clock.Setting),
        ("POST", f"{_W}/clock/advance"): Operation("Move the clock on", body=clock.Advance),
        ("POST", f"{_W}/tenants"): Operation("Add a tenant", 201, directory.NewTenant, Id),
        ("PATCH", f"{_W}/tenants/{{tenant_id}}"): Operation("Change a tenant", body=directory.TenantChange),
        ("GET", f"{_W}/users"): Operation("List the users"),
        ("POST", f"{_W}/users"): Operation("Add a user", 201, directory.NewUser, Id),
        ("PATCH", f"{_W}/users/{{user_id}}"): Operation("Change a user", body=directory.UserChange),
        ("POST", f"{_W}/users/{{user_id}}/token"): Operation(
            "Give a user a new token", 201, directory.NewToken, Token
        ),
        ("DELETE", f"{_W}/users/{{user_id}}/token"): Operation("Take a user's token away", 204),
        ("GET", "/scenarios"): Operation("List the scenarios"),
        ("POST", f"{_W}/scenarios"): Operation("Tell or play a scenario", 201, scenarios.Play),
        ("GET", f"{_W}/agenda"): Operation("Show what is still to happen"),
        ("DELETE", f"{_W}/agenda"): Operation("Drop what is still to happen", 204),
        ("POST", f"{_W}/alerts"): Operation("Raise alerts", 201, stimuli.NewAlerts, Ids, (409,)),
        ("GET", f"{_W}/alerts/{{alert_id}}"): Operation("Tell the whole truth about an alert"),
        ("PATCH", f"{_W}/alerts/{{alert_id}}"): Operation(
            "Do what a KUMA user does", body=stimuli.AlertChange, refuses=(409,)
        ),
        ("POST", f"{_W}/alerts/{{alert_id}}/events"): Operation(
            "Let new correlation data arrive", 201, stimuli.NewEvents, refuses=(409,)
        ),
        ("POST", f"{_W}/events"): Operation(
            "Add events that belong to no alert", 201, events.NewEvents, Ids, (409,)
        ),
        ("POST", f"{_W}/assets"): Operation("Add assets", 201, assets.NewAssets, Ids, (409,)),
        ("POST", f"{_W}/services"): Operation("Add a service", 201, services.NewService, Ids, (409,)),
        ("PATCH", f"{_W}/services/{{service_id}}"): Operation(
            "Change a service", body=services.ServiceChange
        ),
        ("POST", f"{_W}/lists"): Operation("Add a list", 201, lists.NewList, Ids, (409,)),
        ("POST", f"{_W}/resources"): Operation("Add resources", 201, resources.NewResources, Ids, (409,)),
        ("POST", f"{_W}/reports"): Operation("Add reports", 201, reports.NewReports, Ids, (409,)),
        ("GET", f"{_W}/filling"): Operation("Show how alerts fill"),
        ("PUT", f"{_W}/filling"): Operation("Choose how alerts fill", body=filling.Filling, refuses=(409,)),
        ("GET", f"{_W}/segmentation-rules"): Operation("List the segmentation rules"),
        ("POST", f"{_W}/segmentation-rules"): Operation(
            "Add a segmentation rule", 201, filling.NewRule, Id, (409,)
        ),
        ("GET", f"{_W}/custom-fields"): Operation("Show the custom fields of assets"),
        ("PUT", f"{_W}/custom-fields"): Operation("Set the custom fields of assets", body=settings.Fields),
        ("GET", f"{_W}/tasks"): Operation("List the tasks"),
        ("POST", f"{_W}/faults"): Operation("Set a fault", 201, faults.NewFault, Id, (409,)),
        ("GET", f"{_W}/faults"): Operation("List the faults"),
        ("DELETE", f"{_W}/faults"): Operation("Lift all faults", 204),
        ("GET", f"{_W}/faults/{{fault_id}}"): Operation("Show a fault with its counters"),
        ("DELETE", f"{_W}/faults/{{fault_id}}"): Operation("Lift a fault", 204),
        ("GET", f"{_W}/journal"): Operation("Read, await or export the journal", refuses=(422,)),
        ("DELETE", f"{_W}/journal"): Operation("Clear the journal", 204),
        ("GET", "/openapi.json"): Operation("This document"),
    }


def blueprint() -> Blueprint:
    """Return the route that shows the document."""
    bp = Blueprint("openapi", __name__)

    @bp.get("/openapi.json")
    def show() -> Response:
        return answer(document())

    return bp


def document() -> dict[str, Any]:
    """Return the whole document."""
    known = operations()
    models = {model for one in known.values() for model in (one.body, one.shows) if model is not None}
    ordered = [Refusal, *sorted(models, key=lambda model: (model.__module__, model.__name__))]
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    refs = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), one in known.items():
        paths.setdefault(PREFIX + path, {})[method.lower()] = _operation(path, one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Control API of mock-kuma", "version": version("mock-kuma")},
        "paths": paths,
        "security": [{"control": []}],
        "components": {
            "schemas": components,
            "securitySchemes": {"control": {"type": "http", "scheme": "bearer"}},
        },
    }


def _noun(path: str) -> str:
    """Return what a path is about: worlds, or what of a world."""
    words = [part for part in path.removesuffix(".json").strip("/").split("/") if not part.startswith("{")]
    return words[min(1, len(words) - 1)]


def _operation(path: str, one: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    refused = {401, *one.refuses, *((404,) if names else ()), *((400, 422) if one.body else ())}
    shown = {"type": "object"} if one.shows is None else refs[one.shows]
    answers: dict[str, Any] = {str(one.code): {"description": _WORDS[one.code]}}
    if one.code != 204:  # noqa: PLR2004 -- no content
        answers[str(one.code)]["content"] = _json(shown)
    for code in sorted(refused):
        answers[str(code)] = {"description": _WORDS[code], "content": _json(refs[Refusal])}
    told: dict[str, Any] = {
        "tags": [_noun(path)],
        "summary": one.summary,
        "parameters": [
            *(_parameter(name, "path", "string", required=True) for name in names),
            *(
                _parameter(name, "query", kind, required=required)
                for name, kind, required in _QUERIES.get(path, ())
                if one.code != 204  # noqa: PLR2004 -- what clears takes no parameters
            ),
        ],
        "responses": answers,
    }
    if one.body is not None:
        told["requestBody"] = {"content": _json(refs[one.body])}
    return told


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(name: str, place: str, kind: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": {"type": kind}}
