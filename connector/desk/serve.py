"""The desk as a process: its secret, its first administrator, its server.

Rule: on loopback unless told otherwise; secrets lie in the data folder, mode 600, and are never printed.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from werkzeug.serving import WSGIRequestHandler, make_server

from connector.desk.accounts import Role
from connector.desk.app import build
from connector.desk.engine import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.serving import BaseWSGIServer

    from connector.desk.engine import Engine
    from connector.settings import Settings

FIRST_USER: Final = "admin"
PASSWORD_FILE: Final = "desk-password"  # noqa: S105 -- the name of a file
_SECRET_FILE: Final = "desk-secret"  # noqa: S105 -- the name of a file


class _Quiet(WSGIRequestHandler):
    """One line a request is for a debugger; the desk's decisions are in the connector's log."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- the library's name for it
        """Say nothing: a request's line is text of strangers."""

    def version_string(self) -> str:
        """Tell nobody which version of what answers."""
        return "kuma-desk"


@contextmanager
def open_desk(folder: Path, *, settings: Settings | None = None) -> Iterator[Engine]:
    """Open the desk of a data folder; settings of a file become its connection where it has none."""
    with opened(folder, settings=settings) as engine:
        if not engine.accounts.every():
            password = kept_secret(folder / PASSWORD_FILE)
            engine.accounts.add(FIRST_USER, name="Administrator", role=Role.ADMIN, password=password)
        engine.jobs.start()
        yield engine


def server(engine: Engine, *, host: str, port: int) -> BaseWSGIServer:
    """Return a server that listens; ``port`` 0 takes a free one."""
    app = build(engine, secret=kept_secret(engine.folder / _SECRET_FILE))
    return make_server(host, port, app, threaded=True, request_handler=_Quiet)


def kept_secret(path: Path) -> str:
    """Return the secret of a file, made at the first time with mode 600."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    secret = secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    return secret
