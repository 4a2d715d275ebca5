"""The client with what administrators keep: assets, services, lists, dictionaries, resources, the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.client.archives import ImportAction
from connector.errors import ImportConflict, Refused

if TYPE_CHECKING:
    from connector import Client
    from mock_kuma.testing import Kuma, World
    from tests.connector.client.conftest import Connect


def test_assets_are_imported_found_and_deleted(world: World, client: Client) -> None:
    """Each place in the import is told apart."""
    told = client.import_assets(world.tenant, [{"fqdn": ["pc-1.example.com"]}, {"ipAddresses": ["10.9.8.7"]}])
    found = list(client.assets(tenants=[world.tenant], fqdn="^pc-1"))

    deleted = client.delete_assets(world.tenant, ids=[found[0]["id"]], ip_addresses=["10.9.8.7"])

    assert {"0", "1"} == set(told["insertedIDs"])
    assert (found[0]["fqdn"], deleted) == (["pc-1.example.com"], 2)


def test_services_are_found_reloaded_and_restarted(client: Client) -> None:
    """And one is made of a resource; a retroscan runs on a correlator."""
    correlator = next(client.services(kinds=["correlator"], paired=True))

    client.reload_service(correlator["id"])
    client.restart_service(correlator["id"])
    made = client.create_service(correlator["resourceID"])

    assert made["id"] in [one["id"] for one in client.services()]


def test_a_retroscan_starts(client: Client) -> None:
    """With the correlator's id and a search over a cluster."""
    correlator = next(client.services(kinds=["correlator"]))
    search = {"clusterID": next(client.clusters())["id"], "sql": "SELECT * FROM events LIMIT 1"}
    period = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    task = {
        "kind": "retroscan",
        "name": "r",
        "correlatorID": correlator["id"],
        "search": {**search, **period},
    }

    assert client.create_task(task)["id"]


def test_an_active_list_goes_in_and_out(client: Client) -> None:
    """Imported as CSV, scanned, exported in KUMA's own format."""
    correlator = next(client.services(kinds=["correlator"]))["id"]
    listed = client.active_lists(correlator)[0]
    text = "key,DeviceHostName\nk1,h1\nk2,h2\n"

    client.import_active_list(correlator, text, list_id=listed["id"], key_field="key", clear=True)

    scanned = client.scan_active_list(correlator, listed["id"], limit=1, sort="-DeviceHostName")
    assert scanned == [{"DeviceHostName": "h2"}]
    assert client.active_lists(correlator)[0]["records"] == 2
    assert b'{"key":"k1"' in client.export_active_list(correlator, listed["id"])


def test_a_context_table_goes_in_and_out(client: Client) -> None:
    """By its name, in KUMA's own format."""
    correlator = next(client.services(kinds=["correlator"]))["id"]
    table = client.context_tables(correlator)[0]
    line = '{"count":"1","record":{"ioc":{"type":3,"value":"100.100.100.100"}}}\n'

    client.import_context_table(correlator, line, format="internal", name=table["name"], clear=True)

    assert line.encode() == client.export_context_table(correlator, table_id=table["id"])


def test_a_dictionary_is_replaced_and_edited(client: Client) -> None:
    """As a whole, and row by row."""
    dictionary = next(client.resources(kinds=["dictionary"]))["id"]

    failed = client.update_dictionary(dictionary, "key,value\nk1,v1\nk2,--\r\n", reload=True)
    client.add_row(dictionary, "k3", {"value": "v3"})
    client.add_row(dictionary, "k1", {"value": "new"}, overwrite=True)
    client.delete_row(dictionary, "k2")

    assert failed == []
    assert client.dictionary(dictionary).splitlines() == ["key,value", "k1,new", "k3,v3"]


def test_resources_travel_between_worlds(kuma: Kuma, world: World, client: Client, connect: Connect) -> None:
    """Exported, uploaded elsewhere, imported; a second time in conflict until a person decides."""
    there = kuma.world(seed=8)
    other = connect(there)
    resource = next(client.resources(kinds=["filter"], tenants=[world.tenant]))["id"]

    content = client.download(client.export_resources([resource], tenant=world.tenant, password="p"))
    file = other.upload(content)
    told = other.contents(file, password="p")
    other.import_resources(file, tenant=there.tenant, password="p")
    with pytest.raises(ImportConflict) as caught:
        other.import_resources(file, tenant=there.tenant, password="p")
    replace = dict.fromkeys(caught.value.resources, ImportAction.REPLACE)
    other.import_resources(file, tenant=there.tenant, password="p", actions=replace)

    assert [resource] == [one["id"] for folder in told["folders"] for one in folder["resources"]]
    assert (resource,) == caught.value.resources


def test_a_resource_has_a_history(world: World, client: Client) -> None:
    """Made, edited, looked at as it was, set back."""
    content = {"tenantID": world.tenant, "kind": "filter", "name": "F", "payload": {"n": 1}}
    client.validate_resource("filter", content)
    made = client.create_resource("filter", content)

    client.edit_resource("filter", made["id"], {**content, "payload": {"n": 2}})
    client.revert_resource("filter", made["id"], 1)

    assert [one["version"] for one in client.history("filter", made["id"])] == [3, 2, 1]
    assert client.former_resource("filter", made["id"], 2)["payload"] == {"n": 2}
    assert client.resource("filter", made["id"])["payload"] == {"n": 1}


def test_folders_and_reports_are_listed(world: World, client: Client) -> None:
    """Each list by its own way of counting."""
    world.control("POST", "resources", {"resources": [{"kind": "filter", "name": "f", "folder": "Ours"}]})
    world.control("POST", "reports", {"reports": [{"name": "Weekly"}]})

    assert [one["name"] for one in client.folders(sub_kind="filter", order="-name")] == ["Ours"]
    assert [one["name"] for one in client.reports(name="week")] == ["Weekly"]


def test_the_system_is_saved_and_set_back(world: World, client: Client) -> None:
    """What happened after the backup is gone; what is none is refused."""
    client.import_extended_fields([{"kind": "S", "name": "Badge", "description": "", "disabled": False}])
    saved = client.backup()
    world.generate(1)

    client.restore(saved)

    assert list(client.alerts()) == []
    assert "Badge" in [one["name"] for one in client.extended_fields()]
    with pytest.raises(Refused):
        client.restore(b"no archive")


def test_custom_fields_are_told(world: World, client: Client) -> None:
    """By the id of their setting."""
    setting = world.control("GET", "custom-fields")["id"]
    world.control("PUT", "custom-fields", {"fields": [{"name": "Owner"}]})

    assert [one["name"] for one in client.custom_fields(setting)["customFields"]] == ["Owner"]
