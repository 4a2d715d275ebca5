"""The table of ``make bench``: what, goal, result, whether it holds, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from tests.bench.peers import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.bench.load import Shot


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``holds`` is None where there was nothing to compare with, and the note says why."""

    what: str
    goal: str
    result: str
    holds: bool | None
    note: str = ""


_WORKS: Final = ("W1", "W2", OWN, "W3")
_HOLDS = {True: "[green]holds", False: "[red]does not hold", None: "[yellow]not measured"}


def show(rows: Iterable[Row]) -> None:
    """Print the rows as a table, then their notes."""
    table = Table("what", "goal", "result", "", show_lines=True)
    notes: list[str] = []
    for row in rows:
        mark = ""
        if row.note:
            if row.note not in notes:
                notes.append(row.note)
            mark = rf" \[{notes.index(row.note) + 1}]"
        table.add_row(row.what + mark, row.goal, row.result, _HOLDS[row.holds])
    console = _console()
    console.print(table)
    for number, note in enumerate(notes, 1):
        console.print(f"[{number}] {note}", markup=False)


def show_rates(rates: Sequence[tuple[str, str, dict[str, Shot], float]]) -> None:
    """Print the figures behind W1 to W3: name, note, medians by workload, seconds until it answered."""
    table = Table("a second, and the server's CPU for each", *_WORKS, "start", "")
    for name, note, shots, start in rates:
        cells = [_cell(shots.get(work)) for work in _WORKS]
        table.add_row(name, *cells, f"{start:.2f} s", note)
    _console().print(table)


def _console() -> Console:
    # As wide as the table wants to be, on a terminal and in a file.
    return Console(width=150, highlight=False)


def _cell(shot: Shot | None) -> str:
    if shot is None:
        return "–"
    rate = f"{shot.per_second:,.0f}" if shot.per_second >= 100 else f"{shot.per_second:.2g}"
    return f"{rate}  {shot.cpu_us:,.0f} µs"


def as_json(rows: Iterable[Row], rates: Sequence[tuple[str, str, dict[str, Shot], float]]) -> dict[str, Any]:
    """Return all figures for machines."""
    servers = [
        {
            "name": name,
            "note": note,
            "start_seconds": start,
            **{key: asdict(one) for key, one in shots.items()},
        }
        for name, note, shots, start in rates
    ]
    return {"rows": [asdict(row) for row in rows], "servers": servers}
