"""``make bench``: the mock, its peers, the connector and the harness, measured and judged by the goals.

    python -m tests.bench [--quick] [--only PART] [--rounds 3] [--seconds 4] [--json FILE]

Exits 1 where a goal is missed. Rule: figures are from a machine with nothing else to do, or are ratios.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tests.bench import install, large, processes, rates, table

if TYPE_CHECKING:
    from tests.bench.load import Shot
    from tests.bench.table import Row

#: The large world takes a quarter of an hour: only where it is asked for.
PARTS = ("rates", "start", "worlds", "connector", "harness", "large")


@click.command()
@click.option("--quick", is_flag=True, help="One short round of the mock alone, and what takes seconds.")
@click.option("--only", "parts", multiple=True, type=click.Choice(PARTS), help="Leave the other parts out.")
@click.option("--work", "works", multiple=True, type=click.Choice(("W1", "W2", "W3")), help="One alone.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=4.0, show_default=True, help="For one workload of one server.")
@click.option("--alerts", default=large.ALERTS, show_default=True, help="In the large world.")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures.")
def main(
    *,
    quick: bool,
    parts: tuple[str, ...],
    works: tuple[str, ...],
    rounds: int,
    seconds: float,
    alerts: int,
    target: Path | None,
) -> None:
    """Measure, print the table, judge."""
    try:
        install.program("wrk", "apt")
    except install.NotInstalled as error:
        raise click.ClickException(str(error)) from error
    # As a user has it: what pip has installed is compiled already.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Asked to end, it ends what it started, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if quick:
        rounds, seconds = 1, min(seconds, 2.0)
    wanted = parts or (("rates", "start", "worlds") if quick else PARTS[:-1])
    rows: list[Row] = []
    figures: list[tuple[str, str, dict[str, Shot], float]] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=install.FOLDER) as name:
        if "rates" in wanted:
            found = rates.measure(
                Path(name), rounds=rounds, seconds=seconds, peers=not quick, works=set(works or rates.WORKS)
            )
            figures = found.table()
            rows += rates.rows(found)
            table.show_rates(figures)
        for part in ("start", "worlds", "connector", "harness"):
            if part in wanted:
                rows += getattr(processes, part)(Path(name))
        if "large" in wanted:
            rows += large.rows(Path(name), alerts=alerts)
    table.show(rows)
    if target is not None:
        target.write_text(json.dumps(table.as_json(rows, figures), indent=2) + "\n", encoding="utf-8")
    sys.exit(int(any(row.holds is False for row in rows)))


if __name__ == "__main__":
    main()
