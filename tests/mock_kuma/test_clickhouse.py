"""The event search on a real ClickHouse: the answers of the mock's own evaluator, and no event missing.

A selection, on a server of these tests' own; ``make clickhouse`` compares a thousand searches.
"""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_kuma import cli
from mock_kuma.store import clickhouse, event_queue
from tests.clickhouse import server
from tests.clickhouse.both import answers, give, opened, same
from tests.clickhouse.queries import events, query
from tests.mock_kuma.conftest import Kuma, World, started, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mock_kuma.core import Core

PERIOD = {"from": "1970-01-01T00:00:01Z", "to": "1970-01-01T00:00:09Z"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A ClickHouse for these tests."""
    with server.running() as made:
        yield made


@pytest.fixture(scope="module")
def core(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A store with generated events and a ClickHouse beside it."""
    folder = tmp_path_factory.mktemp("both")
    with store(folder) as url, opened(url, folder, address) as made:
        give(made, events(random.Random(8), 60))
        yield made


@pytest.fixture(scope="module")
def kuma(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kuma]:
    """A mock that searches in ClickHouse."""
    with started(tmp_path_factory.mktemp("kuma"), events=address) as made:
        yield made


def found(world: World, sql: str = "SELECT ID FROM events ORDER BY ID LIMIT 50") -> Any:
    """Return the answer to a search that works."""
    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": sql})
    assert response.status_code == 200, response.text
    return response.json


def ids(world: World) -> list[str]:
    """Return the ids of all the world's events."""
    return [row["ID"] for row in found(world)]


def add(world: World, *names: str, **fields: Any) -> None:
    """Give events."""
    given = [{"ID": name, "Timestamp": 5_000, **fields} for name in names]
    world.control("POST", "events", {"events": given}, status=201)


@pytest.mark.parametrize("seed", range(4))
def test_generated_queries_are_answered_alike(core: Core, seed: int) -> None:
    """Rows, names, and an order even where the query leaves it open."""
    source = random.Random(seed)
    asked = [query(source).sql for _ in range(15)]

    differ = [(sql, both) for sql in asked if not same(*(both := answers(core, sql)))]

    assert differ == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM events LIMIT 3",
        "SELECT * FROM events ORDER BY Timestamp DESC LIMIT 2 OFFSET 1",
        "SELECT GroupedBy, TI, Extra, BaseEvents FROM events LIMIT 2",
        "SELECT 1 FROM events LIMIT 2",
        "SELECT count() FROM events WHERE 0 LIMIT 1",
        "SELECT max(SourceLatitude), any(Name), avg(BytesIn), min(Name) FROM events WHERE ID = 'no' LIMIT 1",
        "SELECT ID FROM events WHERE Priority % (Type - Type) = 0 LIMIT 1",
        "SELECT Type % 7.5, -1.5 % 0, 5 % 0.3 FROM events LIMIT 1",
        "SELECT count() AS n, SourceLatitude / SourceLatitude AS x FROM events GROUP BY x LIMIT 9",
        "SELECT 5 AS five, count() FROM events GROUP BY five LIMIT 2",
        "SELECT concat('it''s \\\\ \\n', ID, 1.5, 2) FROM events ORDER BY 1 LIMIT 1",
        "SELECT ID FROM events WHERE Name = '\\' OR 1 = 1 --' LIMIT 5",
        "SELECT 0.1 + 0.2, 18446744073709551615, -9223372036854775808, 1e300 * 1e300 FROM events LIMIT 1",
        "SELECT DeviceVendor, count() FROM events GROUP BY 1 LIMIT 3",
        "SELECT ID FROM events LIMIT 0",
    ],
)
def test_corners_are_answered_alike(core: Core, sql: str) -> None:
    """Whole events, lists, empty groups, divisions by zero, constants, hostile texts."""
    mine, real = answers(core, sql)

    assert same(mine, real), (mine, real)


def test_values_of_the_wrong_type_are_read_alike(core: Core) -> None:
    """A test may have stored anything, U+0000 too."""
    strange = {
        "ID": "z",
        "Timestamp": 7,
        "Name": 5,
        "BytesIn": "12",
        "SourceLatitude": "x",
        "Message": "a\0b",
    }
    give(core, [{**strange, "GroupedBy": ["a"], "Priority": None, "SourcePort": 2**70}])

    mine, real = answers(
        core, "SELECT Name, BytesIn, SourceLatitude, Message, GroupedBy, Priority, SourcePort"
        " FROM events WHERE ID = 'z' LIMIT 1"
    )  # fmt: skip

    assert mine == real
    assert len(mine) == 1


def test_only_the_period_and_the_tenants_of_the_caller_are_searched(core: Core) -> None:
    """Both ends belong to the period; a user without tenants finds nothing."""
    give(
        core, [{"ID": f"p{at}", "Timestamp": at, "TenantID": f"t{at % 2}"} for at in (99, 100, 101, 102, 103)]
    )
    sql = "SELECT ID FROM events LIMIT 9"

    def those(**options: Any) -> list[str]:
        mine, real = answers(core, sql, period=(100, 102), **options)
        assert mine == real
        return [row["ID"] for row in real]

    assert those() == ["p100", "p101", "p102"]
    assert those(tenants=["t0", "it's"]) == ["p100", "p102"]
    assert those(tenants=[]) == []
    assert those(world="another") == []


def test_what_was_answered_is_found(kuma: Kuma) -> None:
    """Each search finds every event that was taken before it, in its own world only."""
    one, other = kuma.world(), kuma.world()
    add(one, "a")
    add(other, "x")
    before = ids(one)
    add(one, "b", "c")

    assert before == ["a"]
    assert ids(one) == ["a", "b", "c"]
    assert ids(other) == ["x"]


def test_a_world_that_is_set_back_is_searched_as_it_is_now(kuma: Kuma) -> None:
    """What came after the snapshot is not found, and what comes then is."""
    world = kuma.world()
    add(world, "a")
    snapshot = world.control("POST", "snapshots", status=201)
    add(world, "b")
    after = ids(world)

    world.control("POST", "restore", snapshot)
    add(world, "c")

    assert after == ["a", "b"]
    assert ids(world) == ["a", "c"]


def test_an_insertion_whose_commit_failed_is_not_done_twice(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ClickHouse itself says how far it has got."""
    sql = "SELECT ID FROM events LIMIT 9"
    give(core, [{"ID": "a", "Timestamp": 1}, {"ID": "b", "Timestamp": 2}], "broken")
    with monkeypatch.context() as patch:
        patch.setattr(event_queue, "done", _break)
        with pytest.raises(ConnectionError):
            answers(core, sql, world="broken")
    give(core, [{"ID": "c", "Timestamp": 3}], "broken")

    mine, real = answers(core, sql, world="broken")

    assert mine == real == [{"ID": "a"}, {"ID": "b"}, {"ID": "c"}]


def _break(*_: object) -> None:
    raise ConnectionError("the process ends here")


def test_a_store_and_its_clickhouse_outlive_the_server(address: str, tmp_path: Path, core: Core) -> None:
    """A server that starts again finds what is there, and tells all of it to a ClickHouse that lost it."""
    assert core.clickhouse is not None
    before = answers(core, "SELECT count() FROM events LIMIT 1")

    core.clickhouse.prepare()
    again = answers(core, "SELECT count() FROM events LIMIT 1")
    core.clickhouse.forget()
    core.clickhouse.prepare()
    anew = answers(core, "SELECT count() FROM events LIMIT 1")

    assert before == again == anew
    assert before[0] == before[1]


def test_a_clickhouse_that_is_gone_is_told_in_the_vendors_row(
    kuma: Kuma, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The search fails as an event storage of the vendor's that does not answer; a line says why."""
    world = kuma.world()
    monkeypatch.setattr(clickhouse.ClickHouse, "_ask", _unreachable)

    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": "SELECT ID FROM events LIMIT 1"})

    assert response.status_code == 500
    assert response.json == {"message": "event search failed", "details": "the event storage does not answer"}
    assert "ClickHouse does not answer" in caplog.text


def _unreachable(*_: object) -> bytes:
    raise httpx.ConnectError("nobody is there")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("clickhouse://u:hidden@127.0.0.1:{port}/d", "cannot use the event storage: clickhouse://u:***@"),
        ("mysql://u:hidden@127.0.0.1/d", "is no clickhouse://"),
        ("nonsense", "is no clickhouse://"),
    ],
)
def test_a_server_does_not_start_without_the_clickhouse_that_it_is_given(
    tmp_path: Path, given: str, told: str
) -> None:
    """One line that names it without its password, and exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        where = given.format(port=taken.getsockname()[1])
        ended = CliRunner().invoke(
            cli.main,
            [
                "serve",
                "--no-tls",
                "--port=0",
                "--console-port=0",
                f"--data-folder={tmp_path}",
                "--events",
                where,
            ],
        )

    assert ended.exit_code == 2
    assert told in ended.output
    assert "hidden" not in ended.output
    assert len(ended.output.strip().splitlines()) == 1
