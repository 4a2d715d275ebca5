"""The connector's parts on the command line: its package, its commands, its schedule.

They are the desk's: what is imported here is edited there, and each command loads of the desk what it needs,
so that the others start without a scheduler and a web framework. Rule: nothing is stored before all of it was
understood, and no output holds the token.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector import settings
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.desk.engine import Engine

_NEEDS_A_PERSON = 2
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(
    epilog="""
\b
Examples:
  kuma-connector package build kuma-connector.zip
  kuma-connector package check kuma-connector.zip
  kuma-connector --config kuma.toml package import kuma-connector.zip
"""
)
def package() -> None:
    """Make, check, import and export the connector package, a ZIP archive of TOML files."""


@package.command()
@click.argument("file", type=_FILE)
def build(file: Path) -> None:
    """Write the package as it is shipped; the same bytes each time."""
    from connector.desk import archive
    from connector.desk.documents import NAMES, shipped

    with _told():
        file.write_bytes(archive.build({name: shipped(name) for name in NAMES}))
        click.echo(f"wrote {file}")


@package.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Say whether a package can be imported; nothing is written."""
    from connector.desk import archive

    with _told():
        manifest = archive.manifest(_texts(file)["manifest"])
        click.echo(f"{_printable(manifest.name)} {_printable(manifest.version)}: can be imported")


@package.command("import")
@click.argument("file", type=_FILE)
@click.pass_obj
def take(config: Path, file: Path) -> None:
    """Replace commands, handler, schedule and worker by those of a package."""
    with _told():
        texts = _texts(file)
        with _opened(config) as engine:
            engine.documents.write(texts)
        click.echo(f"imported {', '.join(texts)}")


@package.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def export(config: Path, file: Path) -> None:
    """Write the parts as they were edited into a package."""
    from connector.desk import archive
    from connector.desk.documents import NAMES

    with _told(), _opened(config) as engine:
        file.write_bytes(archive.build({name: engine.documents.read(name) for name in NAMES}))
        click.echo(f"wrote {file}")


@click.group(
    epilog="""
\b
Examples:
  kuma-connector --config kuma.toml command list
  kuma-connector --config kuma.toml command run "Close incident (Responded)" --alert ALERT_ID
"""
)
def command() -> None:
    """List the connector's commands, and run one."""


@command.command("list")
@click.pass_obj
def names(config: Path) -> None:
    """List the commands."""
    with _told(), _opened(config) as engine:
        for one in engine.commands().values():
            click.echo(_printable(f"{one.name}  {one.method.value} {one.path}"))


@command.command("run")
@click.argument("name")
@click.option("--alert", default="", help="The alert's id, where the command asks for one.")
@click.pass_obj
def send(config: Path, name: str, alert: str) -> None:
    """Send a command's request; print it without the token, and the answer."""
    from connector.desk import commands
    from connector.desk.accounts import Wrong

    with _told(), _opened(config) as engine:
        known = engine.commands()
        if name not in known:
            raise Wrong("name", "there is no command “{name}”; see: command list", name=name)
        if known[name].asks_alert and not alert:
            raise Wrong("alert", "this command needs --alert ALERT_ID")
        transport, given = engine.transport()
        try:
            exchange = commands.run(known[name], transport, given, alert=alert)
        finally:
            transport.close()
        for text in (exchange.request, "", str(exchange.status), exchange.answer):
            click.echo("\n".join(map(_printable, text.split("\n"))))


@click.command(epilog="\b\nExample:\n  kuma-connector --config kuma.toml run")
@click.pass_obj
def run(config: Path) -> None:
    """Receive incidents on the schedule until stopped, without pages."""
    from connector.desk.timing import Job

    # A stopped service ends as an interrupted command does: what runs is finished, the database given back.
    # Set for SIGINT, too: a shell starts a job in the background with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with _told(), _opened(config) as engine, contextlib.suppress(KeyboardInterrupt):
        engine.jobs.start()
        schedule = engine.schedule()
        running = [job.value for job in Job if schedule.of(job).on]
        told = f"on the schedule: {', '.join(running)}; stop with Ctrl-C"
        click.echo(told if running else "nothing is on the schedule")
        while running:
            threading.Event().wait(3_600)


@contextlib.contextmanager
def _opened(config: Path) -> Iterator[Engine]:
    from connector.desk.engine import opened

    given = settings.load(config) if config.exists() else None
    folder = config.absolute().parent / "kuma-connector-data" if given is None else given.state_dir
    with opened(folder, settings=given) as engine:
        yield engine


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong in one line, with an exit code."""
    from connector.desk.accounts import Wrong

    try:
        yield
    except Wrong as error:
        click.echo(f"Error: {_printable(str(error))}", err=True)
        raise SystemExit(_NEEDS_A_PERSON) from error
    except ConnectorError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(1 if error.retryable else _NEEDS_A_PERSON) from error
    except OSError as error:
        click.echo(f"Error: {error.filename}: {error.strerror}", err=True)
        raise SystemExit(_NEEDS_A_PERSON) from error


def _texts(file: Path) -> dict[str, str]:
    from connector.desk import archive

    # One byte more than allowed says that it is too large; the rest stays unread.
    with file.open("rb") as content:
        return archive.read(content.read(archive.LARGEST + 1))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
