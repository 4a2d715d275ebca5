"""The program that a connector file's command names: looked for, and started.

Decides where a bare name is looked for: in the folders of PATH as a shell does, then beside the interpreter
that runs the harness, where a virtual environment that was not activated has it. Knows nothing of what the
process says. Rule: a program that is not there is told with every place in which it was looked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness.protocol import NotStarted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class NotFound(NotStarted):
    """No file is what the command names. ``places`` are where it was looked for."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        super().__init__(name, places)
        self.name, self.places = name, tuple(places)

    def __str__(self) -> str:
        return (
            f"the command {self.name!r} could not be started: there is no such file in "
            f"{', '.join(self.places)}. Install what it belongs to, activate the environment that has it, or "
            "write its whole path into the connector file"
        )


def started(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Start a command in a folder with pipes for stdin and stdout; raises NotStarted."""
    executable = _executable(command[0], folder=folder, path=environment.get("PATH"))
    try:
        return subprocess.Popen(  # noqa: S603 -- the command under test, without a shell
            list(command),
            executable=executable,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            # A group of its own: a wrapper's children are ended with it, and Ctrl-C is ours.
            start_new_session=True,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NotStarted(f"the command {command[0]!r} could not be started in {folder}: {why}") from error


def _executable(name: str, *, folder: Path, path: str | None) -> str | None:
    """Return the file to start, or None where the system finds it by itself; raises NotFound."""
    if os.sep in name:
        # A path is one place, beginning at the connector file's folder.
        if not (folder / name).exists():
            raise NotFound(name, [str((folder / name).parent)])
        return None
    # As the system does it: what is empty there is the folder in which the process runs.
    places = [str(folder / place) for place in os.get_exec_path({} if path is None else {"PATH": path})]
    if shutil.which(name, path=os.pathsep.join(places)):
        return None
    own = str(Path(sys.executable).parent)
    found = shutil.which(name, path=own)
    if found is None:
        raise NotFound(name, [*dict.fromkeys([*places, own])])
    return found
