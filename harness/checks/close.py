"""CLOSE: whether closing is true in both directions.

Rule: the answer of ``close`` is judged against KUMA's state. Whether the incident or the alert is closed
first is left open; without ``mirror`` so is what happens to an incident after its alert left new.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from harness.oracle import exactly, missing
from harness.plugin import requirement
from harness.protocol import Feature
from harness.scene import BRIEFLY
from harness.verdict import Finding, demand, reached
from harness.world import CLOSES, ago

if TYPE_CHECKING:
    from harness.facts import Truth
    from harness.protocol import Refusal
    from harness.scene import Scene

KUMA_REASONS = ("responded", "incorrect data", "incorrect correlation rule")


def _import(scene: Scene, count: int, *, days_old: float = 0) -> list[str]:
    ids = scene.world.generate(count, last_seen=ago(days=days_old, minutes=5))
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=scene.world.made, known=scene.world.made))
    return ids


def _reasons(scene: Scene) -> dict[str, str]:
    """Return the SOAR's reasons with KUMA's; KUMA's own where the connector declares none."""
    return scene.reasons or {reason: reason for reason in KUMA_REASONS}


def _succeeded(alert: str, refusal: Refusal | None, *, why: str = "") -> list[Finding]:
    if refusal is None:
        return []
    sentence = f"closing alert {alert} was answered with {refusal}{why}"
    return [Finding("not closed", sentence, "{}", "an error")]


def _closed_as(truth: Truth, reason: str, *, ours: str = "") -> list[Finding]:
    """Judge that KUMA closed an alert once, with this reason; ``ours`` is the SOAR's word for it."""
    if truth.status != "closed":
        sentence = f"close of alert {truth.id} was answered with success, but it is {truth.status} in KUMA"
        return [Finding("claimed closed", sentence, "closed", truth.status, 56)]
    found = []
    if truth.closing_reason != reason:
        sentence = (
            f"alert {truth.id} was closed as {truth.closing_reason!r}; the declared reason is {reason!r}"
            f"{f' for {ours!r}' if ours else ''}"
        )
        found.append(Finding("wrong reason", sentence, reason, truth.closing_reason, 49))
    if truth.times_closed != 1:
        sentence = f"KUMA closed alert {truth.id} {truth.times_closed} times"
        found.append(Finding("closed twice", sentence, "1", str(truth.times_closed)))
    return found


def _incident_closed(scene: Scene, *alerts: str) -> list[Finding]:
    """Judge that the incidents of closed alerts are closed."""
    record = scene.look()
    return [
        Finding(
            "left open",
            f"alert {alert} is closed, and its incident is still {incident.status}",
            "closed",
            incident.status,
        )
        for alert in alerts
        for incident in record.held(alert)
        if incident.status != "closed"
    ]


@requirement("CLOSE-01")
def check_reasons(scene: Scene) -> None:
    """Close one alert for each reason."""
    reasons = _reasons(scene)
    demand(
        [
            Finding(
                "wrong reason",
                f"the connector declares {ours!r} as {theirs!r}, which is no closing reason of KUMA",
                " or ".join(KUMA_REASONS),
                theirs,
                49,
            )
            for ours, theirs in reasons.items()
            if theirs not in KUMA_REASONS
        ]
    )
    ids = _import(scene, len(reasons))

    answers = [scene.close(alert, ours) for alert, ours in zip(ids, reasons, strict=True)]

    demand(*(_succeeded(alert, answer) for alert, answer in zip(ids, answers, strict=True)))
    pairs = zip(scene.world.truths(ids), reasons.items(), strict=True)
    demand(
        *(_closed_as(truth, theirs, ours=ours) for truth, (ours, theirs) in pairs),
        _incident_closed(scene, *ids),
    )


@requirement("CLOSE-02")
def check_closed_already(scene: Scene) -> None:
    """Close in KUMA first, then in the SOAR."""
    ours, _ = next(iter(_reasons(scene).items()))
    [alert] = _import(scene, 1)
    scene.world.change(alert, status="closed", closing_reason="incorrect data")
    scene.note("KUMA", f"alert {alert} is closed as 'incorrect data'")

    answer = scene.close(alert, ours)

    demand(
        _succeeded(
            alert, answer, why=", although somebody had closed it in KUMA: there was nothing left to do"
        ),
        _closed_as(scene.world.truth(alert), "incorrect data"),
        _incident_closed(scene, alert),
    )


@requirement("CLOSE-03", lasts=5)
def check_lost_answer(scene: Scene) -> None:
    """Let KUMA close the alert, and lose its answer."""
    ours, theirs = list(_reasons(scene).items())[-1]
    [alert] = _import(scene, 1)
    fault = scene.world.fault(CLOSES, {"kind": "commit-then-reset"}, times=1)
    scene.note("KUMA", "the next close takes effect, and its answer is lost")

    for _ in range(3):
        answer = scene.close(alert, ours)
        reached(scene.world.fired(fault), "no close was sent to KUMA")
        if answer is None:
            break
        scene.run.company.pause(1)

    demand(
        _succeeded(
            alert, answer, why=", although the first close, whose answer was lost, had closed it in KUMA"
        ),
        _closed_as(scene.world.truth(alert), theirs),
        _incident_closed(scene, alert),
    )


@requirement("CLOSE-04", lasts=9)
@pytest.mark.parametrize("why", ["denied", "unknown", "tenant disabled", "failing"])
def check_refused(scene: Scene, why: str) -> None:
    """Have KUMA refuse the close, or fail."""
    scene.start(deadline_seconds=BRIEFLY)
    faults: dict[str, dict[str, Any]] = {
        "denied": {"status": HTTPStatus.FORBIDDEN, "message": "access denied"},
        "unknown": {"status": HTTPStatus.NOT_FOUND, "message": "alert not found"},
        "failing": {"status": HTTPStatus.INTERNAL_SERVER_ERROR, "message": "correlator API request failed"},
    }
    ours, _ = next(iter(_reasons(scene).items()))
    tenant = scene.world.add_tenant("Branch office")
    [alert] = scene.world.generate(1, last_seen=ago(minutes=5), tenant=tenant)
    record = scene.settle(until=lambda record: not missing(record, [alert]))
    demand(exactly(record, new=[alert], known=scene.world.made))
    if why == "tenant disabled":
        scene.world.disable_tenant(tenant)
    else:
        scene.world.fault(CLOSES, {"kind": "status", **faults[why]})
    scene.note("KUMA", f"closes are refused: {why}")

    answer = scene.close(alert, ours)

    sent = any(exchange.is_close for _, exchange in scene.exchanges)
    reached(sent or answer is None, "no close was sent to KUMA")
    truth = scene.world.truth(alert)
    reached(truth.status == "new", f"the alert is {truth.status} in KUMA")
    if answer is not None:
        # An analyst tries again: what KUMA has not closed must not count as closed because it was tried.
        answer = scene.close(alert, ours)
    claims = [incident.kuma_status for incident in scene.look().held(alert)]
    refused = f"KUMA refused to close alert {alert} ({why}), but"
    demand(
        []
        if answer is not None
        else [Finding("claimed closed", f"{refused} close was answered with success", "an error", "{}", 56)],
        [
            Finding("claimed closed", f"{refused} the incident tells kuma_status closed", "new", "closed", 56)
            for claim in claims
            if claim == "closed"
        ],
    )
    if why == "failing":
        _healed(scene, alert)


def _healed(scene: Scene, alert: str) -> None:
    """Judge that an incident which stayed closed over a failed close has its alert closed in the end."""
    if Feature.PERSIST in scene.features:
        scene.restart()
    scene.world.lift()
    scene.note("KUMA", "closes succeed again")
    record = scene.settle()
    truth = scene.world.truth(alert)
    sentence = (
        f"close of alert {alert} failed, and after poll {record.polls} of a healthy KUMA its incident is "
        f"closed, while the alert is {truth.status}"
    )
    demand(
        [
            Finding("claimed closed", sentence, "both closed, or the incident open", "closed", 56)
            for incident in record.held(alert)
            if incident.status == "closed" and truth.status != "closed"
        ]
    )


@requirement("CLOSE-04")
@pytest.mark.parametrize("why", ["no such alert"])
def check_no_such_alert(scene: Scene, why: str) -> None:
    """Close what neither KUMA nor the SOAR has."""
    _import(scene, 1)
    nobody = "0a1b2c3d-4e5f-4a6b-8c7d-8e9f0a1b2c3d"

    answer = scene.close(nobody, next(iter(_reasons(scene))))

    sentence = f"there is {why} in KUMA, but close was answered with success"
    demand([] if answer is not None else [Finding("claimed closed", sentence, "an error", "{}", 56)])


@requirement("CLOSE-05", lasts=2)
def check_not_undone(scene: Scene) -> None:
    """Poll on after a close, and after a restart where the state is claimed to survive one."""
    ours, theirs = next(iter(_reasons(scene).items()))
    alert, other = _import(scene, 2)
    demand(_succeeded(alert, scene.close(alert, ours)))

    for restarted in (False, True) if Feature.PERSIST in scene.features else (False,):
        if restarted:
            scene.restart()
        record = scene.settle()
        demand(
            exactly(record, new=[other], known=scene.world.made),
            _closed_as(scene.world.truth(alert), theirs),
            _incident_closed(scene, alert),
        )
