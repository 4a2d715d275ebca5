"""Every recipe of the cookbook runs as it stands on its page, in a world of its own on one mock."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import FunctionType

    from mock_kuma.testing import Kuma

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = list(re.finditer(r"^```python[^\n]*\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))
HEADINGS = re.findall(r"^### (\d+)\. (.+)$", TEXT, re.MULTILINE)


def recipes() -> dict[str, FunctionType]:
    """Return the page's test functions by name, made of its blocks one after the other."""
    names: dict[str, Any] = {}
    for block in BLOCKS:
        above = "\n" * TEXT[: block.start(1)].count("\n")  # so that a failure names the page's line
        exec(compile(above + block[1], str(PAGE), "exec"), names)
    return {name: made for name, made in names.items() if name.startswith("test_")}


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Return each recipe with the arguments that its own marks give it."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, recipe in recipes().items():
        marks = getattr(recipe, "pytestmark", [])
        rows = [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]
        found += [(name, row) for row in rows]
    return found


def test_there_are_fifteen_recipes() -> None:
    """Numbered in order, with one test each."""
    assert [int(number) for number, _ in HEADINGS] == list(range(1, 16))
    assert len(recipes()) == len(HEADINGS)


@pytest.mark.parametrize(("name", "given"), cases())
def test_a_recipe_works(kuma: Kuma, name: str, given: dict[str, Any]) -> None:
    """With the fixtures that it names."""
    recipe = recipes()[name]
    world = kuma.world()
    fixtures = {"kuma": kuma, "kuma_world": world} | given

    recipe(**{wanted: fixtures[wanted] for wanted in inspect.signature(recipe).parameters})
