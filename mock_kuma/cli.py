"""The command ``mock-kuma``."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from click import shell_completion

from mock_kuma.commands import terminal
from mock_kuma.commands.load import load
from mock_kuma.commands.openapi import openapi
from mock_kuma.commands.record import drift, record, replay
from mock_kuma.commands.scenarios import scenarios

RELEASES = ("1.6", "2.1", "3.0.2", "3.2", "3.4", "4.0")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

#: Every option has a variable: MOCK_KUMA_PORT and so on, whatever the command.
_ENVIRONMENT = {"auto_envvar_prefix": "MOCK_KUMA"}
_EXAMPLES = """
\b
Examples:
  mock-kuma serve
  mock-kuma serve --port 0 --console-port 0 --ready-file ready.json
  mock-kuma serve --kuma-version 2.1 --seed 7 --no-tls
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: mock-kuma serve",
)
@click.version_option(package_name="mock-kuma", prog_name="mock-kuma")
def main() -> None:
    """Fake KUMA: the vendor's REST API over HTTPS, steered by a control API."""


@main.command(epilog=_EXAMPLES, context_settings=_ENVIRONMENT)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of both listeners.")
@click.option(
    "--port",
    default=7223,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Vendor API; 0 picks a free port.",
)
@click.option(
    "--console-port",
    default=7220,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Console and control API; 0 picks a free port.",
)
@click.option("--tls/--no-tls", default=True, show_default=True, help="Scheme of the vendor API.")
@click.option("--token", help="API token of the default world's General administrator.")
@click.option("--password", help="Console password of that administrator, login admin.  [default: generated]")
@click.option("--control-token", help="Token of the control API.  [default: generated]")
@click.option("--open-control", is_flag=True, help="No control token; on loopback only.")
@click.option("--store", help="sqlite:///FILE or postgresql://...  [default: a temporary SQLite file]")
@click.option("--events", help="clickhouse://USER:PASSWORD@HOST:PORT/DATABASE, which answers event searches.")
@click.option(
    "--data-folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the certificate authority.  [default: ~/.local/share/mock-kuma]",
)
@click.option(
    "--scenario",
    default="empty",
    show_default=True,
    metavar="NAME|FILE",
    help="What the default world starts with; mock-kuma scenarios lists them.",
)
@click.option("--watch", is_flag=True, help="Tell the scenario's file anew whenever it changes.")
@click.option("--seed", help="Seeds ids and generated data.  [default: random, printed]")
@click.option(
    "--kuma-version",
    default="3.2",
    show_default=True,
    type=click.Choice(RELEASES),
    help="KUMA release to imitate.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes behind the vendor port.",
)
@click.option("--wire", is_flag=True, help="Put the listener for transport faults in front.")
@click.option("--verbose", is_flag=True, help="Tell every decision on standard error, a line each.")
@click.option(
    "--log-format",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="Of the lines.",
)
@click.option("--strict", is_flag=True, help="Answer 501 where the mock would have to guess.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON with URLs and tokens, written when both listeners accept.",
)
def serve(**options: Any) -> None:
    """Run the mock until it is interrupted."""
    _refuse_open_doors(options)
    ready_file: Path | None = options["ready_file"]
    if ready_file is not None and not ready_file.absolute().parent.is_dir():
        raise click.UsageError(f"--ready-file: there is no folder {ready_file.absolute().parent}")
    folder: Path | None = None
    try:
        folder = None if options["store"] else Path(tempfile.mkdtemp(prefix="mock-kuma-"))
        _serve(options, folder)
    except OSError as error:  # no room, or not allowed: a folder, the ready file, a certificate
        raise _CannotServe(f"{error.filename or 'cannot go on'}: {error.strerror or error}") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@main.command(epilog="Example: mock-kuma guesses --json")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def guesses(*, as_json: bool) -> None:
    """List every behaviour that the vendor does not document."""
    from mock_kuma import guesses as marks  # noqa: PLC0415 -- so that --help answers at once

    found = [*marks.every(), *marks.of_operations()]
    if as_json:
        rows = [{"file": one.file, "line": one.line, "guess": one.text} for one in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one.file}:{one.line}\n    {one.text}")
    click.echo(f"{len(found)} places that no document of the vendor settles")


@main.command(epilog="Example: source <(mock-kuma completion bash)")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(*, shell: str) -> None:
    """Print a script after which the shell completes this command."""
    script = shell_completion.get_completion_class(shell)
    assert script is not None  # noqa: S101 -- for the type checker; click has all three
    click.echo(script(main, {}, "mock-kuma", "_MOCK_KUMA_COMPLETE").source())


class _CannotServe(click.ClickException):
    """Something outside the command line stands in the way: a port, the store, a scenario."""

    exit_code = 2


def _refuse_open_doors(options: dict[str, Any]) -> None:
    for name in ("token", "password", "control_token"):
        if options[name] is not None and not options[name].strip():
            raise click.UsageError(f"--{name.replace('_', '-')} is empty; leave it out to have one made")
    if options["open_control"]:
        if options["host"] not in _LOOPBACK:
            raise click.UsageError("--open-control is for loopback only; set a --control-token")
        if options["control_token"]:
            raise click.UsageError("--open-control and --control-token exclude each other")


def _serve(options: dict[str, Any], folder: Path | None) -> None:
    # A process that dies leaves no image of its memory, where the tokens are.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # Imported here, so that --help answers at once. Nothing of it is garbage: the collector need not look.
    gc.disable()
    from mock_kuma import ids, installation, logs, ports, server, tls  # noqa: PLC0415 -- as said
    from mock_kuma import scenarios as stories  # noqa: PLC0415 -- likewise
    from mock_kuma.commands.watch import Watch  # noqa: PLC0415 -- likewise
    from mock_kuma.settings import Settings  # noqa: PLC0415 -- likewise

    gc.enable()
    control_token = None if options["open_control"] else options["control_token"] or ids.new_token()
    seed = options["seed"] or installation.new_seed()
    logs.begin(logs.Form(options["log_format"]), verbose=options["verbose"])
    with contextlib.ExitStack() as held:
        # The processes add up what they count in this folder, if nobody has chosen another.
        counts = held.enter_context(tempfile.TemporaryDirectory(prefix="mock-kuma-counts-"))
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", counts)
        try:
            front, console = (
                held.enter_context(ports.reserve(options["host"], options[name]))
                for name in ("port", "console_port")
            )
            settings = Settings(
                host=options["host"],
                port=front.getsockname()[1],
                console_port=console.getsockname()[1],
                tls=options["tls"],
                store=options["store"] or f"sqlite:///{folder}/mock-kuma.db",
                data_folder=options["data_folder"] or _default_data_folder(),
                control_digest=installation.digest_of(control_token),
                workers=options["workers"],
                wire=options["wire"],
                kuma_version=options["kuma_version"],
                seed=seed,
                events=options["events"],
                strict=options["strict"],
            )
            watch = Watch(options["scenario"]) if options["watch"] else None
            password = options["password"] or ids.new_token()[:12]
            story = stories.found(options["scenario"])
            token = options["token"] or ids.new_token()
            installation.create(settings)
            if settings.events:
                held.enter_context(installation.event_storage(settings, temporary=folder is not None))
            certificate = (
                tls.server_certificate(settings.data_folder, settings.host) if settings.tls else None
            )
            wire = None
            if settings.wire:
                wire = server.wire(settings, certificate, front, held.enter_context)
            ready = installation.Ready(
                api=_url("https" if settings.tls else "http", settings.host, settings.port),
                console=_url("http", settings.host, settings.console_port),
                token=token,
                control_token=control_token or "",
                ca_file=None if certificate is None else str(certificate.ca_file),
                world="default",
                pid=os.getpid(),
                seed=int(seed) if seed.isdigit() else seed,
                password=password,
                spoiled=None if wire is None else wire.spoiled(),
            )

            def settle() -> None:
                installation.settle(settings, token, story, password=password)

            def announce() -> None:
                if options["ready_file"] is not None:
                    installation.write_ready(options["ready_file"].absolute(), ready)
                _print_banner(ready, settings.kuma_version)

            def look() -> None:
                if watch is not None:
                    watch.look(lambda scenario: installation.retell(settings, scenario))

            found = server.listeners(settings, certificate, wire)
            server.run(found, settle=settle, ready=announce, look=look)
        except (ports.PortTaken, server.DidNotStart, installation.NoStore, tls.TlsProblem) as error:
            raise _CannotServe(str(error)) from error
        except (stories.WrongScenario, stories.NoSuchScenario) as error:
            raise _CannotServe(terminal.plain(f"--scenario: {error}")) from error
    click.echo("mock-kuma has stopped.", err=True)


def _default_data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mock-kuma"


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _print_banner(ready: Any, kuma_version: str) -> None:
    click.echo(f"mock-kuma imitates KUMA {kuma_version}; stop it with Ctrl-C")
    rows = (
        ("vendor API", ready.api),
        ("API token", ready.token),
        ("CA file", ready.ca_file or "none, plain HTTP"),
        ("console", f"{ready.console}  (login admin, password {ready.password})"),
        ("control API", f"{ready.console}/control/v1"),
        ("API pages", f"{ready.console}/docs"),
        ("control token", ready.control_token or "none, open on loopback"),
        ("seed", ready.seed),
    )
    for name, value in rows:
        click.echo(f"  {name:<14} {value}")
    sys.stdout.flush()


main.add_command(drift)
main.add_command(load)
main.add_command(openapi)
main.add_command(record)
main.add_command(replay)
main.add_command(scenarios)

if __name__ == "__main__":
    main()
