"""Where a connector file's command is looked for, and what is said when it is nowhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.dialogue.program import NotFound, started
from harness.protocol import NotStarted

if TYPE_CHECKING:
    from pathlib import Path


def _script(folder: Path, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    script = folder / "acme-adapter"
    script.write_text(f"#!/bin/sh\necho {says}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def _said(command: str, folder: Path, path: str) -> str:
    with started([command], folder=folder, environment={"PATH": path}, stderr=subprocess.DEVNULL) as process:
        said, _ = process.communicate(timeout=10)
    return said.decode().strip()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an interpreter whose environment was not activated."""
    folder = tmp_path / "venv"
    monkeypatch.setattr(sys, "executable", str(folder / "python3"))
    return folder


def test_a_command_of_an_environment_that_is_not_activated_is_found(tmp_path: Path, own: Path) -> None:
    """It lies beside the interpreter, and PATH does not have it."""
    _script(own, "own")

    assert _said("acme-adapter", tmp_path, str(tmp_path / "nothing")) == "own"


def test_path_comes_first(tmp_path: Path, own: Path) -> None:
    """A vendor's python3 is the one that a shell would start, and not that of the harness."""
    _script(own, "own")
    _script(tmp_path / "bin", "path")

    assert _said("acme-adapter", tmp_path, str(tmp_path / "bin")) == "path"


def test_a_relative_place_begins_at_the_connector_file(tmp_path: Path, own: Path) -> None:
    """As it does for whoever starts the command in that folder."""
    _script(own.parent / "bin", "here")

    assert _said("acme-adapter", tmp_path, "bin") == "here"
    assert _said("./bin/acme-adapter", tmp_path, "") == "here"


def test_a_command_that_is_nowhere_is_told_with_every_place(tmp_path: Path, own: Path) -> None:
    """What was not found, where it was looked for, what to do."""
    with pytest.raises(NotFound) as caught:
        _said("acme-adapter", tmp_path, f"{tmp_path}/one:{tmp_path}/two")

    assert str(caught.value) == (
        f"the command 'acme-adapter' could not be started: there is no such file in {tmp_path}/one, "
        f"{tmp_path}/two, {own}. Install what it belongs to, activate the environment that has it, or write "
        "its whole path into the connector file"
    )


def test_a_path_that_leads_nowhere_names_its_folder(tmp_path: Path) -> None:
    """It is looked for in one place alone."""
    with pytest.raises(NotFound, match=f"'./acme' could not be started: there is no such file in {tmp_path}"):
        _said("./acme", tmp_path, "/usr/bin")


def test_a_file_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    """It is there, and it is no program."""
    (tmp_path / "acme").write_text("text", encoding="utf-8")

    with pytest.raises(NotStarted, match=r"could not be started in .*: permission denied"):
        _said("./acme", tmp_path, "/usr/bin")
