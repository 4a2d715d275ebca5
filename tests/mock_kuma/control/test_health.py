"""The probes, and what Prometheus reads."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from mock_kuma import operations
from tests.mock_kuma.conftest import CONTROL_TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.mock_kuma.conftest import Kuma, World

CONTROL = {"Authorization": f"Bearer {CONTROL_TOKEN}"}


def measured(kuma: Kuma) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by its name and labels."""
    response = kuma.console_client.get("/metrics", headers=CONTROL)
    assert response.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def requests(operation: str, status: str) -> tuple[str, Any]:
    """Return the key of a count of requests."""
    return ("mock_kuma_requests_total", (("operation", operation), ("status", status)))


def test_the_probes_need_no_token_and_tell_a_word(kuma: Kuma) -> None:
    """A container's runtime has no secret."""
    found = [kuma.console_client.get(path) for path in ("/health", "/ready")]

    assert [(one.status_code, one.json) for one in found] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


def test_a_server_without_its_store_lives_and_is_not_ready(kuma: Kuma, tmp_path: Path) -> None:
    """A restart would not help, and nobody should send requests."""
    with sqlite3.connect(tmp_path / "mock.db") as store:
        store.execute("ALTER TABLE worlds RENAME TO gone")
    store.close()

    found = [kuma.console_client.get(path).status_code for path in ("/health", "/ready")]

    assert found == [200, 503]


def test_requests_are_counted_by_operation_and_status(kuma: Kuma, world: World) -> None:
    """Each exchange once, with how long it took; worlds and journals as they are now."""
    world.alerts()
    world.alerts()
    world.vendor("POST", "/v1/alerts/close", {"id": "x", "reason": "responded"})
    kuma.vendor("GET", "/v1/alerts", token="0" * 32)

    found = measured(kuma)

    assert found[requests("GET /alerts", "200")] == 2
    assert found[requests("GET /alerts", "403")] == 1
    assert sum(value for key, value in found.items() if key[0] == "mock_kuma_requests_total") == 4
    assert found["mock_kuma_request_seconds_count", (("operation", "GET /alerts"),)] == 3
    assert (found["mock_kuma_worlds", ()], found["mock_kuma_journal_exchanges", ()]) == (2, 4)


def test_faults_are_counted_by_kind(kuma: Kuma, world: World) -> None:
    """Only those that fired; where nothing is answered the status is none."""
    for action in ({"kind": "reset"}, {"kind": "status", "status": 500}):
        world.control("POST", "faults", {"times": 1, "action": action}, status=201)
        world.vendor("GET", "/v1/alerts")
    world.vendor("GET", "/v1/alerts")

    found = measured(kuma)

    fired = {key[1][0][1]: value for key, value in found.items() if key[0] == "mock_kuma_faults_fired_total"}
    assert fired == {"reset": 1, "status": 1}
    assert found[requests("none", "none")] == 1


def test_no_label_is_what_a_client_has_written(kuma: Kuma, world: World) -> None:
    """Paths, methods and tokens do not become labels, however many of them are tried."""
    for number in range(5):
        world.vendor("GET", f"/v1/alerts-{number}?token={world.token}")
        kuma.vendor_client.open("/api/v1/alerts", method=f"M{number}")

    response = kuma.console_client.get("/metrics", headers=CONTROL)

    assert world.token not in response.text
    known = {*operations.every(), "none"}
    seen = {dict(key[1]).get("operation", "none") for key in measured(kuma)}
    assert seen <= known


def test_two_servers_count_for_themselves(
    kuma: Kuma, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A registry belongs to one server, not to the process."""
    from tests.mock_kuma.conftest import started  # noqa: PLC0415 -- a second one is only here

    world.alerts()
    with started(tmp_path_factory.mktemp("other")) as other:
        assert requests("GET /alerts", "200") not in measured(other)
    assert measured(kuma)[requests("GET /alerts", "200")] == 1
