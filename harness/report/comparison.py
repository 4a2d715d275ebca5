"""Runs beside each other: what was fixed or broken between two, and a matrix of many.

Decides from ``results.json`` files alone; plays nothing. Rule: only runs of one connector, one version and
one seed are parts of one run, and a requirement that two parts played keeps its worse verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from harness.events import Evidence, Reached  # noqa: TC001 -- msgspec reads them at run time
from harness.report.escaping import markdown
from harness.verdict import SEVERITY, Exit, Finding, Level, Verdict, Waiver, exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: How a verdict may have changed, in the order of telling.
WORDS: Final = ("broken", "fixed", "new", "gone", "changed")
_PASSED: Final = frozenset({Verdict.PASS})
_FAILED: Final = frozenset({Verdict.FAIL, Verdict.FLAKY, Verdict.WARN, Verdict.WAIVED})
#: What a part of a run did not play is played by another.
_ORDER: Final = (*SEVERITY[:-1], Verdict.WAIVED, Verdict.SKIPPED)


class Who(msgspec.Struct, frozen=True):
    """The connector of a run."""

    name: str
    version: str
    features: list[str] = []

    def __hash__(self) -> int:
        return hash((self.name, self.version))


class Made(msgspec.Struct, frozen=True):
    """How a run was made, so that it can be made again."""

    file: str
    examples: int


class Case(msgspec.Struct, frozen=True):
    """One check of a requirement."""

    case: str
    verdict: Verdict
    summary: str
    seconds: float
    findings: list[Finding] = []
    evidence: Evidence | None = None
    reached: list[Reached] = []


class Checked(msgspec.Struct, frozen=True):
    """One requirement of a run."""

    id: str
    title: str
    level: Level
    verdict: Verdict
    summary: str
    cases: list[Case] = []
    waiver: Waiver | None = None
    scored: bool = True


class Past(msgspec.Struct, frozen=True):
    """A run as its ``results.json`` tells it. ``run`` is None in files of older versions.

    ``requirement_set`` is the version of what it was judged by; older versions knew only the first.
    """

    schema: int
    exit_code: int
    seed: int
    connector: Who
    checks: list[Checked]
    stale_waivers: list[str] = []
    at: str = ""
    seconds: float = 0.0
    trouble: str = ""
    run: Made | None = None
    requirement_set: int = 1

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict of each requirement."""
        return {check.id: check.verdict for check in self.checks}

    @property
    def unscored(self) -> frozenset[str]:
        """The requirements that counted for nothing."""
        return frozenset(check.id for check in self.checks if not check.scored)


class Unreadable(Exception):
    """A file is no ``results.json``."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def read(path: Path) -> Past:
    """Return the run of a ``results.json``, or of the folder that holds one; raises Unreadable."""
    if path.is_dir():
        path = path / "results.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Past)
    except OSError as error:
        raise Unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(path, f"is no results.json of kuma-harness: {error}") from error


class Change(msgspec.Struct, frozen=True):
    """A requirement whose verdict is another one now. ``word`` is broken, fixed, new, gone or changed."""

    word: str
    check: Checked
    before: Verdict | None


def changes(old: Past, new: Past) -> list[Change]:
    """Return what changed from one run to the next, what broke first.

    What only one of two sets of requirements asks is new or gone, and neither broken nor fixed.
    """
    before, another = old.verdicts, old.requirement_set != new.requirement_set
    found = []
    for check in new.checks:
        was = before.get(check.id)
        if was is not check.verdict:
            found.append(Change("new" if another and was is None else _word(was, check.verdict), check, was))
    if another:
        left = before.keys() - new.verdicts.keys()
        found += [Change("gone", check, check.verdict) for check in old.checks if check.id in left]
    return sorted(found, key=lambda change: WORDS.index(change.word))


def judged_by(old: Past, new: Past) -> str:
    """Say in a sentence that two runs were judged by different sets, or nothing."""
    if old.requirement_set == new.requirement_set:
        return ""
    return (
        f"The runs were judged by different sets of requirements, {old.requirement_set} and then "
        f"{new.requirement_set}: what changed may be what is asked, and not the connector."
    )


def joined(pasts: Sequence[Past]) -> dict[tuple[Who, int], dict[str, Verdict]]:
    """Return the verdicts of each run, the parts of one run (same connector, version and seed) together."""
    runs: dict[tuple[Who, int], dict[str, Verdict]] = {}
    for past in pasts:
        verdicts = runs.setdefault((past.connector, past.seed), {})
        for name, verdict in past.verdicts.items():
            verdicts[name] = min(verdict, verdicts.get(name, verdict), key=_ORDER.index)
    return runs


def code(pasts: Sequence[Past]) -> Exit:
    """Return the exit code of all runs together; a part that could not be run stays so."""
    unscored = {name for past in pasts for name in past.unscored}
    verdicts = [
        verdict for run in joined(pasts).values() for name, verdict in run.items() if name not in unscored
    ]
    ended = {past.exit_code for past in pasts}
    found = exit_code(
        verdicts,
        stale_waivers=any(past.stale_waivers for past in pasts),
        never_ran=Exit.NOT_RUN in ended,
        interrupted=Exit.INTERRUPTED in ended,
    )
    return Exit.HARNESS if found is Exit.PASS and Exit.HARNESS in ended else found


def matrix(pasts: Sequence[Past]) -> str:
    """Return requirement × connector as a table of Markdown."""
    runs = joined(pasts)
    titles: Mapping[str, str] = {check.id: check.title for past in pasts for check in past.checks}
    heads = [f"{markdown(who.name)} {markdown(who.version)}, seed {seed}" for who, seed in runs]
    lines = [f"| requirement | {' | '.join(heads)} |", f"| --- |{' --- |' * len(heads)}"]
    for name, title in titles.items():
        cells = " | ".join(str(verdicts.get(name, "")) for verdicts in runs.values())
        lines.append(f"| {name} {markdown(title)} | {cells} |")
    return "\n".join(lines) + "\n"


def _word(before: Verdict | None, after: Verdict) -> str:
    if after in _FAILED and (before in _PASSED or before is None):
        return "broken"
    if after in _PASSED and before in _FAILED:
        return "fixed"
    return "changed"
