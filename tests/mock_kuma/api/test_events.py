"""POST /events and GET /events/clusters: the vendor's rows (222297, 222298), and who sees what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

PERIOD = {"from": "1970-01-01T00:00:01Z", "to": "1970-01-01T00:00:09Z"}
SQL = "SELECT ID FROM events ORDER BY Timestamp LIMIT 10"


def give(world: World, *events: dict[str, Any]) -> None:
    """Give events."""
    world.control("POST", "events", {"events": list(events)}, status=201)


def found(world: World, sql: str = SQL, version: str = "v3", **body: Any) -> Any:
    """Return the answer to a search that works."""
    response = world.vendor("POST", f"/{version}/events", {"period": PERIOD, "sql": sql, **body})
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2", "v3"])
def test_a_search_answers_a_list_of_objects(world: World, version: str) -> None:
    """One object a row, keyed by column or alias."""
    give(
        world, {"ID": "a", "Timestamp": 5_000, "BytesOut": 3}, {"ID": "b", "Timestamp": 5_000, "BytesOut": 4}
    )

    rows = found(world, "SELECT sum(BytesOut) AS bytes, count() FROM events LIMIT 1", version)

    assert rows == [{"bytes": 7, "count()": 2}]


def test_both_ends_belong_to_the_period(world: World) -> None:
    """A millisecond before and a millisecond after do not."""
    for name, moment in (("early", 999), ("first", 1_000), ("last", 9_000), ("late", 9_001)):
        give(world, {"ID": name, "Timestamp": moment})

    assert [row["ID"] for row in found(world)] == ["first", "last"]


@pytest.mark.parametrize(
    "condition", ["ID = 'b'", "'b' = ID", "ID IN ('b', 'c\\\\0')", "Type = 3", "3 = Type"]
)
def test_what_the_database_narrows_is_what_the_query_means(world: World, condition: str) -> None:
    """Conditions on columns of the table answer as those on any other field."""
    give(world, {"ID": "a", "Timestamp": 5_000}, {"ID": "b", "Timestamp": 6_000, "Type": 3})

    assert found(world, f"SELECT ID FROM events WHERE {condition} LIMIT 9") == [{"ID": "b"}]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Timestamp > 5000", "b"), ("Timestamp >= 5000", "ab"), ("Timestamp < 6000", "a"),
        ("Timestamp <= 5000", "a"), ("5000 < Timestamp", "b"), ("Timestamp = 6000", "b"),
        ("Timestamp IN (5000, 1)", "a"), ("Timestamp < 18446744073709551615", "ab"),
        ("Type = 99999999999", ""), ("Timestamp BETWEEN 5001 AND 7000 AND ID = 'b'", "b"),
    ],
)  # fmt: skip
def test_conditions_on_time(world: World, condition: str, expected: str) -> None:
    """Milliseconds, from either side, and numbers that no column holds."""
    give(world, {"ID": "a", "Timestamp": 5_000}, {"ID": "b", "Timestamp": 6_000})

    rows = found(world, f"SELECT ID FROM events WHERE {condition} ORDER BY ID LIMIT 9")

    assert "".join(row["ID"] for row in rows) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": {}}, "period.from required"),
        ({"period": {"to": PERIOD["to"]}}, "period.from required"),
        ({"period": {**PERIOD, "from": "now"}}, "cannot parse period.from"),
        ({"period": {**PERIOD, "from": "1970-01-01T00:00:00Z"}}, "period.from cannot be 0"),
        ({"period": {**PERIOD, "from": "0001-01-01T00:00:00Z"}}, "period.from cannot be 0"),
        ({"period": {"from": PERIOD["from"]}}, "period.to required"),
        ({"period": {**PERIOD, "to": "2026-13-01"}}, "cannot parse period.to"),
        ({"period": {**PERIOD, "to": "1970-01-01T00:00:00Z"}}, "period.to cannot be 0"),
        (
            {"period": {"from": PERIOD["to"], "to": PERIOD["from"]}},
            "period.from cannot be greater than period.to",
        ),
        ({"sql": ""}, "invalid sql"),
        ({"sql": "DROP TABLE events"}, "invalid sql"),
        ({"sql": "SELECT 1 FROM alerts LIMIT 1"}, "the only valid table is `events`"),
        ({"sql": "SELECT 1 FROM events"}, "sql: LIMIT required"),
        ({"sql": "SELECT 1 FROM events LIMIT 1001"}, "sql: maximum LIMIT is 1000"),
        ({"sql": 7}, "request body decode failed"),
        ({"period": {}, "sql": ""}, "period.from required"),
        ({"sql": "", "clusterID": "nowhere"}, "invalid sql"),
    ],
)  # fmt: skip
def test_each_bad_request_has_its_row(world: World, change: dict[str, Any], message: str) -> None:
    """400 with the vendor's message: the period before the SQL, the SQL before the cluster."""
    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": SQL} | change)

    assert (response.status_code, response.json["message"]) == (400, message)  # type: ignore[index] # JSON


def test_a_cluster_that_is_not_there_is_not_found(world: World) -> None:
    """404, as the table has it."""
    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": SQL, "clusterID": "nowhere"})

    assert (response.status_code, response.json) == (404, {"message": "cluster not found", "details": None})


def test_several_clusters_have_to_be_told_apart(world: World) -> None:
    """406 without a cluster's id, and an answer with one from the list of clusters."""
    world.control("POST", "services", {"kind": "storage", "name": "Second"}, status=201)

    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": SQL})
    clusters = world.vendor("GET", "/v3/events/clusters?name=^second$").json

    assert (response.status_code, response.json) == (
        406,
        {"message": "multiple clusters found, please provide clusterID", "details": None},
    )
    assert [one["name"] for one in clusters or ()] == ["Second"]
    assert found(world, clusterID=(clusters or [{}])[0]["id"]) == []


def test_a_user_finds_events_of_his_tenants_only(world: World) -> None:
    """Others are silently left out."""
    branch = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    give(world, {"ID": "a", "Timestamp": 5_000}, {"ID": "b", "Timestamp": 5_000, "TenantID": branch})

    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [branch]})

    assert found(analyst) == [{"ID": "b"}]
    assert len(found(world)) == 2


def test_another_world_has_events_of_its_own(world: World) -> None:
    """Nothing is found across worlds."""
    give(world.kuma.world(), {"ID": "a", "Timestamp": 5_000})

    assert found(world) == []


def test_a_catastrophic_pattern_answers_within_a_second(world: World) -> None:
    """RE2 takes time that grows with the text only."""
    give(world, {"ID": "a", "Timestamp": 5_000, "Name": "a" * 20_000})
    began = time.process_time()

    rows = found(world, "SELECT match(Name, '^(a|a)*(a+)+b$') AS hit FROM events LIMIT 1")

    assert rows == [{"hit": 0}]
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "sql", ["SELECT \0 FROM events LIMIT 1", "(" * 60_000, "SELECT 1 FROM events LIMIT 1\0"]
)
def test_hostile_text_is_invalid_sql(world: World, sql: str) -> None:
    """Neither NUL bytes nor depth is more than a 400."""
    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": sql})

    assert (response.status_code, response.json["message"]) == (400, "invalid sql")  # type: ignore[index] # JSON


def test_a_search_that_does_not_work_out_has_a_row_of_its_own(world: World) -> None:
    """A right query may still fail over the events that are there."""
    give(world, {"ID": "a", "Timestamp": 5_000})

    response = world.vendor(
        "POST", "/v3/events", {"period": PERIOD, "sql": "SELECT Type % BytesIn FROM events LIMIT 1"}
    )

    assert (response.status_code, response.json) == (
        500,
        {"message": "event search failed", "details": "Division by zero"},
    )


def test_a_storage_that_does_not_answer_has_no_nodes(world: World) -> None:
    """500, once the only storage of a cluster is down."""
    made = world.control("POST", "services", {"kind": "storage", "name": "Down", "status": "red"}, status=201)
    cluster = world.vendor("GET", "/v3/events/clusters?name=^down$").json[0]["id"]  # type: ignore[index] # JSON

    response = world.vendor("POST", "/v3/events", {"period": PERIOD, "sql": SQL, "clusterID": cluster})

    assert len(made["ids"]) == 1
    assert (response.status_code, response.json) == (500, {"message": "no nodes available", "details": None})
