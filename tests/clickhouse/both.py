"""The mock's two ways to search, side by side: ``python -m tests.clickhouse.both [QUERIES]``.

Its own evaluator and a real ClickHouse beside the store answer the same generated queries over the same
stored events. A thousand by default. Prints each difference; ends with 1 if there is one.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from mock_kuma import app, installation
from mock_kuma.actions import searches
from mock_kuma.domain import query as search
from mock_kuma.settings import Settings
from mock_kuma.store import tables
from tests.clickhouse import server
from tests.clickhouse.answers import equal
from tests.clickhouse.queries import events, query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.core import Core

EVENTS = 200


def settings(store: str, folder: Path, address: str) -> Settings:
    """Return a mock's settings that searches in ClickHouse."""
    return Settings(
        host="127.0.0.1",
        port=0,
        console_port=0,
        tls=False,
        store=store,
        data_folder=folder,
        control_digest=None,
        workers=1,
        wire=False,
        kuma_version="3.2",
        seed="1",
        events=address,
    )


@contextmanager
def opened(store: str, folder: Path, address: str) -> Iterator[Core]:
    """Open a mock's store with a ClickHouse beside it, and forget both at the end."""
    asked = settings(store, folder, address)
    installation.prepare(asked, None)
    with installation.event_storage(asked, temporary=True):
        core = app.core(asked.store, asked.events)
        yield core
        core.database.close()
        if core.clickhouse is not None:
            core.clickhouse.close()


def give(core: Core, held: list[dict[str, Any]], world: str = "default") -> None:
    """Store events in a world, as they are."""
    rows = [
        {
            "world": world,
            "id": event["ID"],
            "timestamp": event["Timestamp"],
            "type": event.get("Type", 1),
            "tenant": event.get("TenantID", "tenant"),
            "body": json.dumps(event, ensure_ascii=False),
        }
        for event in held
    ]
    with core.database.write() as connection:
        connection.execute(insert(tables.events), rows)


def answers(core: Core, sql: str, **options: Any) -> list[Any]:
    """Return both answers, or what the evaluator says instead: our own first."""
    asked = search.parse(sql)
    whole: dict[str, Any] = {
        "world": "default",
        "tenants": None,
        "period": (0, 2**53),
        "raw_timestamps": True,
        "empty_fields": True,
    }
    found: list[Any] = []
    for one in (replace(core, clickhouse=None), core):
        try:
            found.append(json.loads(json.dumps(searches.search(one, asked, **whole | options))))
        except search.QueryProblem as problem:
            found.append(str(problem))
    return found


def same(mine: Any, real: Any) -> bool:
    """Tell whether both are the same, in the same order even where the query names none."""
    if isinstance(mine, str) or isinstance(real, str):
        return bool(mine == real)
    return equal(mine, real, ordered=True)


def main(count: int) -> int:
    """Compare; return the exit code."""
    source = random.Random(20261124)
    equals = 0
    with tempfile.TemporaryDirectory() as folder, server.running() as address:
        store = f"sqlite:///{folder}/mock.db"
        with opened(store, Path(folder), address) as core:
            give(core, events(source, EVENTS))
            for _ in range(count):
                sql = query(source).sql
                mine, real = answers(core, sql)
                if same(mine, real):
                    equals += 1
                else:
                    print(f"{sql}\n  ours: {str(mine)[:400]}\n  real: {str(real)[:400]}")
    print(f"{equals} of {count} answers of both are equal")
    return int(equals < count)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
