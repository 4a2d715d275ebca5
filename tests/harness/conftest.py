"""What the harness's own tests share: a running mock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Server


@pytest.fixture(scope="session")
def kuma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One mock for all runs of a process; each check makes a world of its own in it."""
    with running(tmp_path_factory.mktemp("kuma"), "--wire") as server:
        yield server
