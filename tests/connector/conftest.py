"""No test leaves a connector's database open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.connector.fake_kuma import disconnect_all

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _connectors_are_stopped() -> Iterator[None]:
    yield
    disconnect_all()
