"""What a run amounts to: its events read into one row a requirement, and an exit code.

Decides nothing that a check has not said, except what waivers change. Rule: every planned requirement has
a row, whether it was played or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from harness.coverage import added
from harness.events import CheckFinished, RunFinished, RunStarted
from harness.verdict import Exit, Verdict, Waiver, combine, exit_code, stale

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from harness.catalog import Catalog, Requirement
    from harness.events import Event, Reached

#: What a waiver covers.
_WAIVABLE = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.FLAKY})
_BAD = (Verdict.FAIL, Verdict.FLAKY, Verdict.WARN, Verdict.ERROR, Verdict.WAIVED)


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement of a run. ``cases`` are its checks, by name."""

    requirement: Requirement
    verdict: Verdict
    summary: str
    seconds: float
    cases: tuple[CheckFinished, ...]
    waiver: Waiver | None = None

    @property
    def failures(self) -> tuple[CheckFinished, ...]:
        """The cases that did not go well."""
        return tuple(case for case in self.cases if case.verdict in _BAD)

    @property
    def reached(self) -> list[Reached]:
        """What the checks have met, all cases together."""
        return added([case.evidence.reached for case in self.cases])


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run. ``rows`` are what counts, ``unscored`` what does not; ``stale_waivers`` are sentences.

    ``judged_by`` is the version of the set of requirements.
    """

    started: RunStarted
    finished: RunFinished
    rows: tuple[Row, ...]
    unscored: tuple[Row, ...]
    stale_waivers: tuple[str, ...]
    exit_code: Exit
    judged_by: int

    @property
    def verdict(self) -> str:
        """The run in a word: pass, fail or error."""
        if self.exit_code is Exit.PASS:
            return "pass"
        return "fail" if self.exit_code in {Exit.FAIL, Exit.FLAKY, Exit.WAIVER} else "error"

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many requirements ended how; those that occur, and count."""
        found = [row.verdict for row in self.rows]
        return {verdict: found.count(verdict) for verdict in Verdict if verdict in found}

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that did not go well, the worst first."""
        return _worst_first(self.rows)

    @property
    def unscored_failures(self) -> tuple[Row, ...]:
        """Those that count for nothing yet, and did not go well."""
        return _worst_first(self.unscored)

    @property
    def every_row(self) -> tuple[Row, ...]:
        """What counts, then what does not."""
        return (*self.rows, *self.unscored)


def read(events: Sequence[Event], *, catalog: Catalog, waivers: Sequence[Waiver], today: dt.date) -> Results:
    """Read a run's events; the first is RunStarted, the last RunFinished."""
    started, finished = events[0], events[-1]
    assert isinstance(started, RunStarted)  # noqa: S101 -- the stream's own rule
    assert isinstance(finished, RunFinished)  # noqa: S101 -- the stream's own rule
    cases = [event for event in events if isinstance(event, CheckFinished)]
    rows, unscored, old = [], [], []
    early = finished.interrupted or finished.never_ran or bool(finished.trouble)
    for requirement in catalog.requirements:
        if requirement.id not in started.planned:
            continue
        # In one order whatever the machine's mood: checks end as they like.
        own = tuple(
            sorted((case for case in cases if case.requirement == requirement.id), key=lambda case: case.case)
        )
        row = _row(requirement, own, early=early)
        if not requirement.scored:
            # Nothing of it counts, so there is nothing to waive.
            unscored.append(row)
            continue
        waiver = next((item for item in waivers if item.requirement == requirement.id), None)
        if waiver is not None:
            told = stale(waiver, row.verdict, today=today)
            old += [] if told is None else [told]
            row = _waived(row, waiver)
        rows.append(row)
    code = exit_code(
        [row.verdict for row in rows],
        stale_waivers=bool(old),
        never_ran=finished.never_ran,
        interrupted=finished.interrupted,
    )
    if code is Exit.PASS and finished.trouble:
        code = Exit.HARNESS
    return Results(
        started, finished, tuple(rows), tuple(unscored), tuple(old), code, judged_by=catalog.version
    )


def as_json(results: Results) -> bytes:
    """Return ``results.json``."""
    document: dict[str, Any] = {
        "schema": 1,
        "verdict": results.verdict,
        "exit_code": int(results.exit_code),
        "requirement_set": results.judged_by,
        "seed": results.started.seed,
        "at": results.started.at,
        "run": {"file": results.started.file, "examples": results.started.examples},
        "seconds": results.finished.seconds,
        "trouble": results.finished.trouble,
        "connector": {
            "name": results.started.connector,
            "version": results.started.version,
            "features": results.started.features,
        },
        "counts": results.counts,
        "stale_waivers": results.stale_waivers,
        "checks": [_row_json(row) for row in results.every_row],
        "coverage": [
            {"requirement": row.requirement.id, **msgspec.structs.asdict(item)}
            for row in results.every_row
            for item in row.reached
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def write_json(results: Results, folder: Path) -> None:
    """Write ``results.json`` into a folder."""
    (folder / "results.json").write_bytes(as_json(results))


def _worst_first(rows: Sequence[Row]) -> tuple[Row, ...]:
    bad = [row for row in rows if row.verdict in _BAD]
    return tuple(sorted(bad, key=lambda row: _BAD.index(row.verdict)))


def _row(requirement: Requirement, cases: tuple[CheckFinished, ...], *, early: bool) -> Row:
    # A run that went to its end has played everything; what is missing then is a mistake of ours.
    verdict = combine(case.verdict for case in cases) if cases or early else Verdict.ERROR
    told = next((case.summary for case in cases if case.verdict is verdict), "not played")
    return Row(requirement, verdict, told, round(sum(case.seconds for case in cases), 3), cases)


def _waived(row: Row, waiver: Waiver) -> Row:
    verdict = Verdict.WAIVED if row.verdict in _WAIVABLE else row.verdict
    return Row(row.requirement, verdict, row.summary, row.seconds, row.cases, waiver)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "id": row.requirement.id,
        "title": row.requirement.title,
        "level": row.requirement.level,
        "profile": row.requirement.profile,
        "scored": row.requirement.scored,
        "verdict": row.verdict,
        "summary": row.summary,
        "seconds": row.seconds,
        "waiver": row.waiver,
        "cases": [_case_json(case) for case in row.cases],
    }


def _case_json(case: CheckFinished) -> dict[str, Any]:
    found: dict[str, Any] = {
        "case": case.case,
        "verdict": case.verdict,
        "summary": case.summary,
        "seconds": case.seconds,
        "findings": case.findings,
        "reached": case.evidence.reached,
    }
    # The record of what went well is long, and nobody asks for it.
    return {**found, "evidence": case.evidence} if case.verdict in _BAD else found
