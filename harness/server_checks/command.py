"""``kuma-harness server``: the documented API against any KUMA server, with the reports of a run.

Decides options, and how a check's end becomes an event. Rule: without ``--write`` nothing is sent that could
change the server, and the token comes from a file or a variable, never from an argument.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console

from harness import catalog
from harness.events import CheckFinished, Event, Evidence, RunFinished, RunStarted
from harness.readers import Usage
from harness.report import results, writing
from harness.report.progress import LiveReport, show_end
from harness.server_checks.api import Server
from harness.server_checks.documented import READING, WRITING
from harness.verdict import Failure, HarnessTrouble, NotReached, Verdict, failed

if TYPE_CHECKING:
    from harness.catalog import Catalog, Requirement

_PATH = click.Path(path_type=Path)


@click.command(
    name="server",
    epilog="""\b
Examples:
  kuma-harness server --url https://kuma.example:7223 --token-file token.txt --ca ca.pem
  kuma-harness server --url https://127.0.0.1:7223 --token-env KUMA_TOKEN --write --alert ID""",
)
@click.option("--url", required=True, envvar="KUMA_HARNESS_URL", help="Scheme, host and port of the API.")
@click.option("--token-file", type=_PATH, envvar="KUMA_HARNESS_TOKEN_FILE", help="File with the token.")
@click.option("--token-env", metavar="NAME", help="Variable with the token.")
@click.option("--ca", type=_PATH, envvar="KUMA_HARNESS_CA", help="PEM file to trust.")
@click.option("--write", is_flag=True, help="Also send what could change the server.")
@click.option("--alert", metavar="ID", help="With --write: the alert that may be closed.")
@click.option("--out", type=_PATH, default=Path("kuma-server-report"), show_default=True)
def server_command(
    *,
    url: str,
    token_file: Path | None,
    token_env: str | None,
    ca: Path | None,
    write: bool,
    alert: str | None,
    out: Path,
) -> None:
    """Check a KUMA server, the mock or a real one; read-only unless --write."""
    token = _token(token_file, token_env)
    if ca is not None and not ca.is_file():
        raise Usage(f"--ca {ca}: there is no such file")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"--out {out}: {(error.strerror or str(error)).lower()}") from error
    known = catalog.of_servers()
    console = Console(highlight=False)
    with LiveReport(console, unscored=known.unscored()) as live:
        events = play(
            Server(url.rstrip("/"), token, None if ca is None else str(ca), alert), known, live, write=write
        )
    today = dt.datetime.now(dt.UTC).date()
    found = results.read(events, catalog=known, waivers=(), today=today)
    writing.write(found, out, catalog=known)
    show_end(console, found)
    sys.exit(found.exit_code)


def play(server: Server, known: Catalog, show: LiveReport, *, write: bool) -> list[Event]:
    """Play the checks one after the other, showing each; return all events."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    planned = [item.id for item in known.requirements]
    began = time.monotonic()
    events: list[Event] = [RunStarted(0, server.url, "API v1", [], server.url, planned, at)]
    show(events[0])
    trouble = ""
    for item in known.requirements:
        try:
            finished = _played(server, item, write=write)
        except HarnessTrouble as error:
            trouble = str(error)
            break
        events.append(finished)
        show(finished)
    events.append(RunFinished(round(time.monotonic() - began, 3), trouble=trouble))
    return events


def _played(server: Server, item: Requirement, *, write: bool) -> CheckFinished:
    ended = CheckFinished(item.id, "", Verdict.PASS, f"{item.title}.", 0.0)
    check = READING.get(item.id) or WRITING[item.id]
    if item.id in WRITING and not write:
        return msgspec.structs.replace(ended, verdict=Verdict.SKIPPED, summary="not played without --write")
    server.wire.clear()
    server.began = time.monotonic()
    try:
        check(server)
    except Failure as error:
        ended = msgspec.structs.replace(
            ended, verdict=failed(item.level), summary=str(error), findings=list(error.findings)
        )
    except NotReached as error:
        ended = msgspec.structs.replace(ended, verdict=Verdict.NOT_REACHED, summary=str(error))
    seconds = round(time.monotonic() - server.began, 3)
    return msgspec.structs.replace(ended, seconds=seconds, evidence=Evidence(wire=list(server.wire)))


def _token(file: Path | None, variable: str | None) -> str:
    """Return the token of a file or a variable; raises Usage."""
    if (file is None) == (variable is None):
        raise Usage("the token is needed once: --token-file or --token-env")
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"--token-file {file}: cannot be read: {error}") from error
    else:
        token = os.environ.get(variable or "", "").strip()
    if not token.isascii() or not token:
        raise Usage(f"{file or variable} holds no token")
    return token
