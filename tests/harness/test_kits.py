"""The adapters to start from: each is short, and right as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import harness.kits
from harness.cli import main
from harness.kits import LANGUAGES

if TYPE_CHECKING:
    from tests.e2e.conftest import Server


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_kit_is_short(language: str) -> None:
    """Under a hundred lines."""
    kit = Path(harness.kits.__file__).parent / language / LANGUAGES[language][1]

    assert len(kit.read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_init_writes_passes_the_core(language: str, kuma: Server, tmp_path: Path) -> None:
    """Every requirement of the core that its features need."""
    folder = tmp_path / "acme"
    written = CliRunner().invoke(main, ["init", "--language", language, str(folder)])
    secrets = {"KUMA_HARNESS_CONTROL_TOKEN": kuma.control_token, "KUMA_HARNESS_CA_FILE": kuma.ca_file or ""}
    arguments = ["--against", kuma.console, "--api", kuma.api, "--profile", "core", "--jobs", "4"]
    arguments += ["--out", str(tmp_path / "report")]

    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", str(folder / "connector.toml"), *arguments],
        env={**os.environ, **secrets},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    document = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert written.exit_code == 0
    assert (done.returncode, {row["verdict"] for row in document["checks"]}) == (
        0,
        {"pass", "unsupported"},
    ), done.stdout


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    """A second time it is one clear line."""
    CliRunner().invoke(main, ["init", str(tmp_path)])

    again = CliRunner().invoke(main, ["init", str(tmp_path)])

    assert again.exit_code == 2
    assert "adapter.py is there already" in again.stderr
