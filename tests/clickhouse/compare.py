"""Our event search against a real ClickHouse: ``python -m tests.clickhouse.compare [QUERIES]``.

A thousand queries by default. ClickHouse runs inside this process (chdb, 500 MB, which is why ``make test``
does without it; ``--record`` writes 300 answers for it). Prints each difference and how many answers were
equal; ends with 1 if one was not.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any, Final

from chdb.session import Session

from mock_kuma.domain.query_columns import COLUMNS, Kind
from tests.clickhouse.answers import equal, ours
from tests.clickhouse.queries import Written, events, query

EVENTS: Final = 200
RECORDED_EVENTS: Final = 30
_TYPES: Final = {
    Kind.TEXT: "String",
    Kind.NUMBER: "Int64",
    Kind.FLOAT: "Float64",
    Kind.TIME: "Int64",
    Kind.LIST: "Array(String)",
    Kind.MAP: "Map(String, String)",
}
_SETTINGS: Final = (
    "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 0, max_threads = 1"
)


class RealClickHouse:
    """A table of events in a ClickHouse of this process."""

    def __init__(self, held: list[dict[str, Any]]) -> None:
        self._session = Session()
        columns = ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in COLUMNS.items())
        self._session.query("CREATE DATABASE IF NOT EXISTS d ENGINE = Atomic")
        self._session.query("USE d")
        self._session.query(f"CREATE TABLE events ({columns}) ENGINE = Memory")
        lines = "\n".join(json.dumps(event, ensure_ascii=False) for event in held)
        self._session.query(f"INSERT INTO events FORMAT JSONEachRow {lines}")

    def answer(self, sql: str) -> list[dict[str, Any]] | None:
        """Return the rows, or None where ClickHouse refuses."""
        try:
            text = str(self._session.query(f"{sql} SETTINGS {_SETTINGS}", "JSONEachRow"))
        except Exception as error:  # noqa: BLE001 -- the package raises what it likes; shown where it matters
            return None if "Code:" in str(error) else self._raise(error)
        return [json.loads(line) for line in text.splitlines() if line]

    @staticmethod
    def _raise(error: Exception) -> None:
        raise error


def record(count: int, file: Path) -> None:
    """Write generated queries with ClickHouse's answers, for tests that have no ClickHouse."""
    source = random.Random(7)
    held = events(source, RECORDED_EVENTS)
    clickhouse = RealClickHouse(held)
    asked = []
    for _ in range(count):
        written = query(source)
        asked.append({"sql": written.sql, "ordered": written.ordered, "rows": clickhouse.answer(written.sql)})
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in asked)
    given = ",\n".join(json.dumps(one, ensure_ascii=False) for one in held)
    file.write_text(f'{{"events": [\n{given}\n], "queries": [\n{lines}\n]}}\n', encoding="utf-8")


def main(count: int) -> int:
    """Compare; return the exit code."""
    source = random.Random(20261124)
    held = events(source, EVENTS)
    clickhouse = RealClickHouse(held)
    equals = refused = 0
    for _ in range(count):
        written: Written = query(source)
        mine, real = ours(held, written.sql), clickhouse.answer(written.sql)
        refused += mine is None and real is None
        if equal(mine, real, ordered=written.ordered):
            equals += 1
        else:
            print(f"{written.sql}\n  ours: {_short(mine)}\n  real: {_short(real)}")
    print(f"{equals} of {count} answers equal ({refused} of them refused by both)")
    return int(equals < count)


def _short(rows: list[dict[str, Any]] | None) -> str:
    return "refused" if rows is None else json.dumps(rows, ensure_ascii=False)[:400]


if __name__ == "__main__":
    if "--record" in sys.argv:
        record(300, Path("fixtures/clickhouse.json"))
        sys.exit()
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
