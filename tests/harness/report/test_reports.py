"""The reports of one made-up run, in which everything that a connector says is hostile."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness import catalog
from harness.events import CheckFinished, Event, Evidence, Moment, RunFinished, RunStarted, WireLine
from harness.report import badge, html, junit, results, summary
from harness.report.escaping import line, markdown, visible
from harness.verdict import Exit, Finding, Verdict, Waiver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.results import Results

TODAY = dt.date(2026, 11, 24)
HOSTILE = "<script>alert(1)</script> `**[x](javascript:1)**` \x1b[2J \u202e | & \"'"


def _started(*planned: str) -> RunStarted:
    return RunStarted(
        seed=7,
        connector=f"Acme {HOSTILE}",
        version=HOSTILE,
        features=["close"],
        file="acme file.toml",
        planned=list(planned),
        at="2026-11-24T12:00:00Z",
    )


def _case(requirement: str, verdict: Verdict = Verdict.PASS, case: str = "", **more: Any) -> CheckFinished:
    return CheckFinished(requirement, case, verdict, f"summary of {requirement}", 0.5, **more)


def _failure(requirement: str = "FETCH-03", case: str = "251") -> CheckFinished:
    return _case(
        requirement,
        Verdict.FAIL,
        case,
        findings=[Finding("lost", f"1 of 251 is missing {HOSTILE}", "251", f"250 {HOSTILE}", 3)],
        evidence=Evidence(
            timeline=[Moment(0.1, "connector", f"said {HOSTILE}")],
            wire=[WireLine(0.2, "GET", f"/api/v1/alerts/?{HOSTILE}", 200, 250, curl=f"curl {HOSTILE}")],
            stderr=HOSTILE,
        ),
    )


def _read(events: Sequence[Event], *waivers: Waiver) -> Results:
    return results.read(events, catalog=catalog.load(), waivers=waivers, today=TODAY)


@pytest.fixture
def failing() -> Results:
    """A run in which one case of one requirement failed, and others passed."""
    return _read(
        [
            _started("FETCH-01", "FETCH-03", "CLOSE-01"),
            _case("FETCH-01"),
            _case("FETCH-03", case="250"),
            _failure(),
            _case("CLOSE-01", Verdict.UNSUPPORTED),
            RunFinished(12.0),
        ]
    )


def test_a_run_has_a_row_a_requirement_in_reading_order(failing: Results) -> None:
    """The cases of a requirement become its worst verdict."""
    rows = [(row.requirement.id, row.verdict) for row in failing.rows]

    assert rows == [
        ("FETCH-01", Verdict.PASS),
        ("FETCH-03", Verdict.FAIL),
        ("CLOSE-01", Verdict.UNSUPPORTED),
    ]
    assert (failing.verdict, failing.exit_code) == ("fail", Exit.FAIL)


def test_results_json_keeps_the_contract(failing: Results) -> None:
    """Every field that the contract names is there."""
    document = msgspec.json.decode(results.as_json(failing))

    assert document["schema"] == 1
    assert (document["verdict"], document["exit_code"], document["seed"]) == ("fail", 1, 7)
    assert set(document["connector"]) >= {"name", "version", "features"}
    [check] = [check for check in document["checks"] if check["id"] == "FETCH-03"]
    assert set(check) >= {"id", "title", "level", "profile", "verdict", "summary", "seconds"}
    assert (check["level"], check["profile"], check["verdict"]) == ("MUST", "core", "fail")


def test_a_requirement_that_a_whole_run_left_out_is_an_error() -> None:
    """What was not played cannot have passed."""
    found = _read([_started("FETCH-01"), RunFinished(1.0)])

    assert found.exit_code is Exit.HARNESS


@pytest.mark.parametrize(
    ("end", "code", "verdict"),
    [
        (RunFinished(1.0, interrupted=True), Exit.INTERRUPTED, "error"),
        (RunFinished(1.0, never_ran=True, trouble="no such file"), Exit.NOT_RUN, "error"),
        (RunFinished(1.0, trouble="the mock did not start"), Exit.HARNESS, "error"),
    ],
)
def test_a_run_that_ended_early_is_no_pass(end: RunFinished, code: Exit, verdict: str) -> None:
    """The rest is told as skipped."""
    found = _read([_started("FETCH-01", "FETCH-03"), _case("FETCH-01"), end])

    assert (found.exit_code, found.verdict) == (code, verdict)
    assert found.rows[1].verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("case", "until", "code", "verdict", "told"),
    [
        (_failure(), None, Exit.PASS, Verdict.WAIVED, ()),
        (_failure(), dt.date(2026, 1, 1), Exit.WAIVER, Verdict.WAIVED, ("expired",)),
        (_case("FETCH-03"), None, Exit.WAIVER, Verdict.PASS, ("remove its waiver",)),
        (_case("FETCH-03", Verdict.UNSUPPORTED), None, Exit.PASS, Verdict.UNSUPPORTED, ()),
    ],
)
def test_a_waiver_covers_a_failure_and_nothing_else(
    case: CheckFinished, until: dt.date | None, code: Exit, verdict: Verdict, told: tuple[str, ...]
) -> None:
    """A waived failure is counted apart; a waiver without one fails the run."""
    waiver = Waiver("FETCH-03", "fixed in 2.3", until)

    found = _read([_started("FETCH-03"), case, RunFinished(1.0)], waiver)

    assert (found.exit_code, found.rows[0].verdict) == (code, verdict)
    assert len(found.stale_waivers) == len(told)
    assert all(word in sentence for word, sentence in zip(told, found.stale_waivers, strict=True))


def test_the_page_escapes_whatever_a_connector_says(failing: Results) -> None:
    """No script, no escape sequence, no sign that turns the text around."""
    page = html.render(failing, catalog=catalog.load())

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not set("\x1b\u202e") & set(page)


def test_the_page_needs_nothing_from_outside(failing: Results) -> None:
    """One file: no link, picture, font or script, and it says so to the browser."""
    page = html.render(failing, catalog=catalog.load())

    assert not re.search(r"<(script|link|img|iframe|object)\b|\bsrc=|url\(|@import", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_a_failure_card_says_what_why_and_how_to_see_it_again(failing: Results) -> None:
    """Requirement, sentence, expected and held, defect class with a case, commands."""
    page = html.render(failing, catalog=catalog.load())

    assert "summary of FETCH-03" in page
    assert "Class 3: No paging at all." in page
    assert "demisto/content#39913" in page
    assert "kuma-harness replay kuma-report FETCH-03" in page
    assert "kuma-harness explain FETCH-03" in page
    assert page.index("What went wrong") < page.index("Reading the alert list")


def test_the_summary_is_markdown_that_shows_hostile_text_as_it_is(failing: Results) -> None:
    """No markup of a connector's makes a link, a table cell or an element."""
    page = summary.render(failing, catalog=catalog.load())

    assert "<script" not in page
    assert "](javascript" not in page
    row = next(text for text in page.splitlines() if text.startswith("| FETCH-03"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 4


def test_junit_is_xml_whatever_it_holds(failing: Results) -> None:
    """Signs that XML cannot hold are shown as escapes."""
    root = ET.fromstring(junit.render(failing))

    cases = root.findall("./testsuite/testcase")
    [failure] = root.findall("./testsuite/testcase/failure")
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("4", "1", "1")
    assert cases[2].get("name") == "FETCH-03 A full page is not the end of the list [251]"
    assert "\\x1b[2J" in str(failure.text)


def test_the_badge_tells_the_verdict(failing: Results) -> None:
    """It is a picture on its own."""
    picture = ET.fromstring(badge.render(failing))

    assert picture.get("aria-label") == "KUMA connector: fail, 1 of 3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain — текст 🔥", "plain — текст 🔥"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("abc\u202ecba", "abc\\u202ecba"),
        ("a\tb\nc", "a\tb\nc"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_unseen_signs_are_made_visible(text: str, expected: str) -> None:
    """Written language stays as it is, joiners of emoji included."""
    assert visible(text) == expected


def test_a_line_stays_a_line() -> None:
    """A line break in a message does not forge another line of output."""
    assert line("one\r\n\x1b[A two") == "one \\x1b[A two"


def test_markdown_escapes_its_own_signs() -> None:
    """A sentence with underscores and brackets reads as it was written."""
    assert markdown("a_b <b> & [c]") == "a\\_b &lt;b&gt; &amp; \\[c\\]"
