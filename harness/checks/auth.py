"""AUTH: whether the token stays where it belongs, and what a refused one leads to.

What a connector writes itself is judged in ``logs``, and what a proxy sees in ``proxy``.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import decoy
from harness.facts import REDACTED
from harness.oracle import exactly, missing
from harness.pilot import lists_to_first_page
from harness.plugin import requirement
from harness.protocol import Feature, Polled, Refusal
from harness.scene import APART_MS, BRIEFLY
from harness.verdict import Finding, demand, reached
from harness.world import ANY, LISTS, ago, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.scene import Scene


def _import(scene: Scene, ids: list[str]) -> None:
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


def _must_fail(answer: Polled | Refusal, why: str, *, poll: int) -> list[Finding]:
    """Judge that a poll which cannot have worked says so."""
    if isinstance(answer, Refusal):
        return []
    told = f"{why}, but poll {poll} was answered with success"
    return [Finding("swallowed", told, "an error", "success", 61)]


@requirement("AUTH-01")
def check_header_alone(scene: Scene) -> None:
    """Look at every request of some ordinary work."""
    ids = scene.world.generate(2, last_seen=ago(minutes=5))
    _import(scene, ids)
    if Feature.CLOSE in scene.features:
        scene.close(ids[0], next(iter(scene.reasons), "responded"))
    scene.poll()

    requests = [exchange for _, exchange in scene.exchanges]
    reached(requests, "no request reached KUMA")
    in_url = [request for request in requests if REDACTED in request.path + request.query.raw]
    demand(
        [
            Finding(
                "leaked",
                f"the token is in a URL: {request.method} {request.path}?{request.query.raw}",
                "the token in its header alone",
                "the token in a URL",
            )
            for request in in_url
        ]
    )


@requirement("AUTH-02", lasts=9)
def check_refused_token(scene: Scene) -> None:
    """Revoke the token, and give a new one."""
    user = scene.world.add_user("SOAR", scene.world.tenant)
    first = scene.world.give_token(user)
    scene.secrets.append(first)
    scene.start(token=first, deadline_seconds=BRIEFLY)
    ids = scene.world.generate(2, last_seen=ago(seconds=20))
    _import(scene, ids)

    scene.world.revoke_token(user)
    scene.note("KUMA", "the token is revoked")
    ids += scene.world.generate(2, last_seen=ago(seconds=1))
    answers = [scene.poll(), scene.poll()]
    second = scene.world.give_token(user)
    scene.secrets.append(second)
    scene.note("KUMA", "there is a new token")

    numbered = enumerate(answers, scene.polls - 1)
    demand(*(_must_fail(answer, "KUMA refused the token", poll=number) for number, answer in numbered))
    scene.configure(token=second)
    _import(scene, ids)


@requirement("AUTH-02", lasts=5)
@pytest.mark.parametrize("when", ["between two pages"])
def check_refused_in_sweep(scene: Scene, when: str) -> None:
    """Revoke the token right after the first page, and give a new one."""
    page = lists_to_first_page(scene.run)
    user = scene.world.add_user("SOAR", scene.world.tenant)
    first = scene.world.give_token(user)
    scene.secrets.append(first)
    ids = scene.world.generate(251, last_seen=ago(minutes=5), spacing_ms=APART_MS)
    then = [{"method": "DELETE", "path": f"users/{user}/token"}]
    fault = scene.world.fault(LISTS, {"kind": "move", "then": then}, after=page - 1, times=1)
    scene.note("KUMA", f"the token is revoked {when}")
    scene.start(token=first, deadline_seconds=BRIEFLY)

    answer = scene.poll()

    reached(scene.world.fired(fault), "the connector asked for no list of alerts")
    told = isinstance(answer, Polled) and missing(scene.look(), ids)
    why = "KUMA refused the token after the first page"
    demand(_must_fail(answer, why, poll=scene.polls) if told else [])
    second = scene.world.give_token(user)
    scene.secrets.append(second)
    scene.configure(token=second)
    _import(scene, ids)


@requirement("AUTH-02", lasts=5)
def check_refused_from_the_start(scene: Scene) -> None:
    """Start with a token that was revoked, before anything was imported."""
    user = scene.world.add_user("SOAR", scene.world.tenant)
    token = scene.world.give_token(user)
    scene.secrets.append(token)
    scene.world.revoke_token(user)
    scene.note("KUMA", "the token is revoked before the first poll")
    answer = scene.try_to_start(token=token, deadline_seconds=BRIEFLY) or scene.poll()

    demand(_must_fail(answer, "KUMA refused the token", poll=scene.polls))


@requirement("AUTH-04", lasts=9)
def check_redirect(scene: Scene) -> None:
    """Redirect every request to a listener of ours."""
    scene.start(deadline_seconds=BRIEFLY)
    scene.world.generate(1, last_seen=ago(minutes=5))
    with decoy.listening() as other:
        location = f"http://127.0.0.1:{other.port}/api/v1/alerts"
        fault = scene.world.fault(ANY, {"kind": "redirect", "location": location})
        scene.note("KUMA", f"every request is redirected to {location}")
        scene.poll()

    reached(scene.world.fired(fault), "no request reached KUMA")
    token = scene.world.token.encode()
    demand(
        [
            Finding(
                "leaked",
                "the token was sent to the target of the redirect: "
                + scene.redact(heard.decode("utf-8", "replace").splitlines()[0]),
                "no token",
                "the token",
                64,
            )
            for heard in other.heard
            if token in heard
        ]
    )


@requirement("AUTH-05", lasts=9)
def check_unknown_authority(scene: Scene) -> None:
    """Trust an authority that has nothing to do with KUMA."""
    authority = decoy.Authority(scene.folder)
    reached(scene.run.stage.ca_file, "this KUMA speaks plain HTTP")
    scene.world.generate(1, last_seen=now())
    scene.note("harness", "the ca_file is of an authority that KUMA's certificate does not come from")

    refusal = scene.try_to_start(ca_file=str(authority.file), deadline_seconds=BRIEFLY)
    answer = refusal or scene.poll()

    requests = [exchange for _, exchange in scene.exchanges]
    demand(
        [
            Finding(
                "trusted",
                f"a server with an unknown certificate was sent the token: {request.method} {request.path}",
                "no request",
                "a request",
            )
            for request in requests[:1]
        ],
        _must_fail(answer, "KUMA's certificate could not be trusted", poll=scene.polls),
    )


@requirement("AUTH-06", lasts=9)
@pytest.mark.parametrize("wrong", ["expired", "another host"])
def check_wrong_certificate(scene: Scene, wrong: str) -> None:
    """Serve a certificate of the trusted authority that does not fit."""
    authority = decoy.Authority(scene.folder)
    expired = wrong == "expired"
    context = authority.context(host="127.0.0.1" if expired else "other.example", expired=expired)
    with decoy.listening(context) as other:
        url = f"https://127.0.0.1:{other.port}"
        scene.note("harness", f"a server at {url} has a certificate of the trusted authority: {wrong}")
        refusal = scene.try_to_start(url=url, ca_file=str(authority.file), deadline_seconds=BRIEFLY)
        answer = refusal or scene.poll()

    reached(other.visits, "the connector did not connect")
    demand(
        [
            Finding(
                "trusted", f"a server whose certificate is wrong ({wrong}) was sent a request", "no request"
            )
            for _ in other.heard[:1]
        ],
        _must_fail(answer, f"the server's certificate was wrong ({wrong})", poll=scene.polls),
    )


@requirement("AUTH-07", lasts=5)
def check_arguments(scene: Scene) -> None:
    """Look at the arguments of every process of this machine while a request waits for its answer."""
    processes = Path("/proc")
    reached((processes / "self/cmdline").exists(), "this system does not show the arguments of processes")
    scene.world.generate(1, last_seen=ago(minutes=5))
    fault = scene.world.fault(LISTS, {"kind": "silence"})
    scene.note("KUMA", "accepts requests for alerts, and answers nothing")
    found: list[str] = []

    def looked() -> bool:
        waits = scene.world.fired(fault) > 0
        found.extend(_arguments(processes, scene.world.token) if waits else ())
        return waits

    scene.kill_during_poll(looked)

    told = [f"the token is in the arguments of a process: {scene.redact(line)[:200]!r}" for line in found]
    demand([Finding("leaked", sentence, "no token", "the token") for sentence in told[:1]])


def _arguments(processes: Path, token: str) -> Iterator[str]:
    """Yield the command lines that hold a text; a process may be gone before it is read."""
    for file in processes.glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if token in line:
                yield line
