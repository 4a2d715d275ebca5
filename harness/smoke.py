"""The first meeting with an adapter: one alert, there and back, with every mistake in plain words.

Decides the order of the steps and how each is told. Judges no requirement. Rule: a step that fails ends
the meeting, and says what to look at next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.oracle import events_wrong, exactly, misshown
from harness.protocol import ConnectorBroken, Feature, Refusal
from harness.scene import Scene
from harness.verdict import Failure, Finding, demand
from harness.world import ago

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.company import Run


def steps(run: Run) -> Iterator[tuple[str, str]]:
    """Play the steps; yield each one's name and outcome once it has gone well.

    Raises ConnectorBroken where the protocol is broken, and Failure where an answer cannot be true.
    """
    hello = run.hello
    features = ", ".join(hello.features) or "none"
    yield "hello", f"{hello.name} {hello.version}, features: {features}"
    with Scene(run, name="smoke") as scene:
        scene.start()
        yield "configure", "accepted"
        [alert] = scene.world.generate(1, last_seen=ago(minutes=5))
        answer = scene.poll()
        if isinstance(answer, Refusal):
            raise Failure([_refused(scene, f"poll was answered with {answer}")])
        yield "poll", f"{answer.created} created, {answer.updated} updated, with one new alert in KUMA"
        yield "incidents", _incidents(scene, alert)
        if Feature.CLOSE in run.features:
            yield "close", _close(scene, alert)
        if not run.lasting:
            # An adapter that runs already is not ours to end.
            scene.calls.shutdown()
            yield "shutdown", "left with 0"


def works(run: Run) -> bool:
    """Say whether the connector can be talked to at all, whatever it answers."""
    try:
        for _ in steps(run):
            continue
    except ConnectorBroken:
        return False
    except Failure:
        return True
    return True


def _incidents(scene: Scene, alert: str) -> str:
    record = scene.look()
    truth = scene.world.truth(alert)
    demand(exactly(record, new=[alert], known=[alert]))
    [incident] = record.held(alert)
    demand(
        misshown(truth, incident),
        events_wrong(truth, incident) if Feature.EVENTS in scene.features else (),
    )
    return f"one, for the alert {truth.name!r}, with the right facts"


def _close(scene: Scene, alert: str) -> str:
    ours, theirs = next(iter(scene.reasons.items()), ("responded", "responded"))
    refusal = scene.close(alert, ours)
    if refusal is not None:
        demand([_refused(scene, f"close was answered with {refusal}")])
    truth = scene.world.truth(alert)
    if truth.status != "closed":
        sentence = f"close was answered with success, but the alert is {truth.status} in KUMA"
        demand([Finding("claimed closed", sentence, "closed", truth.status)])
    return f"as {ours!r}; KUMA has it closed as {truth.closing_reason!r}, expected {theirs!r}"


def _refused(scene: Scene, what: str) -> Finding:
    """Say what KUMA saw of it: the usual causes are an address, a certificate or a token not used."""
    if not scene.exchanges:
        return Finding(
            "stuck", f"{what}; KUMA saw no request at all: are url, token and ca_file of configure used?"
        )
    last = scene.exchanges[-1][1]
    why = f" because {last.reason}" if last.reason else ""
    return Finding(
        "stuck", f"{what}; the last KUMA saw was {last.method} {last.path}, answered {last.status}{why}"
    )
