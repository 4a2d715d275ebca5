"""What the search does not take: each with its row of the vendor's table, soon, and in a short sentence."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_kuma.domain import query
from mock_kuma.domain.query_problems import QueryProblem, SearchFailed
from mock_kuma.domain.query_work import Work

TAIL = "FROM events LIMIT 1"


@pytest.mark.parametrize(
    "sql",
    [
        "", " ", "x", "SELECT", "SELECT 1", "SELECT 1 LIMIT 1", f"SELECT {TAIL}", "DROP TABLE events",
        "INSERT INTO events VALUES (1)", "DELETE FROM events", "ALTER TABLE events DELETE WHERE 1",
        f"SELECT 1 {TAIL};", f"SELECT 1 {TAIL}; SELECT 1 {TAIL}", f"WITH 1 AS x SELECT x {TAIL}",
        f"SELECT DISTINCT Type {TAIL}", f"SELECT 1 {TAIL} UNION ALL SELECT 1 {TAIL}",
        "SELECT 1 FROM events, events LIMIT 1", "SELECT 1 FROM events JOIN events AS b ON 1 LIMIT 1",
        "SELECT 1 FROM (SELECT 1 FROM events LIMIT 1) LIMIT 1", "SELECT 1 FROM events AS e LIMIT 1",
        "SELECT 1 FROM events FINAL LIMIT 1", "SELECT 1 FROM events SAMPLE 0.1 LIMIT 1",
        "SELECT 1 FROM events PREWHERE 1 LIMIT 1", f"SELECT 1 {TAIL} SETTINGS max_threads = 1",
        f"SELECT 1 {TAIL} FORMAT CSV", "SELECT 1 FROM events LIMIT 1 BY Type LIMIT 1",
        "SELECT 1 FROM events LIMIT 1 WITH TIES", "SELECT 1 FROM events LIMIT -1",
        "SELECT 1 FROM events LIMIT 'x'", "SELECT 1 FROM events LIMIT 1 + 1",
        "SELECT 1 FROM events LIMIT 1.5",
        "SELECT 1 FROM events ORDER BY Type NULLS FIRST LIMIT 1",
        "SELECT 1 FROM events WHERE Name LIMIT 1",
        "SELECT 1 FROM events WHERE count() > 1 LIMIT 1", "SELECT 1 FROM events GROUP BY count() LIMIT 1",
        "SELECT Name FROM events GROUP BY Type LIMIT 1", "SELECT * FROM events GROUP BY Type LIMIT 1",
        "SELECT 1 FROM events ORDER BY 2 LIMIT 1", "SELECT 1 FROM events ORDER BY Extra LIMIT 1",
        f"SELECT Nobody {TAIL}", f"SELECT events.Name {TAIL}", f"SELECT sleep(3) {TAIL}",
        f"SELECT file('/etc/passwd') {TAIL}", f"SELECT url('http://x') {TAIL}",
        f"SELECT currentUser() {TAIL}",
        f"SELECT sum(count()) {TAIL}", f"SELECT sum(Name) {TAIL}", f"SELECT avg(Name) {TAIL}",
        f"SELECT count(1, 2) {TAIL}", f"SELECT countIf(Name) {TAIL}", f"SELECT sum() {TAIL}",
        f"SELECT if(Name, 1, 2) {TAIL}", f"SELECT if(1, 1, 'x') {TAIL}", f"SELECT concat() {TAIL}",
        f"SELECT concat(Extra) {TAIL}", f"SELECT toString(1, 2) {TAIL}", f"SELECT lower(1) {TAIL}",
        f"SELECT replace(Name, Name, '') {TAIL}", f"SELECT match(Name, Name) {TAIL}",
        f"SELECT match(Name, '(') {TAIL}", f"SELECT match(Name, '(?=a)') {TAIL}",
        f"SELECT match(Name, '(a)\\\\1') {TAIL}", f"SELECT match(Name, '(a{{999}}){{999}}') {TAIL}",
        f"SELECT replaceRegexpOne(Name, 'a.', '\\\\2') {TAIL}", f"SELECT Name LIKE 'a\\\\' {TAIL}",
        f"SELECT Name + 1 {TAIL}", f"SELECT Name = 1 {TAIL}", f"SELECT Type = 'x' {TAIL}",
        f"SELECT Type IN ('x') {TAIL}", f"SELECT Type IN (BytesIn) {TAIL}", f"SELECT Type IN () {TAIL}",
        f"SELECT Type IN (SELECT 1) {TAIL}", f"SELECT 1 AS a, 2 AS a {TAIL}", f"SELECT a AS b, b AS a {TAIL}",
        f"SELECT 1e999 {TAIL}", f"SELECT NULL {TAIL}", f"SELECT true {TAIL}", f"SELECT [1] {TAIL}",
        f"SELECT {{x:UInt8}} {TAIL}", f"SELECT CAST(1 AS String) {TAIL}", f"SELECT Type::String {TAIL}",
        f"SELECT 1 < 2 < 3 {TAIL}", f"SELECT 'open {TAIL}", f"SELECT (1 {TAIL}",
        f"SELECT count(DISTINCT ID) {TAIL}",
        f"SELECT sum(Type) OVER () {TAIL}", f"SELECT CASE WHEN 1 THEN 2 END {TAIL}", f"SELECT -Name {TAIL}",
    ],
)  # fmt: skip
def test_what_is_no_search_is_invalid_sql(sql: str) -> None:
    """With a reason that says more than that it is invalid, and carries no terminal colours."""
    with pytest.raises(query.InvalidSql) as caught:
        query.parse(sql)

    assert 0 < len(caught.value.reason) < 300
    assert "\x1b" not in caught.value.reason


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT 1 FROM alerts LIMIT 1", query.WrongTable),
        ("SELECT 1 FROM system.tables LIMIT 1", query.WrongTable),
        ("SELECT 1 FROM system.events LIMIT 1", query.WrongTable),
        ("SELECT 1 FROM EVENTS LIMIT 1", query.WrongTable),
        ("SELECT 1 FROM numbers(10) LIMIT 1", query.WrongTable),
        ("SELECT 1 FROM events", query.LimitRequired),
        ("SELECT 1 FROM events LIMIT 1001", query.LimitTooLarge),
        ("SELECT 1 FROM events LIMIT 99999999999999999999999", query.LimitTooLarge),
    ],
)
def test_the_other_rows(sql: str, problem: type[QueryProblem]) -> None:
    """Another table, no LIMIT, and a LIMIT above a thousand have sentences of their own."""
    with pytest.raises(problem):
        query.parse(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "(" * 50_000, f"SELECT {'(' * 5_000}1{')' * 5_000} {TAIL}", f"SELECT {'NOT ' * 4_000}1 {TAIL}",
        f"SELECT {'-' * 5_000}1 {TAIL}", f"SELECT {'- ' * 5_000}1 {TAIL}", f"SELECT {'1 + ' * 4_000}1 {TAIL}",
        f"SELECT {'lower(' * 2_000}Name{')' * 2_000} {TAIL}", f"SELECT '{'x' * 1_000_000}' {TAIL}",
        f"SELECT {'[' * 5_000} {TAIL}", f"SELECT {'CASE WHEN ' * 1_500} {TAIL}",
        f"SELECT {'Type BETWEEN ' * 1_000} {TAIL}", f"SELECT {'if(1,' * 3_000}1 {TAIL}",
        f"SELECT {'1 ? ' * 3_000}1 {TAIL}",
        f"SELECT {'x -> ' * 3_000}1 {TAIL}",
        f"SELECT {'INTERVAL ' * 1_500}1 {TAIL}",
        f"SELECT {'SELECT ' * 2_000} {TAIL}", "WITH " * 3_000, "EXPLAIN " * 2_000,
        f"SELECT {'/*' * 5_000} {TAIL}",
        f"SELECT 1 AS a0, {', '.join(f'a{n - 1} + a{n - 1} AS a{n}' for n in range(1, 40))} {TAIL}",
        "\0", f"SELECT \0 {TAIL}", "\ud800", "SELECT \u202e FROM events LIMIT 1",
    ],
)  # fmt: skip
def test_hostile_texts_are_refused_within_a_second(sql: str) -> None:
    """However long or deep, or how often one alias doubles another."""
    began = time.process_time()

    with pytest.raises(QueryProblem):
        query.parse(sql)

    assert time.process_time() - began < 1


def test_a_catastrophic_pattern_answers_within_a_second() -> None:
    """RE2 takes time that grows with the text only."""
    body = json.dumps({"ID": "a", "Name": "a" * 50_000})
    parsed = query.parse("SELECT match(Name, '^(a+)+b$') AS found FROM events LIMIT 1")
    began = time.process_time()

    rows = query.run(parsed, [(body, None)], raw_timestamps=False, empty_fields=False)

    assert rows == [{"found": 0}]
    assert time.process_time() - began < 1


def test_a_search_that_takes_too_long_fails() -> None:
    """By steps, so that it fails on every machine alike."""
    parsed = query.parse("SELECT sum(Type) FROM events LIMIT 1")
    events = [('{"Type": 1}', None)] * 1_000

    with pytest.raises(SearchFailed, match="too much work"):
        query.run(parsed, events, raw_timestamps=False, empty_fields=False, work=Work(1_000))


def test_a_text_that_grows_from_call_to_call_fails() -> None:
    """A short query cannot make a long answer."""
    grown = "Name"
    for _ in range(12):
        grown = f"replace({grown}, 'a', 'aaaa')"
    parsed = query.parse(f"SELECT {grown} FROM events LIMIT 1")

    with pytest.raises(SearchFailed, match="a text longer"):
        query.run(parsed, [('{"Name": "a"}', None)], raw_timestamps=False, empty_fields=False)


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["SELECT", "FROM", "events", "WHERE", "LIMIT", "1", "(", ")", ",", "Type", "'", "LIKE", "NOT", "IN", "AS"]
), max_size=14).map(" ".join))  # fmt: skip
def test_no_text_raises_anything_else(sql: str) -> None:
    """A text is a query, or one of the five problems."""
    try:
        query.parse(sql)
    except QueryProblem as problem:
        assert str(problem)  # noqa: PT017 -- most texts are no queries, and some are
