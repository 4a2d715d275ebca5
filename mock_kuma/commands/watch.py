"""``serve --watch``: notices that a scenario's file has changed, and has it told anew.

Rule: a file that is wrong changes nothing; what is wrong with it is said, and the world stays as it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_kuma import scenarios
from mock_kuma.commands import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.scenarios import Scenario


class Watch:
    """A scenario's file, and how it looked last."""

    def __init__(self, name_or_file: str) -> None:
        self._path = Path(scenarios.found(name_or_file).file)
        self._seen = self._state()

    def look(self, tell: Callable[[Scenario], None]) -> None:
        """Tell the scenario if its file has changed since; say on stderr what came of it."""
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        try:
            tell(scenarios.read(self._path))
        except scenarios.WrongScenario as error:
            terminal.say(f"{error}; the world stays as it was", err=True)
        else:
            click.echo(f"{self._path}: told anew", err=True)

    def _state(self) -> tuple[int, int, int]:
        # An editor may replace the file, so that time and size alone could be the same.
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)
