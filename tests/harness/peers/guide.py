"""A right connector after the vendor's SOAR guide, on the standard library alone.

It decides: the whole `status=new` list is read at every poll, page by page, in passes that are
repeated until one finds no alert that this poll had not seen; so a page seam that moves under a
pass loses nothing. It knows nothing of an alert after it left `new`. The rule that must stay true:
an alert id has one incident, for ever, and what a page brought is committed before the next is asked.

It never tries again by itself: it says what failed, and keeps silent while a Retry-After lasts.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import json
import signal
import sqlite3
import ssl
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

LIST: Final = "/api/v1/alerts/?withEvents&status=new"
CLOSE: Final = "/api/v1/alerts/close"
#: What an analyst picks here, and what KUMA is told.
REASONS: Final = {
    "Отработано": "responded",
    "Ошибочные данные": "incorrect data",
    "Ошибка правила корреляции": "incorrect correlation rule",
}
#: A list that still moves after so many passes is left to the next poll, which reads all of it.
PASSES: Final = 8
#: The share of the deadline that KUMA may use; the rest is for saying so.
SHARE: Final = 0.75
LONGEST_SILENCE: Final = 86_400
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS incident (number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL DEFAULT 'open', body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS silence (until REAL NOT NULL);
"""
SAVE: Final = """INSERT INTO incident (alert_id, body) VALUES (?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body"""


class Trouble(Exception):  # noqa: N818 - it is trouble of KUMA's, not an error of ours
    """KUMA refused, failed or could not be reached."""

    def __init__(self, message: str, *, retryable: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.data: dict[str, Any] = {"retryable": retryable}
        if status is not None:
            self.data["http_status"] = status


class Misuse(Exception):  # noqa: N818 - named after what the caller did
    """The call itself is wrong: its method, a parameter, or the order of calls."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Desk:
    """The incidents, and until when KUMA wants silence; every change is one transaction."""

    def __init__(self, folder: str) -> None:
        self.rows = sqlite3.connect(Path(folder) / "guide.sqlite3", autocommit=True)
        self.rows.executescript(SCHEMA)

    def receive(self, alerts: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
        """Make and update the incidents of one page; the alert ids of either kind."""
        created, updated = set(), set()
        for alert in alerts:
            found = self.find(alert["id"])
            former = json.loads(found[1]) if found else {}
            body = merge(former, alert)
            if body != former:
                (updated if found else created).add(alert["id"])
                self.rows.execute(SAVE, (alert["id"], json.dumps(body)))
        return created, updated

    def find(self, alert_id: str) -> tuple[str, str] | None:
        """Status and content of the alert's incident."""
        sql = "SELECT status, body FROM incident WHERE alert_id = ?"
        row: tuple[str, str] | None = self.rows.execute(sql, (alert_id,)).fetchone()
        return row
