"""``--strict``: no guess leaves the mock; what is documented, observed or recalled does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mock_kuma.conftest import World


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[World]:
    """A world of a mock that does not guess."""
    with started(tmp_path, strict=True) as kuma:
        yield kuma.world()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/alerts", 200),
        ("GET", "/v2.2/assets", 200),  # observed
        ("GET", "/v1/alerts?status=lost", 400),  # recalled
        ("GET", "/v2.2/alerts", 501),
        ("GET", "/v1/download/x", 501),
        ("GET", "/v1/alerts?name=(", 501),
        ("GET", "/v1/nothing", 501),
        ("DELETE", "/v1/alerts", 501),
    ],
)
def test_only_guesses_are_refused(strict: World, method: str, path: str, status: int) -> None:
    """An inferred operation, and an inferred error of another, are answered with 501."""
    response = strict.vendor(method, path)

    assert response.status_code == status
    assert ("does not guess" in response.text) is (status == 501)


def test_the_refusal_says_what_would_have_been_guessed(strict: World) -> None:
    """In the vendor's error body, and in the journal."""
    told = strict.vendor("GET", "/v1/alerts?name=(").json

    why = "GET /alerts: the answer 400 'invalid query parameter value' is inferred"
    assert told == {"message": f"mock-kuma --strict does not guess; {why}", "details": None}
    assert strict.journal()[-1]["reason"] == f"strict: {why}"


def test_what_is_refused_is_not_done(strict: World) -> None:
    """An operation that only v3 was seen to have changes nothing in v2.2."""
    (alert,) = strict.raise_alerts({"name": "Brute force"})

    refused = strict.vendor("POST", "/v2.2/alerts/close", {"id": alert, "reason": "responded"})

    assert refused.status_code == 501
    assert strict.alerts()[0]["status"] == "new"
