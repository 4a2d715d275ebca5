"""Right connectors of different design pass everything that they claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import catalog
from tests.harness.matrix import RIGHT, judge, right_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server


@pytest.mark.parametrize("name", ["guide", "window"])
def test_a_right_connector_passes(name: str, kuma: Server, tmp_path: Path) -> None:
    """The two designs that are farthest apart pass the whole suite."""
    found = judge(right_file(name, folder=tmp_path), out=tmp_path / "report", server=kuma)

    assert found.not_right() == {}
    assert found.exit_code == 0
    assert set(found.verdicts) == catalog.load().ids()


@pytest.mark.parametrize("name", sorted({*RIGHT} - {"guide", "window", "outbox"}))
def test_a_right_connector_passes_the_core(name: str, kuma: Server, tmp_path: Path) -> None:
    """The others pass the core here, and the whole suite in `make mutants`."""
    found = judge(right_file(name, folder=tmp_path), out=tmp_path / "report", server=kuma, profile="core")

    assert found.not_right() == {}
    assert found.exit_code == 0
