"""A mock behind its front door, a world for each test, and a client of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector import Client
from mock_kuma.testing import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mock_kuma.testing import Kuma, World

    Connect = Callable[..., Client]


@pytest.fixture(scope="module")
def kuma() -> Iterator[Kuma]:
    """A mock for all tests of a module."""
    with running() as found:
        yield found


@pytest.fixture
def world(kuma: Kuma) -> World:
    """A world of the test's own."""
    return kuma.world(seed=7)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients of a world, and disconnects them."""
    made: list[Client] = []

    def connect(world: World, version: str = "v3") -> Client:
        ca_file = Path(world.ca_file) if world.ca_file else None
        made.append(Client(world.url, token=world.token, ca_file=ca_file, version=version))
        return made[-1]

    yield connect
    for one in made:
        one.disconnect()


@pytest.fixture
def client(world: World, connect: Connect) -> Client:
    """A client of the newest API in the test's world."""
    return connect(world)
