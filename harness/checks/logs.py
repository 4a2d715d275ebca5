"""AUTH: whether a token, or what stands in events, is written where others read it.

Decides what counts as a log: stderr, an error's message, and a file in state_dir that is called one; a
connector's other files are its own affair, but for the token. Rule: what is searched for stands in one place
only, a header or an event, so that wherever it is found, that place was written out.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from harness import decoy
from harness.oracle import exactly, missing
from harness.plugin import requirement
from harness.protocol import Feature
from harness.scene import BRIEFLY
from harness.verdict import Finding, demand, reached
from harness.world import ANY, LISTS, ago

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scene import Scene

#: What people would not want to read of themselves in a log, by event field.
_PERSONAL: Final = {
    "SourceUserName": "canary-m.ivanova",
    "SourceAddress": "198.51.100.213",
    "Message": "canary-message: opened salaries-2026.xlsx",
}
#: In the middle of the first alert's events.
_CUT: Final = 3_000
_NOBODY: Final = "http://127.0.0.1"


def _import(scene: Scene, ids: list[str]) -> None:
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


def _alert(minutes: int, **more: Any) -> dict[str, Any]:
    return {"lastSeen": ago(minutes=minutes), "events": [dict(_PERSONAL), dict(_PERSONAL)], **more}


@requirement("AUTH-03", lasts=25)
def check_no_token_in_output(scene: Scene) -> None:
    """Provoke every kind of error text there is."""
    authority = decoy.Authority(scene.folder)
    scene.start(deadline_seconds=BRIEFLY / 2)
    ids = scene.world.generate(2, last_seen=ago(minutes=5))
    _import(scene, ids)
    actions: list[dict[str, Any]] = [
        {"kind": "status", "status": HTTPStatus.INTERNAL_SERVER_ERROR},
        {"kind": "status", "status": HTTPStatus.FORBIDDEN},
        {"kind": "garbage"},
        {"kind": "reset"},
    ]
    for action in actions:
        scene.world.fault(ANY, action)
        scene.note("KUMA", f"every request meets {action}")
        scene.poll()
        if Feature.CLOSE in scene.features and action is actions[0]:
            scene.close(ids[0], next(iter(scene.reasons), "responded"))
        scene.world.lift()
    for broken in ({"url": f"{_NOBODY}:9"}, {"ca_file": str(authority.file)}):
        scene.configure(deadline_seconds=BRIEFLY / 2, **broken)
        scene.poll()
    scene.kill()

    token = scene.world.token
    printed = _gives_away(scene.stderr(), token)
    told = [message for message in scene.said if _gives_away(message.encode(), token)]
    logs = [file for file in _logs(scene.folder) if _gives_away(file.read_bytes(), token)]
    demand(
        [Finding("leaked", "the token is on stderr", "no token", "the token")] if printed else [],
        [
            Finding("leaked", f"the token is in the log file {file.name} in state_dir", "no token")
            for file in logs[:1]
        ],
        [
            Finding("leaked", f"an error message contains the token: {scene.redact(message)!r}", "no token")
            for message in told
        ],
    )


def _gives_away(text: bytes, token: str) -> bool:
    """Say whether a text contains the token, or a half of it: a line that was cut is no mask."""
    half = len(token) // 2
    return token[:half].encode() in text or token[half:].encode() in text


@requirement("AUTH-08")
def check_state_files(scene: Scene) -> None:
    """Look into every file that it keeps."""
    ids = scene.world.generate(2, last_seen=ago(minutes=5))
    _import(scene, ids)
    scene.poll()

    token = scene.world.token.encode()
    found = [file.name for file in _kept(scene.folder) if token in file.read_bytes()]
    demand([Finding("leaked", f"the token is in the file {name} in state_dir", "no token") for name in found])


@requirement("AUTH-11", lasts=5)
def check_events_in_log(scene: Scene) -> None:
    """Serve what is personal, whole, cut off, and in an alert that nobody understands."""
    scene.start(deadline_seconds=BRIEFLY)
    ids = scene.world.add(_alert(5), _alert(6))
    scene.world.add(_alert(7, omit=["firstSeen", "lastSeen"]))
    scene.note("KUMA", "the third alert lacks its times")
    scene.poll()
    scene.world.fault(LISTS, {"kind": "truncate", "bytes": _CUT}, times=1)
    scene.note("KUMA", "the next list is cut off")
    scene.poll()
    scene.world.lift()
    # The odd one may be told as an error of every cycle: that is left open.
    answers = [scene.poll() for _ in range(2)]
    if Feature.CLOSE in scene.features and not missing(scene.look(), ids[:1]):
        scene.close(ids[0], next(iter(scene.reasons), "responded"))
    scene.kill()

    reached(any(item.served for _, item in scene.exchanges), f"no alert was served: {answers[-1]}")
    demand(_found(scene))


def _found(scene: Scene) -> list[Finding]:
    places = {
        "on stderr": scene.stderr().decode("utf-8", "replace"),
        "in an error message": "\n".join(scene.said),
        **{
            f"in the log file {file.name} in state_dir": file.read_text("utf-8", "replace")
            for file in _logs(scene.folder)
        },
    }
    return [
        Finding("leaked", f"an event's {field} is {place}: {canary!r}", "no event", f"its {field}")
        for place, text in places.items()
        for field, canary in _PERSONAL.items()
        if canary in text
    ]


def _logs(folder: Path) -> list[Path]:
    """Return what a connector writes for people to read."""
    return [file for file in _kept(folder) if ".log" in file.name.lower()]


def _kept(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("state*/**/*") if file.is_file()]
