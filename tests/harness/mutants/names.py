"""What a mutant's function asks of the right connector that it breaks: the names, and how they are called.

Decides whether those are still there, without breaking anything: `missing` reads the function's text, and
`unlike` lets the function work on a stand-in that keeps every change to itself. Rule: the right connector is
never changed by either, so both can be used beside other tests.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def missing(break_it: Callable[[Any], None], connector: Any) -> list[str]:
    """Names that the function reaches for, from its argument onward, and that are not there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(break_it))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    known = _aliases(tree, {tree.args.args[0].arg: ()})
    wanted = {names for node in ast.walk(tree) if (names := _chain(node, known))}
    return sorted(".".join(names) for names in wanted if not _leads(connector, names))


def unlike(break_it: Callable[[Any], None], connector: Any) -> list[str]:
    """Functions that could not be called as those of the connector that they take the place of."""
    changes: list[tuple[str, Any, Any]] = []
    break_it(_StandIn(connector, "", changes))
    # What is not the connector's own is called by it in one way, and takes more.
    return [
        name
        for name, old, new in changes
        if isinstance(old, FunctionType)
        and old.__module__.partition(".")[0] == connector.__name__
        and not _callable_as(old, new)
    ]


def _aliases(tree: ast.FunctionDef, known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Local names that stand for a place in the connector, with the way there."""
    found = dict(known)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            way = _chain(node.value, found)
            if way:
                found[node.targets[0].id] = way
    return found


def _chain(node: ast.AST, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The attributes from the connector to a node; nothing where the way begins elsewhere."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return ()
    return (*known[node.id], *reversed(names))


def _leads(place: Any, names: tuple[str, ...]) -> bool:
    for name in names:
        if not hasattr(place, name):
            return False
        place = getattr(place, name)
    return True


class _StandIn:
    """A module or class of the connector to whoever reads it; what is set is noted, and set nowhere."""

    def __init__(self, place: Any, name: str, changes: list[tuple[str, Any, Any]]) -> None:
        self.__dict__.update(_place=place, _name=name, _changes=changes)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._place, name)
        way = f"{self._name}.{name}".removeprefix(".")
        return _StandIn(found, way, self._changes) if isinstance(found, ModuleType | type) else found

    def __setattr__(self, name: str, value: Any) -> None:
        way = f"{self._name}.{name}".removeprefix(".")
        self._changes.append((way, getattr(self._place, name), value))


def _callable_as(old: Any, new: Any) -> bool:
    """Whether whoever calls the old one, by position or by name as it asks for, can call the new one."""
    if not isinstance(new, FunctionType):
        return True
    signature = inspect.signature(new)
    if any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values()):
        return True
    try:
        signature.bind(*_values(old, named=False), **dict.fromkeys(_values(old, named=True)))
    except TypeError:
        return False
    return True


def _values(function: Any, *, named: bool) -> Iterator[str]:
    for one in inspect.signature(function).parameters.values():
        if (one.kind is one.KEYWORD_ONLY) is named and one.kind not in {one.VAR_KEYWORD, one.VAR_POSITIONAL}:
            yield one.name
