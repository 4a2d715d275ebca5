"""The peers' programs: found, or installed into ``.bench/`` with npm and pip, or with apt by root.

Rule: a peer that cannot be had is named with the reason; nothing is left out in silence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
FOLDER: Final = _HERE.parent.parent / ".bench"
#: Debian's packages by program.
_DEBIAN: Final = {"nginx": "nginx-light", "wrk": "wrk"}
_APT: Final = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"]


class NotInstalled(Exception):
    """A program cannot be had here: its name and the reason."""

    def __init__(self, program: str, why: str) -> None:
        super().__init__(program, why)
        self.program, self.why = program, why

    def __str__(self) -> str:
        return f"{self.program} cannot be installed: {self.why}"


def program(name: str, source: str) -> str:
    """Return the path of a program that ``source`` (apt, npm or pip) carries, installed if need be."""
    FOLDER.mkdir(exist_ok=True)
    if source == "apt":
        return _debian(name)
    found = (FOLDER / "node_modules" / ".bin" / name) if source == "npm" else (FOLDER / "venv" / "bin" / name)
    if not found.exists():
        for command in _npm() if source == "npm" else _pip():
            _run(name, command)
    if not found.exists():
        raise NotInstalled(name, f"{source} installed its package without the program")
    return str(found)


def _npm() -> list[list[str]]:
    shutil.copy(_HERE / "package.json", FOLDER)
    return [["npm", "install", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--loglevel=error"]]


def _pip() -> list[list[str]]:
    venv = FOLDER / "venv"
    # A virtual environment of their own: what moto asks for would fight with what the mock asks for.
    install = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", str(venv)], [*install, "-r", str(_HERE / "requirements.txt")]]


def _debian(name: str) -> str:
    sbin = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
    if (found := shutil.which(name, path=sbin)) is None:
        package = _DEBIAN[name]
        if os.geteuid() != 0:
            raise NotInstalled(name, f"only root can: apt-get install {package}")
        _run(name, [*_APT, package], environment={"DEBIAN_FRONTEND": "noninteractive"})
        found = shutil.which(name, path=sbin)
    if found is None:
        raise NotInstalled(name, "apt-get installed its package without the program")
    return found


def _run(name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
            env={**os.environ, **(environment or {})},
        )
    except FileNotFoundError as error:
        raise NotInstalled(name, f"{command[0]} is missing") from error
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(name, f"{command[0]} took longer than 15 minutes") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines()
        raise NotInstalled(name, f"{command[0]}: {said[-1] if said else error}") from error
