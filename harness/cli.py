"""``kuma-harness``: commands and options, and which exit code answers.

Decides what the user asked for; everything else is done elsewhere. Rule: bad input is one line on stderr
with what to do, never a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import catalog, session, smoke
from harness.protocol import ConnectorBroken
from harness.report.escaping import line
from harness.report.progress import LiveReport, show_end
from harness.settings import BadFile, ConnectorFile, meant, read
from harness.verdict import Exit, Failure, HarnessTrouble, Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.catalog import Catalog, Requirement

DEFAULT_SEED: Final = 20261124
_CONTROL_TOKEN: Final = "KUMA_HARNESS_CONTROL_TOKEN"  # noqa: S105 -- a variable's name
_CA_FILE: Final = "KUMA_HARNESS_CA_FILE"
_PATH = click.Path(path_type=Path)
_WIDTH: Final = 100
_EXAMPLES: Final = """\b
Examples:
  kuma-harness smoke acme.toml
  kuma-harness run acme.toml
  kuma-harness explain FETCH-03
"""
_RUN_EXAMPLES: Final = """\b
Exit codes:
  0 every MUST that applies holds     4 flaky: one seed, two verdicts
  1 a MUST fails                      5 the harness itself failed
  2 bad usage or configuration        7 a stale or expired waiver
  3 the connector could not be run
\b
Examples:
  kuma-harness run acme.toml
  kuma-harness run acme.toml --profile core --out report
  kuma-harness run acme.toml --only FETCH-03 --seed 7
"""


class Usage(click.ClickException):
    """The user asked for something that cannot be done."""

    exit_code = int(Exit.USAGE)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH}, epilog=_EXAMPLES
)
@click.version_option(package_name="mock-kuma", prog_name="kuma-harness")
def main() -> None:
    """Judge any KUMA connector: whether every alert arrives, once, and what it says is true."""
    # A stop by the system's service manager is to clean up just as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _against(command: Any) -> Any:
    """Add the options that name a running mock."""
    against = click.option(
        "--against",
        metavar="URL",
        envvar="KUMA_HARNESS_AGAINST",
        help=f"Console URL of a running mock; needs {_CONTROL_TOKEN}, and {_CA_FILE} for TLS.",
    )
    api = click.option(
        "--api",
        metavar="URL",
        envvar="KUMA_HARNESS_API",
        help="Vendor API of the mock named by --against.  [default: port 7223 of its host]",
    )
    return against(api(command))


@main.command(name="run", epilog=_RUN_EXAMPLES)
@click.argument("file", type=_PATH)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    envvar="KUMA_HARNESS_PROFILE",
    type=click.Choice([str(profile) for profile in Profile]),
    help="Only this part of the suite; repeatable.  [default: all]",
)
@click.option(
    "--only", multiple=True, metavar="ID", envvar="KUMA_HARNESS_ONLY", help="Only this; repeatable."
)
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, envvar="KUMA_HARNESS_SEED")
@click.option(
    "--examples",
    type=click.IntRange(1, 10_000),
    default=12,
    show_default=True,
    envvar="KUMA_HARNESS_EXAMPLES",
    help="Generated examples per check.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    envvar="KUMA_HARNESS_JOBS",
    help="Checks played at the same time.",
)
@click.option(
    "--out",
    type=_PATH,
    default=Path("kuma-report"),
    show_default=True,
    envvar="KUMA_HARNESS_OUT",
    help="Folder for the reports.",
)
@_against
def run_command(
    *,
    file: Path,
    profiles: tuple[str, ...],
    only: tuple[str, ...],
    seed: int,
    examples: int,
    jobs: int,
    out: Path,
    against: str | None,
    api: str | None,
) -> None:
    """Run the suite on the connector that FILE describes."""
    known = catalog.load()
    described = _read(file, known)
    chosen = _choose(known, profiles, only)
    order = session.Order(file, described, _mock(against, api), seed, examples, jobs)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"--out {out}: {(error.strerror or str(error)).lower()}") from error
    console = Console(highlight=False)
    with LiveReport(console) as live:
        events = session.play(order, chosen, live)
    found = session.report(order, events, out, catalog=known)
    show_end(console, found)
    console.print(Text(f"report: {out / 'report.html'}"), soft_wrap=True)
    sys.exit(found.exit_code)


@main.command(name="smoke", epilog="Example: kuma-harness smoke acme.toml")
@click.argument("file", type=_PATH)
@_against
def smoke_command(*, file: Path, against: str | None, api: str | None) -> None:
    """Meet the adapter that FILE describes: hello, configure, one alert, poll, incidents, close."""
    described = _read(file, catalog.load())
    console = Console(highlight=False)
    try:
        with session.met(session.Order(file, described, _mock(against, api), DEFAULT_SEED)) as run:
            for name, told in smoke.steps(run):
                console.print(Text.assemble(("ok   ", "green"), f"{name:<11}{line(told)}"), soft_wrap=True)
    except ConnectorBroken as error:
        _stop(console, str(error), Exit.NOT_RUN)
    except Failure as error:
        _stop(console, str(error), Exit.FAIL)
    except HarnessTrouble as error:
        _stop(console, str(error), Exit.HARNESS)
    except KeyboardInterrupt:
        _stop(console, "interrupted", Exit.INTERRUPTED)
    console.print(Text("The adapter speaks the protocol. Next: kuma-harness run"))


@main.command(name="list", epilog="Example: kuma-harness list --json")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_command(*, as_json: bool) -> None:
    """List the requirements."""
    known = catalog.load()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(known.requirements)))
        return
    table = Table("id", "level", "profile", "needs", "title", box=None, padding=(0, 2, 0, 0))
    for item in known.requirements:
        table.add_row(item.id, item.level, item.profile, ", ".join(item.features), item.title)
    console = Console(highlight=False)
    if not console.is_terminal:
        # Lines for other programs are not to be broken.
        console.width = 2 * _WIDTH
    console.print(table)


@main.command(name="explain", epilog="Example: kuma-harness explain CLOSE-03")
@click.argument("requirement_id", metavar="ID")
def explain_command(*, requirement_id: str) -> None:
    """Explain a requirement: what is asked, why, and where the vendor says so."""
    known = catalog.load()
    item = known.find(requirement_id.upper())
    if item is None:
        raise Usage(f"there is no requirement {requirement_id!r}{meant(requirement_id.upper(), known.ids())}")
    console = Console(highlight=False, width=min(Console().width, _WIDTH))
    needs = f", needs {', '.join(item.features)}" if item.features else ""
    console.print(Text(f"{item.id}  {item.title}", style="bold"))
    console.print(Text(f"{item.level}, profile {item.profile}{needs}\n", style="dim"))
    for title, text in (
        ("What is asked", item.statement),
        ("Why", item.rationale),
        ("The vendor", f"{item.clause} ({item.certainty})"),
        ("Judged by", item.evidence),
    ):
        console.print(Text(title, style="bold"))
        console.print(Text(f"{text}\n"))
    console.print(Text("Where it went wrong before", style="bold"))
    for number in item.defects:
        defect = known.defects[number]
        console.print(Text(f"Class {number}: {defect.name}. {defect.case}"))


def _read(file: Path, known: Catalog) -> ConnectorFile:
    try:
        return read(file, requirements=known.ids())
    except BadFile as error:
        raise Usage(str(error)) from error


def _choose(known: Catalog, profiles: Sequence[str], only: Sequence[str]) -> tuple[Requirement, ...]:
    for name in only:
        if known.find(name) is None:
            raise Usage(f"--only: there is no requirement {name!r}{meant(name, known.ids())}")
    chosen = known.select(profiles=profiles, only=only)
    if not chosen:
        raise Usage("--profile and --only together leave nothing to check")
    return chosen


def _mock(against: str | None, api: str | None) -> session.Mock | None:
    if against is None:
        return None
    token = os.environ.get(_CONTROL_TOKEN)
    if not token:
        raise Usage(f"--against needs the mock's control token in the variable {_CONTROL_TOKEN}")
    return session.Mock(against, token, api, os.environ.get(_CA_FILE))


def _stop(console: Console, told: str, code: Exit) -> NoReturn:
    console.print(Text.assemble(("stop ", "bold red"), line(told)), soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
