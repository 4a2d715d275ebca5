"""A right connector after the vendor's SOAR guide, on the standard library alone.

It decides: the whole `status=new` list is read at every poll, page by page, in passes that are
repeated until one finds no alert that this poll had not seen; so a page seam that moves under a
pass loses nothing. It knows nothing of an alert after it left `new`. The rule that must stay true:
an alert has one incident, for ever, and what a page brought is committed before the next is asked.

It never tries again by itself: it says what failed, and is silent while a Retry-After lasts.
"""

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
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

LIST: Final = "/api/v1/alerts/?withEvents&status=new"
CLOSE: Final = "/api/v1/alerts/close"
#: What an analyst picks here, and what KUMA is told.
REASONS: Final = {
    "Отработано": "responded",
    "Ошибочные данные": "incorrect data",
    "Ошибка правила корреляции": "incorrect correlation rule",
}
ABILITIES: Final = {"features": ["events", "update", "close", "persist"], "reasons": REASONS}
#: A list that still moves after so many passes is left to the next poll, which reads all of it.
PASSES: Final = 8
#: The share of the deadline that KUMA may use; the rest is for saying so.
SHARE: Final = 0.75
LONGEST_SILENCE: Final = 86_400
#: The two answers to a close after which the alert is closed.
CLOSED: Final = {(204, ""), (406, "alert already closed")}
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS incident (number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL DEFAULT 'open', body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS silence (until REAL NOT NULL);
"""


class AnswerError(Exception):
    """What a call is answered with instead of a result; code 1 is KUMA's trouble."""

    def __init__(self, message: str, *, code: int = 1, **data: bool | int) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


class Desk:
    """The incidents, and until when KUMA wants silence; `with rows` is one transaction."""

    def __init__(self, folder: str) -> None:
        self.rows = sqlite3.connect(Path(folder) / "guide.sqlite3")
        self.rows.executescript(SCHEMA)

    def receive(self, alerts: list[dict[str, Any]]) -> dict[str, bool]:
        """Make and update the incidents of one page: alert ids, true where one was made."""
        changes = {}
        save = """INSERT INTO incident (alert_id, body) VALUES (?, ?)
            ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body"""
        with self.rows:
            for alert in alerts:
                former = self.find(alert["id"])
                body = merge(former["body"] if former else {}, alert)
                if former is None or body != former["body"]:
                    changes[alert["id"]] = former is None
                    self.rows.execute(save, (alert["id"], json.dumps(body)))
        return changes

    def find(self, alert_id: str) -> dict[str, Any] | None:
        found = self.rows.execute("SELECT status, body FROM incident WHERE alert_id = ?", (alert_id,))
        return next(({"status": row[0], "body": json.loads(row[1])} for row in found), None)

    def incidents(self) -> list[dict[str, Any]]:
        rows = self.rows.execute("SELECT number, alert_id, status, body FROM incident")
        return [
            {"id": f"ИБ-{number:06}", "alert_id": alert_id, "status": status, **json.loads(body)}
            for number, alert_id, status, body in rows
        ]

    def close(self, alert_id: str) -> None:
        with self.rows:
            self.rows.execute("UPDATE incident SET status = 'closed' WHERE alert_id = ?", (alert_id,))

    def silence(self) -> float:
        """Seconds of silence that are left; not above 0 when KUMA may be asked."""
        row = self.rows.execute("SELECT max(until) FROM silence").fetchone()
        return float(row[0] or 0.0) - time.time()

    def keep_silent(self, seconds: float) -> None:
        with self.rows:
            self.rows.execute("INSERT INTO silence VALUES (?)", (time.time() + seconds,))


def is_whole(alert: dict[str, Any]) -> bool:
    return all(isinstance(alert.get(key), str) for key in ("id", "firstSeen", "lastSeen"))


def merge(former: dict[str, Any], alert: dict[str, Any]) -> dict[str, Any]:
    """The incident's content after this reading: the newest fields, the union of the events."""
    events = [event for event in alert.get("events") or [] if isinstance(event, dict)]
    served = [event["ID"] for event in events if event.get("ID")]
    return {
        "name": alert.get("name") or "",
        "priority": alert.get("priority") or "",
        "first_seen": alert.get("firstSeen") or "",
        "last_seen": alert.get("lastSeen") or "",
        "tenant_id": alert.get("tenantID") or "",
        "overflow": bool(alert.get("overflow")),
        "event_ids": list(dict.fromkeys([*former.get("event_ids", []), *served])),
    }


@contextlib.contextmanager
def hard_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so many seconds in all; a socket's own limit starts anew with every byte."""

    def expire(_signal: int, _frame: object) -> None:
        raise TimeoutError("no answer in time")

    former = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


class Answer(NamedTuple):
    """One answer of KUMA, read to its announced end; `wait` in seconds."""

    status: int
    wait: float
    body: bytes

    def decoded(self) -> Any:
        """The body as JSON, and None for a body that is not: no answer of KUMA's is `null`."""
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(self.body.decode("utf-8"))
        return None

    def message(self) -> str:
        """KUMA's own words; empty where it gave none that can be read."""
        said = self.decoded()
        return str(said.get("message", "")) if isinstance(said, dict) else ""


class Kuma:
    """One KUMA address and token; every request has a connection of its own."""

    def __init__(self, *, url: str, token: str, ca_file: str | None) -> None:
        where = urllib.parse.urlsplit(url)
        if where.hostname is None or not token.isascii() or not token.isprintable():
            raise AnswerError("kuma.url has no host, or kuma.token fits no header", code=-32602)
        self.token = token
        self.line = http.client.HTTPConnection(where.hostname, where.port)
        if where.scheme != "http":
            tls = ssl.create_default_context(cafile=ca_file)
            self.line = http.client.HTTPSConnection(where.hostname, where.port, context=tls)

    def ask(self, method: str, target: str, body: str | None, *, seconds: float) -> Answer:
        """Send one request and read its whole answer within so many seconds; follows nothing."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        try:
            with contextlib.closing(self.line), hard_limit(seconds):
                self.line.request(method, target, body and body.encode(), headers)
                response = self.line.getresponse()
                wait = seconds_of(response.getheader("Retry-After", ""))
                return Answer(response.status, wait, response.read())
        except (OSError, http.client.HTTPException) as error:
            text = f"{method} {target}: {type(error).__name__}: {error}"
            distrust = isinstance(error, ssl.SSLCertVerificationError)
            raise AnswerError(self.redact(text), retryable=not distrust) from None

    def redact(self, text: str) -> str:
        return text.replace(self.token or "\0", "***")


def seconds_of(retry_after: str) -> float:
    """A Retry-After in seconds: either of its forms, and 0 for anything else."""
    if retry_after.isdecimal():
        return float(min(int(retry_after[:9]), LONGEST_SILENCE))
    with contextlib.suppress(ValueError):
        at = email.utils.parsedate_to_datetime(retry_after).timestamp()
        return min(max(at - time.time(), 0.0), LONGEST_SILENCE)
    return 0.0


class Connector:
    """What the protocol's methods do once there are settings."""

    def __init__(self, kuma: dict[str, Any], state_dir: str, deadline_seconds: float) -> None:
        self.kuma = Kuma(url=kuma["url"], token=kuma["token"], ca_file=kuma["ca_file"])
        self.desk = Desk(state_dir)
        self.budget = deadline_seconds * SHARE

    def ask(self, method: str, target: str, body: str | None, *, until: float) -> Answer:
        """One request inside KUMA's wishes; what is neither success nor 406 is raised."""
        if (left := self.desk.silence()) > 0:
            raise AnswerError(f"KUMA wants {left:.0f} s more of silence", retryable=True)
        answer = self.kuma.ask(method, target, body, seconds=until - time.monotonic())
        if answer.status in {429, 503} and answer.wait:
            self.desk.keep_silent(answer.wait)
        if answer.status not in {200, 204, 406}:
            text = self.kuma.redact(f"{method} {target}: {answer.status} {answer.message()}")
            retryable = answer.status in {408, 429} or answer.status >= HTTPStatus(500)
            raise AnswerError(text, retryable=retryable, http_status=answer.status)
        return answer

    def poll(self) -> dict[str, Any]:
        until = time.monotonic() + self.budget
        seen: set[str] = set()
        changes: dict[str, bool] = {}
        for _ in range(PASSES):
            before = len(seen)
            for alerts in self.pages(until=until):
                changes = self.desk.receive(alerts) | changes
                seen.update(alert["id"] for alert in alerts)
            if len(seen) == before:
                break
        return {"created": sum(changes.values()), "updated": list(changes.values()).count(False)}

    def pages(self, *, until: float) -> Iterator[list[dict[str, Any]]]:
        """One pass over the list, up to the page that is empty."""
        number, lame = 1, 0
        while alerts := self.page(number, until=until):
            fit = [item for item in alerts if isinstance(item, dict) and is_whole(item)]
            lame += len(alerts) - len(fit)
            yield fit
            number += 1
        if lame:
            raise AnswerError(f"{lame} alerts lack id or times; the rest is here", retryable=False)

    def page(self, number: int, *, until: float) -> list[Any]:
        answer = self.ask("GET", LIST if number == 1 else f"{LIST}&page={number}", None, until=until)
        alerts = answer.decoded()
        if answer.status != HTTPStatus.OK or not isinstance(alerts, list):
            raise AnswerError("KUMA's answer is not a list of alerts", retryable=True)
        return alerts

    def close(self, alert_id: str, reason: str) -> dict[str, Any]:
        incident = self.desk.find(alert_id)
        if incident is None or reason not in REASONS:
            raise AnswerError(f"no incident of {alert_id}, or no reason {reason!r}", code=-32602)
        if incident["status"] == "open":
            body = json.dumps({"id": alert_id, "reason": REASONS[reason]})
            answer = self.ask("POST", CLOSE, body, until=time.monotonic() + self.budget)
            if (answer.status, answer.message().lower()) not in CLOSED:
                text = self.kuma.redact(f"not closed: {answer.message()}")
                raise AnswerError(text, retryable=False, http_status=answer.status)
            self.desk.close(alert_id)
        return {}


def call(connector: Connector | None, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of one call on a connector that is configured, or not yet."""
    if method == "hello":
        return {"protocol": 1, "name": "guide", "version": "1", **ABILITIES}
    if method in {"configure", "shutdown"}:
        return {}
    if method not in {"poll", "incidents", "close"}:
        raise AnswerError(f"no method {method}", code=-32601)
    if connector is None:
        raise AnswerError("configure comes first", code=-32600)
    if method == "close":
        return connector.close(params["alert_id"], params["reason"])
    return connector.poll() if method == "poll" else {"incidents": connector.desk.incidents()}


def main() -> None:
    connector = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        method, params = request["method"], request.get("params") or {}
        try:
            if method == "configure":
                connector = Connector(params["kuma"], params["state_dir"], params["deadline_seconds"])
            reply = {"result": call(connector, method, params)}
        except AnswerError as trouble:
            reply = {"error": trouble.error}
        except (KeyError, OSError, sqlite3.Error) as error:
            reply = {"error": {"code": -32602, "message": f"{type(error).__name__}: {error}"}}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}), flush=True)
        if method == "shutdown":
            return


if __name__ == "__main__":
    main()
