"""A right connector that works oldest first from a watermark, and closes through an outbox.

It decides: a poll reads everything last seen since the watermark less OVERLAP, of every status that KUMA
calls open, page by page over API v2.1, until two passes agree. Only then it goes over it from the oldest
to the newest, one transaction for each alert with its mark, so that a kill leaves the rest to the next
poll. Growth moves lastSeen and so comes by itself. A close is written into the outbox first, sent at
once, and sent again by the next poll where that failed; it is answered with success when KUMA has it.

The rule that must stay true: the mark never passes an alert that is not kept, nor this machine's clock.
"""

import contextlib
import datetime as dt
import email.utils
import http.client
import json
import socket
import sqlite3
import ssl
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any, Final

HELLO: Final = {
    "protocol": 1,
    "name": "outbox",
    "version": "1",
    "features": ["events", "update", "close", "edit", "persist"],
    "reasons": {
        "Обработан": "responded",
        "Ложный": "incorrect data",
        "Правило": "incorrect correlation rule",
    },
}
OPEN: Final = [("status", status) for status in ("new", "assigned", "escalated")]
OVERLAP: Final = 600
MOSCOW: Final = dt.timezone(dt.timedelta(hours=3))
PASSES: Final = 6
SHARE: Final = 0.7
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS incident (alert TEXT PRIMARY KEY, status TEXT NOT NULL, content TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS outbox (alert TEXT PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


def moment_of(retry_after: str) -> float:
    """When a Retry-After is over, as seconds of the epoch: either of its forms, 0 for anything else."""
    if retry_after.isdecimal():
        return time.time() + float(retry_after)
    with contextlib.suppress(ValueError):
        return email.utils.parsedate_to_datetime(retry_after).timestamp()
    return 0.0


class Trouble(Exception):
    """What a call is answered with instead of a result."""

    def __init__(self, message: str, code: int = 1, **data: Any) -> None:
        super().__init__(message)
        self.answer = {"code": code, "message": message, "data": data}


def seconds(text: Any) -> float:
    """A time of KUMA's as seconds since 1970."""
    return dt.datetime.fromisoformat(text).timestamp()


class Connector:
    def __init__(self, kuma: dict[str, Any], state_dir: str, lookback: float, deadline: float) -> None:
        self.where, self.token = urllib.parse.urlsplit(kuma["url"]), kuma["token"]
        self.trust = ssl.create_default_context(cafile=kuma["ca_file"])
        self.rows = sqlite3.connect(Path(state_dir) / "outbox.sqlite3", isolation_level=None)
        self.rows.executescript(SCHEMA)
        self.lookback, self.budget = lookback, deadline * SHARE

    # The wire

    def ask(self, method: str, path: str, body: Any, until: float) -> tuple[int, Any]:
        """Status and JSON of one answer that came whole and in time; follows no redirect."""
        if (silent := self.number("silence")) > time.time():
            raise Trouble(f"KUMA wants {silent - time.time():.0f} s more of silence", retryable=True)
        line: http.client.HTTPConnection = http.client.HTTPSConnection(
            self.where.hostname or "", self.where.port, context=self.trust
        )
        if self.where.scheme == "http":
            line = http.client.HTTPConnection(self.where.hostname or "", self.where.port)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        said = b""
        try:
            with contextlib.closing(line):
                line.timeout = max(until - time.monotonic(), 0.05)
                line.request(method, path, json.dumps(body) if body else None, headers)
                answer = line.getresponse()
                while chunk := answer.read1(65536):
                    said += chunk
                    if time.monotonic() > until:
                        raise TimeoutError("too slow")
                if answer.length:
                    raise http.client.IncompleteRead(said, answer.length)
        except (OSError, http.client.HTTPException, socket.gaierror) as error:
            named = type(error).__name__
            raise Trouble(
                f"{method} {path.split('?', maxsplit=1)[0]}: {named}", retryable=named[:3] != "SSL"
            ) from None
        wait = answer.headers.get("Retry-After", "")
        if answer.status in {429, 503} and wait:
            self.keep("silence", moment_of(wait))
        try:
            found = json.loads(said) if said else None
        except ValueError:
            found = None
        if answer.status not in {200, 204, 406}:
            again = answer.status in {408, 429} or answer.status // 100 == 5
            text = f"{method} {path.split('?', maxsplit=1)[0]}: {answer.status}"
            raise Trouble(text, retryable=again, http_status=answer.status)
        return answer.status, found

    def window(self, since: float, until: float) -> dict[str, dict[str, Any]]:
        """Every open alert last seen since then, by id."""
        begin = dt.datetime.fromtimestamp(int(since), MOSCOW).isoformat()
        found: dict[str, dict[str, Any]] = {}
        for _ in range(PASSES):
            before, page, full = set(found), 1, True
            while full:
                pairs = [*OPEN, ("from", begin), ("page", str(page)), ("withEvents", "")]
                path = f"/api/v2.1/alerts/?{urllib.parse.urlencode(pairs)}"
                status, alerts = self.ask("GET", path, None, until)
                if status != 200 or not isinstance(alerts, list):
                    raise Trouble("KUMA's answer is not a list", retryable=True)
                found.update((alert["id"], alert) for alert in alerts if is_whole(alert))
                page, full = page + 1, bool(alerts)
            if set(found) == before:
                break
        return found

    def send(self, alert: str, reason: str, until: float) -> None:
        """Close in KUMA what stands in the outbox, and take it out once KUMA has it closed."""
        status, said = self.ask("POST", "/api/v2.1/alerts/close", {"id": alert, "reason": reason}, until)
        words = said.get("message", "") if isinstance(said, dict) else ""
        if status == 406 and words.lower() != "alert already closed":
            raise Trouble(f"not closed: {words}", retryable=False, http_status=status)
        self.rows.execute("BEGIN")
        self.rows.execute("DELETE FROM outbox WHERE alert = ?", (alert,))
        self.rows.execute("UPDATE incident SET status = 'closed' WHERE alert = ?", (alert,))
        self.rows.execute("COMMIT")

    # The protocol's methods

    def poll(self) -> dict[str, Any]:
        until = time.monotonic() + self.budget
        for alert, reason in self.rows.execute("SELECT alert, reason FROM outbox").fetchall():
            # What KUMA refuses for good must not stand in the way of what is new.
            with contextlib.suppress(Trouble):
                self.send(alert, reason, until)
        mark = self.number("mark")
        since = mark - OVERLAP if mark else time.time() - self.lookback - 60
        created = updated = 0
        for alert in sorted(self.window(since, until).values(), key=lambda alert: seconds(alert["lastSeen"])):
            made, changed = self.receive(alert)
            created, updated = created + made, updated + changed
        return {"created": created, "updated": updated}

    def receive(self, alert: dict[str, Any]) -> tuple[bool, bool]:
        """Keep one alert and move the mark to it: whether it is new, and whether it has changed."""
        find = "SELECT content FROM incident WHERE alert = ?"
        former = self.rows.execute(find, (alert["id"],)).fetchone()
        held = json.loads(former[0]) if former else {"event_ids": []}
        content = json.dumps(shown(alert, held["event_ids"]))
        mark = min(max(seconds(alert["lastSeen"]), self.number("mark")), time.time())
        self.rows.execute("BEGIN IMMEDIATE")
        save = """INSERT INTO incident (alert, status, content) VALUES (?, 'open', ?)
            ON CONFLICT (alert) DO UPDATE SET content = excluded.content"""
        self.rows.execute(save, (alert["id"], content))
        self.keep("mark", mark)
        self.rows.execute("COMMIT")
        return former is None, former is not None and former[0] != content

    def close(self, alert_id: str, reason: str) -> dict[str, Any]:
        found = self.rows.execute("SELECT status FROM incident WHERE alert = ?", (alert_id,)).fetchone()
        theirs = HELLO["reasons"].get(reason)  # type: ignore[attr-defined]  # a dict of texts
        if found is None or theirs is None:
            raise Trouble(f"no incident of {alert_id}, or no reason {reason!r}", -32602)
        if found[0] == "open":
            self.rows.execute("INSERT OR REPLACE INTO outbox VALUES (?, ?)", (alert_id, theirs))
            self.send(alert_id, theirs, time.monotonic() + self.budget)
        return {}

    def edit(self, alert_id: str, fields: dict[str, str]) -> dict[str, Any]:
        for name in {"owner", "notes"} & set(fields):
            # One of two names of ours, never a text of the caller's.
            self.rows.execute(f"UPDATE incident SET {name} = ? WHERE alert = ?", (fields[name], alert_id))
        return {}

    def incidents(self) -> dict[str, Any]:
        rows = self.rows.execute("SELECT rowid, alert, status, content, owner, notes FROM incident")
        return {
            "incidents": [
                {"id": f"{number}", "alert_id": alert, "status": status, "owner": owner, "notes": notes}
                | json.loads(content)
                for number, alert, status, content, owner, notes in rows
            ]
        }

    def number(self, name: str) -> float:
        row = self.rows.execute("SELECT value FROM number WHERE name = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def keep(self, name: str, value: float) -> None:
        self.rows.execute("INSERT OR REPLACE INTO number VALUES (?, ?)", (name, value))


def is_whole(alert: Any) -> bool:
    return isinstance(alert, dict) and all(
        isinstance(alert.get(key), str) for key in ("id", "firstSeen", "lastSeen")
    )


def shown(alert: dict[str, Any], held: list[str]) -> dict[str, Any]:
    """What the incident shows of an alert, in local time; events that it held are held still."""
    first, last = (
        dt.datetime.fromtimestamp(seconds(alert[key]), MOSCOW).isoformat()
        for key in ("firstSeen", "lastSeen")
    )
    events = [event["ID"] for event in alert.get("events") or [] if event.get("ID")]
    return {
        "name": alert.get("name") or "",
        "priority": alert.get("priority") or "",
        "first_seen": first,
        "last_seen": last,
        "event_ids": sorted({*held, *events}),
    }


def call(connector: Connector | None, method: str, params: dict[str, Any]) -> Any:
    if method == "hello":
        return HELLO
    if method == "shutdown":
        return {}
    if method not in {"poll", "incidents", "close", "edit"}:
        raise Trouble(f"no method {method}", -32601)
    if connector is None:
        raise Trouble("configure comes first", -32600)
    return getattr(connector, method)(**params)


def main() -> None:
    connector = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        method, params = request["method"], request.get("params") or {}
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            if method == "configure":
                lookback, deadline = params["lookback_seconds"], params["deadline_seconds"]
                connector = Connector(params["kuma"], params["state_dir"], lookback, deadline)
                reply["result"] = {}
            else:
                reply["result"] = call(connector, method, params)
        except Trouble as trouble:
            reply["error"] = trouble.answer
        except OSError as error:
            reply["error"] = {"code": -32602, "message": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
        if method == "shutdown":
            return


if __name__ == "__main__":
    main()
