"""Where the time of one request goes: the vendor application in this process, under Python's profiler.

Shares by package, of the time inside its own functions. A profiler slows Python down and not what is written
in C, so Python's share is an upper limit. Rule: the same requests as the rates, without a network.
"""

from __future__ import annotations

import cProfile
import io
import pstats
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from mock_kuma import app, installation
from mock_kuma.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench import mock

_REQUESTS: Final = 1_000
_GROUPS: Final = (
    ("Flask and Werkzeug", ("/flask/", "/werkzeug/")),
    ("SQLAlchemy", ("/sqlalchemy/",)),
    ("SQLite", ("sqlite3",)),
    ("the mock's own", ("/mock_kuma/",)),
)


def shares(folder: Path, held: mock.Held) -> str:
    """Return where the time of W2 goes, on a store that a mock has filled."""
    settings = Settings(
        host="127.0.0.1", port=0, console_port=0, tls=False, store=f"sqlite:///{folder}/mock.db",
        data_folder=folder, control_digest=None, workers=1, wire=False, kuma_version="3.2", seed="1",
    )  # fmt: skip
    token = installation.prepare(settings, None)
    core = app.core(settings.store)
    vendor = app.vendor_app(settings, core)
    ids = held.others.read_text(encoding="utf-8").split()[:_REQUESTS]
    profile = cProfile.Profile()
    for place, key in enumerate(ids):
        if place == 1:  # the first one imports and opens
            profile.enable()
        answer = b"".join(vendor(_environ(f"id={key}", token), lambda *_: lambda _data: None))
        assert answer.startswith(b'[{"id"')
    profile.disable()
    core.database.close()
    spent: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        where = file if file != "~" else name
        group = next((group for group, marks in _GROUPS if any(mark in where for mark in marks)), "the rest")
        spent[group] += own
    total = sum(spent.values())
    return ", ".join(f"{group} {time / total:.0%}" for group, time in spent.most_common())


def _environ(query: str, token: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/alerts/", "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        "HTTP_HOST": "127.0.0.1", "HTTP_AUTHORIZATION": f"Bearer {token}",
    }  # fmt: skip
