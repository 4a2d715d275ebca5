"""Asks a real ClickHouse and the mock the same generated questions, and tells where they answer differently.

Run by ``make clickhouse``; ClickHouse comes with the package chdb, inside this process. Knows no HTTP: the
queries go to ``domain.query`` as they are. Rule: a query that only one of the two refuses is a difference.
"""

from __future__ import annotations

import json
import random
import sys
from importlib import import_module
from typing import Any

from mock_kuma.domain import query
from mock_kuma.domain.query_columns import COLUMNS, TYPES
from mock_kuma.domain.query_run import newest_first

QUERIES = 400
EVENTS = 200
_USED = (
    "ID", "Timestamp", "Type", "Priority", "Name", "Message", "BytesIn", "BytesOut", "SourcePort",
    "DeviceVendor", "SourceLatitude", "DestinationLatitude",
)  # fmt: skip
_TEXTS = ("Name", "Message", "DeviceVendor")
_NUMBERS = ("Type", "Priority", "BytesIn", "BytesOut", "SourcePort", "Timestamp")
_FLOATS = ("SourceLatitude", "DestinationLatitude")
_WORDS = (
    "",
    "Logon",
    "logoff",
    "50% off_x",
    "a.b.c",
    "Вход",
    "user=root id=7",
    "x" * 40,
    "it's",
    "tab\there",
)
_PATTERNS = ("^[Ll]og", "o(.)", "(\\\\w+)=(\\\\w+)", "[0-9]+", "a.b", "^$", "(?i)LOG", "(x|y)*z?")
_LIKES = ("%o%", "Log%", "%off", "L_gon", "%", "", "50\\\\% %", "%В%")


def events(chance: random.Random) -> list[dict[str, Any]]:
    """Return events that lie in every column that the queries name."""
    made = []
    for number in range(EVENTS):
        event: dict[str, Any] = {"ID": f"e{number:04}", "Timestamp": 1_000 + number * 7}
        event |= {name: chance.choice(_WORDS) for name in _TEXTS}
        event |= {name: chance.choice((0, 1, 3, -5, 22, 255, 70_000, 1 << 40)) for name in _NUMBERS[:-1]}
        event |= {name: chance.choice((0.0, 1.5, -2.25, 1e21, 0.1)) for name in _FLOATS}
        made.append(event)
    return made


class Questions:
    """Makes queries, each valid by the dialect."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def number(self, depth: int = 2) -> str:
        """Return an expression that is a number."""
        pick = self._chance.choice
        if depth == 0 or self._chance.random() < 0.3:
            return pick((*_NUMBERS, *_FLOATS, "1", "3", "-7", "255", "2.5"))
        left, right = self.number(depth - 1), self.number(depth - 1)
        return pick((f"({left} {pick('+-*/')} {right})", f"if({self.condition(depth - 1)}, {left}, 0)", left))

    def text(self, depth: int = 2) -> str:
        """Return an expression that is a text."""
        pick = self._chance.choice
        if depth == 0 or self._chance.random() < 0.3:
            return pick(_TEXTS)
        inner = self.text(depth - 1)
        return pick(
            (
                f"lower({inner})", f"upper({inner})", f"concat({inner}, '-', {pick(_NUMBERS)})",
                f"toString({self.number(depth - 1)})", f"replace({inner}, 'o', '00')",
                f"extract({inner}, '{pick(_PATTERNS)}')",
                f"replaceRegexpOne({inner}, '{pick(_PATTERNS)}', '<\\\\0>')",
                f"if({self.condition(depth - 1)}, {inner}, 'none')",
            )
        )  # fmt: skip

    def condition(self, depth: int = 2) -> str:
        """Return an expression that is 1 or 0."""
        pick = self._chance.choice
        if depth and self._chance.random() < 0.4:
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            return pick((f"({left} AND {right})", f"({left} OR {right})", f"(NOT ({left}))"))
        depth = max(depth - 1, 0)
        return "(" + pick(
            (
                f"{self.number(depth)} {pick(('=', '!=', '<', '<=', '>', '>='))} {self.number(depth)}",
                f"{pick(_NUMBERS)} {pick(('IN', 'NOT IN'))} (1, 22, '3')",
                f"{self.text(depth)} {pick(('IN', 'NOT IN'))} ('Logon', '')",
                f"{pick(_NUMBERS)} {pick(('BETWEEN', 'NOT BETWEEN'))} 1 AND 255",
                f"{self.text(depth)} {pick(('LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE'))} '{pick(_LIKES)}'",
                f"match({self.text(depth)}, '{pick(_PATTERNS)}')",
            )
        ) + ")"  # fmt: skip

    def whole(self) -> str:
        """Return a query whose answer has one order only."""
        where = f" WHERE {self.condition()}" if self._chance.random() < 0.6 else ""
        limit = f" LIMIT {self._chance.choice((1, 5, 1000))}"
        if self._chance.random() < 0.5:
            fields = f"{self.number()} AS n, {self.text()} AS t, {self.condition()} AS c"
            offset = self._chance.choice(("", " OFFSET 3"))
            return f"SELECT ID, {fields} FROM events{where} ORDER BY {self.number()} DESC, ID{limit}{offset}"
        number = self._chance.choice(_NUMBERS)
        totals = f"count() AS n, sum({number}), avg({number}), min({self.text(1)}), max({self.number(1)})"
        having = self._chance.choice(("", " HAVING n > 3", f" HAVING countIf({self.condition(1)}) > 1"))
        return f"SELECT {self.text()} AS k, {totals} FROM events{where} GROUP BY k{having} ORDER BY k{limit}"


def ours(sql: str, given: list[dict[str, Any]]) -> Any:
    """Return the mock's answer, or its refusal as a text."""
    try:
        parsed = query.parse(sql)
        ordered = given[::-1] if newest_first(parsed) else given
        stored = [(json.dumps(event), None) for event in ordered]
        return query.run(parsed, stored, raw_timestamps=True, empty_fields=False)
    except query.QueryProblem as problem:
        return f"refused: {problem}"


def theirs(sql: str, clickhouse: Any) -> Any:
    """Return ClickHouse's answer, or its refusal as a text."""
    try:
        answer = clickhouse.query(
            f"{sql} SETTINGS output_format_json_quote_64bit_integers = 0", "JSONEachRow"
        )
    except RuntimeError as error:
        return f"refused: {str(error)[:200]}"
    return [json.loads(line) for line in str(answer).splitlines() if line]


def main() -> int:
    """Compare; return 1 if there is a difference."""
    chance = random.Random(1)
    given = events(chance)
    # Not an import above: the package is there only once `make clickhouse` has installed it.
    clickhouse = import_module("chdb.session").Session()
    columns = ", ".join(f"`{name}` {TYPES[COLUMNS[name]].value}" for name in _USED)
    clickhouse.query("CREATE DATABASE compare ENGINE = Atomic")
    clickhouse.query("USE compare")
    clickhouse.query(f"CREATE TABLE events ({columns}) ENGINE = MergeTree ORDER BY Timestamp")
    lines = "\n".join(json.dumps(event) for event in given)
    clickhouse.query(f"INSERT INTO events FORMAT JSONEachRow {lines}")
    questions = Questions(chance)
    equal = answered = rows = 0
    for _ in range(QUERIES):
        sql = questions.whole()
        expected, actual = theirs(sql, clickhouse), ours(sql, given)
        both_refuse = isinstance(expected, str) and isinstance(actual, str)
        answered += isinstance(expected, list)
        rows += len(expected) if isinstance(expected, list) else 0
        if both_refuse:
            print(f"REFUSED BY BOTH {sql}\n  ClickHouse {expected}\n  mock       {actual[:200]}")
        if both_refuse or expected == actual:
            equal += 1
        else:
            print(f"DIFFERENT {sql}\n  ClickHouse {str(expected)[:300]}\n  mock       {str(actual)[:300]}")
    print(f"{equal} of {QUERIES} equal; ClickHouse answered {answered} with {rows} rows")
    return 0 if equal == QUERIES else 1


if __name__ == "__main__":
    sys.exit(main())
