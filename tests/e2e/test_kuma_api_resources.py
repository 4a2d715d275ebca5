"""``kuma-api``, a public client, with lists, dictionaries, resources, folders and the system."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from kuma.rest import KumaRestAPI
from kuma.rest.errors import APIError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server


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


def test_an_active_list_that_is_empty_makes_no_dictionary(client: Any, correlator: str) -> None:
    """The client says so itself, and leaves the dictionary alone."""
    (listed,) = client.active_lists.lists(correlator)[1]

    answer = client.active_lists.to_dictionary(correlator, listed["id"], only(client, "dictionary"))

    assert answer == (0, "Active List is empty")


def test_its_scan_forgets_what_it_is_asked(client: Any, correlator: str) -> None:
    """A defect of the client: pattern and limit never leave it, so the whole list comes."""
    (listed,) = client.active_lists.lists(correlator)[1]
    data = "key,value\nk1,a\nk2,b\n"
    client.active_lists.import_data(correlator, "csv", data, activeListID=listed["id"], keyField="key")

    rows = client.active_lists.scan(correlator, listed["id"], pattern="k1", limit="1")[1]

    assert rows == [{"value": "a"}, {"value": "b"}]


def test_another_key_for_an_active_list_is_named_in_vain(client: Any, correlator: str) -> None:
    """A defect of the client: it moves the column to ``key``, and then has the list keyed by the old name."""
    (listed,) = client.active_lists.lists(correlator)[1]
    dictionary = only(client, "dictionary")
    client.dictionaries.update(dictionary, "key,value\nhost,10.0.0.1\n")

    client.dictionaries.to_active_list(dictionary, correlator, listed["id"], dictionary_key="value")

    file = client.active_lists.export(correlator, listed["id"])[1]["id"]
    exported = client.active_lists.download(file)[1]
    assert exported == b'{"key":"host","record":{"key":"10.0.0.1"},"count":1}\n'


def test_a_dictionary_is_not_read_from_a_file(client: Any, tmp_path: Path) -> None:
    """A defect of the client: the file is closed before the request reads it; its text is taken."""
    dictionary = only(client, "dictionary")
    path = tmp_path / "rows.csv"
    path.write_text("key,value\nk,v\n", encoding="utf-8")

    with pytest.raises(ValueError, match="closed file"):
        client.dictionaries.update(dictionary, str(path))
    status, _ = client.dictionaries.update(dictionary, path.read_text(encoding="utf-8"))

    assert (status, client.dictionaries.content(dictionary)[1]) == (204, "key,value\nk,v\n")


def test_the_content_of_a_dictionary_becomes_objects(client: Any) -> None:
    """A defect of the client: it splits at every comma, so that a quoted one breaks its row."""
    dictionary = only(client, "dictionary")
    client.dictionaries.update(dictionary, 'key,value\nk1,plain\nk2,"a,b"\n')

    rows = client.dictionaries.csv_to_json(client.dictionaries.content(dictionary)[1])

    assert rows == [{"key": "k1", "value": "plain"}, {"key": "k2", "value": '"a'}]


def test_its_false_clears_a_context_table(client: Any, correlator: str) -> None:
    """A defect of the client: "clear=False" is sent, and a presence flag is on whatever its value."""
    (listed,) = client.context_tables.list(correlator)[1]
    columns = {"contextTableID": listed["id"]}
    line = '{{"count":"1","record":{{"ioc":{{"type":3,"value":"{}"}}}}}}\n'
    client.context_tables.import_data(correlator, "internal", line.format("10.0.0.1"), **columns)

    client.context_tables.import_data(correlator, "internal", line.format("10.0.0.2"), clear=False, **columns)

    exported = client.context_tables.export(correlator, context_table_name=listed["name"])[1]
    assert exported == line.format("10.0.0.2").encode()


def test_its_folders_are_those_of_every_tenant(server: Server, world: tuple[str, str], client: Any) -> None:
    """A defect of the client: the tenants that it demands are not sent; by keyword they are."""
    branch = client.tenants.create("Branch", 0)[1]["id"]
    body = {
        "resources": [
            {"kind": "filter", "name": "f", "folder": "Ours"},
            {"kind": "filter", "name": "g", "folder": "Theirs", "tenantID": branch},
        ]
    }
    server.control("POST", f"/worlds/{world[0]}/resources", body)

    asked = client.folders.search([branch], subkind="filter", order="name")[1]
    really = client.folders.search([branch], subkind="filter", tenantID=[branch])[1]

    assert {"Ours", "Theirs"} <= {one["name"] for one in asked}
    assert [one["name"] for one in really] == ["Theirs"]


def test_rules_are_linked_once_and_unlinked_together(client: Any) -> None:
    """Where there is nothing to do the client answers with a sentence in place of a status."""
    tenant = client.tenants.search(main="")[1][0]["id"]
    resource = client.services.search(kind="correlator")[1][0]["resourceID"]
    rule = {"tenantID": tenant, "kind": "correlationRule", "name": "r", "payload": {"name": "r"}}
    made = client.resources.create("correlationRule", rule)[1]
    client.resources.put("correlationRule", made["id"], {**made, "payload": {"id": made["id"], "name": "r"}})
    client.resources.link_rules_to_correlator(resource, [made["id"]])

    again = client.resources.link_rules_to_correlator(resource, [made["id"]])
    stranger = client.resources.unlink_rules_from_correlator(resource, ["nobody"])
    status, _ = client.resources.unlink_rules_from_correlator(resource, unlink_all=True)

    assert set(again) == set(stranger) == {"response"}
    assert status == 200
    assert "rules" not in client.resources.get("correlator", resource)[1]["payload"]
