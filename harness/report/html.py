"""``report.html``: the run as a page that a vendor shows to a customer.

Decides what stands on the page; how it looks is the template's. One file, no script, nothing from outside.
Rule: everything is escaped, and unseen signs are made visible before they come here.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jinja2

from harness.coverage import NO_FAULT
from harness.report.escaping import visible
from harness.report.summary import headline
from harness.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.catalog import Area, Catalog, Defect
    from harness.events import CheckFinished, Reached, WireLine
    from harness.report.results import Results, Row

#: These are worth a place even where nothing ended so.
_ALWAYS = (Verdict.PASS, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Card:
    """One failure: the first case of a requirement that went wrong, and the ``others``."""

    row: Row
    case: CheckFinished
    defect: Defect
    commands: tuple[tuple[str, str], ...]
    others: tuple[CheckFinished, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of an area."""

    area: Area
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """What was reached: the faults, and for each requirement what each of them met."""

    faults: tuple[str, ...]
    lines: tuple[tuple[str, tuple[tuple[Reached, ...], ...]], ...]


def render(results: Results, *, catalog: Catalog, folder: str = "kuma-report") -> str:
    """Return the page; ``folder`` is where the reports are, for the command that replays a failure."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    sections = [
        Section(area, rows)
        for area in catalog.areas
        if (rows := tuple(row for row in results.every_row if row.requirement in area.requirement))
    ]
    return environment.get_template("report.html.j2").render(
        results=results,
        headline=headline(results),
        cards=_cards(results.failures, results, catalog, folder),
        unscored=_cards(results.unscored_failures, results, catalog, folder),
        sections=sections,
        grid=_grid(results),
        counts=[
            (verdict, results.counts.get(verdict, 0))
            for verdict in Verdict
            if verdict in results.counts or verdict in _ALWAYS
        ],
    )


def write(results: Results, folder: Path, *, catalog: Catalog) -> None:
    """Write ``report.html`` into a folder."""
    (folder / "report.html").write_text(
        render(results, catalog=catalog, folder=str(folder)), encoding="utf-8"
    )


def _grid(results: Results) -> Grid:
    """Return what was reached: a line a requirement, a column a fault."""
    lines = {row.requirement.id: row.reached for row in results.every_row if row.reached}
    faults = sorted({item.fault for reached in lines.values() for item in reached}, key=_as_columns)
    return Grid(
        tuple(faults),
        tuple(
            (name, tuple(tuple(item for item in reached if item.fault == fault) for fault in faults))
            for name, reached in lines.items()
        ),
    )


def _as_columns(fault: str) -> tuple[bool, str]:
    """Put what met no fault first."""
    return fault != NO_FAULT, fault


def _cards(rows: Sequence[Row], results: Results, catalog: Catalog, folder: str) -> list[Card]:
    cards = []
    for row in rows:
        if not row.failures:
            continue
        case, *others = row.failures
        numbers = [finding.defect for finding in case.findings if finding.defect is not None]
        defect = catalog.defects[(numbers or row.requirement.defects)[0]]
        cards.append(Card(row, case, defect, _commands(results, row, case, folder), tuple(others)))
    return cards


def _commands(results: Results, row: Row, case: CheckFinished, folder: str) -> tuple[tuple[str, str], ...]:
    """Return what to type to see the failure again, each with what it does."""
    file, name = shlex.quote(results.started.file), row.requirement.id
    curl = _telling(case.evidence.wire)
    if case.requirement.startswith("API-"):
        # A server's, not a connector's.
        again = f"kuma-harness server --url {file} --token-file FILE"
    else:
        again = f"kuma-harness replay {shlex.quote(folder)} {name}"
    commands = (
        ("Play it again, exactly", again),
        (
            "Ask KUMA what was asked last" if not _faulty(case.evidence.wire) else "Ask what met the fault",
            curl,
        ),
        ("Read the requirement", f"kuma-harness explain {name}"),
    )
    return tuple((what, command) for what, command in commands if command)


def _telling(wire: list[WireLine]) -> str:
    """Return the command of the last request that a fault met, or of the last one."""
    return (_faulty(wire) or wire)[-1].curl if wire else ""


def _faulty(wire: list[WireLine]) -> list[WireLine]:
    """Return the exchanges that a fault met."""
    return [line for line in wire if line.fault is not None]
