"""Every route of the control API and beside it, asked by everybody: found in the application itself."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mock_kuma.api import vendor
from mock_kuma.app import Console
from mock_kuma.control import app as control
from tests.mock_kuma.conftest import CONTROL_TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from tests.mock_kuma.conftest import Kuma

#: What needs no token; a new route is not among them unless it is written here.
OPEN = {"health.health", "health.ready"}


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return method, path and endpoint of every route."""
    return [
        (method, re.sub(r"<world_id>", "default", rule.rule).replace("<", "").replace(">", ""), rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or set())
    ]


def contents(folder: Path) -> list[str]:
    """Return all that the store holds, without the journal."""
    with sqlite3.connect(folder / "mock.db") as store:
        found = [line for line in store.iterdump() if '"journal"' not in line and '"worlds"' not in line]
    store.close()
    return found


@pytest.fixture
def api(kuma: Kuma) -> Flask:
    """The control API's application."""
    console = kuma.console_client.application
    assert isinstance(console, Console)
    return console.api


def test_nothing_opens_but_to_the_control_token(kuma: Kuma, api: Flask, tmp_path: Path) -> None:
    """No token, wrong ones, tokens of the vendor API, another scheme, parts and longer ones: 401."""
    other = kuma.world()
    kuma.console_client.set_cookie("mock_kuma_0", "0" * 32)
    credentials = {
        "none": None,
        "empty": "Bearer ",
        "wrong": "Bearer " + "0" * 32,
        "vendor": f"Bearer {kuma.default_token}",
        "another world's": f"Bearer {other.token}",
        "another scheme": f"Basic {CONTROL_TOKEN}",
        "no scheme": CONTROL_TOKEN,
        "a part": f"Bearer {CONTROL_TOKEN[:-1]}",
        "longer": f"Bearer {CONTROL_TOKEN}x",
        "two": f"Bearer {CONTROL_TOKEN}, Bearer {CONTROL_TOKEN}",
    }
    before = contents(tmp_path)

    found = {
        (name, method, path): kuma.console_client.open(
            path, method=method, json={}, headers={} if sent is None else {"Authorization": sent}
        ).status_code
        for name, sent in credentials.items()
        for method, path, endpoint in routes(api)
        if endpoint not in OPEN and not endpoint.startswith("documents.")
    }

    assert len(found) > 10 * 60
    assert {key: code for key, code in found.items() if code != 401} == {}
    assert contents(tmp_path) == before


def test_what_is_open_is_what_is_meant_to_be(kuma: Kuma, api: Flask) -> None:
    """The probes, and the documents and their pages: reading only, and nothing of any world."""
    kuma.world().generate(1)
    opened = {
        (method, endpoint)
        for method, path, endpoint in routes(api)
        if kuma.console_client.open(path, method=method).status_code != 401
    }

    assert {endpoint for _, endpoint in opened if not endpoint.startswith("documents.")} == OPEN
    assert {endpoint for _, endpoint in opened if endpoint.startswith("documents.")} == {
        "documents.described", "documents.ours", "documents.page", "documents.slash", "documents.begin",
        "documents.asset",
    }  # fmt: skip
    assert {method for method, _ in opened} <= {"GET", "HEAD", "OPTIONS"}
    assert {"documents"} == control.OPEN_PAGES


def test_what_does_not_exist_is_not_told_to_strangers(kuma: Kuma) -> None:
    """Which routes and worlds there are is for holders of the token."""
    found = {
        path: kuma.console_client.get(path).status_code
        for path in ("/control/v1/nothing", "/control/v1/worlds/nowhere", "/control/v1", "/metrics/")
    }

    assert found == dict.fromkeys(found, 401)


def test_no_vendor_route_opens_to_strangers(kuma: Kuma, tmp_path: Path) -> None:
    """No token is 400, an unknown one 403, and the control token is an unknown one."""
    console = kuma.console_client.application
    assert isinstance(console, Console)
    with_vendor_routes = vendor.build(console.core)
    asked = [
        (method, path, endpoint)
        for method, path, endpoint in routes(with_vendor_routes)
        if path.startswith("/api/v3/") and method not in {"HEAD", "OPTIONS"}
    ]
    before = contents(tmp_path)

    found = {
        (sent, method, path): kuma.vendor_client.open(
            path, method=method, json={}, headers={} if sent is None else {"Authorization": sent}
        ).status_code
        for sent in (None, f"Bearer {CONTROL_TOKEN}")
        for method, path, _ in asked
    }

    assert len(found) > 2 * 50
    assert {code for key, code in found.items() if key[0] is None} == {400}
    assert {code for key, code in found.items() if key[0] is not None} == {403}
    assert contents(tmp_path) == before
