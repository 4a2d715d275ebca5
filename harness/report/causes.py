"""Where to begin: the failures of a run, by the defect that is the likeliest behind each.

Decides what is said to be likely: what a finding names, else the first class of the requirement. A guess for
the reader, and no verdict. Rule: every failure of the connector stands under one cause, and the one behind
most of them stands first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.verdict import Verdict

if TYPE_CHECKING:
    from harness.catalog import Catalog, Defect
    from harness.report.results import Results, Row

#: What a connector can have caused; trouble of the harness has no place here.
_CAUSED: Final = frozenset({Verdict.FAIL, Verdict.FLAKY, Verdict.WARN})


@dataclass(frozen=True, slots=True)
class Cause:
    """A class of defects, and the failing rows that it explains, in the catalogue's order."""

    defect: Defect
    rows: tuple[Row, ...]

    @property
    def sentence(self) -> str:
        """What is likely wrong, and which requirements may hold once it is mended."""
        names = ", ".join(row.requirement.id for row in self.rows)
        return f"class {self.defect.number}, {self.defect.name}: {names}"


def likely(row: Row, catalog: Catalog) -> Defect:
    """Return the defect that is the likeliest behind a row's first failure."""
    named = [finding.defect for finding in row.failures[0].findings if finding.defect is not None]
    return catalog.defects[(named or row.requirement.defects)[0]]


def causes(results: Results, catalog: Catalog) -> list[Cause]:
    """Return the causes of all failures, that of most first; a server's (class 0) have none."""
    found: dict[int, list[Row]] = {}
    for row in results.rows:
        if row.verdict in _CAUSED and row.failures and row.requirement.scored:
            found.setdefault(likely(row, catalog).number, []).append(row)
    found.pop(0, None)
    known = [Cause(catalog.defects[number], tuple(rows)) for number, rows in found.items()]
    return sorted(known, key=lambda cause: -len(cause.rows))
