"""Verdicts, waivers and exit codes."""

from __future__ import annotations

import datetime as dt

import pytest

from harness.verdict import (
    Exit,
    Failure,
    Finding,
    Level,
    NotReached,
    Verdict,
    Waiver,
    combine,
    demand,
    exit_code,
    failed,
    reached,
    stale,
)

TODAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "fail", "error"], "fail"),
        (["pass", "flaky"], "flaky"),
        (["pass", "not-reached"], "not-reached"),
        (["pass", "error"], "error"),
        (["pass", "unsupported"], "pass"),
        (["unsupported"], "unsupported"),
        ([], "skipped"),
    ],
)
def test_the_worst_case_is_the_verdict_of_a_requirement(cases: list[str], expected: str) -> None:
    """What could not be observed is never a pass; what does not apply does not count."""
    assert combine(Verdict(case) for case in cases) == Verdict(expected)


@pytest.mark.parametrize(
    ("verdicts", "how", "expected"),
    [
        (["pass", "unsupported", "warn", "waived", "not-reached"], {}, Exit.PASS),
        (["pass", "fail", "error", "flaky"], {"stale_waivers": True}, Exit.FAIL),
        (["pass", "error", "flaky"], {"stale_waivers": True}, Exit.HARNESS),
        (["pass", "flaky"], {"stale_waivers": True}, Exit.FLAKY),
        (["pass"], {"stale_waivers": True}, Exit.WAIVER),
        (["fail"], {"never_ran": True}, Exit.NOT_RUN),
        (["fail"], {"interrupted": True}, Exit.INTERRUPTED),
    ],
)
def test_the_exit_code_tells_what_is_certain_first(
    verdicts: list[str], how: dict[str, bool], expected: Exit
) -> None:
    """A failed MUST stays failed whatever else went wrong."""
    usual = {"stale_waivers": False, "never_ran": False, "interrupted": False}

    code = exit_code([Verdict(verdict) for verdict in verdicts], **{**usual, **how})

    assert code is expected


def test_only_a_must_fails_a_connector() -> None:
    """A SHOULD that does not hold is a warning."""
    assert [failed(level) for level in Level] == [Verdict.FAIL, Verdict.WARN, Verdict.WARN]


@pytest.mark.parametrize(
    ("until", "verdict", "expected"),
    [
        (None, Verdict.FAIL, None),
        (TODAY, Verdict.FAIL, None),
        (dt.date(2026, 11, 23), Verdict.FAIL, "the waiver of CLOSE-04 expired on 2026-11-23"),
        (None, Verdict.PASS, "CLOSE-04 passes now; remove its waiver"),
        (None, Verdict.UNSUPPORTED, None),
    ],
)
def test_a_waiver_ends_with_its_date_or_with_the_failure(
    until: dt.date | None, verdict: Verdict, expected: str | None
) -> None:
    """A waiver holds on its last day, and only while the requirement fails."""
    waiver = Waiver("CLOSE-04", "fixed in 2.3", until)

    assert stale(waiver, verdict, today=TODAY) == expected


def test_demand_raises_all_findings_and_tells_the_first() -> None:
    """Findings of several judgements are one failure."""
    with pytest.raises(Failure) as raised:
        demand([], [Finding("lost", "A is missing")], [Finding("doubled", "B is there twice")])

    assert str(raised.value) == "A is missing (and 1 more)"
    assert [finding.kind for finding in raised.value.findings] == ["lost", "doubled"]


def test_demand_and_reached_are_quiet_where_all_is_well() -> None:
    """Nothing found and something reached is no exception."""
    demand([], [])
    reached([1], "nothing was served")

    with pytest.raises(NotReached, match="nothing was served"):
        reached([], "nothing was served")
