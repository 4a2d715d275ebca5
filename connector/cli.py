"""The command ``kuma-connector``."""

from __future__ import annotations

import contextlib
import json
import logging
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click import shell_completion

from connector import log_lines, parts, settings
from connector.adapter import REASONS, Adapter, shown
from connector.client import REASONS as KUMA_REASONS
from connector.errors import ConnectorError, SettingsProblem, UnknownReason
from connector.sync import Sync

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLES = """
\b
Examples:
  export KUMA_TOKEN=0123456789abcdef0123456789abcdef
  kuma-connector --config kuma.toml poll
  kuma-connector --config kuma.toml incidents --json
  kuma-connector --config kuma.toml close ALERT_ID --reason responded

\b
kuma.toml:
  url = "kuma.example.com:7223"
  ca_file = "kuma-ca.pem"
  token_env = "KUMA_TOKEN"          # or: token_file = "token"
  data_folder = "kuma-connector-data"
  lookback_days = 7
  database = "postgresql://soar@db.example.com/soar"   # left out: a file in data_folder
"""

RETRYABLE, NEEDS_A_PERSON = 1, 2


@click.group(
    epilog=_EXAMPLES,
    context_settings={"auto_envvar_prefix": "KUMA_CONNECTOR", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="mock-kuma", prog_name="kuma-connector")
@click.option(
    "--config",
    default="kuma.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The settings file.",
)
@click.option("--verbose", is_flag=True, help="Tell each request.")
@click.option(
    "--log-format", default="text", show_default=True, type=click.Choice(["text", "json"]), help="Of the log."
)
@click.pass_context
def main(context: click.Context, config: Path, *, verbose: bool, log_format: str) -> None:
    """Receive KUMA alerts as incidents, and close them back: the reference connector."""
    # A process that dies leaves no image of its memory, where the token is.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(log_lines.FORMS[log_format]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("connector").setLevel(logging.DEBUG if verbose else logging.INFO)
    context.obj = config


@main.command()
@click.pass_obj
def poll(config: Path) -> None:
    """Run one receive cycle."""
    with _running(config) as sync:
        counts = sync.poll()
        click.echo(f"created {counts.created}, updated {counts.updated}")
        if counts.odd:
            click.echo(f"{counts.odd} could not be understood; see the log", err=True)


@main.command()
@click.argument("alert_id")
@click.option("--reason", required=True, help=f"One of: {', '.join((*KUMA_REASONS, *REASONS))}.")
@click.pass_obj
def close(config: Path, alert_id: str, reason: str) -> None:
    """Close the incident and the alert."""
    with _running(config) as sync:
        word = REASONS.get(reason, reason)
        if word not in KUMA_REASONS:
            raise UnknownReason(reason, (*KUMA_REASONS, *REASONS))
        sync.close(alert_id, word)
        click.echo(f"closed {alert_id}: {word}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def incidents(config: Path, *, as_json: bool) -> None:
    """List the incidents that the SOAR holds."""
    with _running(config) as sync:
        rows = [shown(incident) for incident in sync.incidents.every()]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=True))
        return
    for row in sorted(rows, key=lambda row: row["last_seen"], reverse=True):
        events = f"{len(row['event_ids'])} events"
        line = (row["status"], row["priority"], row["last_seen"], events, row["alert_id"], row["name"])
        # Names come from whoever is attacked: no control characters reach the terminal.
        click.echo("".join(c if c.isprintable() else "?" for c in "  ".join(line)))
    click.echo(f"{len(rows)} incidents", err=True)


@main.command()
@click.option(
    "--config", "own_config", type=click.Path(dir_okay=False, path_type=Path), help="The settings file."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the pages are served.")
@click.option(
    "--port", default=8223, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.pass_obj
def desk(config: Path, own_config: Path | None, host: str, port: int) -> None:
    """Serve the SOAR's pages; KUMA can be set there if there is no settings file."""
    # Here and not above: the other commands need no web framework.
    from connector.desk import serve  # noqa: PLC0415 -- as said

    path = own_config or config
    try:
        given = settings.load(path) if path.exists() else None
        folder = path.absolute().parent / "kuma-connector-data" if given is None else given.state_dir
        with serve.open_desk(folder, settings=given) as engine:
            server = serve.server(engine, host=host, port=port)
            click.echo(f"desk: http://{host}:{server.port}/")
            click.echo(
                f"sign in as {serve.FIRST_USER}; the first password is in {folder / serve.PASSWORD_FILE}"
            )
            # A stopped service ends as an interrupted command does. Set for SIGINT, too: a shell starts a
            # job in the background with SIGINT ignored.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                server.serve_forever()
    except (ConnectorError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(NEEDS_A_PERSON) from error


@main.command()
def adapter() -> None:
    """Speak the connector protocol on standard input and output."""
    outgoing = sys.stdout.buffer
    # Whatever a library prints must not end up between the answers.
    with contextlib.redirect_stdout(sys.stderr):
        Adapter().serve(sys.stdin.buffer, outgoing)


@main.command(epilog="Example: source <(kuma-connector completion bash)")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(*, shell: str) -> None:
    """Print a script after which the shell completes this command."""
    script = shell_completion.get_completion_class(shell)
    assert script is not None  # noqa: S101 -- for the type checker; click has all three
    click.echo(script(main, {}, "kuma-connector", "_KUMA_CONNECTOR_COMPLETE").source())


for part in (parts.package, parts.command, parts.run):
    main.add_command(part)


@contextlib.contextmanager
def _running(config: Path) -> Iterator[Sync]:
    """Open the connector; an error becomes one line and an exit code."""
    try:
        sync = Sync(settings.load(config))
        try:
            yield sync
        finally:
            sync.stop()
    except ConnectorError as error:
        click.echo(f"Error: {error}", err=True)
        if isinstance(error, SettingsProblem):
            click.echo("See kuma-connector --help for an example of the settings file.", err=True)
        raise SystemExit(RETRYABLE if error.retryable else NEEDS_A_PERSON) from error


if __name__ == "__main__":
    main()
