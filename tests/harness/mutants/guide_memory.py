"""Mutants of the guide peer that remember wrongly what they have seen.

A second incident of one alert needs a trick, because the right connector's table forbids it: the row
is retired, under the alert's id with its number behind, and shown under the bare id. The rule that must
stay true is that of `guide_reading`.
"""

from __future__ import annotations

from typing import Any


def updates_ignored(guide: Any) -> None:
    receive = guide.Desk.receive

    def only_unknown(self: Any, alerts: list[dict[str, Any]]) -> Any:
        return receive(self, [alert for alert in alerts if self.find(alert["id"]) is None])

    guide.Desk.receive = only_unknown


def unchanged_by_last_seen(guide: Any) -> None:
    """Takes an alert for unchanged while its lastSeen, in whole seconds, is the same."""
    merge = guide.merge

    def lazy(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        return former if former.get("last_seen") == alert["lastSeen"] else merge(former, alert)

    guide.merge = lazy


def keyed_by_version(guide: Any) -> None:
    """Makes the identity of what changes: every version of an alert is a new incident."""

    def is_other(former: dict[str, Any], alert: dict[str, Any]) -> bool:
        return bool(former["body"]["last_seen"] != alert["lastSeen"])

    retire(guide, is_other)


def keyed_by_reading(guide: Any) -> None:
    """Remembers nothing at all: every poll makes every incident again."""
    poll = guide.Connector.poll

    def anew(self: Any) -> Any:
        _retire_all(self.desk)
        return poll(self)

    show_retired(guide)
    guide.Connector.poll = anew


def known_before_this_poll(guide: Any) -> None:
    """Looks for duplicates in what was there before the poll, and not in the poll itself."""
    poll = guide.Connector.poll
    receive = guide.Desk.receive
    known: set[str] = set()

    def remembering(self: Any) -> Any:
        known.clear()
        known.update(row["alert_id"] for row in self.desk.incidents())
        return poll(self)

    def blind(self: Any, alerts: list[dict[str, Any]]) -> Any:
        for alert in alerts:
            if alert["id"] not in known and self.find(alert["id"]):
                retire_one(self, alert["id"])
        return receive(self, alerts)

    show_retired(guide)
    guide.Connector.poll, guide.Desk.receive, guide.PASSES = remembering, blind, 1


def memory_dropped_when_empty(guide: Any) -> None:
    page = guide.Connector.page

    def forgetting(self: Any, number: int, *, until: float) -> Any:
        alerts = page(self, number, until=until)
        if number == 1 and not alerts:
            _retire_all(self.desk)
        return alerts

    show_retired(guide)
    guide.Connector.page = forgetting


def retire(guide: Any, is_other: Any) -> None:
    """Make a second incident of what an incident and an alert say is another one."""
    receive = guide.Desk.receive

    def versioned(self: Any, alerts: list[dict[str, Any]]) -> Any:
        for alert in alerts:
            former = self.find(alert["id"])
            if former and is_other(former, alert):
                retire_one(self, alert["id"])
        return receive(self, alerts)

    show_retired(guide)
    guide.Desk.receive = versioned


def retire_one(desk: Any, alert_id: str) -> None:
    """Let the next reading of an alert make a second incident."""
    sql = "UPDATE incident SET alert_id = alert_id || ' ' || number WHERE alert_id = ?"
    with desk.rows:
        desk.rows.execute(sql, (alert_id,))


def _retire_all(desk: Any) -> None:
    sql = "UPDATE incident SET alert_id = alert_id || ' ' || number WHERE alert_id NOT LIKE '% %'"
    with desk.rows:
        desk.rows.execute(sql)


def show_retired(guide: Any) -> None:
    """Show what was retired as an incident of its alert."""
    incidents = guide.Desk.incidents

    def shown(self: Any) -> Any:
        return [row | {"alert_id": row["alert_id"].split()[0]} for row in incidents(self)]

    guide.Desk.incidents = shown


def keyed_by_name(guide: Any) -> None:
    _key(guide, lambda name, _alert_id: name)


def keyed_by_start_of_id(guide: Any) -> None:
    """Cuts ids to a column that is one sign too short."""
    _key(guide, lambda _name, alert_id: alert_id[:35])


def _key(guide: Any, key: Any) -> None:
    receive = guide.Desk.receive

    def keyed(self: Any, alerts: list[dict[str, Any]]) -> Any:
        taken = {key(row["name"], row["alert_id"]): row["alert_id"] for row in self.incidents()}
        fit = [a for a in alerts if taken.setdefault(key(a["name"], a["id"]), a["id"]) == a["id"]]
        return receive(self, fit)

    guide.Desk.receive = keyed


def memory_in_the_process(guide: Any) -> None:
    def forgetful(self: Any, _folder: str) -> None:
        self.rows = guide.sqlite3.connect(":memory:")
        self.rows.executescript(guide.SCHEMA)

    guide.Desk.__init__ = forgetful


def one_memory_for_all(guide: Any) -> None:
    """Keeps the first state folder, whatever it is told later."""
    init = guide.Desk.__init__
    folders: list[str] = []

    def stuck(self: Any, folder: str) -> None:
        folders.append(folder)
        init(self, folders[0])

    guide.Desk.__init__ = stuck


def seen_before_delivered(guide: Any) -> None:
    """Notes ids when their page arrives, and makes the incidents when the whole list was read."""
    poll = guide.Connector.poll
    receive = guide.Desk.receive
    waiting: list[dict[str, Any]] = []

    def note(self: Any, alerts: list[dict[str, Any]]) -> Any:
        with self.rows:
            self.rows.execute("CREATE TABLE IF NOT EXISTS seen (alert_id TEXT UNIQUE)")
            for alert in alerts:
                sql = "INSERT OR IGNORE INTO seen VALUES (?)"
                is_new = self.rows.execute(sql, (alert["id"],)).rowcount
                if is_new or self.find(alert["id"]):
                    waiting.append(alert)
        return {}

    def late(self: Any) -> Any:
        waiting.clear()
        try:
            return poll(self)
        finally:
            receive(self.desk, waiting)

    guide.Desk.receive, guide.Connector.poll = note, late


def poll_opens_again(guide: Any) -> None:
    """An update writes the whole row, the status with it."""
    poll = guide.Connector.poll

    def whole_rows(self: Any) -> Any:
        changes = poll(self)
        with self.desk.rows:
            self.desk.rows.execute("UPDATE incident SET status = 'open'")
        return changes

    guide.Connector.poll = whole_rows


def desk_emptied_by_an_empty_list(guide: Any) -> None:
    """Keeps what KUMA shows: an empty list takes all incidents away."""
    page = guide.Connector.page

    def emptied(self: Any, number: int, *, until: float) -> Any:
        alerts = page(self, number, until=until)
        if number == 1 and not alerts:
            with self.desk.rows:
                self.desk.rows.execute("DELETE FROM incident")
        return alerts

    guide.Connector.page = emptied


def every_alert_an_update(guide: Any) -> None:
    """Counts whatever it reads again as updated."""
    receive = guide.Desk.receive

    def busy(self: Any, alerts: list[dict[str, Any]]) -> Any:
        changes = receive(self, alerts)
        return dict.fromkeys((alert["id"] for alert in alerts), False) | changes

    guide.Desk.receive = busy
