"""``mock-kuma record``, ``replay`` and ``drift``: what a real KUMA says, kept, served, compared.

Rule: a token is never an argument, never written and never shown.
"""

from __future__ import annotations

import json
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_kuma.commands import terminal

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from mock_kuma.recording.exchange import Recorded

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_PORT = click.option(
    "--port", default=7230, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)


@click.command(
    epilog="Example: mock-kuma record --upstream https://kuma.corp:7223 --ca ca.pem --out kuma.jsonl"
)
@click.option("--upstream", required=True, help="The real server: scheme, host and port.")
@click.option("--ca", type=_FILE, help="The certificate authority to trust.  [default: the system's]")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Appended to.")
@click.option(
    "--salt-file",
    type=_FILE,
    help="Any secret bytes; the same ones give the same stand-ins.  [default: random]",
)
@_HOST
@_PORT
def record(upstream: str, ca: Path | None, out: Path, salt_file: Path | None, host: str, port: int) -> None:
    """Stand between a client and a real KUMA, and keep what they say, masked."""
    import ssl  # noqa: PLC0415 -- so that --help answers at once

    import httpx  # noqa: PLC0415 -- likewise

    from mock_kuma.recording.exchange import line  # noqa: PLC0415 -- likewise
    from mock_kuma.recording.masks import Masks  # noqa: PLC0415 -- likewise
    from mock_kuma.recording.proxy import Proxy  # noqa: PLC0415 -- likewise

    salt = secrets.token_bytes(32) if salt_file is None else salt_file.read_bytes()
    if not salt:
        raise click.UsageError(f"--salt-file: {salt_file} is empty")
    if not upstream.startswith(("https://", "http://")):
        raise click.UsageError("--upstream: expected a URL such as https://kuma.corp:7223")
    try:
        trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
        file = out.open("ab")
    except ssl.SSLError as error:
        raise click.UsageError(f"--ca: {ca} holds no certificate") from error
    except OSError as error:
        raise click.UsageError(f"--out: {out}: {error.strerror}") from error
    turn = threading.Lock()

    def keep(exchange: Recorded) -> None:
        with turn:
            file.write(line(exchange))
            file.flush()

    with file, httpx.Client(base_url=upstream, verify=trust, timeout=120, trust_env=False) as client:
        _serve(Proxy(client, Masks(salt), keep), host, port, f"passes everything on to {upstream}")


@click.command(epilog="Example: mock-kuma replay kuma.jsonl --port 0")
@click.argument("file", type=_FILE)
@_HOST
@_PORT
def replay(file: Path, host: str, port: int) -> None:
    """Serve the answers of a recording."""
    from mock_kuma.recording.replay import Replay  # noqa: PLC0415 -- so that --help answers at once

    _serve(Replay(_read(file)), host, port, f"answers from {file}")


@click.command(epilog="Example: mock-kuma drift kuma.jsonl")
@click.argument("file", type=_FILE)
@click.option("--against", help="A running mock's vendor API.  [default: one that holds the file's alerts]")
@click.option("--ca", type=_FILE, help="The running mock's certificate authority.")
@click.option("--token-file", type=_FILE, help="A file with the running mock's API token.")
@click.option("--kuma-version", default="3.2", show_default=True, help="Of the mock that is started.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def drift(
    *,
    file: Path,
    against: str | None,
    ca: Path | None,
    token_file: Path | None,
    kuma_version: str,
    as_json: bool,
) -> None:
    """List where the mock answers otherwise than the recorded server; exit code 1 if anywhere."""
    from mock_kuma.domain.releases import RELEASES  # noqa: PLC0415 -- so that --help answers at once
    from mock_kuma.recording import peer  # noqa: PLC0415 -- likewise
    from mock_kuma.recording.drift import compare  # noqa: PLC0415 -- likewise

    if (against is None) != (token_file is None):
        raise click.UsageError("--against and --token-file go together")
    if kuma_version not in RELEASES:
        raise click.UsageError(f"--kuma-version: expected one of {', '.join(RELEASES)}")
    exchanges = _read(file)
    if against is None or token_file is None:
        with peer.own(exchanges, kuma_version) as ask:
            found = compare(exchanges, ask)
    else:
        token = token_file.read_text(encoding="utf-8").strip()
        try:
            with peer.running(against, token, ca) as ask:
                found = compare(exchanges, ask)
        except peer.NoAnswer as error:
            raise click.ClickException(terminal.plain(str(error))) from error
    rows: list[dict[str, Any]] = [
        {"clause": one.clause, "what": one.what, "times": times}
        for one, times in sorted(found.items(), key=lambda pair: (pair[0].clause, pair[0].what))
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            terminal.say(f"{row['clause']}\n    {row['what']} ({row['times']} times)")
        click.echo(f"{len(rows)} differences in {len(exchanges)} exchanges")
    if rows:
        raise SystemExit(1)


def _read(file: Path) -> list[Recorded]:
    from mock_kuma.recording.exchange import BrokenRecording, read  # noqa: PLC0415 -- as in the commands

    try:
        return read(file)
    except BrokenRecording as error:
        raise click.ClickException(terminal.plain(str(error))) from error


def _serve(app: WSGIApplication, host: str, port: int, what: str) -> None:
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 -- as in the commands

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            """Say nothing: a request's line may hold what the file must not."""

    try:
        server = make_server(host, port, app, threaded=True, request_handler=Quiet)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host} port {port}: {error.strerror}") from error
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{server.server_port} {what}; stop it with Ctrl-C")
    try:
        server.serve_forever()
    finally:
        server.server_close()
