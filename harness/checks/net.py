"""NET: whether failures are told, and lose nothing.

Rule: while a fault lasts a poll may try again or answer an error; only a success that cannot be true is
wrong. What counts is what the SOAR holds once the fault is over.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from harness import decoy
from harness.oracle import closed_by_itself, exactly, hasty, lost, missing
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.protocol import Polled, Refusal
from harness.scene import APART_MS, BRIEFLY
from harness.verdict import Finding, demand, reached
from harness.world import ANY, LISTS, ago, now

if TYPE_CHECKING:
    from harness.scene import Scene

#: More requests than this in one poll of a KUMA that fails are a storm.
_STORM = 30
_RETRY_AFTER = 2
#: In bytes a second: often enough for any limit of a single read, and minutes for an alert.
_DRIP = 10
#: What KUMA does under a fault, in words.
_DOES = {
    "truncate": "cut off every answer",
    "garbage": "answered broken JSON to every request",
    "html": "answered an HTML page to every request",
    "redirect": "redirected every request elsewhere",
    "reset": "reset every connection",
    "empty": "closed every connection without an answer",
    "200": "answered an object in the place of every list",
}
#: Clocks and schedulers are not exact.
_TOLERANCE = dt.timedelta(milliseconds=200)
#: So many seconds ahead lies the moment of a Retry-After that is a date.
_UNTIL_IN = 6


def _import(scene: Scene, ids: list[str]) -> None:
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


def _must_fail(scene: Scene, answer: Polled | Refusal, why: str, defect: int) -> list[Finding]:
    """Judge that a poll which cannot have been complete says so."""
    if isinstance(answer, Refusal):
        return []
    sentence = f"{why}, but poll {scene.polls} was answered with success"
    return [Finding("swallowed", sentence, "an error", "success", defect)]


def _half_told(scene: Scene, answer: Polled | Refusal, ids: list[str]) -> list[Finding]:
    """Judge that a poll which says it was complete was so, while nothing in KUMA moved."""
    if isinstance(answer, Refusal):
        return []
    gone = missing(scene.look(), ids)
    if not gone:
        return []
    sentence = (
        f"a request failed and the poll was answered with success, but {len(gone)} of {len(ids)} alerts"
    )
    held = f"success without {len(gone)} alerts"
    return [Finding("swallowed", f"{sentence} were not imported", "all of them, or an error", held, 61)]


def _outage(scene: Scene, action: dict[str, Any], defect: int) -> None:
    """Have an incident, then an outage that hides a second alert, then recover."""
    scene.start(deadline_seconds=BRIEFLY)
    before = scene.world.generate(1, last_seen=ago(seconds=20))
    _import(scene, before)
    fault = scene.world.fault(ANY, action)
    does = _DOES.get(
        str(action.get("status", action["kind"])), f"answered {action.get('status')} to every request"
    )
    scene.note("KUMA", f"is broken from now on: it {does}")
    hidden = scene.world.generate(1, last_seen=ago(seconds=1))

    answer = scene.poll()

    reached(scene.world.fired(fault), "no request reached KUMA")
    record = scene.look()
    scene.world.lift()
    scene.note("KUMA", "is healthy again")
    demand(
        _must_fail(scene, answer, f"KUMA {does}", defect),
        lost(record, before),
        closed_by_itself(record, before),
    )
    _import(scene, [*before, *hidden])


@requirement("NET-01", lasts=9)
@pytest.mark.parametrize("status", [500, 503])
def check_outage(scene: Scene, status: int) -> None:
    """Fail every request for the whole of a poll."""
    _outage(scene, {"kind": "status", "status": status}, 61)


@requirement("NET-01", lasts=5)
@pytest.mark.parametrize("status", [500, 503], ids=["500 twice", "503 twice"])
def check_short_outage(scene: Scene, status: int) -> None:
    """Fail two requests, and be well again."""
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    fault = scene.world.fault(ANY, {"kind": "status", "status": status}, times=2)
    scene.note("KUMA", f"the next two requests meet {status}")

    demand(_half_told(scene, scene.poll(), ids))
    _import(scene, ids)

    reached(scene.world.fired(fault), "no request reached KUMA")


@requirement("NET-02", lasts=9)
@pytest.mark.parametrize(
    ("status", "times"), [(500, 1), (429, 1), (500, None)], ids=["once", "429 once", "lastingly"]
)
def check_failure_in_sweep(scene: Scene, status: int, times: int | None) -> None:
    """Fail the second request of a sweep."""
    # Before the start: an adapter that runs already serves one scene at a time.
    page = lists_to_first_page(scene.run)
    ids = scene.world.generate(251, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    # Before the start, too: a connector may ask for a list to try its settings, and the pilot counts it.
    fault = scene.world.fault(LISTS, {"kind": "status", "status": status}, after=page, times=times)
    follow = ", and all that follow" if times is None else ""
    scene.note("KUMA", f"the list after the first page meets {status}{follow}")
    if times is None:
        scene.start(deadline_seconds=BRIEFLY)

    answer = scene.poll()

    reached(scene.world.fired(fault), "the connector asked for no list of alerts after its first full page")
    scene.world.lift()
    if times is None:
        demand(_must_fail(scene, answer, "KUMA failed every request after the first page", 58))
    demand(_half_told(scene, answer, ids))
    _import(scene, ids)


@requirement("NET-03", lasts=5)
def check_retry_after(scene: Scene) -> None:
    """Ask the connector to wait for two seconds."""
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    action = {
        "kind": "status",
        "status": HTTPStatus.TOO_MANY_REQUESTS,
        "headers": {"Retry-After": str(_RETRY_AFTER)},
    }
    fault = scene.world.fault(LISTS, action, times=1)
    scene.note("KUMA", f"the next list meets 429 with Retry-After: {_RETRY_AFTER}")

    # Polling on at once is the harness's right: the connector must keep silent or wait by itself.
    for _ in range(2):
        demand(_half_told(scene, scene.poll(), ids))
    _import(scene, ids)

    reached(scene.world.fired(fault), "no request for alerts reached KUMA")
    refused = next(exchange for _, exchange in scene.exchanges if exchange.fault_kind == "status")
    over = refused.at + dt.timedelta(seconds=_RETRY_AFTER) - _TOLERANCE
    demand(hasty(scene.exchanges, refused, over=over, asked=f"wait for {_RETRY_AFTER} seconds"))


@requirement("NET-11", lasts=9)
def check_retry_after_a_date(scene: Scene) -> None:
    """Ask the connector to wait until a moment, in the header's other form."""
    scene.start()
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    until = now().replace(microsecond=0) + dt.timedelta(seconds=_UNTIL_IN)
    headers = {"Retry-After": email.utils.format_datetime(until, usegmt=True)}
    action = {"kind": "status", "status": HTTPStatus.TOO_MANY_REQUESTS, "headers": headers}
    fault = scene.world.fault(LISTS, action, times=1)
    scene.note("KUMA", f"the next list meets 429 with Retry-After: {headers['Retry-After']}")
    for _ in range(2):
        demand(_half_told(scene, scene.poll(), ids))
    _import(scene, ids)

    reached(scene.world.fired(fault), "no request for alerts reached KUMA")
    refused = next(exchange for _, exchange in scene.exchanges if exchange.fault_kind == "status")
    demand(hasty(scene.exchanges, refused, over=until - _TOLERANCE, asked="wait until a moment"))


@requirement("NET-04", lasts=9)
def check_storm(scene: Scene) -> None:
    """Count what one poll sends while every request fails."""
    scene.start(deadline_seconds=BRIEFLY)
    scene.world.generate(3, last_seen=ago(minutes=5))
    fault = scene.world.fault(ANY, {"kind": "status", "status": HTTPStatus.SERVICE_UNAVAILABLE})
    scene.note("KUMA", "every request meets 503")

    answer = scene.poll()

    sent = scene.world.fired(fault)
    reached(sent, "no request reached KUMA")
    storm = f"one poll of a KUMA that answers 503 sent {sent} requests"
    demand(
        [Finding("storm", storm, f"at most {_STORM} requests", str(sent))] if sent > _STORM else [],
        _must_fail(scene, answer, "KUMA answered 503 to every request", 61),
    )


@requirement("NET-05", lasts=30)
def check_silence(scene: Scene) -> None:
    """Accept every request for alerts, and say nothing."""
    scene.start(deadline_seconds=BRIEFLY)
    ids = scene.world.generate(3, last_seen=ago(minutes=5))
    fault = scene.world.fault(LISTS, {"kind": "silence"})
    scene.note("KUMA", "accepts requests for alerts, and answers nothing")

    answer = scene.poll()

    reached(scene.world.fired(fault), "no request for alerts reached KUMA")
    scene.world.lift()
    demand(_must_fail(scene, answer, "KUMA answered nothing", 61))
    _import(scene, ids)


@requirement("NET-10", lasts=30)
def check_trickle(scene: Scene) -> None:
    """Answer every request for alerts with a few bytes a second."""
    scene.start(deadline_seconds=BRIEFLY)
    ids = scene.world.generate(5, events=5, last_seen=ago(minutes=5))
    fault = scene.world.fault(LISTS, {"kind": "trickle", "bytes_per_second": _DRIP})
    scene.note("KUMA", f"answers requests for alerts with {_DRIP} bytes a second")

    answer = scene.poll()

    reached(scene.world.fired(fault), "no request for alerts reached KUMA")
    scene.world.lift()
    demand(_half_told(scene, answer, ids))
    _import(scene, ids)


@requirement("NET-06", lasts=9)
@pytest.mark.parametrize("kind", ["truncate", "garbage", "html", "object"])
def check_nonsense(scene: Scene, kind: str) -> None:
    """Answer half a body, broken JSON, a login page, or an object where a list must be."""
    actions: dict[str, dict[str, Any]] = {
        "truncate": {"kind": kind, "bytes": 100},
        "object": {"kind": "status", "status": HTTPStatus.OK, "message": "session is over"},
    }
    _outage(scene, actions.get(kind, {"kind": kind}), 62)


@requirement("NET-07", lasts=9)
def check_redirect(scene: Scene) -> None:
    """Redirect every request to a login page."""
    with decoy.listening() as other:
        _outage(scene, {"kind": "redirect", "location": f"http://127.0.0.1:{other.port}/login"}, 60)


@requirement("NET-08", lasts=5)
@pytest.mark.parametrize("place", ["first", "second"])
@pytest.mark.parametrize("kind", ["reset", "empty"])
def check_broken_connection(scene: Scene, kind: str, place: str) -> None:
    """Break the connection on one request of a sweep."""
    ids = scene.world.generate(251, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    before = lists_to_first_page(scene.run) - (place == "first")
    fault = scene.world.fault(LISTS, {"kind": kind}, after=before, times=1)
    scene.note("KUMA", f"the request for the {place} page meets {kind}")

    demand(_half_told(scene, scene.poll(), ids))
    _import(scene, ids)

    reached(scene.world.fired(fault), "the connector sent too few requests for alerts")


@requirement("NET-08", lasts=9)
@pytest.mark.parametrize("kind", ["reset", "empty"], ids=["reset lastingly", "empty lastingly"])
def check_lasting_break(scene: Scene, kind: str) -> None:
    """Break the connection on every request."""
    _outage(scene, {"kind": kind}, 62)


@requirement("NET-09", lasts=9)
def check_unreachable(scene: Scene) -> None:
    """Have nobody listen where KUMA should be."""
    ids = scene.world.generate(2, last_seen=now())
    # Bound but not listening: the port is ours, and connections to it are refused.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        scheme = scene.run.stage.api.split(":", 1)[0]
        url = f"{scheme}://127.0.0.1:{held.getsockname()[1]}"
        scene.note("harness", f"nobody listens at {url}")
        refusal = scene.try_to_start(url=url, deadline_seconds=BRIEFLY)
        answer = refusal or scene.poll()

    demand(_must_fail(scene, answer, "nobody listens at KUMA's address", 61))
    refusal = scene.configure()
    demand([] if refusal is None else [Finding("stuck", f"configure was answered with {refusal}")])
    _import(scene, ids)
