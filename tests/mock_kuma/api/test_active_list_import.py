"""Active lists: what an import reads, writes and refuses (222252, 269915)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

CSV = b"key,DeviceHostName\nk1,h1\nk2,h2\n"


def correlator(world: World) -> str:
    """Return the id of the world's correlator."""
    return str((world.vendor("GET", "/v1/services?kind=correlator").json or [])[0]["id"])


def lists(world: World, version: str = "v1") -> list[Any]:
    """Return the correlator's active lists."""
    return list(world.vendor("GET", f"/{version}/activeLists?correlatorID={correlator(world)}").json or [])


def put(world: World, data: bytes, query: str, **headers: str) -> Any:
    """Import into the world's only list."""
    path = f"/v1/activeLists/import?correlatorID={correlator(world)}&activeListID={lists(world)[0]['id']}"
    return world.vendor("POST", f"{path}&{query}", data, **headers)


def content(world: World) -> list[Any]:
    """Return what the world's only list holds, in the internal format."""
    exported = world.vendor(
        "GET", f"/v3/services/{correlator(world)}/activeLists/export/{lists(world)[0]['id']}"
    )
    response = world.vendor("GET", f"/v3/download/{(exported.json or {})['id']}")
    assert response.mimetype == "application/octet-stream"
    return [json.loads(line) for line in response.text.splitlines()]


@pytest.mark.parametrize(
    ("data", "query"),
    [
        (CSV, "format=csv&keyField=key"),
        (b"\xef\xbb\xbfDeviceHostName,key\r\nh1,k1\r\n\r\nh2,k2", "format=csv&keyField=key"),
        (b"key\tDeviceHostName\nk1\th1\nk2\th2\n", "format=tsv&keyField=key"),
        (
            (
                b'{"key":"k1","record":{"DeviceHostName":"h1"},"count":1}\n'
                b'{"key":"k2","record":{"DeviceHostName":"h2"}}\n'
            ),
            "format=internal",
        ),
    ],
)
def test_every_format_is_imported(world: World, data: bytes, query: str) -> None:
    """204, and the same records whatever they came in."""
    response = put(world, data, query)

    assert (response.status_code, response.data) == (204, b"")
    assert lists(world)[0]["records"] == 2
    assert content(world) == [
        {"key": "k1", "record": {"DeviceHostName": "h1"}, "count": 1},
        {"key": "k2", "record": {"DeviceHostName": "h2"}, "count": 1},
    ]


def test_what_is_exported_can_be_imported(world: World) -> None:
    """The internal format goes both ways, quotes, lines and all."""
    put(world, b'key,a\n"k ""1""","two\nlines, \xd1\x8f"\n', "format=csv&keyField=key")
    before = content(world)

    put(world, "\n".join(json.dumps(one) for one in before).encode(), "format=internal&clear")

    assert content(world) == before
    assert before == [{"key": 'k "1"', "record": {"a": "two\nlines, я"}, "count": 1}]


@pytest.mark.parametrize(
    ("flag", "expected"), [("", ["k1", "k2", "k3"]), ("&clear", ["k2", "k3"]), ("&clear=false", ["k2", "k3"])]
)
def test_clear_is_a_presence_flag(world: World, flag: str, expected: list[str]) -> None:
    """Without it an import writes over the same keys and leaves the others."""
    put(world, CSV, "format=csv&keyField=key")

    put(world, b"key,DeviceHostName\nk2,new\nk3,h3\n", f"format=csv&keyField=key{flag}")

    assert [one["key"] for one in content(world)] == expected
    assert content(world)[expected.index("k2")]["record"] == {"DeviceHostName": "new"}


def test_a_list_is_found_by_its_name(world: World) -> None:
    """``activeListName`` instead of the id."""
    path = f"/v1/activeLists/import/?correlatorID={correlator(world)}&activeListName=Blocked+addresses"

    response = world.vendor("POST", f"{path}&format=csv&keyField=key", CSV)

    assert (response.status_code, len(content(world))) == (204, 2)


@pytest.mark.parametrize(
    ("query", "message", "details"),
    [
        ("", "query parameter required", "correlatorID"),
        ("correlatorID=c", "one of query parameters required", "activeListID, activeListName"),
        ("correlatorID=c&activeListID=l", "query parameter required", "format"),
        ("correlatorID=c&activeListID=l&format=xml", "invalid query parameter value", "format"),
        ("correlatorID=c&activeListID=l&format=CSV", "invalid query parameter value", "format"),
        ("correlatorID=c&activeListID=l&format=csv", "query parameter required", "keyField"),
        ("correlatorID=c&activeListID=l&format=tsv&keyField=", "query parameter required", "keyField"),
    ],
)
def test_a_missing_parameter_has_its_row(world: World, query: str, message: str, details: str) -> None:
    """In the order of the page, before anything is looked up."""
    response = world.vendor("POST", f"/v2/activeLists/import?{query}", CSV)

    assert (response.status_code, response.json) == (400, {"message": message, "details": details})


def test_an_empty_body_is_refused(world: World) -> None:
    """400 ``request body required``."""
    response = put(world, b"", "format=csv&keyField=key")

    assert (response.status_code, response.json) == (
        400,
        {"message": "request body required", "details": None},
    )


@pytest.mark.parametrize(
    ("data", "query", "words"),
    [
        (b"key,a\nk1,1\nk1,2\n", "format=csv&keyField=key", "line 3: the key 'k1' is there twice"),
        (b"key,a\nk1\n", "format=csv&keyField=key", "line 2: expected 2 fields"),
        (b"key,a\nk1,1,2\n", "format=csv&keyField=key", "line 2: expected 2 fields"),
        (b"key,a\nk1,1\n", "format=csv&keyField=b", "no column 'b'"),
        (b"key,key\nk1,1\n", "format=csv&keyField=key", "two columns"),
        (b"key,\nk1,1\n", "format=csv&keyField=key", "without a name"),
        (b"key,a\n,1\n", "format=csv&keyField=key", "line 2: a key has"),
        (b"key,a\n" + b"k" * 1_025 + b",1\n", "format=csv&keyField=key", "a key has"),
        (b"key,a\nk\x00,1\n", "format=csv&keyField=key", "a key has"),
        (b'key,a\n"k1,1\n', "format=csv&keyField=key", "line 2"),
        (b"key,a\nk1,\xff\n", "format=csv&keyField=key", "not UTF-8"),
        (b"key,a\nk1," + b"x" * 200_000, "format=csv&keyField=key", "field larger"),
        (b",".join(b"c%d" % n for n in range(300)), "format=csv&keyField=c0", "columns"),
        (b"\n\n\n ", "format=csv&keyField=key", "request body required"),
        (b"{", "format=internal", "line 1"),
        (b'{"key":"k"}', "format=internal", "line 1"),
        (b'{"key":"","record":{}}', "format=internal", "line 1: a key has"),
        (b'{"key":"k","record":{"a":{"b":1}}}', "format=internal", "line 1"),
        (b'\n{"key":"k","record":{}}\n{"key":"k","record":{}}', "format=internal", "line 3"),
        (b'{"key":"k","record":{"a":"\xff"}}', "format=internal", "line 1"),
        (b'{"key":"k","record":' + b"[" * 100_000, "format=internal", "line 1"),
    ],
)
def test_broken_contents_are_refused_and_nothing_changes(
    world: World, data: bytes, query: str, words: str
) -> None:
    """The correlator's refusal says which line; the list is as it was, even with ``clear``."""
    put(world, CSV, "format=csv&keyField=key")

    response = put(world, data, f"{query}&clear")

    body = response.json or {}
    assert response.status_code == 400
    assert words in (body["details"] or body["message"])
    assert len(content(world)) == 2


@pytest.mark.parametrize(
    ("version", "role", "status"),
    [
        ("3.2", "Tenant administrator", 204),
        ("3.2", "Tier 2 analyst", 204),
        ("3.2", "Tier 1 analyst", 204),
        ("3.2", "Junior analyst", 403),
        ("3.2", "Access to CII", 403),
        ("2.1", "administrator", 204),
        ("2.1", "analyst", 204),
        ("2.1", "operator", 403),
    ],
)
def test_who_may_import(kuma: Kuma, version: str, role: str, status: int) -> None:
    """Also into a list whose resource is shared: the correlator's tenant decides."""
    world = kuma.world(kuma_version=version)
    shared = "00000000-0000-0000-0000-000000000000"
    body = {"kind": "activeList", "name": "Everybody's", "tenant": shared}
    (key,) = world.control("POST", "lists", body, status=201)["ids"]
    somebody = world.with_user({"role": role, "tenants": [world.tenant]})
    query = f"correlatorID={correlator(world)}&activeListID={key}&format=csv&keyField=key"

    response = somebody.vendor("POST", f"/v1/activeLists/import?{query}", CSV)

    assert response.status_code == status


@pytest.mark.parametrize(("limit", "number"), [("MAX_RECORDS", 3), ("MAX_BYTES", 60)])
def test_a_list_has_a_limit(world: World, monkeypatch: pytest.MonkeyPatch, limit: str, number: int) -> None:
    """The records that are there count, too."""
    monkeypatch.setattr(f"mock_kuma.domain.lists.{limit}", number)
    put(world, CSV, "format=csv&keyField=key")

    response = put(world, b"key,a\nk3,1\nk4,1\n", "format=csv&keyField=key")

    assert (response.status_code, len(content(world))) == (400, 2)
