"""Faults: what a request must look like to meet one, and when a match becomes a firing.

Contract: "Faults" of the control API. Pure: the counters come in and the decision goes out.
Rule: faults are scripted; nothing fails by chance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

#: How the application tells the wire listener what to do: a header of the answer that never leaves it.
WIRE_HEADER: Final = "x-mock-kuma-wire"
#: Kinds that concern bytes on the wire; the application alone cannot carry them out.
WIRE_KINDS: Final = frozenset({"reset", "empty", "silence", "truncate", "trickle", "commit-then-reset"})
#: Kinds whose request is handled as ever, and only its answer suffers. The others take its place.
HANDLED_KINDS: Final = frozenset({"delay", "truncate", "trickle", "commit-then-reset", "move"})

_Positive = Annotated[int, Meta(ge=1)]
_Natural = Annotated[int, Meta(ge=0)]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a request must look like; what is absent matches all."""

    method: str | None = None
    path: str | None = None
    query: dict[str, str | list[str]] = {}


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="status", tag_field="kind"):
    """An error answer in the vendor's own body."""

    status: Annotated[int, Meta(ge=200, le=599)]
    message: str | None = None
    headers: dict[str, str] = {}


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delay", tag_field="kind"):
    """The answer comes ``ms`` later; what it does is done at once."""

    ms: Annotated[int, Meta(ge=0, le=600_000)]


class Trickle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="trickle", tag_field="kind"):
    """The body comes slowly."""

    bytes_per_second: _Positive


class Truncate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="truncate", tag_field="kind"):
    """The body ends after ``bytes``, though more was announced."""

    bytes: _Natural


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reset", tag_field="kind"):
    """A TCP reset instead of an answer."""


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="empty", tag_field="kind"):
    """The connection is closed without an answer."""


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="silence", tag_field="kind"):
    """Nothing is ever answered."""


class CommitThenReset(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag="commit-then-reset",
    tag_field="kind",
):
    """The request takes effect, its answer is lost."""


class Garbage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="garbage", tag_field="kind"):
    """200 with broken JSON."""


class Html(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="html", tag_field="kind"):
    """200 with an HTML page, as a proxy or a login form would."""


class Redirect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="redirect", tag_field="kind"):
    """The client is sent elsewhere."""

    location: str
    status: Annotated[int, Meta(ge=300, le=399)] = 302


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One control action; its path is relative to the world."""

    method: str
    path: str
    body: dict[str, Any] | None = None


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="move", tag_field="kind"):
    """The world changes right after the request."""

    then: list[Step]


Action = (
    Status
    | Delay
    | Trickle
    | Truncate
    | Reset
    | Empty
    | Silence
    | CommitThenReset
    | Garbage
    | Html
    | Redirect
    | Move
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its counters as they are stored."""

    id: str
    match: Match
    action: Action
    after: int
    times: int | None
    every: int
    matched: int
    fired: int

    @staticmethod
    def of(row: Row[Any]) -> Fault:
        """Return the fault of a row."""
        return Fault(
            id=row.id,
            match=msgspec.json.decode(row.match, type=Match),
            action=msgspec.json.decode(row.action, type=Action),
            after=row.after,
            times=row.times,
            every=row.every,
            matched=row.matched,
            fired=row.fired,
        )


def kind(action: Action) -> str:
    """Return the action's name in the contract."""
    return str(action.__struct_config__.tag)


def due(fault: Fault) -> bool:
    """Say whether the next match fires: past the first ``after``, one in ``every``, ``times`` at most."""
    if fault.times is not None and fault.fired >= fault.times:
        return False
    beyond = fault.matched - fault.after
    # Of every n matches the last fires, so "every 2" lets one pass first.
    return beyond >= 0 and (beyond + 1) % fault.every == 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the world's faults do to one request: those that count it, and the one that fires."""

    counted: tuple[Fault, ...]
    fires: Fault | None


def judge(faults: Iterable[Fault], *, method: str, path: str, pairs: Sequence[tuple[str, str]]) -> Verdict:
    """Let the faults, oldest first, meet a request: the first that is due fires and ends it."""
    counted: list[Fault] = []
    for fault in faults:
        if not matches(fault.match, method=method, path=path, pairs=pairs):
            continue
        counted.append(fault)
        if due(fault):
            return Verdict(tuple(counted), fault)
    return Verdict(tuple(counted), None)


def matches(match: Match, *, method: str, path: str, pairs: Sequence[tuple[str, str]]) -> bool:
    """Say whether a request meets ``match``; ``path`` is as sent, ``pairs`` is the decoded query."""
    if match.method is not None and match.method.upper() != method.upper():
        return False
    if match.path is not None and not _path_pattern(match.path).fullmatch(_bare(path)):
        return False
    for name, wanted in match.query.items():
        given = [value for key, value in pairs if key == name]
        needed = [wanted] if isinstance(wanted, str) else wanted
        if any(value not in given for value in needed) or (not needed and not given):
            return False
    return True


def _bare(path: str) -> str:
    return path.rstrip("/") or "/"


def _path_pattern(path: str) -> re.Pattern[str]:
    # "*" matches within the path; everything else is itself.
    return re.compile(".*".join(re.escape(part) for part in _bare(path).split("*")))
