"""The OpenAPI documents: what the server routes, no more and no less, served and written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mock_kuma import app, operations
from mock_kuma.api import vendor
from mock_kuma.cli import main
from mock_kuma.control import openapi as control
from mock_kuma.domain.roles import MATRIX
from mock_kuma.openapi import document
from mock_kuma.operations import Mark, Row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mock_kuma.conftest import Kuma

#: What only says that its parameter is missing; no operation of its own.
WITHOUT_ID = {"/download", "/resources/download"}


@pytest.mark.parametrize("version", document.VERSIONS)
def test_a_document_lists_the_routes(tmp_path: Path, version: str) -> None:
    """Every route of the vendor port is in the document of its version, and the other way round."""
    routed = set()
    for rule in vendor.build(app.core(f"sqlite:///{tmp_path}/mock.db")).url_map.iter_rules():
        prefix, _, path = rule.rule.removeprefix("/api/").partition("/")
        if prefix == version and f"/{path}" not in WITHOUT_ID:
            route = "/" + re.sub(r"<(\w+)>", r"{\1}", path)
            routed |= {(route, method.lower()) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}

    paths = document.build(version)["paths"]

    assert {(path, method) for path, methods in paths.items() for method in methods} == routed


def test_every_operation_has_roles() -> None:
    """The role matrix knows each operation; what it has beside them are finer cases of the same."""
    finer = {name for name in MATRIX if name.endswith(")")}
    as_update = {"POST /dictionaries/add_row", "POST /dictionaries/delete_row"}

    assert set(MATRIX) - finer == set(operations.every()) - as_update


def test_ids_of_operations_are_unique() -> None:
    """Two operations never have one id, or generated clients would lose one."""
    paths = document.build("v3")["paths"]
    ids = [one["operationId"] for methods in paths.values() for one in methods.values()]

    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere() -> None:
    """Each ``$ref`` names a schema of the document's own."""
    for version in document.VERSIONS:
        built = document.build(version)
        names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(built)))

        assert names <= set(built["components"]["schemas"])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, "invalid kind", "spaceship"), True),
        ((400, "invalid kind", ""), False),
        ((404, "invalid kind", "spaceship"), False),
        ((400, "invalid kinds", "spaceship"), False),
    ],
)
def test_a_row_fits_its_answers(answer: tuple[int, str, str], *, expected: bool) -> None:
    """What stands in angle brackets varies, and nothing else does."""
    row = Row(400, "invalid kind", "<kind>", Mark.DOCUMENTED)

    assert row.fits(*answer) is expected


def test_documents_are_served(kuma: Kuma) -> None:
    """Without a token: the document of each version, and its pages, which load nothing from elsewhere."""
    client = kuma.console_client

    served = client.get("/openapi/v2.json").json
    page = client.get("/docs")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert served == json.loads(json.dumps(document.build("v2")))
    assert all(name.startswith("/docs/") for name in assets)
    assert [client.get(name).status_code for name in assets] == [200] * len(assets)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/openapi/control.json").json == json.loads(json.dumps(control.document()))
    assert client.get("/openapi/v9.json").status_code == 404
    assert client.get("/docs/assets/swagger-ui.js.map").status_code == 404


def test_a_request_tried_from_the_pages_reaches_the_api(kuma: Kuma) -> None:
    """It goes by the console port, with the token that the person has typed."""
    described: Any = kuma.console_client.get("/openapi/v3.json?docs").json
    address = described["servers"][0]["url"]

    refused = kuma.console_client.get(f"{address}/users/whoami")
    answered = kuma.console_client.get(
        f"{address}/users/whoami", headers={"Authorization": f"Bearer {kuma.default_token}"}
    )

    assert (refused.status_code, answered.status_code) == (400, 200)


def test_documents_are_written(tmp_path: Path) -> None:
    """One to standard output, or all of them into a folder."""
    runner = CliRunner()

    one = runner.invoke(main, ["openapi", "--version", "v1"])
    every = runner.invoke(main, ["openapi", "--out", str(tmp_path / "documents")])
    neither = runner.invoke(main, ["openapi"])
    (tmp_path / "file").write_text("")
    blocked = runner.invoke(main, ["openapi", "--out", str(tmp_path / "file" / "folder")])

    assert json.loads(one.stdout) == json.loads(json.dumps(document.build("v1")))
    assert every.exit_code == 0
    assert len(list((tmp_path / "documents").iterdir())) == 5
    assert (neither.exit_code, blocked.exit_code) == (2, 1)
    assert "cannot write to" in blocked.output
