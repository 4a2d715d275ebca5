"""Closings: on their way to KUMA, confirmed, refused, and never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from connector.errors import ConnectorError, UnknownIncident
from tests.connector.fake_kuma import FakeKuma, connect, held

if TYPE_CHECKING:
    from pathlib import Path


def test_a_closing_reaches_kuma(tmp_path: Path) -> None:
    """The incident is closed when KUMA has confirmed it."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()

    sync.close("a", "incorrect data")

    assert kuma.alerts["a"].status == "closed"
    assert held(sync)["a"][0] == "closed"


def test_a_closing_whose_answer_is_lost_ends_as_closed(tmp_path: Path) -> None:
    """The second try is told that it is closed already, which is what was wanted."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()

    def lose(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and kuma.alerts["a"].status == "new":
            kuma.alerts["a"].status = "closed"
            raise httpx.ReadError("reset")
        return None

    kuma.before = lose
    sync.close("a", "responded")

    assert held(sync)["a"][0] == "closed"
    assert [request.method for request in kuma.requests].count("POST") == 2


@pytest.mark.parametrize(
    ("status", "message", "retryable"),
    [
        (403, "access denied", False),
        (404, "alert not found", False),
        (406, "tenant disabled", False),
        (500, "", True),
    ],
)
def test_a_closing_that_fails_is_never_claimed(
    tmp_path: Path, status: int, message: str, retryable: bool
) -> None:
    """The incident stays open; what can be tried again is, in the next cycle."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()
    kuma.before = lambda request: (
        httpx.Response(status, json={"message": message}) if request.method == "POST" else None
    )

    with pytest.raises(ConnectorError) as caught:
        sync.close("a", "responded")
    state = held(sync)["a"][0]
    kuma.before = lambda _: None
    sync.poll()

    assert (caught.value.retryable, state) == (retryable, "open")
    assert held(sync)["a"][0] == ("closed" if retryable else "open")


def test_a_closing_in_kuma_is_not_echoed(tmp_path: Path) -> None:
    """It is mirrored in, and closing it here again asks nothing."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()
    kuma.alerts["a"].status = "closed"
    sync.poll()

    sync.close("a", "responded")

    assert held(sync)["a"][0] == "closed"
    assert "POST" not in [request.method for request in kuma.requests]


def test_an_incident_that_nobody_holds_cannot_be_closed(tmp_path: Path) -> None:
    """And nothing is sent."""
    kuma = FakeKuma()

    with pytest.raises(UnknownIncident):
        connect(kuma, tmp_path).close("nobody", "responded")

    assert kuma.requests == []
