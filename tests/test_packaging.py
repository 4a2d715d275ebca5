"""The wheel holds what the packages need, and is the same whenever it is built."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests import wheel

ROOT = Path(__file__).parent.parent
COMMANDS = {"mock-kuma": "mock_kuma", "kuma-connector": "connector", "kuma-harness": "harness"}


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Templates, messages, requirements, fixtures and the marks of typing, and no caches."""
    built = wheel.build(tmp_path)

    with zipfile.ZipFile(built) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert wheel.expected() == held
    assert {f"{package}/py.typed" for package in COMMANDS.values()} <= held


def test_two_builds_are_the_same(tmp_path: Path) -> None:
    """Byte by byte, whatever the clock says."""
    digests = {
        hashlib.sha256(wheel.build(tmp_path / folder).read_bytes()).hexdigest() for folder in ("a", "b")
    }

    assert len(digests) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_there_is_one_source_of_the_version(command: str) -> None:
    """The project's file says it; every command repeats it."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    (point,) = metadata.entry_points(group="console_scripts", name=command)

    shown = subprocess.run(
        [sys.executable, "-c", f"from {point.module} import main; main(['--version'])"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert shown.strip() == f"{command}, version {said}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_shell_completes_the_commands(tmp_path: Path, command: str) -> None:
    """Bash reads the script, and offers what begins so."""
    program = tmp_path / command
    program.write_text(
        f"#!{sys.executable}\nfrom {COMMANDS[command]}.cli import main\nmain()\n", encoding="utf-8"
    )
    program.chmod(0o700)
    script = subprocess.run(
        [program, "completion", "bash"], capture_output=True, text=True, check=True
    ).stdout
    typed = f"COMP_WORDS=({command} comple); COMP_CWORD=1; _{command.replace('-', '_')}_completion {program}"
    asked = f"{script}\n{typed}\necho ${{COMPREPLY[@]}}"

    offered = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout

    assert offered.strip() == "completion"
