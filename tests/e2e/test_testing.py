"""The mock in other people's tests: the context manager, the fixtures, unittest, two hundred at once."""

from __future__ import annotations

import ssl
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from mock_kuma import running
from mock_kuma.testing import ControlFailed, DidNotStart

if TYPE_CHECKING:
    from pathlib import Path

    from mock_kuma.testing import Kuma, World


def ask(world: World, query: str = "") -> httpx.Response:
    """Search for alerts as a connector does."""
    return httpx.get(
        f"{world.url}/api/v1/alerts?{query}",
        headers={"Authorization": f"Bearer {world.token}"},
        verify=ssl.create_default_context(cafile=world.ca_file) if world.ca_file else True,
    )


def alerts(world: World) -> list[str]:
    """Return the ids of a world's alerts."""
    return [alert["id"] for alert in ask(world).json()]


def test_a_fixture_gives_a_world(kuma_world: World) -> None:
    """Alerts, growth, changes, faults and the journal, each by one call."""
    (first, second) = kuma_world.raise_alerts({"name": "Brute force"}, {"name": "Phishing"})
    kuma_world.grow(first, 2)
    kuma_world.change(second, status="closed")
    kuma_world.fault("status", status=503, times=1)

    refused, answered = (ask(kuma_world, "status=new") for _ in range(2))

    assert (refused.status_code, [alert["id"] for alert in answered.json()]) == (503, [first])
    assert [one["status"] for one in kuma_world.journal(wait_for=2)] == [503, 200]
    assert kuma_world.alert(first)["version"] == 2


def test_two_hundred_worlds_at_once_never_meet(kuma: Kuma) -> None:
    """Two hundred tests in parallel on one server: each sees its own alerts, faults, clock and journal."""

    def one(number: int) -> tuple[bool, int, str, int]:
        world = kuma.world(seed=number % 5, clock=f"2026-01-01T00:00:{number % 60:02d}Z")
        ids = world.generate(3 + number % 4)
        if number % 7 == 0:
            world.fault("status", status=500, match={"path": "/api/v1/tenants"})
        same = sorted(alerts(world)) == sorted(ids)
        clock = world.control("GET", "clock")["now"]
        exchanges = len(world.journal())
        faults = len(world.control("GET", "faults")["faults"])
        world.delete()
        return same, exchanges, clock, faults

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(one, range(200)))

    assert [result[0] for result in found] == [True] * 200
    assert {result[1] for result in found} == {1}
    assert [result[2] for result in found] == [f"2026-01-01T00:00:{n % 60:02d}Z" for n in range(200)]
    assert [result[3] for result in found] == [int(n % 7 == 0) for n in range(200)]


def test_a_refused_action_says_what_was_refused(kuma_world: World) -> None:
    """With the status and the control API's own words."""
    with pytest.raises(ControlFailed, match=r"PATCH .*404.*not found"):
        kuma_world.change("nobody", status="closed")


def test_a_server_that_does_not_start_says_why() -> None:
    """Its own error is in the exception."""
    with pytest.raises(DidNotStart, match="'9' is not one of"), running("--kuma-version", "9"):
        pass


def test_the_plugin_works_in_a_project_of_its_own(tmp_path: Path) -> None:
    """Nothing but the installed package: the fixtures are there."""
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(kuma_world):\n    assert len(kuma_world.generate(2)) == 2\n", encoding="utf-8"
    )

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert "1 passed" in result.stdout, result.stdout + result.stderr


class InUnittest(unittest.TestCase):
    """The context manager needs no pytest."""

    def test_a_world(self) -> None:
        """``enterContext`` starts it, and the end of the test stops it."""
        kuma = self.enterContext(running("--no-tls"))

        world = kuma.world(seed=1)

        assert sorted(world.generate(2)) == sorted(alerts(world))
