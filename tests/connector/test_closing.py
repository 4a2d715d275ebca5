"""Closings: on their way to KUMA, confirmed, refused, and never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from connector.errors import BadAnswer, ConnectorError, RateLimited, ServerTrouble, UnknownIncident
from tests.connector.fake_kuma import Clock, FakeKuma, connect, held

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


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Sign in</html>", headers={"Content-Type": "text/html"}),
        httpx.Response(200, text="", headers={"Content-Type": "text/html"}),
        httpx.Response(200, text='{"cut', headers={"Content-Type": "application/json"}),
        httpx.Response(302, headers={"Location": "https://192.0.2.1/"}),
    ],
    ids=["login page", "empty page", "cut JSON", "redirect"],
)
def test_a_success_that_is_not_kumas_is_none(tmp_path: Path, answer: httpx.Response) -> None:
    """What stands between says 200 as well; the incident stays open, the closing stays written down."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()
    kuma.before = lambda request: answer if request.method == "POST" else None

    with pytest.raises(BadAnswer):
        sync.close("a", "responded")

    assert (held(sync)["a"][0], kuma.alerts["a"].status) == ("open", "new")
    assert [one.alert_id for one in sync.outbox.pending()] == ["a"]


def test_a_closing_while_kuma_must_be_left_alone_waits(tmp_path: Path) -> None:
    """Nothing is sent, the answer is an error, and a cycle after the wait sends it."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path, clock=clock)
    sync.poll()
    sync.ledger.keep_still(clock.now + 100)
    kuma.requests.clear()

    with pytest.raises(RateLimited):
        sync.close("a", "incorrect data")
    assert (kuma.requests, held(sync)["a"][0]) == ([], "open")
    clock.now += 101
    sync.poll()

    assert held(sync)["a"][0] == kuma.alerts["a"].status == "closed"


def test_a_clock_that_was_put_back_does_not_silence_for_ever(tmp_path: Path) -> None:
    """Nobody is asked to wait longer than a day."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path, clock=clock)
    sync.ledger.keep_still(clock.now + 10 * 86_400)

    assert sync.poll().created == 1


def test_the_reason_of_whoever_was_faster_is_learnt(tmp_path: Path) -> None:
    """Closed elsewhere, for another reason, when our closing arrives."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()
    kuma.alerts["a"].status = "closed"
    kuma.alerts["a"].extra["closingReason"] = "incorrect correlation rule"

    sync.close("a", "responded")

    [incident] = sync.incidents.every()
    assert (incident.status, incident.alert["close_reason"]) == ("closed", "incorrect correlation rule")


@pytest.mark.parametrize("status", [500, 429])
def test_a_reason_that_cannot_be_learnt_keeps_nobody_from_closing(tmp_path: Path, status: int) -> None:
    """KUMA has said that the alert is closed, which is what was asked."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path, clock=clock)
    sync.poll()
    kuma.alerts["a"].status = "closed"
    kuma.before = lambda request: (
        None if request.method == "POST" else httpx.Response(status, headers={"Retry-After": "300"})
    )

    sync.close("a", "responded")

    assert held(sync)["a"][0] == "closed"
    assert sync.ledger.not_before() == (clock.now + 300 if status == 429 else None)


def test_one_closing_that_fails_holds_no_other_up(tmp_path: Path) -> None:
    """The cycle tries them all, and says that one is left."""
    kuma = FakeKuma()
    for key in "abc":
        kuma.add(key, 1)
        connect(kuma, tmp_path).outbox.put(key, "responded")
    kuma.before = lambda request: httpx.Response(500) if b'"b"' in request.content else None
    sync = connect(kuma, tmp_path)

    with pytest.raises(ServerTrouble):
        sync.poll()

    assert {key: status for key, (status, _) in held(sync).items()} == {
        "a": "closed",
        "b": "open",
        "c": "closed",
    }


def test_what_others_wrote_before_a_closing_is_learnt_after_it(tmp_path: Path) -> None:
    """A closed incident whose alert was not seen since is looked at once more, and then left alone."""
    kuma = FakeKuma(now=5_000)
    kuma.add("new one", 4_999)
    kuma.add("a", 1)
    sync = connect(kuma, tmp_path)
    sync.poll()
    kuma.alerts["a"].assignee = "Smith"
    sync.close("a", "responded")

    sync.poll()
    sync.poll()

    found = {incident.alert_id: incident.alert["assignee"] for incident in sync.incidents.every()}
    assert found["a"] == "Smith"
    assert sync.incidents.unseen_ids() == []
