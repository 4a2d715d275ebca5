"""Files on the Core: uploaded, downloaded, for whom and how many (222300, 269933)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]
SHARED = "00000000-0000-0000-0000-000000000000"
NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD = "secret"


def give(world: World, *resources: dict[str, Any]) -> list[str]:
    """Give the world resources; return their ids."""
    return list(world.control("POST", "resources", {"resources": list(resources)}, status=201)["ids"])


def export(world: World, ids: list[str], version: str = "v3", **fields: Any) -> Any:
    """Ask for an export."""
    body = {"ids": ids, "password": PASSWORD, "tenantID": world.tenant, **fields}
    return world.vendor("POST", f"/{version}/resources/export", body)


def upload(world: World, data: bytes, version: str = "v3") -> str:
    """Upload a file; return its id."""
    return str((world.vendor("POST", f"/{version}/resources/upload", data).json or {})["id"])


@pytest.mark.parametrize("data", [b"x", b"PK\x03\x04" * 1_000, b"MOCKKUMARES1", b"MOCKKUMARES1" + b"\0" * 99])
def test_a_strangers_file_is_kept_and_cannot_be_opened(world: World, data: bytes) -> None:
    """It comes back as it went in."""
    file = upload(world, data)

    opened = world.vendor("POST", "/v2/resources/toc", {"fileID": file, "password": PASSWORD})
    response = world.vendor("GET", f"/v1/resources/download/{file}")

    assert (opened.status_code, (opened.json or {})["message"]) == (400, "file decryption failed")
    assert (response.status_code, response.mimetype, response.data) == (200, "application/octet-stream", data)


@pytest.mark.parametrize("path", ["resources/download", "download"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_download_has_the_documented_outcomes(world: World, version: str, path: str) -> None:
    """Under both paths: no id, no UUID, unknown, and a folder, which is no file."""
    give(world, {"kind": "filter", "name": "in", "folder": "Ours"})
    (folder,) = world.vendor("GET", "/v3/folders").json or [{}]

    def ask(file: str) -> tuple[int, Any]:
        response = world.vendor("GET", f"/{version}/{path}{file}")
        return response.status_code, response.json

    assert ask("") == (400, {"message": "route parameter required", "details": "id"})
    assert ask("/") == (400, {"message": "route parameter required", "details": "id"})
    assert ask("/abc") == (400, {"message": "id is not a valid UUID", "details": None})
    assert ask(f"/{NOBODY}") == (404, {"message": "file not found", "details": None})
    assert ask(f"/{folder['id']}") == (406, {"message": "not regular file", "details": None})


def test_files_are_for_those_who_may(world: World) -> None:
    """An upload is its user's, an export is its tenant's."""
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="one")
    colleague = world.with_user({"role": "Tier 1 analyst", "tenants": [world.tenant]}, login="two")
    stranger = world.with_user({"role": "Tier 1 analyst", "tenants": [SHARED]}, login="three")
    uploaded = upload(analyst, b"bytes")
    exported = (export(analyst, give(world, {"kind": "filter", "name": "a"})).json or {})["fileID"]

    def statuses(file: str) -> list[int]:
        people = (world, analyst, colleague, stranger)
        return [who.vendor("GET", f"/v3/download/{file}").status_code for who in people]

    assert statuses(uploaded) == [200, 200, 403, 403]
    assert statuses(exported) == [200, 200, 200, 403]


@pytest.mark.parametrize(
    ("version", "role", "toc", "others"),
    [
        ("3.2", "Tenant administrator", 404, 404),
        ("3.2", "Tier 1 analyst", 404, 404),
        ("3.2", "Junior analyst", 403, 403),
        ("3.2", "Access to shared resources", 403, 403),
        ("2.1", "administrator", 404, 404),
        ("2.1", "analyst", 404, 404),
        ("2.1", "operator", 404, 403),
    ],
)
def test_who_may_use_files(kuma: Kuma, version: str, role: str, toc: int, others: int) -> None:
    """Operators may look into a file and do nothing else; 404 is the unknown file of those who may."""
    world = kuma.world(kuma_version=version)
    somebody = world.with_user({"role": role, "tenants": [world.tenant]})
    body = {"fileID": NOBODY, "password": PASSWORD, "tenantID": world.tenant}

    statuses = [
        somebody.vendor("POST", "/v1/resources/toc", body).status_code,
        somebody.vendor("POST", "/v1/resources/import", body).status_code,
        somebody.vendor("GET", f"/v1/resources/download/{NOBODY}").status_code,
        export(somebody, ["none"], "v1").status_code,
    ]
    uploaded = somebody.vendor("POST", "/v1/resources/upload", b"x").status_code

    assert statuses == [toc, others, others, others]
    assert uploaded == (200 if others == 404 else 403)


def test_an_upload_has_its_limits(world: World) -> None:
    """Empty, and larger than 64 MB, whether the length is announced or not."""
    limit = 64 * 1024 * 1024

    empty = world.vendor("POST", "/v1/resources/upload", b"")
    large = world.vendor("POST", "/v1/resources/upload", b"x" * (limit + 1))

    assert (empty.status_code, (empty.json or {})["message"]) == (400, "request body required")
    assert (large.status_code, large.json) == (
        400,
        {"message": "maximum file size is 64 MB", "details": None},
    )


def test_old_files_make_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many files, of so many bytes together; the newest is always kept."""
    monkeypatch.setattr("mock_kuma.store.files.MAX_FILES", 2)
    monkeypatch.setattr("mock_kuma.store.files.MAX_BYTES", 10)
    files = [upload(world, data) for data in (b"1", b"2", b"3", b"x" * 9, b"y" * 11)]

    statuses = [world.vendor("GET", f"/v3/download/{file}").status_code for file in files]

    assert statuses == [404, 404, 404, 404, 200]
