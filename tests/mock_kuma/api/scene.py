"""A world in which every error row can be brought about: one of each thing, in each state that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

    from mock_kuma.operations import Row
    from tests.mock_kuma.conftest import Kuma, World

NOTHING = "99999999-9999-4999-8999-999999999999"
AT = 1767225600000  # 2026-01-01, milliseconds
PASSWORD = "Passw0rd!"


@dataclass
class Scene:
    """The world, the names of what is in it, and the tokens of those who ask."""

    kuma: Kuma
    world: World
    names: dict[str, str]
    tokens: dict[str | None, str | None]
    backup: bytes = b""

    def filled(self, value: Any) -> Any:
        """Return a request with the ids in place of the names."""
        if isinstance(value, dict):
            return {key: self.filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if isinstance(value, str) and value.startswith("$"):
            return self.names[value[1:]]
        return value

    def prepared(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the request once what must be done before it was done."""
        match request.pop("before", None):
            case "second storage":
                self.world.control("POST", "services", {"kind": "storage", "name": "Second"}, status=201)
            case "storage stops":
                self.world.control(
                    "PATCH", f"services/{self.names['storage']}", {"status": "red"}, status=200
                )
            case "65 MB":
                request["text"] = b"x" * (65 * 1024 * 1024)
            case "what is here is skipped":
                request["body"]["actions"] = {self.names["exported_resource"]: 0}
            case "long password":
                request["body"]["password"] = "x" * 5_000
            case "a huge task":
                request["body"]["note"] = "x" * 300_000
            case "its old name is taken":
                path = f"/v3/resources/filter/{self.names['resource']}"
                assert self.world.vendor("PUT", path, {"name": "new", "payload": {}}).status_code == 200
                taken = {"kind": "filter", "name": "known filter"}
                self.world.control("POST", "resources", {"resources": [taken]}, status=201)
            case "backup":
                request["text"] = self.backup
        return request

    def with_fault(self, row: Row, ask: Callable[[], TestResponse]) -> TestResponse:
        """Ask while the server is in trouble: what the documents leave open comes from a fault."""
        message = "it broke" if row.message == "*" else row.message
        body = {"action": {"kind": "status", "status": row.status, "message": message}, "times": 1}
        self.world.control("POST", "faults", body, status=201)
        return ask()

    def history(self) -> Any:
        """Return how much has ever changed."""
        whole = self.world.control("GET", f"alerts/{self.names['alert']}", status=200)
        return whole["version"], len(self.world.alerts())


def make(kuma: Kuma, release: str = "3.2") -> Scene:
    """Make the world; in a release without v3 it lacks what only v3 can make."""
    world = kuma.world(kuma_version=release)
    newest = "v3" if release in {"3.2", "3.4", "4.0"} else "v1"
    off = world.control("POST", "tenants", {"name": "Off"}, status=201)["id"]
    names = {"nothing": NOTHING, "main": world.tenant, "off": off}
    names |= _users(world, newest) | _alerts(world, off) | _services(world, off, newest) | _lists(world, off)
    names |= _resources(world, off, newest)
    if newest == "v3":
        names |= _incidents(world, names)
        field = [{"kind": "S", "name": "known"}]
        assert world.vendor("POST", "/v3/settings/extendedFields/import", field).status_code == 204
    (names["asset"],) = world.control("POST", "assets", {"assets": [{"fqdn": ["h"]}]}, status=201)["ids"]
    names["setting"] = world.control("GET", "custom-fields")["id"]
    backup = world.vendor("GET", f"/{newest}/system/backup").data
    outsider = world.with_user()
    world.control("PATCH", f"tenants/{off}", {"disabled": True}, status=200)
    return Scene(
        kuma,
        world,
        names,
        {"admin": world.token, "outsider": outsider.token, "stranger": "0" * 32, None: None},
        backup,
    )


def _users(world: World, version: str) -> dict[str, str]:
    role = {"role": "Tier 1 analyst" if version == "v3" else "analyst", "tenants": [world.tenant]}

    def one(name: str, **options: Any) -> str:
        body = {"name": name, "roles": [role], **options}
        return str(world.control("POST", "users", body, status=201)["id"])

    return {"user": one("Анна"), "disabled_user": one("Gone", disabled=True)}


def _alerts(world: World, off: str) -> dict[str, str]:
    event = {"ID": "event", "Timestamp": AT}
    lone = {"ID": "free-event", "Timestamp": AT, "BaseEvents": [{"ID": "base-event", "Timestamp": AT}]}
    given: list[dict[str, Any]] = [
        {"name": "Brute force", "events": [event]},
        {"name": "Closed", "status": "closed"},
        {"name": "Overflowed", "overflow": True},
        {"name": "Off", "tenantID": off},
        {"name": "Linked"},
    ]
    ids = world.raise_alerts(*given)
    world.control("POST", "events", {"events": [lone]}, status=201)
    keys = ("alert", "closed_alert", "overflowed_alert", "off_alert", "linked_alert")
    events = {"event": "event", "base_event": "base-event", "free_event": "free-event"}
    return dict(zip(keys, ids, strict=True)) | events


def _services(world: World, off: str, version: str) -> dict[str, str]:
    def one(kind: str, **options: Any) -> str:
        body = {"kind": kind, "name": f"{kind} {options}", **options}
        return str(world.control("POST", "services", body, status=201)["ids"][0])

    listed = world.vendor("GET", f"/{version}/services").json or []
    first = {service["kind"]: service for service in listed}
    clusters = world.vendor("GET", f"/{version}/events/clusters").json or []
    return {
        "correlator": first["correlator"]["id"],
        "correlator_resource": first["correlator"]["resourceID"],
        "storage": first["storage"]["id"],
        "cluster": clusters[0]["id"],
        "unpaired_correlator": one("correlator", paired=False),
        "stopped_correlator": one("correlator", status="red"),
        "off_correlator": one("correlator", tenant=off),
    }


def _lists(world: World, off: str) -> dict[str, str]:
    def one(kind: str, name: str, **options: Any) -> str:
        body = {"kind": kind, "name": name, **options}
        return str(world.control("POST", "lists", body, status=201)["ids"][0])

    columns = {"columns": ["key", "value"]}
    payload = {"type": "dictionary", **columns, "rows": []}
    other = {"kind": "dictionary", "name": "Other", "payload": payload}
    return {
        "active_list": one("activeList", "Addresses", **columns),
        "context_table": one("contextTable", "Indicators", **columns, rows=[{"key": "a", "value": "1"}]),
        "dictionary": one("dictionary", "Hosts", **columns, rows=[{"key": "known", "value": "1"}]),
        "off_dictionary": one("dictionary", "Off hosts", **columns, tenant=off),
        "other_dictionary": world.control("POST", "resources", {"resources": [other]}, status=201)["ids"][0],
    }


def _resources(world: World, off: str, version: str) -> dict[str, str]:
    given = [
        {"kind": "filter", "name": "known filter", "folder": "Mine"},
        {"kind": "filter", "name": "another filter"},
        {"kind": "filter", "name": "off filter", "tenantID": off},
    ]
    ids = world.control("POST", "resources", {"resources": given}, status=201)["ids"]
    body = {"ids": [ids[1]], "password": PASSWORD, "tenantID": world.tenant}
    file = (world.vendor("POST", f"/{version}/resources/export", body).json or {})["fileID"]
    names = {"resource": ids[0], "exported_resource": ids[1], "off_resource": ids[2], "file": file}
    if version == "v3":
        names["folder"] = (world.vendor("GET", "/v3/folders").json or [])[0]["id"]
    return names


def _incidents(world: World, names: dict[str, str]) -> dict[str, str]:
    def one(tenant: str, **options: Any) -> str:
        body = {"name": "Breach", "tenantID": tenant, **options}
        made = world.vendor("POST", "/v3/incidents/create", body).json or {}
        return str(made["id"])

    closed = one(names["main"])
    body = {"incidentIDs": [closed], "resolution": 1}
    assert world.vendor("POST", "/v3/incidents/close", body).status_code == 204
    return {
        "incident": one(names["main"], alerts=[{"id": names["linked_alert"]}]),
        "closed_incident": closed,
        "off_incident": one(names["off"]),
    }
