"""The event search on a real ClickHouse, over its HTTP interface: ``serve --events clickhouse://...``.

Before a search, the events of its world that ClickHouse lacks are inserted, a batch a transaction of the
store, so a search finds whatever was committed before it began. Each store has a table of its own there,
divided by world. Knows no query's text. Rule: a search only reads, and is bounded in time, memory and groups.
"""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mock_kuma import logs
from mock_kuma.domain.query_clickhouse import BODY, KEY, NESTED, WHEN, objects, statement, text
from mock_kuma.domain.query_columns import COLUMNS, TYPES
from mock_kuma.domain.query_problems import SearchFailed
from mock_kuma.domain.query_rows import reader
from mock_kuma.domain.query_types import Type
from mock_kuma.domain.query_work import HELD
from mock_kuma.store import event_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mock_kuma.domain.query_tree import Query
    from mock_kuma.store.database import Data
    from mock_kuma.store.event_queue import Waiting

_log = logging.getLogger(__name__)

_PORT: Final = 8123
_CONNECT_SECONDS: Final = 5
_SECONDS: Final = 30
_MEMORY: Final = 2 << 30
#: So many events are inserted at once, and so many worlds that are gone forgotten.
_BATCH: Final = 5_000
_FORGOTTEN: Final = 50
#: Of a refusal's text, so much is told in the log.
_TOLD: Final = 300

#: ClickHouse's own numbers: division by zero; time, memory, rows and groups above what is allowed.
_DIVISION: Final = 153
_TOO_MUCH: Final = frozenset({158, 159, 160, 191, 241, 396})

_SEARCH: Final = {
    "readonly": "2",  # nothing is changed but the settings of this search
    "max_threads": "1",  # sums of floats are added in one order
    "max_execution_time": str(_SECONDS),
    "max_memory_usage": str(_MEMORY),
    "max_rows_to_group_by": str(HELD),
    "max_query_size": str(8 << 20),
    "max_ast_elements": "1000000",
    "max_expanded_ast_elements": "2000000",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_json_quote_denormals": "0",
}
_KINDS: Final = {Type.STRING: "String", Type.INT64: "Int64", Type.FLOAT64: "Float64", Type.NESTED: "String"}
_OWN: Final = (
    f"world String, seq Int64, {WHEN} Int64, {KEY} String, tenant String, {BODY} String, {NESTED} String"
)


class NoClickHouse(Exception):
    """ClickHouse cannot be used as it is named; ``why`` says what is wrong, without the password."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"cannot use the event storage: {self.why}"


class _Refused(Exception):
    """ClickHouse answered with an error of its own."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason

    def __str__(self) -> str:
        return self.reason


class ClickHouse:
    """The events of one store in a ClickHouse."""

    def __init__(self, address: str, database: Data) -> None:
        """Raise ``NoClickHouse`` where the address is none."""
        self._database = database
        self._shown, self._http, self._parameters = _client(address)
        self._name: str | None = None

    def prepare(self) -> None:
        """Make the table where it is missing, and then let every world be told. Raises ``NoClickHouse``."""
        with self._database.write() as connection:
            name = event_queue.create(connection)
            try:
                if self._ask(f"EXISTS TABLE {name}", _SEARCH).strip() != b"1":
                    columns = ", ".join(f"`{one}` {_KINDS[TYPES[kind]]}" for one, kind in COLUMNS.items())
                    self._ask(
                        f"CREATE TABLE {name} ({_OWN}, {columns}) ENGINE = MergeTree()"
                        f" PARTITION BY world ORDER BY ({WHEN}, {KEY})"
                    )
                    event_queue.mark_all(connection)
            except (httpx.HTTPError, _Refused) as error:
                raise NoClickHouse(f"{self._shown}: {_words(error)}") from error
        self._name = name

    def forget(self) -> None:
        """Drop the store's table: the store itself goes. What fails is told, and nothing more."""
        try:
            self._ask(f"DROP TABLE IF EXISTS {self._table()}")
        except (httpx.HTTPError, _Refused) as error:
            _log.warning("a table of events is left in ClickHouse", extra=logs.fields(why=_words(error)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def search(
        self,
        query: Query,
        *,
        world: str,
        tenants: Sequence[str] | None,
        period: tuple[int, int],
        raw_timestamps: bool,
        empty_fields: bool,
    ) -> list[dict[str, object]]:
        """Return the answer's objects, as ``eventsql.search`` does; raises ``SearchFailed``."""
        if query.limit == 0:
            return []
        condition = f"world = {text(world)} AND {WHEN} BETWEEN {period[0]} AND {period[1]}"
        if tenants is not None:
            among = " OR ".join(f"tenant = {text(one)}" for one in tenants)
            condition += f" AND ({among or '0'})"
        try:
            self._tell(world)
            sql = statement(query, self._table(), condition)
            found = msgspec.json.decode(self._ask(f"{sql} FORMAT JSONCompact", _SEARCH))
        except httpx.HTTPError as error:
            _log.warning("ClickHouse does not answer", extra=logs.fields(why=_words(error)))
            raise SearchFailed("the event storage does not answer") from error
        except _Refused as error:
            raise _failed(error) from error
        return objects(query, found["data"], raw_timestamps=raw_timestamps, empty_fields=empty_fields)

    def _tell(self, world: str) -> None:
        """Insert what ClickHouse lacks of the world."""
        while True:
            with self._database.read() as connection:
                if not event_queue.waits(connection, world):
                    return
            # The world's writers wait meanwhile, and so does whoever else would tell the same events.
            with self._database.write(world) as connection:
                anew = [world] if event_queue.is_marked(connection, world) else []
                for one in anew + event_queue.gone(connection, _FORGOTTEN):
                    self._drop(one)
                    event_queue.begin_anew(connection, one)
                waiting = event_queue.first(connection, world, _BATCH)
                if waiting:
                    self._insert(world, waiting)
                    event_queue.done(connection, world, waiting[-1].seq)

    def _insert(self, world: str, waiting: Sequence[Waiting]) -> None:
        # Whoever died between inserting and committing has inserted: ClickHouse itself says how far.
        reached = f"SELECT max(seq) FROM {self._table()} WHERE world = {text(world)}"  # noqa: S608 -- escaped
        last = int(self._ask(reached))
        rows = b"".join(_rows(world, (one for one in waiting if one.seq > last)))
        if rows:
            self._ask(rows, {"query": f"INSERT INTO {self._table()} FORMAT RowBinary"})

    def _drop(self, world: str) -> None:
        self._ask(f"ALTER TABLE {self._table()} DROP PARTITION {text(world)}")

    def _table(self) -> str:
        if self._name is None:
            with self._database.read() as connection:
                self._name = event_queue.target(connection)
        return self._name

    def _ask(self, sql: str | bytes, parameters: dict[str, str] | None = None) -> bytes:
        """Return what ClickHouse answers; raises ``httpx.HTTPError`` and ``_Refused``."""
        content = sql if isinstance(sql, bytes) else sql.encode()
        answer = self._http.post("/", params={**self._parameters, **(parameters or {})}, content=content)
        if answer.status_code != httpx.codes.OK:
            reason = answer.text.partition("\n")[0][:_TOLD]
            code = reason.removeprefix("Code: ").partition(",")[0].partition(".")[0]
            raise _Refused(int(code) if code.isdecimal() else 0, reason or f"status {answer.status_code}")
        return answer.content


def _client(address: str) -> tuple[str, httpx.Client, dict[str, str]]:
    """Return the address without its password, the client, and what goes along with every request."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise NoClickHouse(f"{address[:12]!r}... is no clickhouse://HOST:PORT/DATABASE") from error
    if url.get_backend_name() != "clickhouse" or not url.host or set(url.query) - {"secure"}:
        raise NoClickHouse(f"{url} is no clickhouse://USER:PASSWORD@HOST:PORT/DATABASE[?secure=true]")
    secure = url.query.get("secure") == "true"
    host = f"[{url.host}]" if ":" in url.host else url.host
    http = httpx.Client(
        base_url=f"{'https' if secure else 'http'}://{host}:{url.port or _PORT}",
        auth=(url.username, str(url.password or "")) if url.username else None,
        timeout=httpx.Timeout(2 * _SECONDS, connect=_CONNECT_SECONDS),
        trust_env=False,
    )
    return str(url), http, {"database": url.database} if url.database else {}


def _failed(error: _Refused) -> SearchFailed:
    if error.code == _DIVISION:
        return SearchFailed("Division by zero")
    if error.code in _TOO_MUCH:
        return SearchFailed("too much work; ask for a shorter period, or make the query simpler")
    _log.warning("ClickHouse refuses", extra=logs.fields(why=str(error)))
    return SearchFailed("the event storage refuses the query")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _rows(world: str, waiting: Iterable[Waiting]) -> Iterable[bytes]:
    """Return the events in ClickHouse's binary form of rows: exact, whatever is in them."""
    read = reader(COLUMNS)
    columns = [(name, _BINARY[TYPES[kind]]) for name, kind in COLUMNS.items()]
    for one in waiting:
        if one.body is None:
            continue
        row = read(one.body, one.nested)
        own = (
            _text(world),
            _integer(one.seq),
            _integer(one.timestamp or 0),
            *map(_text, (one.id, one.tenant or "", one.body, one.nested or "")),
        )
        yield b"".join((*own, *(binary(getattr(row, name)) for name, binary in columns)))


def _text(value: str) -> bytes:
    if not value:
        return b"\0"  # most columns of most events
    encoded = value.encode()
    size, left = bytearray(), len(encoded)
    # Seven bits a byte, the lowest first; another follows where the eighth is set.
    while left >> 7:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    size.append(left)
    return bytes(size) + encoded


_integer: Final = struct.Struct("<q").pack
_BINARY: Final[dict[Type, Callable[[Any], bytes]]] = {
    Type.STRING: _text,
    Type.INT64: _integer,
    Type.FLOAT64: struct.Struct("<d").pack,
    Type.NESTED: lambda value: _text(msgspec.json.encode(value).decode()),
}
