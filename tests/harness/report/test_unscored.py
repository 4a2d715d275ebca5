"""A requirement that is not scored yet: played and shown apart, and no part of any verdict."""

from __future__ import annotations

import dataclasses
import datetime as dt
from xml.etree import ElementTree as ET

import msgspec
import pytest
from rich.console import Console

from harness import catalog
from harness.events import CheckFinished, RunFinished, RunStarted
from harness.report import badge, html, junit, results, summary
from harness.report.comparison import Past, changes, code, judged_by
from harness.report.progress import LiveReport, show_end
from harness.verdict import Exit, Finding, Verdict, Waiver

TODAY = dt.date(2026, 11, 24)


def _catalog() -> catalog.Catalog:
    """The shipped one, in which FETCH-03 is on trial."""
    known = catalog.load()
    areas = tuple(
        msgspec.structs.replace(
            area,
            requirement=[
                msgspec.structs.replace(one, scored=one.scored and one.id != "FETCH-03")
                for one in area.requirement
            ],
        )
        for area in known.areas
    )
    return dataclasses.replace(known, areas=areas)


KNOWN = _catalog()
STARTED = RunStarted(7, "Acme", "1", [], "acme.toml", ["FETCH-01", "FETCH-03"], "2026-11-24T12:00:00Z")
PASSED = CheckFinished("FETCH-01", "", Verdict.PASS, "all came", 0.5)
FAILED = CheckFinished(
    "FETCH-03", "", Verdict.FAIL, "one is missing", 0.5, [Finding("lost", "one is missing")]
)


def _read(*cases: CheckFinished, waivers: tuple[Waiver, ...] = ()) -> results.Results:
    return results.read([STARTED, *cases, RunFinished(1.0)], catalog=KNOWN, waivers=waivers, today=TODAY)


@pytest.fixture
def found() -> results.Results:
    """What counts passes, what does not fails."""
    return _read(PASSED, FAILED)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.WAIVED])
def test_whatever_it_comes_to_the_run_passes(verdict: Verdict) -> None:
    """Neither verdict, nor exit status, nor badge, nor count knows of it."""
    found = _read(PASSED, msgspec.structs.replace(FAILED, verdict=verdict))

    assert (found.verdict, found.exit_code, found.counts) == ("pass", Exit.PASS, {Verdict.PASS: 1})
    assert "pass, 1 of 1" in badge.render(found)
    assert summary.headline(found) == "Acme passes: 1 of 1 requirements hold"


def test_a_run_of_nothing_that_counts_claims_nothing() -> None:
    """Where only such requirements were chosen, the headline is no pass."""
    started = msgspec.structs.replace(STARTED, planned=["FETCH-03"])

    found = results.read([started, FAILED, RunFinished(1.0)], catalog=KNOWN, waivers=(), today=TODAY)

    assert summary.headline(found) == "Acme: nothing that counts was to be played"


def test_a_waiver_of_it_is_not_stale() -> None:
    """Nothing counts, so there is nothing to waive."""
    found = _read(PASSED, FAILED, waivers=(Waiver("FETCH-03", "soon", dt.date(2020, 1, 1)),))

    assert (found.exit_code, found.stale_waivers, found.unscored[0].verdict) == (0, (), Verdict.FAIL)


def test_every_report_shows_it_apart(found: results.Results) -> None:
    """The page has a card of its own for it, and a program can tell that it does not count."""
    page = html.render(found, catalog=KNOWN)
    document = msgspec.json.decode(results.as_json(found))
    root = ET.fromstring(junit.render(found))

    assert page.index("Not scored yet") < page.index("one is missing")
    assert "What went wrong" not in page
    assert f"requirement set {KNOWN.version}" in page
    assert "* FETCH-03: fail. one is missing" in summary.render(found).splitlines()
    assert document["requirement_set"] == KNOWN.version
    assert [(check["id"], check["scored"]) for check in document["checks"]] == [
        ("FETCH-01", True),
        ("FETCH-03", False),
    ]
    assert (root.get("failures"), root.get("skipped")) == ("0", "1")


def test_the_terminal_shows_it_apart(found: results.Results) -> None:
    """The line as it ends says so, and the end tells it after what counts."""
    console = Console(record=True, width=120)

    with LiveReport(console, unscored=KNOWN.unscored()) as live:
        live(FAILED)
    show_end(console, found)

    told = console.export_text()
    assert "FETCH-03 (not scored)" in told
    assert told.index("1 pass in") < told.index("Not scored yet, so no part of the verdict:")


def _past(found: results.Results, version: int) -> Past:
    document = msgspec.json.decode(results.as_json(found))
    return msgspec.convert({**document, "requirement_set": version}, Past)


def test_runs_of_different_sets_are_told(found: results.Results) -> None:
    """What only the newer set asks is new, what only the older one asked is gone, and neither is broken."""
    old, new = _past(_read(PASSED), 1), _past(found, 2)
    new = msgspec.structs.replace(new, checks=new.checks[1:])
    old = msgspec.structs.replace(old, checks=old.checks[:1])

    assert [(change.word, change.check.id) for change in changes(old, new)] == [
        ("new", "FETCH-03"),
        ("gone", "FETCH-01"),
    ]
    assert "different sets of requirements, 1 and then 2" in judged_by(old, new)
    assert judged_by(new, new) == ""


def test_a_merge_counts_what_counts(found: results.Results) -> None:
    """The exit status of joined runs is that of what is scored."""
    assert code([_past(found, 2)]) is Exit.PASS
