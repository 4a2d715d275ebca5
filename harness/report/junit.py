"""``junit.xml``: the run for continuous integration, a test case for each case of a requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness.report.escaping import visible
from harness.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.events import CheckFinished
    from harness.report.results import Results, Row

_FAILED = frozenset({Verdict.FAIL, Verdict.FLAKY})
_SKIPPED = frozenset(
    {Verdict.UNSUPPORTED, Verdict.SKIPPED, Verdict.NOT_REACHED, Verdict.WAIVED, Verdict.WARN}
)


def render(results: Results) -> bytes:
    """Return the document."""
    root = ET.Element("testsuites", name=visible(results.started.connector))
    suite = ET.SubElement(root, "testsuite", name="kuma-harness", time=f"{results.finished.seconds:.3f}")
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for row in results.every_row:
        for case in row.cases:
            totals["tests"] += 1
            kind = _add(suite, row, case)
            if kind is not None:
                totals[kind] += 1
    for element in (root, suite):
        for name, count in totals.items():
            element.set(name, str(count))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def write(results: Results, folder: Path) -> None:
    """Write ``junit.xml`` into a folder."""
    (folder / "junit.xml").write_bytes(render(results))


def _add(suite: ET.Element, row: Row, case: CheckFinished) -> str | None:
    """Add a case; return the total that it counts for, if any."""
    name = f"{row.requirement.id} {row.requirement.title}" + (f" [{case.case}]" if case.case else "")
    classname = f"kuma.{row.requirement.id.split('-', 1)[0]}"
    element = ET.SubElement(suite, "testcase", name=name, classname=classname, time=f"{case.seconds:.3f}")
    told = visible(case.summary)
    # What is waived failed, and is known to.
    verdict = row.verdict if row.verdict is Verdict.WAIVED and case.findings else case.verdict
    if not row.requirement.scored and verdict is not Verdict.PASS:
        ET.SubElement(element, "skipped", message=f"not scored yet; {verdict}: {told}")
        return "skipped"
    if verdict in _FAILED:
        failure = ET.SubElement(element, "failure", message=told, type=str(verdict))
        failure.text = visible("\n".join(finding.sentence for finding in case.findings))
        return "failures"
    if verdict is Verdict.ERROR:
        ET.SubElement(element, "error", message=told, type=str(verdict))
        return "errors"
    if verdict in _SKIPPED:
        ET.SubElement(element, "skipped", message=f"{verdict}: {told}")
        return "skipped"
    return None
