"""Parts of one run, read from their ``results.json`` and joined to the run that they are parts of.

Decides what belongs together: the same connector, version, seed, features and number of examples. Plays
nothing. Rule: the joined run says what its parts said; a requirement that two parts played has the cases of
both, and what no part played is told as skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from harness.events import CheckFinished, Event, Evidence, RunFinished, RunStarted
from harness.report import results
from harness.verdict import Exit, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from harness.catalog import Catalog
    from harness.report.comparison import Past
    from harness.report.results import Results


class NotOneRun(Exception):
    """The files are not parts of one run."""


def joined(pasts: Sequence[Past], *, catalog: Catalog, today: dt.date) -> Results:
    """Return the run whose parts these are; raises NotOneRun with what differs."""
    _demand_one(pasts, catalog)
    waivers = {
        check.waiver.requirement: check.waiver for past in pasts for check in past.checks if check.waiver
    }
    return results.read(_events(pasts), catalog=catalog, waivers=list(waivers.values()), today=today)


def _demand_one(pasts: Sequence[Past], catalog: Catalog) -> None:
    first = pasts[0]
    for past in pasts:
        same = {
            "connector": past.connector == first.connector,
            "seed": past.seed == first.seed,
            "set of requirements": past.requirement_set == first.requirement_set,
            "number of examples": past.run is not None
            and first.run is not None
            and past.run.examples == first.run.examples,
        }
        for what, holds in same.items():
            if not holds:
                raise NotOneRun(f"the files are of several runs: another {what}")
        if past.requirement_set != catalog.version:
            told = f"the files are of requirement set {past.requirement_set}, and this is {catalog.version}"
            raise NotOneRun(f"{told}: join them with the version of kuma-harness that wrote them")
        for check in past.checks:
            if catalog.find(check.id) is None:
                raise NotOneRun(f"there is no requirement {check.id}: the file is of another version")


def _events(pasts: Sequence[Past]) -> list[Event]:
    first = pasts[0]
    planned = list(dict.fromkeys(check.id for past in pasts for check in past.checks))
    started = RunStarted(
        first.seed,
        first.connector.name,
        first.connector.version,
        first.connector.features,
        "" if first.run is None else first.run.file,
        planned,
        min(past.at for past in pasts),
        1 if first.run is None else first.run.examples,
    )
    cases: list[Event] = [
        CheckFinished(
            check.id,
            case.case,
            case.verdict,
            case.summary,
            case.seconds,
            case.findings,
            msgspec.structs.replace(case.evidence or Evidence(), reached=case.reached),
        )
        for past in pasts
        for check in past.checks
        for case in check.cases
        if case.verdict is not Verdict.SKIPPED
    ]
    ended = {past.exit_code for past in pasts}
    finished = RunFinished(
        round(sum(past.seconds for past in pasts), 3),
        interrupted=Exit.INTERRUPTED in ended,
        trouble="; ".join(dict.fromkeys(past.trouble for past in pasts if past.trouble)),
        never_ran=Exit.NOT_RUN in ended,
    )
    return [started, *cases, finished]
