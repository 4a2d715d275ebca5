"""The commands that play nothing: ``list``, ``explain``, ``compare`` and ``merge``.

Decides options and exit codes; what is read from files is decided in ``report.comparison``. Rule:
nothing is played, and a file that cannot be read is one line and exit 2.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import catalog
from harness.report import comparison, joining, writing
from harness.report.comparison import Past, Unreadable
from harness.report.escaping import line
from harness.settings import meant
from harness.verdict import Exit, Level

_PATH = click.Path(path_type=Path)
WIDTH: Final = 100
_STYLES = {"broken": "bold red", "fixed": "green", "changed": "yellow", "new": "cyan", "gone": "cyan"}


class Usage(click.ClickException):
    """The user asked for something that cannot be done."""

    exit_code = int(Exit.USAGE)


@click.command(name="compare", epilog="Example: kuma-harness compare old/results.json new/results.json")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
def compare_command(*, old: Path, new: Path) -> None:
    """Tell what was fixed or broken between two runs; exit 1 where a MUST broke.

    OLD and NEW are results.json files, or the folders that hold them.
    """
    before, after = past(old), past(new)
    console = Console(highlight=False)
    found = comparison.changes(before, after)
    another = comparison.judged_by(before, after)
    if another:
        console.print(Text(another, style="yellow"), soft_wrap=True)
    for change in found:
        after_it = "not there" if change.word == "gone" else change.check.verdict
        told = f"{change.check.id:<10} {change.before or 'not there'} -> {after_it}"
        told += "" if change.check.scored else " (not scored)"
        console.print(
            Text.assemble(
                (f"{change.word:<8}", _STYLES[change.word]), told, f"  {line(change.check.summary)}"
            ),
            soft_wrap=True,
        )
    words = [change.word for change in found]
    same = len(after.checks) - len(words) + words.count("gone")
    console.print(
        Text(f"{words.count('broken')} broken, {words.count('fixed')} fixed, {same} the same"), soft_wrap=True
    )
    broke = [
        change
        for change in found
        if change.word == "broken" and change.check.level is Level.MUST and change.check.scored
    ]
    sys.exit(Exit.FAIL if broke else Exit.PASS)


@click.command(
    name="merge",
    epilog="""\b
Examples:
  kuma-harness merge shard-1/results.json shard-2/results.json --into kuma-report
  kuma-harness merge acme-2.3 acme-2.4 other --out matrix.md""",
)
@click.argument("files", type=_PATH, nargs=-1, required=True)
@click.option("--out", type=_PATH, envvar="KUMA_HARNESS_OUT", help="Write the table there, too.")
@click.option("--into", type=_PATH, help="Folder for results.json and the reports of the one run joined.")
def merge_command(*, files: tuple[Path, ...], out: Path | None, into: Path | None) -> None:
    """Join runs to a matrix: a column for each connector, version and seed.

    The parts of one run (see run --shard) become one column, and with --into one results.json with its
    reports. The exit code is that of all runs together.
    """
    pasts = [past(file) for file in files]
    if into is not None:
        _join(pasts, into)
    table = comparison.matrix(pasts)
    click.echo(table, nl=False)
    if out is not None:
        try:
            out.write_text(table, encoding="utf-8")
        except OSError as error:
            raise Usage(f"--out {out}: {(error.strerror or str(error)).lower()}") from error
    sys.exit(comparison.code(pasts))


@click.command(name="list", epilog="Example: kuma-harness list --json")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--absent", is_flag=True, help="The classes of defects that nothing asks about, and why.")
def list_command(*, as_json: bool, absent: bool) -> None:
    """List the requirements."""
    if absent:
        for number, why in catalog.absent().items():
            click.echo(f"class {number}: {why}")
        return
    known = catalog.load()
    counts = {True: "", False: " (not scored yet)"}
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(known.requirements)))
        return
    table = Table("id", "level", "profile", "needs", "title", box=None, padding=(0, 2, 0, 0))
    for item in known.requirements:
        table.add_row(
            item.id, item.level, item.profile, ", ".join(item.features), item.title + counts[item.scored]
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        # Lines for other programs are not to be broken.
        console.width = 2 * WIDTH
    console.print(table)
    told = f"{len(known.requirements)} requirements, set {known.version}"
    console.print(Text(told + "; what is not scored yet changes no verdict"), soft_wrap=True)


@click.command(name="explain", epilog="Example: kuma-harness explain CLOSE-03")
@click.argument("requirement_id", metavar="ID")
def explain_command(*, requirement_id: str) -> None:
    """Explain a requirement: what is asked, why, and where the vendor says so.

    Those of connectors, and those of servers (API-01 and on; see kuma-harness server).
    """
    name, connectors, servers = requirement_id.upper(), catalog.load(), catalog.of_servers()
    known = servers if servers.find(name) else connectors
    item = known.find(name)
    if item is None:
        raise Usage(
            f"there is no requirement {requirement_id!r}{meant(name, connectors.ids() | servers.ids())}"
        )
    console = Console(highlight=False, width=min(Console().width, WIDTH))
    needs = f", needs {', '.join(item.features)}" if item.features else ""
    entered = "" if item.scored else f"; new in set {item.since}, not scored yet: it changes no verdict"
    console.print(Text(f"{item.id}  {item.title}", style="bold"))
    console.print(Text(f"{item.level}, profile {item.profile}{needs}{entered}\n", style="dim"))
    for title, text in (
        ("What is asked", item.statement),
        ("Why", item.rationale),
        ("The vendor", f"{item.clause} ({item.certainty})"),
        ("Judged by", item.evidence),
    ):
        console.print(Text(title, style="bold"))
        console.print(Text(f"{text}\n"))
    if item.defects != [0]:
        console.print(Text("Where it went wrong before", style="bold"))
    for number in filter(None, item.defects):
        defect = known.defects[number]
        console.print(Text(f"Class {number}: {defect.name}. {defect.case}"))


def _join(pasts: list[Past], into: Path) -> None:
    """Write the reports of the run whose parts these are; raises Usage."""
    known = catalog.load()
    try:
        found = joining.joined(pasts, catalog=known, today=dt.datetime.now(dt.UTC).date())
        into.mkdir(parents=True, exist_ok=True)
    except joining.NotOneRun as error:
        raise Usage(f"--into: {error}") from error
    except OSError as error:
        raise Usage(f"--into {into}: {(error.strerror or str(error)).lower()}") from error
    writing.write(found, into, catalog=known)


def past(path: Path) -> Past:
    """Return the run of a results file; raises Usage."""
    try:
        return comparison.read(path)
    except Unreadable as error:
        raise Usage(str(error)) from error


COMMANDS: Final = (list_command, explain_command, compare_command, merge_command)
