"""Pages of alerts: what a question finds, whatever its shape, and that an index alone finds it."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from mock_kuma.domain.filters import AlertFilter, TimestampField
from mock_kuma.domain.patterns import Pattern
from mock_kuma.domain.roles import Scope
from mock_kuma.store import alert_pages, tables
from mock_kuma.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [f"Rule {number}" for number in range(60)]
STATUSES = ("new", "assigned", "escalated", "closed")
TENANTS = ("red", "green", "blue")
EVERYWHERE = Scope(everywhere=True, tenants=frozenset())


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Alerts of which many share a time."""
    draw = random.Random(7)
    return [
        {
            "world": draw.choice(("here", "there")), "id": f"{draw.getrandbits(64):016x}",
            "tenant": draw.choice(TENANTS), "name": draw.choice(NAMES), "rule": "r", "priority": "low",
            "status": draw.choice(STATUSES), "first_seen": draw.randrange(50),
            "last_seen": draw.randrange(50, 99), "assignee": "", "closing_reason": "", "overflow": False,
            "assets": "[]", "accounts": "[]", "sent_as": None, "version": 1, "drawn": number, "created": 1,
            "updated": 1,
        }
        for number in range(1_500)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def database(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store that has them."""
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('pages')}/store.db")
    opened.create()
    with opened.write() as connection:
        connection.execute(insert(tables.alerts), rows)
    yield opened
    opened.close()


def plainly(rows: list[dict[str, Any]], wanted: AlertFilter) -> list[str]:
    """The ids of the page, found by looking at every alert."""
    names = None if wanted.name is None else set(wanted.name.among(NAMES))
    time = "last_seen" if wanted.field is TimestampField.LAST_SEEN else "first_seen"
    found = [
        row
        for row in rows
        if row["world"] == "here"
        and wanted.scope.covers(row["tenant"])
        and (not wanted.ids or row["id"] in wanted.ids)
        and (not wanted.tenants or row["tenant"] in wanted.tenants)
        and (not wanted.statuses or row["status"] in wanted.statuses)
        and (names is None or row["name"] in names)
        and (wanted.since is None or row[time] >= wanted.since)
        and (wanted.until is None or row[time] <= wanted.until)
    ]
    found.sort(key=lambda row: (-row[time], row["id"]))
    return [row["id"] for row in found[(wanted.page - 1) * 20 : wanted.page * 20]]


SHAPES = list(
    itertools.product(
        (EVERYWHERE, Scope(everywhere=False, tenants=frozenset({"red", "blue"})), Scope(False, frozenset())),
        (None, "rule 1", "^Rule [0-9]$", "Rule", "nothing"),
        ((), ("new",), ("closed", "new", "new")),
        ((), ("red", "green", "green")),
        tuple(TimestampField),
        (1, 3),
    )
)


@pytest.mark.parametrize("by_id", [False, True])
def test_every_shape_of_question_finds_the_same(
    database: Database, rows: list[dict[str, Any]], *, by_id: bool
) -> None:
    """With a driver's connection and with one of SQLAlchemy's, which another database would have."""
    ids = tuple(row["id"] for row in rows[:300]) if by_id else ()
    wrong = []
    for number, (scope, name, statuses, tenants, field, page) in enumerate(SHAPES):
        since, until = ((None, None), (20, None), (30, 70), (None, 60))[number % 4]
        wanted = AlertFilter(
            scope=scope, page=page, ids=ids, tenants=tenants, name=None if name is None else Pattern(name),
            field=field, since=since, until=until, statuses=statuses,
        )  # fmt: skip
        for way in (database.glance, database.read):
            with way() as connection:
                found = [row.id for row in alert_pages.page(connection, "here", wanted, page_size=20)]
            if found != plainly(rows, wanted):
                wrong.append(wanted)

    assert wrong == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"statuses": ("new",)},
        {"statuses": ("new", "assigned")},
        {"name": Pattern("Rule 1")},
        {"since": 60, "until": 80},
        {"field": TimestampField.FIRST_SEEN, "since": 10},
    ],
    ids=lambda asked: "-".join(asked) or "everything",
)
def test_a_page_is_found_in_an_index_in_its_order(database: Database, asked: dict[str, Any]) -> None:
    """No row is looked at that is not on the page, and nothing but the page is sorted."""
    plans: list[str] = []

    class Explaining:
        """Explains what it is told to execute."""

        def execute(self, statement: Any, parameters: Any, /) -> Any:
            with database.read() as connection:
                text = str(statement.compile(database.engine, compile_kwargs={"literal_binds": False}))
                values = [parameters[name] for name in statement.compile(database.engine).positiontup]
                lines = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values)).all()
                plans[:] = [row[-1] for row in lines]
                return list(connection.execute(statement, parameters))

    alert_pages.page(Explaining(), "here", AlertFilter(scope=EVERYWHERE, **asked), page_size=20)

    looked = [plan for plan in plans if plan.startswith(("SCAN", "SEARCH")) and "keys" not in plan]
    assert [plan for plan in looked if "COVERING INDEX" not in plan and "(rowid=?)" not in plan] == []
    sorted_inside = plans[: next(place for place, plan in enumerate(plans) if "keys" in plan)]
    assert [plan for plan in sorted_inside if "TEMP B-TREE" in plan] == []
