"""One mock for all tests of a module of the vendor surface; each makes worlds of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mock_kuma.conftest import Kuma


@pytest.fixture(scope="module")
def kuma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kuma]:
    """A mock whose worlds never see each other, so that sharing it changes nothing."""
    with started(tmp_path_factory.mktemp("api")) as mock:
        yield mock
