"""Dictionaries: read, updated from a file, row by row (234105, XDR 270073, and a public client)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
SHARED = "00000000-0000-0000-0000-000000000000"
CSV = b"host,owner,site\nweb-1,Ann,Oslo\nweb-2,Bob,\n"


@pytest.fixture
def dictionary(world: World) -> str:
    """A dictionary with three columns and two rows."""
    return give(world)


def give(world: World, **options: Any) -> str:
    """Give the world a dictionary; return its id."""
    body = {
        "kind": "dictionary",
        "name": "Hosts",
        "columns": ["host", "owner", "site"],
        "rows": [
            {"host": "db-1", "owner": "Eve"},
            {"host": "db-2", "owner": "Dan, the admin", "site": "Rome"},
        ],
        **options,
    }
    return str(world.control("POST", "lists", body, status=201)["ids"][0])


def read(world: World, dictionary: str, version: str = "v1") -> str:
    """Return a dictionary as text."""
    return world.vendor("GET", f"/{version}/dictionaries?dictionaryID={dictionary}").text


def update(world: World, query: str, data: bytes = CSV, version: str = "v1") -> Any:
    """Update a dictionary from a file."""
    client = world.kuma.vendor_client
    return client.post(
        f"/api/{version}/dictionaries/update?{query}",
        data={"file": (io.BytesIO(data), "data.csv")},
        headers={"Authorization": f"Bearer {world.token}"},
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dictionary_is_csv_text(world: World, dictionary: str, version: str) -> None:
    """The header, then a line each, quoted where it must be."""
    response = world.vendor("GET", f"/{version}/dictionaries?dictionaryID={dictionary}")

    assert (response.status_code, response.content_type) == (200, "text/plain; charset=utf-8")
    assert response.text == 'host,owner,site\ndb-1,Eve,\ndb-2,"Dan, the admin",Rome\n'


def test_a_new_world_has_an_empty_dictionary(world: World) -> None:
    """With the two columns of a plain one."""
    (only,) = world.vendor("GET", "/v1/resources?kind=dictionary").json or [{}]

    assert (only["name"], read(world, only["id"])) == ("Critical hosts", "key,value\n")


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_an_update_replaces_all_rows(world: World, dictionary: str, version: str) -> None:
    """200 with the services that failed, which are none."""
    response = update(world, f"dictionaryID={dictionary}", version=version)

    assert (response.status_code, response.json) == (200, {"servicesFailedToUpdate": []})
    assert read(world, dictionary, version).encode() == CSV


def test_v3_answers_an_update_without_a_body(world: World, dictionary: str) -> None:
    """204, as the examples of its client have it."""
    response = update(world, f"dictionaryID={dictionary}&needReload=1", version="v3")

    assert (response.status_code, response.data) == (204, b"")
    assert read(world, dictionary).encode() == CSV


def test_services_that_do_not_run_are_told(world: World, dictionary: str) -> None:
    """Only if they are to be reloaded."""
    service = world.control(
        "POST", "services", {"kind": "collector", "name": "down", "status": "red"}, status=201
    )["ids"][0]

    quiet = update(world, f"dictionaryID={dictionary}&needReload=0").json or {}
    told = update(world, f"dictionaryID={dictionary}&needReload=1").json or {}

    assert quiet["servicesFailedToUpdate"] == []
    assert [one["id"] for one in told["servicesFailedToUpdate"]] == [service]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"host,owner\nweb-1,Ann\n", "invalid value"),
        (b"owner,host,site\nAnn,web-1,Oslo\n", "invalid value"),
        (b"host,owner,site\nweb-1,Ann,Oslo\nweb-1,Bob,Rome\n", "invalid value"),
        (b"host,owner,site\n,Ann,Oslo\n", "invalid value"),
        (b"host,owner,site\nweb-1,Ann\n", "request body decode failed"),
        (b'host,owner,site\nweb-1,"Ann,Oslo\n', "request body decode failed"),
        (b"host,owner,site\nweb-1,\xff,Oslo\n", "request body decode failed"),
        (b"", "request body decode failed"),
    ],
)
def test_a_broken_file_changes_nothing(world: World, dictionary: str, data: bytes, message: str) -> None:
    """400 with the line that is wrong."""
    before = read(world, dictionary)

    response = update(world, f"dictionaryID={dictionary}", data)

    assert (response.status_code, (response.json or {})["message"]) == (400, message)
    assert read(world, dictionary) == before


@pytest.mark.parametrize(
    ("query", "status", "message", "details"),
    [
        ("", 400, "query parameter required", "dictionaryID"),
        ("dictionaryID=d&needReload=yes", 400, "invalid query parameter value", "needReload"),
        ("dictionaryID=none", 404, "dictionary not found", None),
    ],
)
def test_a_wrong_query_has_its_row(
    world: World, query: str, status: int, message: str, details: str | None
) -> None:
    """Missing, no flag, unknown."""
    response = update(world, query)

    assert (response.status_code, response.json) == (status, {"message": message, "details": details})


@pytest.mark.parametrize(
    ("data", "content_type", "message"),
    [
        (b"", "text/plain", "request body required"),
        (b"not a form", "multipart/form-data; boundary=x", "request body decode failed"),
        (CSV, "text/csv", "request body decode failed"),
        (
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\na\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "request body decode failed",
        ),
        (b"--x\r\n", "multipart/form-data", "request body decode failed"),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    world: World, dictionary: str, data: bytes, content_type: str, message: str
) -> None:
    """The two documented rows."""
    response = world.vendor(
        "POST",
        f"/v1/dictionaries/update?dictionaryID={dictionary}",
        data,
        **{"Content-Type": content_type},
    )

    assert (response.status_code, (response.json or {})["message"]) == (400, message)


def test_the_part_may_come_without_a_file_name(world: World, dictionary: str) -> None:
    """As a field of the form."""
    form = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + CSV + b"\r\n--x--\r\n"

    response = world.vendor(
        "POST",
        f"/v1/dictionaries/update?dictionaryID={dictionary}",
        form,
        **{"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert (response.status_code, read(world, dictionary).encode()) == (200, CSV)


def test_only_tables_are_updated(world: World) -> None:
    """A dictionary of the other type is an invalid value."""
    body = {
        "kind": "dictionary",
        "name": "Plain",
        "payload": {"type": "dictionary", "columns": ["key", "value"]},
    }
    (key,) = world.control("POST", "resources", {"resources": [body]}, status=201)["ids"]

    response = update(world, f"dictionaryID={key}", b"key,value\na,b\n")

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid value", "details": "dictionaryID"},
    )


@pytest.mark.parametrize(
    ("version", "role", "place", "status"),
    [
        ("3.2", "Tenant administrator", "main", 200),
        ("3.2", "Tier 2 analyst", "main", 200),
        ("3.2", "Tier 1 analyst", "main", 403),
        ("3.2", "Junior analyst", "main", 403),
        ("3.2", "Tier 2 analyst", "shared", 403),
        ("3.2", "Tenant administrator", "elsewhere", 403),
        ("2.1", "administrator", "main", 200),
        ("2.1", "analyst", "main", 200),
        ("2.1", "operator", "main", 403),
    ],
)
def test_who_may_update(kuma: Kuma, version: str, role: str, place: str, status: int) -> None:
    """The page's own line of access."""
    world = kuma.world(kuma_version=version)
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    tenant = {"main": world.tenant, "shared": SHARED, "elsewhere": branch}[place]
    key = give(world, tenant=tenant)
    somebody = world.with_user({"role": role, "tenants": [world.tenant, SHARED]})

    assert update(somebody, f"dictionaryID={key}").status_code == status
    assert update(world, f"dictionaryID={key}").status_code == 200


def test_a_tier_1_analyst_updates_own_dictionaries(world: World) -> None:
    """Those that he has made, and no others."""
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="t1")
    user = (analyst.vendor("GET", "/v1/users/whoami").json or {})["id"]
    key = give(world, user=user)

    response = update(analyst, f"dictionaryID={key}")

    assert (response.status_code, read(analyst, key).encode()) == (200, CSV)


@pytest.mark.parametrize("operation", ["read", "update"])
def test_a_disabled_tenant_closes_its_dictionaries(world: World, operation: str) -> None:
    """406 for both."""
    branch = world.control("POST", "tenants", {"name": "Branch", "disabled": True}, status=201)["id"]
    key = give(world, tenant=branch)

    if operation == "read":
        response = world.vendor("GET", f"/v1/dictionaries?dictionaryID={key}")
    else:
        response = update(world, f"dictionaryID={key}")

    assert (response.status_code, response.json) == (406, {"message": "tenant disabled", "details": None})


def rows(world: World, operation: str, query: str, body: Any = None) -> Any:
    """Do an operation on a row."""
    return world.vendor("POST", f"/v3/dictionaries/{operation}_row?{query}", body)


def test_rows_are_added_written_over_and_deleted(world: World, dictionary: str) -> None:
    """204 each."""
    added = rows(world, "add", f"dictionaryID={dictionary}&rowKey=x", {"owner": "Zoe"})
    written = rows(world, "add", f"dictionaryID={dictionary}&rowKey=db-1&overwriteExist=1", {"site": "Bern"})
    deleted = rows(world, "delete", f"dictionaryID={dictionary}&rowKey=db-2&needReload=0")

    assert [response.status_code for response in (added, written, deleted)] == [204, 204, 204]
    assert read(world, dictionary) == "host,owner,site\ndb-1,,Bern\nx,Zoe,\n"


@pytest.mark.parametrize(
    ("operation", "query", "body", "status", "message"),
    [
        ("add", "rowKey=x", {}, 400, "query parameter required"),
        ("add", "dictionaryID=D", {}, 400, "query parameter required"),
        ("add", "dictionaryID=D&rowKey=x&overwriteExist=2", {}, 400, "invalid query parameter value"),
        ("add", "dictionaryID=D&rowKey=x", {"nothing": "a"}, 400, "invalid value"),
        ("add", "dictionaryID=D&rowKey=x", {"owner": 7}, 400, "invalid value"),
        ("add", "dictionaryID=D&rowKey=x", {"host": "y"}, 400, "invalid value"),
        ("add", "dictionaryID=D&rowKey=x", [], 400, "request body decode failed"),
        # What a public client sends to delete a row: no body. Nothing is added or deleted.
        ("add", "dictionaryID=D&rowKey=db-1&needReload=0", b"", 400, "request body required"),
        ("add", "dictionaryID=D&rowKey=db-1", {}, 409, "row already exists"),
        ("add", "dictionaryID=none&rowKey=x", {}, 404, "dictionary not found"),
        ("delete", "dictionaryID=D&rowKey=x", None, 404, "row not found"),
        ("delete", "dictionaryID=D", None, 400, "query parameter required"),
    ],
)
def test_a_row_that_cannot_be_changed_changes_nothing(
    world: World, dictionary: str, operation: str, query: str, body: Any, status: int, message: str
) -> None:
    """Each with its words."""
    before = read(world, dictionary)

    response = rows(world, operation, query.replace("=D", f"={dictionary}"), body)

    assert (response.status_code, (response.json or {})["message"]) == (status, message)
    assert read(world, dictionary) == before


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2"])
def test_only_v3_has_rows(world: World, dictionary: str, version: str) -> None:
    """Elsewhere the paths do not exist."""
    response = world.vendor("POST", f"/{version}/dictionaries/add_row?dictionaryID={dictionary}&rowKey=x", {})

    assert response.status_code == 404
