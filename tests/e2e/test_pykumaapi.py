"""``pykumaapi``, another public client: its one function searches events in v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from pykumaapi.pykumaapi import getevent
from urllib3.exceptions import InsecureRequestWarning

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

FROM, TO = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
AT = 1767225600000  # FROM, milliseconds


def place(server: Server) -> str:
    """Return the client's host; the port and path that it puts behind become a fragment."""
    return f"{urlsplit(server.api).netloc}/api/v1/events#"


def search(server: Server, token: str, sql: str, *, cluster: str = "", since: str = FROM) -> Any:
    """Search as the client does. A defect of it: no certificate is verified, and urllib3 warns."""
    with pytest.warns(InsecureRequestWarning):
        return getevent(place(server), token, cluster, sql, since, TO)


@pytest.fixture
def cluster(client: Any) -> str:
    """The world's storage cluster."""
    return str(client.events.get_clusters()[1][0]["id"])


def test_events_are_found(server: Server, world: tuple[str, str], cluster: str) -> None:
    """Whole rows, with their times as RFC 3339 text, since it does not ask for raw ones."""
    events = [
        {"ID": "a", "Timestamp": AT, "DeviceVendor": "netflow", "BytesOut": 5},
        {"ID": "b", "Timestamp": AT + 1_000, "DeviceVendor": "netflow", "BytesOut": 6},
        {"ID": "c", "Timestamp": AT, "DeviceVendor": "other", "BytesOut": 7},
    ]
    server.control("POST", f"/worlds/{world[0]}/events", {"events": events})
    sql = "SELECT * FROM events WHERE DeviceVendor = 'netflow' ORDER BY Timestamp DESC LIMIT 10"

    rows = search(server, world[1], sql, cluster=cluster)

    assert [(row["ID"], row["BytesOut"]) for row in rows] == [("b", 6), ("a", 5)]
    assert rows[1]["Timestamp"] == FROM


def test_sums_are_told(server: Server, world: tuple[str, str], cluster: str) -> None:
    """The vendor's own sample query, by source address."""
    events = [
        {"Timestamp": AT, "DeviceVendor": "netflow", "SourceAddress": address, "BytesOut": size}
        for address, size in (("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.2", 4))
    ]
    server.control("POST", f"/worlds/{world[0]}/events", {"events": events})
    sql = (
        "SELECT sum(BytesOut) as TotalBytesSent, SourceAddress FROM events"
        " WHERE DeviceVendor = 'netflow' GROUP BY SourceAddress LIMIT 1000"
    )

    rows = search(server, world[1], sql, cluster=cluster)

    assert {row["SourceAddress"]: row["TotalBytesSent"] for row in rows} == {"10.0.0.1": 3, "10.0.0.2": 4}


def test_a_refusal_is_the_clients_answer(server: Server, world: tuple[str, str], cluster: str) -> None:
    """A defect of the client: it looks at no status, so an error's body comes as if it were the rows."""
    answers = [
        search(server, world[1], "DROP TABLE events", cluster=cluster),
        search(server, world[1], "SELECT ID FROM events", cluster=cluster),
        search(server, world[1], "SELECT ID FROM events LIMIT 1", cluster="nowhere"),
        search(server, world[1], "SELECT ID FROM events LIMIT 1", cluster=cluster, since=""),
        search(server, "0" * 32, "SELECT ID FROM events LIMIT 1", cluster=cluster),
    ]

    assert [answer["message"] for answer in answers] == [
        "invalid sql",
        "sql: LIMIT required",
        "cluster not found",
        "period.from required",
        "access denied",
    ]


def test_an_empty_cluster_is_the_only_one(server: Server, world: tuple[str, str]) -> None:
    """The client always sends a cluster; an empty one is none, which is enough where there is one."""
    answer = search(server, world[1], "SELECT count(ID) AS n FROM events LIMIT 1")

    assert answer == [{"n": 0}]
