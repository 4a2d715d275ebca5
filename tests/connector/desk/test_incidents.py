"""The list and the card: filters, hostile names, the worker's transactions, closing in KUMA."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.connector.desk.conftest import Browser, card

if TYPE_CHECKING:
    from connector.desk.engine import Engine
    from tests.connector.fake_kuma import FakeKuma

EVIL = "<script>alert(1)</script> javascript:alert(1) \u202eevil\x1b[31m"


@pytest.fixture
def desk(connected: Engine, kuma: FakeKuma) -> Engine:
    """A desk with three incidents."""
    kuma.add("a", 100)
    kuma.add("b", 200, extra={"priority": "critical", "name": EVIL})
    kuma.add("c", 300, extra={"priority": "low", "name": "Port scan"})
    assert connected.run(by="") == ""
    return connected


def move(browser: Browser, desk: Engine, alert: str, name: str, **fields: str) -> int:
    """Do a transaction by its name; return the status."""
    places = {way.name: place for place, way in enumerate(desk.worker().transactions)}
    return browser.send(f"{card(desk, alert)}/move", way=str(places[name]), **fields).status_code


def test_an_empty_desk_says_what_to_do(admin: Browser, connected: Engine) -> None:
    """First the connection, then the schedule."""
    assert "The schedule is off" in admin.text("/incidents")


def test_a_desk_without_kuma_says_so(admin: Browser) -> None:
    """With a link to where it is set."""
    assert "KUMA is not connected yet" in admin.text("/incidents")


def test_incidents_are_filtered_and_sorted(desk: Engine, anna: Browser) -> None:
    """By text, priority, state, line; an order that is none is the usual one."""
    by_text = anna.text("/incidents?q=port+SCAN")
    by_priority = anna.text("/incidents?priority=high&priority=low")
    ascending = anna.text("/incidents?sort=name&order=asc")

    assert ("Port scan" in by_text, "Brute force" in by_text) == (True, False)
    assert ("Port scan" in by_priority, "&lt;script" in by_priority) == (True, False)
    assert ascending.index("Brute force") < ascending.index("Port scan")
    assert "No incident fits" in anna.text("/incidents?line=2&state=new")
    assert "Port scan" in anna.text("/incidents?sort=nonsense&page=0&line=9")


def test_hostile_names_are_escaped_and_made_visible(desk: Engine, anna: Browser) -> None:
    """No script, no link, no turned writing, no ANSI."""
    pages = [anna.text("/incidents"), anna.text(card(desk, "b")), anna.text(card(desk, "b") + "?tab=alert")]

    for page in pages:
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\u202e" not in page
        assert "\x1b" not in page
        assert 'href="javascript' not in page


def test_the_response_tab_shows_imported_events(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """Paged, as a table with chosen columns or raw, found by text."""
    kuma.alerts["a"].events += [f"more-{number}" for number in range(250)]
    kuma.alerts["a"].seen = 400
    desk.run(by="")
    path = card(desk, "a") + "?tab=response"

    assert "Found: 251" in anna.text(path)
    assert "more-249" in anna.text(f"{path}&page=3&column=ID")
    assert "&#34;ID&#34;: &#34;more-0&#34;" in anna.text(f"{path}&view=raw")
    assert "Found: 1<" in anna.text(f"{path}&q=more-249")
    assert "No event has this text" in anna.text(f"{path}&q=nothing%25")


def test_two_lines_work_on_an_incident(desk: Engine, kuma: FakeKuma, anna: Browser, boris: Browser) -> None:
    """Taken, escalated, taken on line 2, resolved, closed in KUMA; each step is in the history."""
    steps = [
        move(anna, desk, "a", "Take into work"),
        move(anna, desk, "a", "Escalate to line 2", comment="looks bad"),
        move(boris, desk, "a", "Take on line 2"),
        move(boris, desk, "a", "Resolve", resolution="host cleaned"),
        move(boris, desk, "a", "Close", reason="responded"),
    ]

    page = boris.text(card(desk, "a"))
    assert steps == [303] * 5
    assert kuma.alerts["a"].status == "closed"
    assert desk.incidents.status("a") == "closed"
    assert "never opens again" in page
    for words in ("looks bad", "host cleaned", "boris", "anna", "responded"):
        assert words in page


def test_a_transaction_needs_its_state_its_line_and_its_fields(
    desk: Engine, kuma: FakeKuma, anna: Browser, boris: Browser
) -> None:
    """Otherwise nothing happens, and the page says why."""
    refused = [
        move(boris, desk, "a", "Take into work"),
        move(anna, desk, "a", "Take on line 2"),
        move(anna, desk, "a", "Escalate to line 2"),
        move(anna, desk, "a", "Escalate to line 2", comment="x" * 4_001),
        move(anna, desk, "a", "Close", reason="because"),
    ]

    assert refused == [409, 409, 422, 422, 422]
    assert kuma.alerts["a"].status == "new"
    assert desk.finding.by_alerts(["a"])["a"].local == {"type": "Incident (2 lines)"}


def test_a_closing_that_kuma_refuses_is_shown(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """The incident stays open, and a person must look."""

    def forbid(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403, json={"message": "access denied"}) if request.method == "POST" else None

    kuma.before = forbid

    status = move(anna, desk, "a", "Close", reason="responded")

    page = anna.text(card(desk, "a"))
    assert status == 502
    assert "KUMA refused the closing; a person must look." in page
    assert "access denied" in page
    assert desk.incidents.status("a") == "open"


def test_a_closing_that_kuma_hears_later_is_noted_then(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """It waits in the outbox, is said to be on its way, and the next cycle confirms it."""

    def busy(request: httpx.Request) -> httpx.Response | None:
        later = httpx.Response(429, json={"message": "busy"}, headers={"Retry-After": "0"})
        return later if request.method == "POST" else None

    kuma.before = busy
    status = move(anna, desk, "a", "Close", reason="responded")
    waiting = anna.text(card(desk, "a"))
    kuma.before = lambda _: None

    desk.run(by="")

    assert status == 502
    assert "The closing is on its way to KUMA" in waiting
    assert "Closed in KUMA" in anna.text(card(desk, "a"))
    assert kuma.alerts["a"].status == "closed"


def test_comments_are_kept(desk: Engine, anna: Browser) -> None:
    """An empty one is refused beside its field."""
    anna.send(f"{card(desk, 'a')}/note", comment="<b>seen</b>")

    assert "&lt;b&gt;seen&lt;/b&gt;" in anna.text(card(desk, "a"))
    assert 'id="comment-wrong"' in anna.send(f"{card(desk, 'a')}/note", comment=" ").text


def test_what_kuma_changed_is_noted_and_seen_live(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """New events, an assignee, a closing; the live word changes with them and with nothing else."""
    before = anna.get("/live").json
    assert anna.get("/live").json == before
    kuma.grow("a", 500)
    kuma.alerts["a"].assignee = "Ivan"
    kuma.alerts["c"].status = "closed"

    desk.run(by="")

    page = anna.text(card(desk, "a"))
    assert anna.get("/live").json != before
    assert ("New events" in page, "– → Ivan" in page) == (True, True)
    assert "Closed in KUMA" in anna.text(card(desk, "c"))


def test_an_unknown_incident_is_not_found(anna: Browser) -> None:
    """Whatever its id looks like."""
    assert anna.get("/incidents/nothing").status_code == 404
    assert anna.get("/incidents/%00").status_code == 404


def test_the_handler_decides_what_reaches_the_incidents(connected: Engine, kuma: FakeKuma) -> None:
    """Without its actions nothing is made, grows or is closed."""
    kuma.add("a", 100)
    connected.run(by="")
    text = connected.documents.read("handler")
    for action in ("create", "close"):
        text = text.replace(f"{action} = true", f"{action} = false")
    connected.documents.write({"handler": text})
    kuma.add("b", 200)
    kuma.alerts["a"].status = "closed"

    connected.run(by="")

    assert [one.alert_id for one in connected.incidents.every()] == ["a"]
    assert connected.incidents.status("a") == "open"


def test_the_history_holds_texts_only(desk: Engine) -> None:
    """As JSON, so that any character survives."""
    desk.history.note("a", "comment", at=1.0, who="anna", comment="\ud800")

    assert json.dumps(desk.history.of("a")[0].details["comment"]) == '"\\ud800"'
