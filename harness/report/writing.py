"""The report files of a run, all of them.

Decides which files there are. How each is written is its own module's. Rule: every report of a run says the
same, so they are written together or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import badge, html, junit, results, summary

if TYPE_CHECKING:
    from pathlib import Path

    from harness.catalog import Catalog
    from harness.report.results import Results


def write(found: Results, folder: Path, *, catalog: Catalog) -> None:
    """Write results.json, junit.xml, summary.md, badge.svg and report.html into a folder."""
    for report in (results.write_json, junit.write, badge.write):
        report(found, folder)
    for page in (summary.write, html.write):
        page(found, folder, catalog=catalog)
