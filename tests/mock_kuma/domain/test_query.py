"""What a search answers, function by function and clause by clause, over events held in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mock_kuma.domain import query
from mock_kuma.domain.query_problems import SearchFailed
from mock_kuma.domain.query_run import newest_first

EVENTS: list[dict[str, Any]] = [
    {"ID": "a", "Timestamp": 1_000, "Type": 1, "Name": "Logon", "BytesOut": 10, "SourcePort": 22},
    {"ID": "b", "Timestamp": 2_000, "Type": 3, "Name": "logoff", "BytesOut": 30, "SourceLatitude": 1.5},
    {"ID": "c", "Timestamp": 3_500, "Type": 1, "Name": "50% down_load", "BytesOut": 2, "DeviceVendor": "x"},
]


def ask(sql: str, events: list[dict[str, Any]] | None = None, **options: bool) -> list[dict[str, Any]]:
    """Return the answer to a query over these events, which it gets by time as the store gives them."""
    parsed = query.parse(sql)
    ordered = sorted(EVENTS if events is None else events, key=lambda one: one.get("Timestamp", 0))
    if newest_first(parsed):
        ordered.reverse()
    stored = [(json.dumps(event), None) for event in ordered]
    options = {"raw_timestamps": False, "empty_fields": False} | options
    return query.run(
        parsed, stored, raw_timestamps=options["raw_timestamps"], empty_fields=options["empty_fields"]
    )


def ids(condition: str) -> str:
    """Return the ids of the events for which a condition holds."""
    return "".join(row["ID"] for row in ask(f"SELECT ID FROM events WHERE {condition} LIMIT 10"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Type = 3", "b"), ("Type != 3", "ac"), ("Type <> 3", "ac"), ("BytesOut < 10", "c"),
        ("BytesOut <= 10", "ac"), ("BytesOut > 10", "b"), ("BytesOut >= 10", "ab"),
        ("Type = '3'", "b"), ("'3' = Type", "b"), ("Type IN (1, 2)", "ac"), ("Type NOT IN (1)", "b"),
        ("ID IN ('a', 'c')", "ac"), ("Type IN ('3')", "b"), ("BytesOut BETWEEN 2 AND 10", "ac"),
        ("BytesOut NOT BETWEEN 2 AND 10", "b"), ("NOT (Type = 1)", "b"), ("Type = 1 AND BytesOut = 2", "c"),
        ("ID = 'a' OR ID = 'b'", "ab"), ("ID = 'a' OR ID = 'b' AND Type = 9", "a"),
        ("Name LIKE 'Log%'", "a"), ("Name LIKE '%o%'", "abc"), ("Name LIKE '%n'", "a"),
        ("Name LIKE 'L_gon'", "a"), ("Name LIKE 'logoff'", "b"), ("Name LIKE '%'", "abc"),
        ("Name LIKE '50\\\\% down\\\\_load'", "c"), ("Name NOT LIKE 'Log%'", "bc"),
        ("Name ILIKE 'LOG%'", "ab"), ("Name NOT ILIKE 'LOG%'", "c"), ("Name ILIKE '%OG%'", "ab"),
        ("match(Name, '^[Ll]og')", "ab"), ("match(Name, 'log')", "b"), ("match(Name, '(?i)LOG')", "ab"),
        ("SourcePort", "a"), ("DeviceVendor = ''", "ab"), ("SourceLatitude > 1", "b"),
        ("BytesOut % 4 = 2", "abc"), ("BytesOut / 4 = 2.5", "a"), ("-BytesOut < -9", "ab"),
        ("BytesOut * 2 - 1 > 18 AND BytesOut + 1 < 31", "a"),
    ],
)  # fmt: skip
def test_conditions(condition: str, expected: str) -> None:
    """Each operator lets through what ClickHouse's does."""
    assert ids(condition) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("if(Type = 1, 'base', 'other')", "base"), ("if(1, 1, 2.5)", 1),
        ("concat(Name, '/', Type)", "Logon/1"),
        ("Name || '!'", "Logon!"), ("toString(BytesOut)", "10"), ("toString(0.5)", "0.5"),
        ("lower(Name)", "logon"), ("upper(Name)", "LOGON"), ("LOWER(Name)", "logon"), ("lower('ЯA')", "Яa"),
        ("replace(Name, 'o', '0')", "L0g0n"), ("replace(Name, '', 'x')", "Logon"),
        ("extract(Name, 'L(.)g')", "o"), ("extract(Name, 'o.')", "og"), ("extract(Name, 'z')", ""),
        ("replaceRegexpOne(Name, 'o(.)', '[\\\\1\\\\0]')", "L[gog]on"),
        ("replaceRegexpOne(Name, 'z', 'y')", "Logon"), ("match(Name, 'go')", 1), ("Name LIKE 'x'", 0),
        ("1 / 0", None), ("0 / 0", None), ("7 % 3", 1), ("-7 % 3", -1), ("1 + 255", 256), ("2 - 3", -1),
        ("1.5 + 1", 2.5), ("9223372036854775807 + 1", 9223372036854775808), ("18446744073709551615 + 1", 0),
        ("BytesOut + 9223372036854775807", -9223372036854775799), ("-BytesOut", -10), ("'it''s'", "it's"),
        ("not Type", 0), ("1 AND 0", 0), ("0 OR 2", 1), ("10 / 4", 2.5), ("10 / 5", 2),
    ],
)  # fmt: skip
def test_expressions(expression: str, expected: object) -> None:
    """Each function gives the value and the kind of number that ClickHouse gives."""
    (row,) = ask(f"SELECT {expression} AS value FROM events WHERE ID = 'a' LIMIT 1")

    assert row == {"value": expected}


@pytest.mark.parametrize(
    ("aggregate", "some", "none"),
    [
        ("count()", 3, 0), ("count(*)", 3, 0), ("count(Name)", 3, 0), ("COUNT(Name)", 3, 0),
        ("countIf(Type = 1)", 2, 0), ("sum(BytesOut)", 42, 0), ("sum(SourceLatitude)", 1.5, 0),
        ("avg(BytesOut)", 14, None), ("min(BytesOut)", 2, 0), ("max(BytesOut)", 30, 0),
        ("min(Name)", "50% down_load", ""), ("max(Timestamp)", 3_500, 0), ("any(ID)", "a", ""),
        ("sum(BytesOut) / count()", 14, None), ("max(BytesOut + 1) - min(BytesOut)", 29, 0),
    ],
)  # fmt: skip
def test_aggregates(aggregate: str, some: object, none: object) -> None:
    """Over all events, and over none: one row either way."""
    query_text = f"SELECT {aggregate} AS value FROM events"

    assert ask(f"{query_text} LIMIT 5") == [{"value": some}]
    assert ask(f"{query_text} WHERE ID = 'z' LIMIT 5") == [{"value": none}]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ID FROM events ORDER BY BytesOut LIMIT 9", "cab"),
        ("SELECT ID FROM events ORDER BY BytesOut DESC LIMIT 9", "bac"),
        ("SELECT ID FROM events ORDER BY Type DESC, BytesOut LIMIT 9", "bca"),
        ("SELECT ID FROM events ORDER BY Timestamp DESC LIMIT 2", "cb"),
        ("SELECT ID FROM events ORDER BY Timestamp DESC, ID LIMIT 9", "cba"),
        ("SELECT ID FROM events ORDER BY 1 DESC LIMIT 9", "cba"),
        ("SELECT ID FROM events ORDER BY Timestamp LIMIT 1 OFFSET 1", "b"),
        ("SELECT ID FROM events ORDER BY BytesOut LIMIT 1 OFFSET 2", "b"),
        ("SELECT ID FROM events LIMIT 9 OFFSET 7", ""),
        ("SELECT ID FROM events LIMIT 0", ""),
        ("SELECT ID FROM `events` WHERE `Type` = 3 LIMIT 9", "b"),
        ("SELECT Type AS kind, ID FROM events WHERE kind = 3 LIMIT 9", "b"),
        ("select ID from events where Type = 3 order by ID asc limit 1", "b"),
    ],
)  # fmt: skip
def test_order_limit_offset_and_aliases(sql: str, expected: str) -> None:
    """Rows come in the asked order, cut where asked, and an alias stands in any clause."""
    assert "".join(row["ID"] for row in ask(sql)) == expected


def test_groups() -> None:
    """GROUP BY an alias or a place, HAVING and ORDER BY over an aggregate that is not selected."""
    rows = ask("SELECT Type AS kind, count() AS n FROM events GROUP BY kind ORDER BY n DESC LIMIT 9")
    sorted_by = ask("SELECT Type FROM events GROUP BY Type ORDER BY max(BytesOut) DESC LIMIT 9")
    kept = ask("SELECT Type FROM events GROUP BY Type HAVING sum(BytesOut) > 20 LIMIT 9")
    by_place = ask("SELECT lower(Name) AS name FROM events GROUP BY 1 ORDER BY 1 LIMIT 1")

    assert rows == [{"kind": 1, "n": 2}, {"kind": 3, "n": 1}]
    assert kept == [{"Type": 3}]
    assert sorted_by == [{"Type": 3}, {"Type": 1}]
    assert by_place == [{"name": "50% down_load"}]


def test_titles_without_an_alias_are_those_of_clickhouse() -> None:
    """A client reads the answer by the names that ClickHouse gives."""
    sql = "SELECT count(), sum(BytesOut), Type + 1, 'x', Type IN (1, 3) FROM events GROUP BY Type LIMIT 1"

    assert list(ask(sql)[0]) == ["count()", "sum(BytesOut)", "plus(Type, 1)", "'x'", "in(Type, (1, 3))"]


def test_times_are_rfc_3339_unless_raw() -> None:
    """Only a column of times is written as one."""
    sql = "SELECT Timestamp, max(Timestamp) AS last FROM events GROUP BY Timestamp ORDER BY 1 DESC LIMIT 1"

    assert ask(sql) == [{"Timestamp": "1970-01-01T00:00:03.5Z", "last": 3_500}]
    assert ask(sql, raw_timestamps=True) == [{"Timestamp": 3_500, "last": 3_500}]


def test_a_star_leaves_empty_fields_out_unless_they_are_asked_for() -> None:
    """All columns of the data model, or those that hold something."""
    (row,) = ask("SELECT * FROM events WHERE ID = 'a' LIMIT 1")
    (whole,) = ask("SELECT * FROM events WHERE ID = 'a' LIMIT 1", empty_fields=True)

    assert row == EVENTS[0] | {"Timestamp": "1970-01-01T00:00:01Z"}
    assert whole.items() >= row.items()
    assert (whole["DeviceVendor"], whole["BytesIn"], whole["Extra"], whole["GroupedBy"]) == ("", 0, {}, [])


def test_values_of_a_wrong_type_are_read_as_their_column() -> None:
    """A test may have stored anything; the search still answers."""
    odd = [
        {"ID": 7, "Timestamp": 1, "BytesOut": "12", "BytesIn": [1], "SourceLatitude": "x", "Name": {"a": 1}}
    ]
    sql = "SELECT ID, BytesOut, BytesIn, SourceLatitude, Name FROM events LIMIT 1"

    assert ask(sql, odd) == [
        {"ID": "7", "BytesOut": 12, "BytesIn": 0, "SourceLatitude": 0, "Name": '{"a":1}'}
    ]


def test_division_by_zero_fails_the_search() -> None:
    """As ClickHouse does for whole numbers."""
    with pytest.raises(SearchFailed, match="Division by zero"):
        ask("SELECT Type % SourcePort FROM events LIMIT 9")


def test_not_a_number_is_last_in_both_directions() -> None:
    """And one group of its own."""
    ratio = "SourceLatitude / SourceLatitude AS ratio"

    for direction in ("ASC", "DESC"):
        rows = ask(
            f"SELECT {ratio}, count() AS n FROM events GROUP BY ratio ORDER BY ratio {direction} LIMIT 9"
        )
        assert rows == [{"ratio": 1, "n": 1}, {"ratio": None, "n": 2}]
