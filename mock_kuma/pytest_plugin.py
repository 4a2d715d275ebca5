"""Fixtures for tests of connectors: ``kuma``, one mock for the session, and ``kuma_world``, one world a test.

Safe under xdist: each of its processes has a mock of its own. Installed with the package; asks nothing
of tests that do not use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.testing import Kuma, World


@pytest.fixture(scope="session")
def kuma() -> Iterator[Kuma]:
    """Run one mock over HTTPS, with the listener for transport faults."""
    from mock_kuma.testing import running  # noqa: PLC0415 -- only where the fixture is used

    with running("--wire") as found:
        yield found


@pytest.fixture
def kuma_world(kuma: Kuma) -> Iterator[World]:
    """Make a simulated KUMA of this test's own; it is gone afterwards."""
    world = kuma.world()
    yield world
    world.delete()
