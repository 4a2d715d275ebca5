"""Scenarios: stories in files, which become control actions with times of their own.

Shipped ones are data beside the package; a file of one's own is read the same way. Rule: a scenario does
nothing that the control API could not be asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mock_kuma.scenarios.text import Scenario, WrongScenario, read

__all__ = ["EMPTY", "NoSuchScenario", "Scenario", "WrongScenario", "found", "named", "names", "read"]

#: A world as it is made, with nothing told.
EMPTY: Final = "empty"


class NoSuchScenario(Exception):
    """No scenario of that name is shipped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is no scenario {self.name!r}; there are {', '.join(names())}"


def names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def named(name: str) -> Scenario:
    """Return a shipped scenario."""
    if name not in names():
        raise NoSuchScenario(name)
    return read(_folder() / f"{name}.toml")


def found(name_or_file: str) -> Scenario:
    """Return a shipped scenario by its name, or any other by its file."""
    if name_or_file in names():
        return named(name_or_file)
    path = Path(name_or_file)
    if path.suffix != ".toml" and not path.exists():
        raise NoSuchScenario(name_or_file)
    return read(path)


def _folder() -> Path:
    # In an installed package the fixtures lie inside it; in a checkout, beside it.
    package = Path(__file__).parents[1]
    inside = package / "fixtures" / "scenarios"
    return inside if inside.is_dir() else package.parent / "fixtures" / "scenarios"
