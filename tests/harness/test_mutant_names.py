"""Every mutant still breaks something that is there: a renamed function is told here, in a second."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.mutants.launch import guide, reference, table
from tests.harness.mutants.names import missing, unlike

if TYPE_CHECKING:
    from collections.abc import Callable

#: Those that are functions; the others are parts of these, or text of the window peer.
FUNCTIONS = {name: one for name, one in table().items() if one.module and not one.parts}


@pytest.fixture(scope="module")
def rights() -> dict[str, Any]:
    """The right connectors by the name that the table's files bear."""
    return {"connector": reference(), "guide": guide()}


def function(name: str) -> Callable[[Any], None]:
    module = importlib.import_module(f"tests.harness.mutants.{FUNCTIONS[name].module}")
    found: Callable[[Any], None] = getattr(module, name.replace("-", "_"))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_mutant_breaks_what_is_there(name: str, rights: dict[str, Any]) -> None:
    """The names that it reaches for exist, and what it puts in their place can be called as they are."""
    right, breaks = rights[FUNCTIONS[name].of], function(name)

    assert missing(breaks, right) == []
    assert unlike(breaks, right) == []


def renamed(connector: Any) -> None:
    paging = connector.paging

    def never(_sweep: Any) -> bool:
        return bool(connector.models.nothing_of_this_name or paging.Sweep.before)

    paging.Sweep.after = never


def test_a_renamed_function_is_told(rights: dict[str, Any]) -> None:
    """A name that is gone is found wherever the mutant uses it, and so is one that takes other arguments."""
    assert missing(renamed, rights["connector"]) == ["models.nothing_of_this_name", "paging.Sweep.before"]
    assert unlike(renamed, rights["connector"]) == ["paging.Sweep.after"]
    assert rights["connector"].paging.Sweep.after.__name__ == "after"
