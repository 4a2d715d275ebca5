"""Mutants of the guide peer whose memory, patience or view ends too early, or shows too much.

The rule that must stay true is that of `guide_reading`. Incidents that come a second time are made with the
trick of `guide_memory`.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.harness.mutants.guide_memory import retire, retire_one, show_retired

if TYPE_CHECKING:
    from collections.abc import Callable

#: Older than this, in seconds, an id is forgotten.
FORGET_AFTER = 300
#: So many ids are remembered.
REMEMBERED = 250
EVENTS_AT_MOST = 1_000
QUOTA = 100


def memory_of_five_minutes(guide: Any) -> None:
    """Forgets the ids of what was last seen more than five minutes ago, though it still reads it."""

    def is_old(row: dict[str, Any]) -> bool:
        seen = dt.datetime.fromisoformat(row["last_seen"])
        return (dt.datetime.now(dt.UTC) - seen).total_seconds() > FORGET_AFTER

    _forget(guide, lambda rows: [row for row in rows if is_old(row)])


def memory_of_a_page(guide: Any) -> None:
    """Remembers the last 250 ids."""
    _forget(guide, lambda rows: rows[:-REMEMBERED])


def _forget(guide: Any, chosen: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    poll = guide.Connector.poll

    def short(self: Any) -> Any:
        for row in chosen([row for row in self.desk.incidents() if " " not in row["alert_id"]]):
            retire_one(self.desk, row["alert_id"])
        return poll(self)

    guide.Connector.poll = short
    show_retired(guide)


def keyed_by_priority(guide: Any) -> None:
    """Makes the identity of id and priority: whoever re-rates an alert makes a second incident."""
    retire(guide, lambda former, alert: bool(former["body"]["priority"] != alert["priority"]))


def new_token_new_memory(guide: Any) -> None:
    """Keeps its state under the token's name."""
    init = guide.Connector.__init__

    def keyed(self: Any, kuma: dict[str, Any], state_dir: str, deadline_seconds: float) -> None:
        folder = Path(state_dir) / f"{zlib.crc32(kuma['token'].encode()):x}"
        folder.mkdir(exist_ok=True)
        init(self, kuma, str(folder), deadline_seconds)

    guide.Connector.__init__ = keyed


def times_of_the_host(guide: Any) -> None:
    """Reads KUMA's times as local ones."""
    merge = guide.merge

    def naive(text: str) -> str:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=None)
        return moment.astimezone(dt.UTC).isoformat()

    def shifted(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        times = {key: naive(alert[key]) for key in ("firstSeen", "lastSeen")}
        return merge(former, alert | times)

    guide.merge = shifted


def unknown_status_spoils_all(guide: Any) -> None:
    """Looks every status up in a table that knows four."""
    _checked(guide, lambda alert: alert.get("status") in {"new", "assigned", "escalated", "closed"})


def unknown_field_spoils_all(guide: Any) -> None:
    """Refuses an answer with a field that its model does not have."""
    _checked(guide, lambda alert: not {"mitre", "score"} & set(alert))


def null_list_spoils_all(guide: Any) -> None:
    """Goes over affected assets that may be null."""
    _checked(guide, lambda alert: alert.get("affectedAssets", []) is not None)


def _checked(guide: Any, knows: Callable[[dict[str, Any]], bool]) -> None:
    receive = guide.Desk.receive

    def strict(self: Any, alerts: list[dict[str, Any]]) -> Any:
        if not all(knows(alert) for alert in alerts):
            raise guide.AnswerError("validation of the answer failed", retryable=False)
        return receive(self, alerts)

    guide.Desk.receive = strict


def formulas_quoted(guide: Any) -> None:
    """Puts an apostrophe before what a spreadsheet would calculate, in the record itself."""
    merge = guide.merge

    def quoted(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        name = alert["name"] or ""
        return merge(former, alert | {"name": f"'{name}" if name[:1] in "=+-@" else name})

    guide.merge = quoted


def events_cut_at_a_thousand(guide: Any) -> None:
    merge = guide.merge

    def cut(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        return merge(former, alert | {"events": (alert.get("events") or [])[:EVENTS_AT_MOST]})

    guide.merge = cut


def quota_eaten_by_known_ones(guide: Any) -> None:
    """Takes the first hundred of the list, the oldest, and only then looks which of them it has."""
    receive = guide.Desk.receive

    def limited(self: Any, alerts: list[dict[str, Any]]) -> Any:
        return receive(self, sorted(alerts, key=lambda alert: alert["lastSeen"])[:QUOTA])

    guide.Desk.receive = limited


def a_hundred_a_poll(guide: Any) -> None:
    """A right one: reads the whole list, and makes a hundred incidents a poll, the oldest alerts first."""
    pages = guide.Connector.pages

    def limited(self: Any, *, until: float) -> Any:
        alerts = {alert["id"]: alert for page in pages(self, until=until) for alert in page}
        known = [alert for alert in alerts.values() if self.desk.find(alert["id"])]
        fresh = [alert for alert in alerts.values() if not self.desk.find(alert["id"])]
        yield [*known, *sorted(fresh, key=lambda alert: alert["lastSeen"])[:QUOTA]]

    guide.Connector.pages, guide.PASSES = limited, 1


def ids_saved_before_incidents(guide: Any) -> None:
    """Saves which ids it has seen, and makes their incidents a moment later."""
    receive = guide.Desk.receive

    def late(self: Any, alerts: list[dict[str, Any]]) -> Any:
        fresh = []
        with self.rows:
            self.rows.execute("CREATE TABLE IF NOT EXISTS seen (alert_id TEXT UNIQUE)")
            for alert in alerts:
                sql = "INSERT OR IGNORE INTO seen VALUES (?)"
                is_new = self.rows.execute(sql, (alert["id"],)).rowcount
                if is_new or self.find(alert["id"]):
                    fresh.append(alert)
        # The rest of a SOAR is slow: classifying, mapping, indexing.
        time.sleep(0.08 if fresh else 0)
        return receive(self, fresh)

    guide.Desk.receive = late


def token_in_arguments(guide: Any) -> None:
    """Has a helper program make the request, and hands it the token as an argument."""
    ask = guide.Kuma.ask

    def outside(self: Any, *call: Any, seconds: float) -> Any:
        wait = "import sys; sys.stdin.read()"
        header = f"Authorization: Bearer {self.token}"
        with subprocess.Popen([sys.executable, "-c", wait, "--header", header], stdin=subprocess.PIPE) as run:
            try:
                return ask(self, *call, seconds=seconds)
            finally:
                run.kill()

    guide.Kuma.ask = outside


def token_in_log_file(guide: Any) -> None:
    """Keeps a log of its own, with whole requests."""
    init = guide.Connector.__init__
    ask = guide.Kuma.ask

    def logging(self: Any, kuma: dict[str, Any], state_dir: str, deadline_seconds: float) -> None:
        init(self, kuma, state_dir, deadline_seconds)
        self.kuma.log = Path(state_dir) / "guide.log"

    def logged(self: Any, method: str, target: str, body: Any, *, seconds: float) -> Any:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{method} {target} Authorization: Bearer {self.token}\n")
        return ask(self, method, target, body, seconds=seconds)

    guide.Connector.__init__, guide.Kuma.ask = logging, logged


def empty_list_forgets_the_past(guide: Any) -> None:
    """After an empty list it takes only what happens from then on."""
    page = guide.Connector.page
    since: list[str] = []

    def later(self: Any, number: int, *, until: float) -> Any:
        alerts = page(self, number, until=until)
        if number == 1 and not alerts:
            since[:] = [dt.datetime.now(dt.UTC).isoformat()]
        return [alert for alert in alerts if not since or self.desk.find(alert["id"]) or _after(alert, since)]

    guide.Connector.page = later


def _after(alert: dict[str, Any], since: list[str]) -> bool:
    moment = dt.datetime.fromisoformat(alert["lastSeen"]) + dt.timedelta(seconds=1)
    return moment > dt.datetime.fromisoformat(since[0])


def date_is_no_retry_after(guide: Any) -> None:
    """Reads a Retry-After in seconds, and takes a date for none."""
    guide.seconds_of = lambda text: float(text) if text.isdecimal() else 0.0


def half_of_the_token_printed(guide: Any) -> None:
    """Prints the beginning of its headers, which is meant to hide the token."""
    ask = guide.Kuma.ask

    def told(self: Any, method: str, target: str, body: Any, *, seconds: float) -> Any:
        print(f"{method} {target} Authorization: Bearer {self.token[:20]}...", file=sys.stderr)
        return ask(self, method, target, body, seconds=seconds)

    guide.Kuma.ask = told
