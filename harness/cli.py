"""``kuma-harness``: commands and options, and which exit code answers.

Decides what the user asked for; everything else is done elsewhere. Rule: bad input is one line on stderr
with what to do, never a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click import shell_completion
from rich.console import Console
from rich.text import Text

from harness import catalog, readers, session, smoke
from harness.kits import init_command
from harness.protocol import ConnectorBroken
from harness.readers import WIDTH, Usage
from harness.report.escaping import line
from harness.report.progress import LiveReport, show_end
from harness.server_checks.command import server_command
from harness.settings import BadFile, ConnectorFile, meant, read
from harness.verdict import Exit, Failure, HarnessTrouble, Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.catalog import Catalog, Requirement

DEFAULT_SEED: Final = 20261124
_CONTROL_TOKEN: Final = "KUMA_HARNESS_CONTROL_TOKEN"  # noqa: S105 -- a variable's name
_CA_FILE: Final = "KUMA_HARNESS_CA_FILE"
_PATH = click.Path(path_type=Path)
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


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH}, epilog=_EXAMPLES
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
@click.option(
    "--shard", metavar="I/N", envvar="KUMA_HARNESS_SHARD", help="Only part I of N; merge joins the parts."
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
    shard: str | None,
    against: str | None,
    api: str | None,
) -> None:
    """Run the suite on the connector that FILE describes."""
    known = catalog.load()
    described = _read(file, known)
    chosen = _part(_choose(known, profiles, only), shard)
    _run(session.Order(file, described, _mock(against, api), seed, examples, jobs), chosen, known, out)


@main.command(name="replay", epilog="Example: kuma-harness replay kuma-report FETCH-03")
@click.argument("bundle", metavar="DIR_OR_BUNDLE", type=_PATH)
@click.argument("requirement_id", metavar="ID")
@click.option("--file", type=_PATH, help="The connector file, where it is not at its old place any more.")
@click.option("--out", type=_PATH, default=Path("kuma-replay"), show_default=True, envvar="KUMA_HARNESS_OUT")
@_against
def replay_command(
    *, bundle: Path, requirement_id: str, file: Path | None, out: Path, against: str | None, api: str | None
) -> None:
    """Repeat one check of an earlier run exactly: its seed, its examples, its connector file."""
    past, known = readers.past(bundle), catalog.load()
    if past.run is None:
        raise Usage(f"{bundle}: does not say how the run was made; repeat it with run --only --seed")
    chosen = _choose(known, (), (requirement_id.upper(),))
    path = file or Path(past.run.file)
    order = session.Order(path, _read(path, known), _mock(against, api), past.seed, past.run.examples)
    _run(order, chosen, known, out)


def _run(order: session.Order, chosen: Sequence[Requirement], known: Catalog, out: Path) -> NoReturn:
    """Play the requirements, write the reports, and leave with what they amount to."""
    if find_spec("pytest") is None or find_spec("hypothesis") is None:
        raise Usage("playing checks needs more packages: pip install 'mock-kuma[harness]'")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"--out {out}: {(error.strerror or str(error)).lower()}") from error
    console = Console(highlight=False)
    with LiveReport(console, unscored=known.unscored()) as live:
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


@main.command(epilog="Example: source <(kuma-harness completion bash)")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(*, shell: str) -> None:
    """Print a script after which the shell completes this command."""
    script = shell_completion.get_completion_class(shell)
    assert script is not None  # noqa: S101 -- for the type checker; click has all three
    click.echo(script(main, {}, "kuma-harness", "_KUMA_HARNESS_COMPLETE").source())


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


def _part(chosen: tuple[Requirement, ...], shard: str | None) -> tuple[Requirement, ...]:
    """Return part I of N of the requirements: every Nth, so that the parts last about as long."""
    if shard is None:
        return chosen
    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise Usage(f"--shard {shard}: expected I/N with 1 <= I <= N, for example 2/3")
    left = chosen[int(part) - 1 :: int(parts)]
    if not left:
        raise Usage(f"--shard {shard}: there are only {len(chosen)} requirements to split")
    return left


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


for _command in (*readers.COMMANDS, server_command, init_command):
    main.add_command(_command)

if __name__ == "__main__":
    main()
