"""``kuma-api``, a public client that nobody here wrote, works against the mock over HTTPS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kuma.rest import KumaRestAPI
from kuma.rest.errors import APIError

if TYPE_CHECKING:
    from tests.e2e.conftest import Server


def generate(server: Server, world: tuple[str, str], count: int, **options: Any) -> list[str]:
    """Generate alerts; return their ids."""
    body = {"generate": {"count": count, **options}}
    return list(server.control("POST", f"/worlds/{world[0]}/alerts", body)["ids"])


def test_whoami(client: Any) -> None:
    """The client says who its token belongs to."""
    status, me = client.users.whoami()

    assert (status, me["login"], me["roles"][0]["name"]) == (200, "admin", "General administrator")


def test_tenants(client: Any) -> None:
    """Main and Shared."""
    status, tenants = client.tenants.search()

    assert (status, [tenant["name"] for tenant in tenants]) == (200, ["Main", "Shared"])


def test_the_paging_helper_reads_501_alerts(server: Server, world: tuple[str, str], client: Any) -> None:
    """It stops at the first page with fewer than 250."""
    ids = generate(server, world, 501)

    status, alerts = client.alerts.searchp(limit=1_000)

    assert (status, [alert["id"] for alert in alerts]) == (200, ids)


def test_filters(server: Server, world: tuple[str, str], client: Any) -> None:
    """Status, name, period, ids and events, as the client spells them."""
    old = generate(server, world, 2, last_seen="2026-01-01T00:00:00Z", status="assigned", name="Brute force")
    new = generate(server, world, 3, name="Phishing", events=2)

    by_status = client.alerts.search(status="assigned")[1]
    by_name = client.alerts.search(name="^phish")[1]
    by_time = client.alerts.search(**{"from": "2026-01-02T00:00:00Z", "withEvents": ""})[1]
    by_id = client.alerts.search(id=[old[0], new[0]])[1]

    assert {alert["id"] for alert in by_status} == set(old)
    assert {alert["id"] for alert in by_name} == set(new)
    assert [len(alert["events"]) for alert in by_time] == [2, 2, 2]
    assert {alert["id"] for alert in by_id} == {old[0], new[0]}


def test_close(server: Server, world: tuple[str, str], client: Any) -> None:
    """The alert is closed with its reason, once."""
    (alert,) = generate(server, world, 1)

    status, _ = client.alerts.close(alert, "incorrect data")

    truth = server.control("GET", f"/worlds/{world[0]}/alerts/{alert}")
    assert (status, truth["status"], truth["closingReason"]) == (204, "closed", "incorrect data")
    with pytest.raises(APIError, match="alert already closed") as caught:
        client.alerts.close(alert, "responded")
    assert caught.value.status_code == 406


def test_errors_carry_the_vendors_words(client: Any) -> None:
    """Status and message reach the client's exception."""
    with pytest.raises(APIError, match="invalid status") as wrong_status:
        client.alerts.search(status="open")
    with pytest.raises(APIError, match="alert not found") as unknown:
        client.alerts.close("00000000-0000-0000-0000-000000000001")

    assert (wrong_status.value.status_code, unknown.value.status_code) == (400, 404)


def test_a_wrong_token_is_denied(server: Server) -> None:
    """403, as the documentation says."""
    with (
        KumaRestAPI(server.api, "0" * 32, verify=server.ca_file or False) as client,
        pytest.raises(APIError, match="access denied") as caught,
    ):
        client.users.whoami()

    assert caught.value.status_code == 403


def test_the_certificate_is_really_verified(server: Server, world: tuple[str, str]) -> None:
    """Without the mock's CA the client refuses to talk."""
    with (
        KumaRestAPI(server.api, world[1], verify=True) as client,
        pytest.raises(APIError, match="certificate"),
    ):
        client.users.whoami()
