"""A store that has no room, or is gone: said plainly on each port, and over when it is over."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from mock_kuma.store.database import words
from tests.mock_kuma.conftest import CONTROL_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mock_kuma.conftest import Kuma, World


@contextmanager
def without(folder: Path, table: str) -> Iterator[None]:
    """Take a table away for a while."""
    for before, after in ((table, "away"), ("away", table)):
        with closing(sqlite3.connect(folder / "mock.db")) as store:
            store.execute(f"ALTER TABLE {before} RENAME TO {after}")
            store.commit()
        if after == "away":
            yield


def test_an_answer_that_cannot_be_written_down_is_not_given(kuma: Kuma, world: World, tmp_path: Path) -> None:
    """The journal has no room: 503 in the vendor's shape, and all is well again afterwards."""
    (alert,) = world.generate(1)

    with without(tmp_path, "journal"):
        refused = world.vendor("GET", "/v1/alerts")
        unheard = kuma.vendor("GET", "/v1/alerts")
    served = world.alerts()

    for response in (refused, unheard):
        assert (response.status_code, response.json) == (
            503,
            {"message": "the mock cannot use its store", "details": "no such table: journal"},
        )
    assert [one["id"] for one in served] == [alert]


def test_every_port_says_what_is_wrong(kuma: Kuma, world: World, tmp_path: Path) -> None:
    """The vendor's operation, the control API, the console; no traceback and no statement."""
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    with without(tmp_path, "tenants"):
        vendor = world.vendor("GET", "/v1/tenants")
    with without(tmp_path, "worlds"):
        control = kuma.console_client.post("/control/v1/worlds", json={}, headers=headers)
        kuma.console_client.set_cookie("mock_kuma_0", "0" * 32)
    with without(tmp_path, "sessions"):
        console = kuma.console_client.get("/alerts")

    assert (vendor.status_code, control.status_code, console.status_code) == (503, 503, 503)
    assert "no such table: tenants" in vendor.text
    assert "the store cannot be used: no such table: worlds" in control.text
    assert console.text == "503: the store cannot be used: no such table: sessions\n"
    assert "SELECT" not in vendor.text + control.text + console.text


def test_the_drivers_words_are_told_and_no_statement() -> None:
    """Statements hold data."""
    error = OperationalError(
        "INSERT INTO t VALUES ('secret')", {}, sqlite3.OperationalError("disk is full\nx")
    )

    assert words(error) == "disk is full"
