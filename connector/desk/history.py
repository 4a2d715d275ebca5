"""What happened to each incident, and each run of the connector: written once, never changed.

Rule: what the connector did and what an analyst did stand in one list, in the order in which they happened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select

from connector.desk.tables import history, runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from connector.store import Store

#: So many runs of a job are kept.
RUNS: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; ``who`` is a login, or empty for the connector."""

    at: float
    who: str
    what: str
    details: dict[str, str]


class History:
    """The histories of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, alert_id: str, what: str, *, at: float, who: str = "", **details: str) -> None:
        """Write an entry."""
        self.note_all([(alert_id, what, details)], at=at, who=who)

    def note_all(
        self, entries: list[tuple[str, str, Mapping[str, str]]], *, at: float, who: str = ""
    ) -> None:
        """Write entries of several incidents in one transaction."""
        if not entries:
            return
        rows = [
            {"alert_id": alert, "at": at, "who": who, "what": what, "details": json.dumps(dict(details))}
            for alert, what, details in entries
        ]
        with self._store.begin() as connection:
            connection.execute(insert(history), rows)

    def of(self, alert_id: str) -> list[Entry]:
        """Return an incident's entries, the latest first."""
        query = select(history).where(history.c.alert_id == alert_id).order_by(history.c.number.desc())
        with self._store.begin() as connection:
            return [
                Entry(row.at, row.who, row.what, json.loads(row.details)) for row in connection.execute(query)
            ]

    def latest(self, *, with_runs: bool) -> int:
        """Return a number that grows with every entry, and, if that is wanted, with every run."""
        with self._store.begin() as connection:
            entry = connection.execute(select(func.max(history.c.number))).scalar() or 0
            run = connection.execute(select(func.max(runs.c.number))).scalar() if with_runs else 0
            return int(entry + (run or 0))

    def note_run(self, *, job: str, **values: Any) -> None:
        """Write a run down; only the latest of each job are kept."""
        mine = runs.c.job == job
        newest = select(runs.c.number).where(mine).order_by(runs.c.number.desc())
        with self._store.begin() as connection:
            connection.execute(insert(runs).values(job=job, **values))
            oldest = connection.execute(newest.offset(RUNS).limit(1)).scalar()
            if oldest is not None:
                connection.execute(delete(runs).where(mine, runs.c.number <= oldest))

    def last_run(self, job: str) -> float | None:
        """Return when the latest run of a job began, in seconds since 1970, or None before the first."""
        with self._store.begin() as connection:
            return connection.execute(select(func.max(runs.c.started)).where(runs.c.job == job)).scalar()

    def runs(self, count: int = 20, *, job: str = "") -> list[Row[Any]]:
        """Return the latest runs, of one job or of any, the latest first."""
        query = select(runs).order_by(runs.c.number.desc()).limit(count)
        query = query.where(runs.c.job == job) if job else query
        with self._store.begin() as connection:
            return list(connection.execute(query))
