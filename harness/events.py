"""What happens in a run, as a stream: every report is a later reading of it.

Decides the shape of the record alone. Rule: a run starts with one RunStarted and ends with one
RunFinished, whatever happened between; nothing in an event is a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.verdict import Finding, Verdict  # noqa: TC001 -- msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Callable


class Moment(msgspec.Struct, frozen=True):
    """A line of a check's timeline; ``at`` is seconds since the check began."""

    at: float
    actor: str
    what: str


class WireLine(msgspec.Struct, frozen=True):
    """One exchange with KUMA, as far as a reader needs it; ``at`` as in Moment."""

    at: float
    method: str
    target: str
    status: int | None
    served: int = 0
    fault: str | None = None
    reason: str | None = None
    curl: str = ""


class Reached(msgspec.Struct, frozen=True):
    """How often a fault ("none" is one of them) met the connector in a situation."""

    fault: str
    situation: str
    times: int


class Evidence(msgspec.Struct, frozen=True):
    """What a check saw: the record behind its verdict."""

    timeline: list[Moment] = []
    wire: list[WireLine] = []
    wire_left_out: int = 0
    stderr: str = ""
    reached: list[Reached] = []


class RunStarted(msgspec.Struct, frozen=True, tag="run-started"):
    """The connector answered, and these requirements will be checked."""

    seed: int
    connector: str
    version: str
    features: list[str]
    file: str
    planned: list[str]
    at: str
    examples: int = 1


class CheckFinished(msgspec.Struct, frozen=True, tag="check-finished"):
    """A case of a requirement has its verdict. ``broken``: the connector could not be talked to."""

    requirement: str
    case: str
    verdict: Verdict
    summary: str
    seconds: float
    findings: list[Finding] = []
    evidence: Evidence = Evidence()
    broken: bool = False


class RunFinished(msgspec.Struct, frozen=True, tag="run-finished"):
    """The end. ``trouble`` says why a run ended before its time."""

    seconds: float
    interrupted: bool = False
    trouble: str = ""
    never_ran: bool = False


Event = RunStarted | CheckFinished | RunFinished

if TYPE_CHECKING:
    Sink = Callable[[Event], None]
