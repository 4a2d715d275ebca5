"""What a check can end as, what a finding is, and which exit code a run earns.

Decides the closed sets of the contract (verdicts, levels, exit codes), how the cases of one requirement
become one verdict, and what a waiver changes. Knows nothing of connectors, KUMA or pytest. Rule: what
could not be observed is never a pass, and trouble of our own is never the connector's failure.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 -- msgspec reads it at run time
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Level(StrEnum):
    """How much a requirement asks."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Profile(StrEnum):
    """Which part of the suite a requirement belongs to."""

    CORE = "core"
    RESILIENCE = "resilience"
    SECURITY = "security"
    DATA = "data"
    SCALE = "scale"


class Verdict(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    FAIL = "fail"
    WARN = "warn"
    FLAKY = "flaky"
    UNSUPPORTED = "unsupported"
    SKIPPED = "skipped"
    WAIVED = "waived"
    NOT_REACHED = "not-reached"
    ERROR = "error"


class Exit(IntEnum):
    """The exit codes of ``kuma-harness``; 130 is the shell's own for an interrupted program."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    NOT_RUN = 3
    FLAKY = 4
    HARNESS = 5
    WAIVER = 7
    INTERRUPTED = 130


#: The cases of a requirement become its worst verdict, in this order. "unsupported" and "skipped" cases
#: count only where there are no others: a requirement is checked as far as the connector's features go.
SEVERITY: Final[tuple[Verdict, ...]] = (
    Verdict.FAIL,
    Verdict.FLAKY,
    Verdict.WARN,
    Verdict.ERROR,
    Verdict.NOT_REACHED,
    Verdict.PASS,
    Verdict.UNSUPPORTED,
    Verdict.SKIPPED,
)


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a connector did wrong, in plain words.

    ``kind`` names it for machines (lost, doubled, stale, ...); ``defect`` is the class of the catalogue
    that fits best, where the evidence tells more than the requirement does.
    """

    kind: str
    sentence: str
    expected: str = ""
    held: str = ""
    defect: int | None = None


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A failure that the vendor knows and has promised to mend."""

    requirement: str
    reason: str
    until: dt.date | None = None
    link: str | None = None


class Failure(AssertionError):
    """The connector does not meet the requirement. ``confirmed``: it was seen several times already."""

    def __init__(self, findings: Sequence[Finding], *, confirmed: bool = False) -> None:
        super().__init__(findings)
        self.findings, self.confirmed = tuple(findings), confirmed

    def __str__(self) -> str:
        rest = len(self.findings) - 1
        return self.findings[0].sentence + (f" (and {rest} more)" if rest else "")


class Flaky(Exception):
    """The same seed gave different verdicts; ``findings`` are those of the failures."""

    def __init__(self, sentence: str, findings: Sequence[Finding]) -> None:
        super().__init__(sentence)
        self.findings = tuple(findings)


class NotReached(Exception):
    """What the check needs did not happen, so it can say nothing."""


class Unsupported(Exception):
    """The connector does not claim, or does not know, what the check needs."""


class HarnessTrouble(Exception):
    """The harness or its mock failed; nothing follows about the connector."""


def demand(*groups: Iterable[Finding]) -> None:
    """Raise Failure where there are findings."""
    findings = [finding for group in groups for finding in group]
    if findings:
        raise Failure(findings)


def reached(holds: object, sentence: str) -> None:
    """Raise NotReached with the sentence where what a check needs did not happen."""
    if not holds:
        raise NotReached(sentence)


def combine(cases: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a requirement from those of its cases; without cases it was skipped."""
    found = set(cases)
    return next((verdict for verdict in SEVERITY if verdict in found), Verdict.SKIPPED)


def failed(level: Level) -> Verdict:
    """Return what a failure amounts to: only a MUST fails a connector."""
    return Verdict.FAIL if level is Level.MUST else Verdict.WARN


def stale(waiver: Waiver, verdict: Verdict, *, today: dt.date) -> str | None:
    """Say in a sentence why a waiver no longer holds, or None where it does."""
    if waiver.until is not None and waiver.until < today:
        return f"the waiver of {waiver.requirement} expired on {waiver.until.isoformat()}"
    if verdict is Verdict.PASS:
        return f"{waiver.requirement} passes now; remove its waiver"
    return None


def exit_code(
    verdicts: Sequence[Verdict], *, stale_waivers: bool, never_ran: bool, interrupted: bool
) -> Exit:
    """Return the exit code of a run from the verdicts of its requirements.

    What is certain comes first: a failed MUST stays failed whatever else went wrong.
    """
    table = (
        (interrupted, Exit.INTERRUPTED),
        (never_ran, Exit.NOT_RUN),
        (Verdict.FAIL in verdicts, Exit.FAIL),
        (Verdict.ERROR in verdicts, Exit.HARNESS),
        (Verdict.FLAKY in verdicts, Exit.FLAKY),
        (stale_waivers, Exit.WAIVER),
    )
    return next((code for holds, code in table if holds), Exit.PASS)
