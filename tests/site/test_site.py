"""The documentation's site is built strictly; what would load something from elsewhere is noticed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness import catalog
from mock_kuma import operations
from tests.site.__main__ import build, outside

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once."""
    folder = tmp_path_factory.mktemp("site")
    assert build(folder) == 0
    return folder


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture."""
    assert outside(site) == []


@pytest.mark.parametrize(
    "wrong",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<img alt=x src=//cdn.example/x.png>",
        '<link rel="stylesheet" href="https://cdn.example/x.css">',
    ],
)
def test_what_is_loaded_from_elsewhere_is_noticed(tmp_path: Path, wrong: str) -> None:
    """So the former test can fail."""
    (tmp_path / "page.html").write_text(f"<html>{wrong}</html>", encoding="utf-8")

    assert len(outside(tmp_path)) == 1


def test_the_catalogue_has_every_requirement(site: Path) -> None:
    """Each with a heading of its own to link to."""
    page = (site / "requirements.html").read_text(encoding="utf-8")

    headings = re.findall(r'<h3 id="([a-z]+-\d+)"', page)
    assert sorted(headings) == sorted(known.lower() for known in catalog.load().ids())


def test_the_table_of_fidelity_has_every_operation(site: Path) -> None:
    """As the vendor names them."""
    page = (site / "fidelity.html").read_text(encoding="utf-8")

    assert [name for name in operations.every() if f"<code>{name}</code>" not in page] == []
