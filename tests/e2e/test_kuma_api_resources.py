"""``kuma-api``, a public client, with lists, dictionaries, resources, folders and the system."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from kuma.rest import KumaRestAPI
from kuma.rest.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Server


@pytest.fixture
def world(server: Server) -> tuple[str, str]:
    """A world of the test's own: its id and token."""
    return server.new_world()


@pytest.fixture
def client(server: Server, world: tuple[str, str]) -> Iterator[Any]:
    """The client, which verifies the mock's certificate against its CA file."""
    with KumaRestAPI(server.api, world[1], verify=server.ca_file or False) as found:
        yield found
        found.session.close()


@pytest.fixture
def correlator(client: Any) -> str:
    """The world's correlator."""
    return str(client.services.search(kind="correlator", paired="")[1][0]["id"])


def only(client: Any, kind: str) -> str:
    """Return the id of the world's only resource of a kind."""
    (found,) = client.resources.search(kind=kind)[1]
    return str(found["id"])


def test_active_lists(client: Any, correlator: str) -> None:
    """Listed, imported, exported, downloaded, scanned."""
    (listed,) = client.active_lists.lists(correlator)[1]
    data = "key,DeviceHostName\nk1,h1\nk2,h2\n"

    imported = client.active_lists.import_data(
        correlator, "csv", data, activeListID=listed["id"], keyField="key"
    )
    status, file = client.active_lists.export(correlator, listed["id"])
    downloaded = client.active_lists.download(file["id"])[1]
    scanned = client.active_lists.scan(correlator, listed["id"])

    assert (imported[0], status) == (204, 200)
    assert downloaded.splitlines()[0] == b'{"key":"k1","record":{"DeviceHostName":"h1"},"count":1}'
    assert scanned == (200, [{"DeviceHostName": "h1"}, {"DeviceHostName": "h2"}])


def test_a_list_becomes_a_dictionary_and_a_dictionary_a_list(client: Any, correlator: str) -> None:
    """The two extensions that join several calls."""
    (listed,) = client.active_lists.lists(correlator)[1]
    dictionary = only(client, "dictionary")
    client.active_lists.import_data(
        correlator, "csv", "key,value\nk1,v1\n", activeListID=listed["id"], keyField="key"
    )

    status, _ = client.active_lists.to_dictionary(correlator, listed["id"], dictionary, need_reload=1)
    content = client.dictionaries.content(dictionary)
    client.dictionaries.update(dictionary, "key,value\nk2,v2\n")
    back = client.dictionaries.to_active_list(dictionary, correlator, listed["id"])

    assert (status, content) == (204, (200, "key,value\nk1,v1\n"))
    assert back[0] == 204
    # The client sends "clear=False", which is a presence flag: the list is cleared.
    assert client.active_lists.scan(correlator, listed["id"])[1] == [{"value": "v2"}]


def test_context_tables(client: Any, correlator: str) -> None:
    """The client's own example of the internal format goes in and comes out."""
    (listed,) = client.context_tables.list(correlator)[1]
    line = '{"count":"1","record":{"ioc":{"type":3,"value":"100.100.100.100"}}}\n'

    imported = client.context_tables.import_data(
        correlator, "internal", line, contextTableName=listed["name"], clear=True
    )
    exported = client.context_tables.export(correlator, context_table_id=listed["id"])

    assert (imported[0], exported) == (204, (200, line.encode()))


def test_dictionaries(client: Any) -> None:
    """Rows are added; the client's deletion calls ``add_row`` without a body, and is told so."""
    dictionary = only(client, "dictionary")

    added = client.dictionaries.add_row(dictionary, "k1", {"value": "v1"})
    again = client.dictionaries.add_row(dictionary, "k1", {"value": "v2"}, overwrite_exist=1, need_reload=1)
    with pytest.raises(APIError, match="request body required"):
        client.dictionaries.delete_row(dictionary, "k1")

    assert (added[0], again[0]) == (204, 204)
    assert client.dictionaries.content(dictionary)[1] == "key,value\nk1,v2\n"


def test_resources_travel_between_worlds(server: Server, client: Any, tmp_path: Path) -> None:
    """Exported, downloaded to a file, uploaded from it, looked into, imported; then in conflict."""
    key = only(client, "filter")
    tenant = client.tenants.search(main="")[1][0]["id"]
    _, token = server.new_world(seed=2)
    with KumaRestAPI(server.api, token, verify=server.ca_file or False) as other:
        there = other.tenants.search(main="")[1][0]["id"]
        file = client.resources.export([key], tenant)[1]["fileID"]
        path = tmp_path / "resources"
        path.write_bytes(client.resources.download(file)[1])
        uploaded = other.resources.upload(str(path))[1]["id"]
        toc = other.resources.toc(uploaded)[1]
        status, _ = other.resources.import_data(uploaded, there)
        with pytest.raises(APIError, match="conflicts") as caught:
            other.resources.import_data(uploaded, there)
        replaced = other.resources.import_data(uploaded, there, actions={key: 2})
        other.session.close()

    assert [one["id"] for folder in toc["folders"] for one in folder["resources"]] == [key]
    assert (status, caught.value.status_code, replaced[0]) == (204, 409, 204)


def test_rules_are_linked_to_a_correlator(client: Any) -> None:
    """Through its resource, whose payload has the rules."""
    tenant = client.tenants.search(main="")[1][0]["id"]
    service = client.services.search(kind="correlator")[1][0]
    rule = {"tenantID": tenant, "kind": "correlationRule", "name": "r", "payload": {"id": "", "name": "r"}}
    made = client.resources.create("correlationRule", rule)[1]
    made["payload"]["id"] = made["id"]

    validated = client.resources.validate("correlationRule", made)
    client.resources.put("correlationRule", made["id"], made)
    status, linked = client.resources.link_rules_to_correlator(service["resourceID"], [made["id"]])
    client.resources.unlink_rules_from_correlator(service["resourceID"], [made["id"]])

    assert (validated[0], status) == (204, 200)
    assert [one["id"] for one in linked["payload"]["rules"]] == [made["id"]]
    assert client.resources.get("correlator", service["resourceID"])[1]["payload"]["rules"] == []
    history = client.resources.list_history("correlator", service["resourceID"])[1]
    assert [one["version"] for one in history] == [3, 2, 1]
    then = client.resources.get_history("correlator", service["resourceID"], 2)[1]
    assert len(then["payload"]["rules"]) == 1
    assert client.resources.revert("correlator", service["resourceID"], 2)[0] == 200


def test_folders(server: Server, world: tuple[str, str], client: Any) -> None:
    """Searched by kind, with the columns asked for."""
    body = {"resources": [{"kind": "filter", "name": "f", "folder": "Ours"}]}
    server.control("POST", f"/worlds/{world[0]}/resources", body)

    found = client.folders.search([], subkind="filter", order="-name", column=["name", "subKind"])

    assert found == (200, [{"subKind": "filter", "name": "Ours"}])


def test_the_system_is_saved_and_set_back(
    server: Server, world: tuple[str, str], client: Any, tmp_path: Path
) -> None:
    """Into a file that any tar opens."""
    path = tmp_path / "backup.tar.gz"
    body = {"generate": {"count": 2}}
    server.control("POST", f"/worlds/{world[0]}/alerts", body)

    client.system.backup(str(path))
    server.control("POST", f"/worlds/{world[0]}/alerts", body)
    status, _ = client.system.restore(str(path))

    assert tarfile.is_tarfile(path)
    assert (status, len(client.alerts.search()[1])) == (200, 2)
