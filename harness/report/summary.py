"""``summary.md``: the run on a page, for a pull request or a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.report.escaping import markdown
from harness.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.report.results import Results, Row

HEADLINES: Final = {
    "pass": "passes",
    "fail": "does not pass",
    "error": "could not be judged",
}


def headline(results: Results) -> str:
    """Return the verdict as a sentence."""
    if not results.rows:
        return f"{results.started.connector}: nothing that counts was to be played"
    passed = results.counts.get(Verdict.PASS, 0)
    played = sum(
        count
        for verdict, count in results.counts.items()
        if verdict not in {Verdict.UNSUPPORTED, Verdict.SKIPPED}
    )
    return f"{results.started.connector} {HEADLINES[results.verdict]}: {passed} of {played} requirements hold"


def render(results: Results) -> str:
    """Return the page."""
    started = results.started
    counts = ", ".join(f"{count} {verdict}" for verdict, count in results.counts.items())
    how = f"seed {started.seed}, requirement set {results.judged_by}"
    lines = [
        f"# {markdown(headline(results))}",
        "",
        f"Version {markdown(started.version)}, {markdown(started.at)}, {how}: {counts}.",
    ]
    if results.finished.trouble:
        lines += ["", f"**The run ended early:** {markdown(results.finished.trouble)}"]
    lines += [f"\n**Waiver:** {markdown(told)}" for told in results.stale_waivers]
    if results.failures:
        lines += ["", "| requirement | verdict | what happened |", "| --- | --- | --- |"]
        lines += [_line(row) for row in results.failures]
    if results.unscored:
        lines += ["", "Not scored yet, so no part of the verdict:", ""]
        lines += [
            f"* {row.requirement.id}: {row.verdict}. {markdown(row.summary)}" for row in results.unscored
        ]
    silent = [row for row in results.rows if row.verdict is Verdict.NOT_REACHED]
    if silent:
        lines += ["", "Not reached, so nothing is known:", ""]
        lines += [f"* {row.requirement.id}: {markdown(row.summary)}" for row in silent]
    return "\n".join(lines) + "\n"


def write(results: Results, folder: Path) -> None:
    """Write ``summary.md`` into a folder."""
    (folder / "summary.md").write_text(render(results), encoding="utf-8")


def _line(row: Row) -> str:
    told = markdown(row.summary)
    if row.waiver is not None:
        told += f" (waived: {markdown(row.waiver.reason)})"
    return f"| {row.requirement.id} {markdown(row.requirement.title)} | {row.verdict} | {told} |"
