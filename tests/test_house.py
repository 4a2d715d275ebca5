"""The house rules that a machine can read: sizes, names, marks, words that may not be here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("mock_kuma", "connector", "harness")
SOURCES = sorted(path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*.py"))
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]
LINES = 300
HOMELESS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base"}


def name(path: Path) -> str:
    """Return a path as a test's id."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_is_too_long(path: Path) -> None:
    """300 lines are enough for one noun."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_file_is_named_after_a_noun(path: Path) -> None:
    """A function without a home has no name yet."""
    assert path.stem not in HOMELESS


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """The first thing in a file is a docstring; an empty package file needs none."""
    text = path.read_text(encoding="utf-8")

    assert not text.strip() or text.startswith('"""')


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_nothing_is_left_unfinished(path: Path) -> None:
    """No marks of work to be done, no bare silencing of checkers."""
    text = path.read_text(encoding="utf-8")

    unfinished = re.findall(r"\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError|coming soon", text)
    bare = re.findall(r"# noqa(?!: [A-Z0-9, ]+ -- )|# type: ignore(?!\[[a-z-]+\] +# )", text)
    assert (unfinished, [line for line in bare if line]) == ([], [])


def test_every_dependency_says_what_it_is_for() -> None:
    """A sentence beside each line of the lists."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|harness|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in lists for line in block.splitlines() if "mock-kuma[" not in line]

    assert len(lists) == 3
    assert [line for line in lines if not re.search(r'^\s+"[^"]+",\s+# \w.+', line)] == []
