"""POST /alerts/close: the eight outcomes of the vendor's page (222255), and who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

VERSIONS = ["v1", "v2", "v2.1", "v2.2", "v3"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reason", ["responded", "incorrect data", "incorrect correlation rule"])
def test_an_open_alert_is_closed_with_its_reason(world: World, version: str, reason: str) -> None:
    """204 without a body, and the alert shows the reason."""
    (alert_id,) = world.raise_alerts({})

    response = world.vendor("POST", f"/{version}/alerts/close", {"id": alert_id, "reason": reason})

    assert (response.status_code, response.data) == (204, b"")
    (alert,) = world.alerts()
    assert (alert["status"], alert["closingReason"]) == ("closed", reason)


def test_reasons_are_read_in_any_case(world: World) -> None:
    """The R-Vision guide prints them with capitals for the same field."""
    (alert_id,) = world.raise_alerts({})

    response = world.vendor(
        "POST", "/v1/alerts/close/", {"id": alert_id, "reason": "Incorrect Correlation Rule"}
    )

    assert response.status_code == 204
    assert world.alerts()[0]["closingReason"] == "incorrect correlation rule"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"reason": "responded"}, 400, "id required"),
        ({"id": "", "reason": "responded"}, 400, "id required"),
        ({"id": None, "reason": "responded"}, 400, "id required"),
        ({"id": "alert"}, 400, "reason required"),
        ({}, 400, "id required"),
        ({"id": "alert", "reason": "because"}, 400, "invalid reason"),
        ({"id": "unknown", "reason": "because"}, 400, "invalid reason"),
        ({"id": "unknown", "reason": "responded"}, 404, "alert not found"),
        ({"id": "closed", "reason": "responded"}, 406, "alert already closed"),
        ({"id": "elsewhere", "reason": "responded"}, 406, "tenant disabled"),
    ],
)
def test_each_refusal_has_its_row(world: World, body: dict[str, object], status: int, message: str) -> None:
    """Status, message and empty details, in the documented order of the checks."""
    tenant = world.control("POST", "tenants", {"name": "Closed down", "disabled": True}, status=201)["id"]
    world.raise_alerts(
        {"id": "alert"}, {"id": "closed", "status": "closed"}, {"id": "elsewhere", "tenantID": tenant}
    )

    response = world.vendor("POST", "/v1/alerts/close", body)

    assert (response.status_code, response.json) == (status, {"message": message, "details": None})


def test_an_alert_of_a_tenant_without_a_role_is_denied(world: World) -> None:
    """A single call is refused where a list is silently filtered."""
    other = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    (alert_id,) = world.raise_alerts({})
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [other]})

    response = analyst.vendor("POST", "/v1/alerts/close", {"id": alert_id, "reason": "responded"})

    assert (response.status_code, response.json) == (403, {"message": "access denied", "details": None})
    assert world.alerts()[0]["status"] == "new"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "request body required"),
        (b"{", "request body decode failed"),
        (b"[]", "request body decode failed"),
        (b'{"id": 7, "reason": "responded"}', "request body decode failed"),
        (b"\xff\xfe", "request body decode failed"),
        (b"[" * 100_000, "request body decode failed"),
    ],
)
def test_a_broken_body_is_refused_and_nothing_changes(world: World, data: bytes, message: str) -> None:
    """Neither bad UTF-8 nor deep nesting is more than a 400."""
    world.raise_alerts({})

    response = world.vendor("POST", "/v1/alerts/close", data)

    assert (response.status_code, (response.json or {})["message"]) == (400, message)
    assert world.alerts()[0]["status"] == "new"


def test_the_content_type_is_not_asked_for(world: World) -> None:
    """A public client posts JSON text without naming it."""
    (alert_id,) = world.raise_alerts({})

    response = world.vendor(
        "POST",
        "/v1/alerts/close",
        f'{{"id":"{alert_id}","reason":"responded"}}'.encode(),
        **{"Content-Type": "text/plain"},
    )

    assert response.status_code == 204
