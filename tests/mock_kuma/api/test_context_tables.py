"""Context tables: listed, imported and exported (XDR 270080, and a public client)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

VERSIONS = ["v2", "v2.1", "v2.2", "v3"]
LINE = (
    b'{"count":"1","record":{"description":{"type":3,"value":"CipherTrail"},'
    b'"ioc":{"type":3,"value":"100.100.100.100"}}}'
)


def correlator(world: World) -> str:
    """Return the id of the world's correlator."""
    return str((world.vendor("GET", "/v1/services?kind=correlator").json or [])[0]["id"])


def table(world: World) -> str:
    """Return the id of the world's context table."""
    (only,) = world.vendor("GET", f"/v2/contextTables?correlatorID={correlator(world)}").json or [{}]
    return str(only["id"])


def put(world: World, data: bytes, query: str, version: str = "v2") -> Any:
    """Import into the world's table."""
    path = f"/{version}/contextTables/import?correlatorID={correlator(world)}&contextTableID={table(world)}"
    return world.vendor("POST", f"{path}&{query}", data)


def export(world: World, version: str = "v2") -> Any:
    """Export the world's table."""
    path = f"/{version}/contextTables/export?correlatorID={correlator(world)}&contextTableID={table(world)}"
    return world.vendor("GET", path)


def cell(value: str) -> dict[str, Any]:
    """Return a cell of text."""
    return {"type": 3, "value": value}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_imported_is_exported(world: World, version: str) -> None:
    """The internal format, one object a line, as bytes."""
    imported = put(world, LINE + b"\n", "format=internal", version)
    exported = export(world, version)

    assert (imported.status_code, imported.data) == (204, b"")
    assert (exported.status_code, exported.mimetype) == (200, "application/octet-stream")
    assert [json.loads(line) for line in exported.text.splitlines()] == [json.loads(LINE)]


def test_v1_has_no_context_tables(world: World) -> None:
    """They came with v2."""
    for method, path in (("GET", ""), ("GET", "/export"), ("POST", "/import")):
        assert world.vendor(method, f"/v1/contextTables{path}?correlatorID=c").status_code == 404


def test_csv_and_tsv_become_text_cells(world: World) -> None:
    """And a list tells how many records it has."""
    put(world, b"ioc,description\n192.0.2.1,one\n", "format=csv")
    put(world, b"description\tioc\ntwo\t192.0.2.2\n", "format=tsv")

    records = [json.loads(line)["record"] for line in export(world).text.splitlines()]
    listed = world.vendor("GET", f"/v3/contextTables/?correlatorID={correlator(world)}").json or [{}]

    assert sorted(records, key=str) == sorted(
        [
            {"ioc": cell("192.0.2.1"), "description": cell("one")},
            {"description": cell("two"), "ioc": cell("192.0.2.2")},
        ],
        key=str,
    )
    assert (listed[0]["name"], listed[0]["records"]) == ("Threat indicators", 2)


@pytest.mark.parametrize(("flag", "expected"), [("", 2), ("&clear=", 1)])
def test_the_key_fields_decide_what_is_written_over(world: World, flag: str, expected: int) -> None:
    """The same indicator is one record, whatever its description."""
    put(world, b"ioc,description\n192.0.2.1,old\n192.0.2.2,other\n", "format=csv")

    put(world, b"ioc,description\n192.0.2.1,new\n", f"format=csv{flag}")

    records = [json.loads(line)["record"] for line in export(world).text.splitlines()]
    assert len(records) == expected
    assert {"ioc": cell("192.0.2.1"), "description": cell("new")} in records


def test_without_a_schema_every_field_is_the_key(world: World) -> None:
    """A table that came as a resource need not tell its fields."""
    body = {"kind": "contextTable", "name": "Free", "payload": {}}
    (key,) = world.control("POST", "resources", {"resources": [body]}, status=201)["ids"]
    query = f"correlatorID={correlator(world)}&contextTableName=Free"

    number = b'{"record":{"n":{"type":1,"value":7}}}'
    data = number + b'\n{"record":{"n":{"type":1,"value":8},"l":{"type":5,"value":[1]}}}'
    imported = world.vendor("POST", f"/v2/contextTables/import?{query}&format=internal", data)
    exported = world.vendor("GET", f"/v2/contextTables/export?{query}")

    assert imported.status_code == 204
    assert len(exported.text.splitlines()) == 2
    assert key in [one["id"] for one in world.vendor("GET", f"/v2/contextTables?{query}").json or []]


@pytest.mark.parametrize(
    ("method", "path", "message", "details"),
    [
        ("GET", "?", "query parameter required", "correlatorID"),
        ("GET", "/export?", "query parameter required", "correlatorID"),
        (
            "GET",
            "/export?correlatorID=c",
            "one of query parameters required",
            "contextTableID, contextTableName",
        ),
        ("POST", "/import?", "query parameter required", "correlatorID"),
        (
            "POST",
            "/import?correlatorID=c",
            "one of query parameters required",
            "contextTableID, contextTableName",
        ),
        ("POST", "/import?correlatorID=c&contextTableID=t", "query parameter required", "format"),
        (
            "POST",
            "/import?correlatorID=c&contextTableID=t&format=x",
            "invalid query parameter value",
            "format",
        ),
    ],
)
def test_a_missing_parameter_has_its_row(
    world: World, method: str, path: str, message: str, details: str
) -> None:
    """Before anything is looked up."""
    response = world.vendor(method, f"/v2/contextTables{path}", b"x" if method == "POST" else None)

    assert (response.status_code, response.json) == (400, {"message": message, "details": details})


@pytest.mark.parametrize("operation", ["", "/export", "/import"])
def test_the_refusals_are_those_of_active_lists(world: World, operation: str) -> None:
    """Unknown, no correlator, not paired, unknown table, no role."""
    ours = correlator(world)
    storage = world.control("POST", "services", {"kind": "storage", "name": "s"}, status=201)["ids"][0]
    fresh = world.control(
        "POST", "services", {"kind": "correlator", "name": "c", "paired": False}, status=201
    )["ids"][0]
    junior = world.with_user({"role": "Junior analyst", "tenants": [world.tenant]})

    def ask(who: World, service: str) -> tuple[int, str]:
        query = f"correlatorID={service}&contextTableID=none&format=csv"
        method = "POST" if operation == "/import" else "GET"
        response = who.vendor(
            method, f"/v2/contextTables{operation}?{query}", b"a\n1\n" if operation else None
        )
        return response.status_code, (response.json or {}).get("message", "") if response.is_json else ""

    assert ask(world, "none") == (404, "service not found")
    assert ask(world, storage) == (406, "service is not correlator")
    assert ask(world, fresh) == (406, "service not paired")
    assert ask(junior, ours) == (403, "access denied")
    if operation:
        assert ask(world, ours) == (404, "context table not found")


@pytest.mark.parametrize(
    ("data", "format_name"),
    [
        (b'{"record":{}}', "internal"),
        (b'{"record":{"ioc":"192.0.2.1"}}', "internal"),
        (b'{"record":{"ioc":{"type":3}}}', "internal"),
        (b'{"record":{"ioc":{"type":-1,"value":"a"}}}', "internal"),
        (b'{"record":{"ioc":{"type":3,"value":{"a":1}}}}', "internal"),
        (b'{"count":"x","record":{"ioc":{"type":3,"value":"a"}}}', "internal"),
        (b'{"record":{"description":{"type":3,"value":"no key"}}}', "internal"),
        (b'{"record":{"ioc":{"type":3,"value":"a"},"x":{"type":3,"value":"a"}}}', "internal"),
        (LINE + b"\n" + LINE, "internal"),
        (b"ioc,x\n1,2\n", "csv"),
        (b"description\nno key\n", "csv"),
        (b"ioc\n1\n1\n", "csv"),
    ],
)
def test_broken_contents_are_refused_and_nothing_changes(world: World, data: bytes, format_name: str) -> None:
    """The correlator's refusal, and the table as it was."""
    put(world, LINE, "format=internal")

    response = put(world, data, f"format={format_name}&clear")

    assert (response.status_code, (response.json or {})["message"]) == (400, "correlator API request failed")
    assert len(export(world).text.splitlines()) == 1
