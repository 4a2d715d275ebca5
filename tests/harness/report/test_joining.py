"""The parts of one run, joined from their files to the run that they are parts of."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from harness import catalog
from harness.events import CheckFinished, Evidence, Moment, Reached, RunFinished, RunStarted
from harness.report import comparison, joining, results, writing
from harness.verdict import Exit, Finding, Verdict, Waiver

if TYPE_CHECKING:
    from pathlib import Path

    from harness.report.comparison import Past

TODAY = dt.date(2026, 11, 24)
KNOWN = catalog.load()


def _part(folder: Path, *cases: CheckFinished, waivers: tuple[Waiver, ...] = (), **about: Any) -> Past:
    started = RunStarted(
        **{
            "seed": 7,
            "connector": "Acme",
            "version": "1",
            "features": ["close"],
            "file": "acme.toml",
            "planned": list(dict.fromkeys(case.requirement for case in cases)),
            "at": "2026-11-24T12:00:00Z",
            **about,
        }
    )
    found = results.read([started, *cases, RunFinished(2.0)], catalog=KNOWN, waivers=waivers, today=TODAY)
    folder.mkdir()
    results.write_json(found, folder)
    return comparison.read(folder)


def _case(name: str, verdict: Verdict = Verdict.PASS, **more: Any) -> CheckFinished:
    return CheckFinished(name, "", verdict, f"summary of {name}", 0.5, **more)


def test_parts_become_the_run_that_they_are_parts_of(tmp_path: Path) -> None:
    """Verdicts, findings, the record of a failure and what was reached are as the parts have them."""
    evidence = Evidence(timeline=[Moment(0.1, "KUMA", "closes it")], reached=[Reached("500", "close", 2)])
    failure = _case("CLOSE-01", Verdict.FAIL, findings=[Finding("lost", "gone")], evidence=evidence)
    met = Evidence(reached=[Reached("none", "empty list", 3)])
    parts = [
        _part(tmp_path / "1", _case("FETCH-01", evidence=met)),
        _part(tmp_path / "2", failure, at="2026-11-24T11:00:00Z"),
    ]

    found = joining.joined(parts, catalog=KNOWN, today=TODAY)

    assert [(row.requirement.id, row.verdict) for row in found.rows] == [
        ("FETCH-01", Verdict.PASS),
        ("CLOSE-01", Verdict.FAIL),
    ]
    assert found.rows[1].cases == (failure,)
    assert found.rows[0].reached == [Reached("none", "empty list", 3)]
    assert (found.exit_code, found.started.at, found.finished.seconds) == (
        Exit.FAIL,
        "2026-11-24T11:00:00Z",
        4.0,
    )


def test_a_joined_run_is_written_and_can_be_joined_again(tmp_path: Path) -> None:
    """Its files are those of any run."""
    found = joining.joined([_part(tmp_path / "1", _case("FETCH-01"))], catalog=KNOWN, today=TODAY)
    out = tmp_path / "out"
    out.mkdir()

    writing.write(found, out, catalog=KNOWN)

    assert {file.name for file in out.iterdir()} == {
        "results.json",
        "junit.xml",
        "summary.md",
        "badge.svg",
        "report.html",
    }
    assert comparison.read(out).verdicts == {"FETCH-01": Verdict.PASS}


def test_a_waiver_holds_in_the_joined_run(tmp_path: Path) -> None:
    """The reason for it comes along."""
    waiver = Waiver("CLOSE-01", "fixed in 2.3")
    part = _part(tmp_path / "1", _case("CLOSE-01", Verdict.FAIL), waivers=(waiver,))

    [row] = joining.joined([part], catalog=KNOWN, today=TODAY).rows

    assert (row.verdict, row.waiver) == (Verdict.WAIVED, waiver)


@pytest.mark.parametrize(
    ("other", "told"),
    [({"seed": 8}, "another seed"), ({"version": "2"}, "another connector"), ({"examples": 9}, "examples")],
)
def test_parts_of_several_runs_are_not_joined(tmp_path: Path, other: dict[str, Any], told: str) -> None:
    """What differs is named."""
    parts = [_part(tmp_path / "1", _case("FETCH-01")), _part(tmp_path / "2", _case("FETCH-02"), **other)]

    with pytest.raises(joining.NotOneRun, match=told):
        joining.joined(parts, catalog=KNOWN, today=TODAY)
