"""Where to begin: the failures of a run, by what is likely wrong."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

from rich.console import Console

from harness import catalog
from harness.events import CheckFinished, Evidence, RunFinished, RunStarted
from harness.report import html, results, summary
from harness.report.causes import causes
from harness.report.progress import show_end
from harness.verdict import Finding, Verdict

if TYPE_CHECKING:
    from harness.report.results import Results

KNOWN = catalog.load()


def _failed(requirement: str, *, defect: int | None, verdict: Verdict = Verdict.FAIL) -> CheckFinished:
    finding = Finding("lost", "an alert is missing", "251", "250", defect)
    return CheckFinished(requirement, "", verdict, "an alert is missing", 0.5, [finding], Evidence())


def _results(*cases: CheckFinished) -> Results:
    planned = [case.requirement for case in cases]
    started = RunStarted(
        seed=7, connector="Acme", version="1", features=[], file="acme.toml", planned=planned, at="2026-11-24"
    )
    today = dt.date(2026, 11, 24)
    return results.read([started, *cases, RunFinished(1.0)], catalog=KNOWN, waivers=(), today=today)


def test_what_explains_most_failures_stands_first() -> None:
    """A finding's own class goes before the requirement's, whose check it only disturbs."""
    found = causes(
        _results(
            _failed("DEDUP-06", defect=None), _failed("FETCH-03", defect=3), _failed("UPD-06", defect=3)
        ),
        KNOWN,
    )

    first = next(item for item in KNOWN.requirements if item.id == "DEDUP-06").defects[0]
    assert [cause.defect.number for cause in found] == [3, first]
    assert found[0].sentence == "class 3, No paging at all: FETCH-03, UPD-06"


def test_trouble_of_the_harness_is_no_defect_of_the_connector() -> None:
    """Neither does a check that went well have a cause."""
    found = _results(
        _failed("FETCH-03", defect=None, verdict=Verdict.ERROR),
        _failed("FETCH-04", defect=None, verdict=Verdict.PASS),
    )

    assert causes(found, KNOWN) == []


def test_every_report_tells_where_to_begin() -> None:
    """The page links to the cards; the summary and the terminal name them."""
    found = _results(_failed("FETCH-03", defect=3), _failed("UPD-06", defect=3))
    told = io.StringIO()
    show_end(Console(file=told, width=200), found, catalog=KNOWN)

    page = html.render(found, catalog=KNOWN)
    assert '<a href="#UPD-06">UPD-06</a>' in page
    assert 'id="UPD-06"' in page
    assert "1. class 3, No paging at all: FETCH-03, UPD-06" in summary.render(found, catalog=KNOWN).replace(
        "\\", ""
    )
    assert "begin with class 3, No paging at all: FETCH-03, UPD-06" in told.getvalue()
