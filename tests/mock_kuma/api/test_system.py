"""GET /system/backup and POST /system/restore (REST API, 5.9)."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import BigInteger, Boolean, Integer, Text

from mock_kuma.store import system as store
from mock_kuma.store import tables

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]


def backup(world: World, version: str = "v1") -> bytes:
    """Return the world's backup."""
    response = world.vendor("GET", f"/{version}/system/backup")
    assert (response.status_code, response.mimetype) == (200, "application/gzip")
    return bytes(response.data)


def restore(world: World, data: bytes, version: str = "v1") -> Any:
    """Restore the world."""
    return world.vendor("POST", f"/{version}/system/restore", data)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_restore_brings_back_what_was(world: World, version: str) -> None:
    """Alerts with their events and history, lists, resources, users and tenants."""
    alerts = world.generate(3, events=2)
    dictionary = {"kind": "dictionary", "name": "D", "rows": [{"key": "a", "value": "1"}]}
    (key,) = world.control("POST", "lists", dictionary, status=201)["ids"]
    before = (world.alerts("withEvents&withAffected"), world.control("GET", f"alerts/{alerts[0]}"))
    data = backup(world, version)
    world.vendor("POST", "/v1/alerts/close", {"id": alerts[0], "reason": "responded"})
    world.generate(2)
    world.control("POST", "tenants", {"name": "Later"}, status=201)
    world.vendor("POST", f"/v3/dictionaries/delete_row?dictionaryID={key}&rowKey=a")

    response = restore(world, data, version)

    assert (response.status_code, response.json) == (200, {})
    after = (world.alerts("withEvents&withAffected"), world.control("GET", f"alerts/{alerts[0]}"))
    assert after == before
    assert [one["name"] for one in world.vendor("GET", "/v1/tenants").json or []] == ["Main", "Shared"]
    assert world.vendor("GET", f"/v1/dictionaries?dictionaryID={key}").text == "key,value\na,1\n"


def test_a_restored_world_goes_on(world: World) -> None:
    """No id is given twice: neither by what came after the backup nor by what comes now."""
    world.generate(2)
    data = backup(world)
    lost = world.generate(2)

    restore(world, data)

    assert not set(world.generate(2)) & set(lost)
    assert len(world.alerts()) == 4


def test_another_world_takes_a_backup(kuma: Kuma) -> None:
    """With the main tenant of the world that it is of; the token of the same login goes on working."""
    old, new = kuma.world(seed=1), kuma.world(seed=2)
    alerts = old.generate(2)

    response = restore(new, backup(old))

    assert response.status_code == 200
    assert [one["id"] for one in new.alerts()] == [one["id"] for one in old.alerts()]
    assert {one["id"] for one in new.alerts()} == set(alerts)
    assert new.control("GET", "")["tenant"] == old.tenant
    assert (new.vendor("GET", "/v1/users/whoami").json or {})["login"] == "admin"
    assert len(new.generate(1)) == 1


def test_tokens_survive_with_their_users(world: World) -> None:
    """A user whom the backup knows keeps the token; one who came later is gone with it."""
    early = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="early")
    data = backup(world)
    late = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="late")

    restore(world, data)

    statuses = [who.vendor("GET", "/v1/users/whoami").status_code for who in (world, early, late)]
    assert statuses == [200, 200, 403]


def test_a_backup_is_an_ordinary_archive_without_tokens(world: World) -> None:
    """Any tar opens it; no table in it has a token's digest."""
    world.generate(1)

    with tarfile.open(fileobj=io.BytesIO(backup(world)), mode="r:gz") as archive:
        names = archive.getnames()
        texts = [file.read() for file in map(archive.extractfile, archive) if file is not None]

    assert names[0] == "backup.json"
    assert "tables/alerts.jsonl" in names
    assert not {"tables/tokens.jsonl", "tables/journal.jsonl", "tables/faults.jsonl"} & set(names)
    assert not [text for text in texts if world.token.encode() in text]


def test_a_backup_is_the_same_bytes_each_time(kuma: Kuma) -> None:
    """Where nothing has changed, the clock included."""
    world = kuma.world(clock="2026-01-31T09:00:00Z")

    assert backup(world) == backup(world)


@pytest.mark.parametrize(
    ("generation", "role"),
    [
        ("3.2", "Tenant administrator"),
        ("3.2", "Tier 2 analyst"),
        ("2.1", "administrator"),
        ("2.1", "operator"),
    ],
)
def test_only_a_general_administrator_comes_in(kuma: Kuma, generation: str, role: str) -> None:
    """403 for all others, for both operations."""
    world = kuma.world(kuma_version=generation)
    data = backup(world)
    somebody = world.with_user({"role": role, "tenants": [world.tenant]})

    statuses = [
        somebody.vendor("GET", "/v1/system/backup").status_code,
        restore(somebody, data).status_code,
    ]

    assert statuses == [403, 403]


def hostile(world: World) -> dict[str, bytes]:
    """Return what is no backup, by what is wrong with it."""
    good = backup(world)
    climbing = io.BytesIO()
    with tarfile.open(fileobj=climbing, mode="w:gz") as archive:
        entry = tarfile.TarInfo("../../etc/passwd")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"root"))
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    return {
        "text": b"not an archive",
        "one byte": b"x",
        "climbing": climbing.getvalue(),
        "bomb": gzip.compress(b"\0" * 50_000_000),
        "flipped": bytes(flipped),
        "cut": good[:-1],
        "longer": good + b"\0",
        "without its seal": good[:-58],
        "repacked": gzip.compress(gzip.decompress(good).replace(b'"Main"', b'"Evil"'), mtime=0) + good[-58:],
        "sealed twice": good + good[-58:],
    }


@pytest.mark.parametrize(
    "case",
    [
        "text", "one byte", "climbing", "bomb", "flipped", "cut", "longer", "without its seal", "repacked",
        "sealed twice",
    ],
)  # fmt: skip
def test_a_strangers_archive_is_refused_and_nothing_changes(world: World, case: str) -> None:
    """400, unread."""
    world.generate(1)
    before = world.alerts()

    response = restore(world, hostile(world)[case])

    assert (response.status_code, (response.json or {})["message"]) == (400, "invalid backup")
    assert world.alerts() == before


def test_a_backup_of_another_release_is_refused(kuma: Kuma) -> None:
    """Even by the same installation."""
    old, new = kuma.world(kuma_version="3.2"), kuma.world(kuma_version="3.4")

    response = restore(new, backup(old))

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid backup", "details": "made by KUMA 3.2; this is KUMA 3.4"},
    )


def test_an_empty_body_is_refused(world: World) -> None:
    """400 ``request body required``."""
    response = restore(world, b"")

    assert (response.status_code, (response.json or {})["message"]) == (400, "request body required")


def test_a_restore_that_fails_halfway_leaves_the_world(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: what was deleted for it is there again."""
    world.generate(2)
    data = backup(world)
    world.generate(1)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("mock_kuma.store.system.set_world", fail)
    response = restore(world, data)

    assert response.status_code == 500
    assert len(world.alerts()) == 3


def test_every_table_can_be_saved() -> None:
    """A backup's rows are JSON: a column of another type would need a spelling of its own."""
    columns = [
        (table, tables.metadata.tables[table].c[name])
        for table in store.saved()
        for name in store.saved()[table]
    ]

    assert len(columns) > 50
    assert [
        (table, column.name)
        for table, column in columns
        if not isinstance(column.type, (Text, Integer, BigInteger, Boolean))
    ] == []
