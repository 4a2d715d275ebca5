"""The harness keeps KUMA's tokens to itself: out of reports, and its own out of a connector's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.company import connector_process
from harness.dialogue.stdio import StdioProcess
from harness.settings import read

if TYPE_CHECKING:
    import pytest

    from tests.e2e.conftest import Server

LOUD = Path(__file__).parent / "miniatures" / "loud.py"


def described(folder: Path, command: list[str]) -> Path:
    path = folder / "acme.toml"
    path.write_text(f'[connector]\nname = "Acme"\ncommand = {json.dumps(command)}\n', encoding="utf-8")
    return path


def test_no_report_holds_a_token_however_loud_a_connector_is(kuma: Server, tmp_path: Path) -> None:
    """On stderr, in incidents, in errors: each report and the terminal have a word in its place."""
    out, told = tmp_path / "report", tmp_path / "told"
    only = ("FETCH-02", "CLOSE-01", "AUTH-03")

    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", str(described(tmp_path, [sys.executable, str(LOUD)])),
         "--out", str(out), "--examples", "1", *(part for name in only for part in ("--only", name))],
        env={
            **os.environ, "LOUD": str(told),
            "KUMA_HARNESS_AGAINST": kuma.console, "KUMA_HARNESS_API": kuma.api,
            "KUMA_HARNESS_CONTROL_TOKEN": kuma.control_token, "KUMA_HARNESS_CA_FILE": kuma.ca_file or "",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    tokens = {*told.read_text(encoding="utf-8").split(), kuma.control_token}
    shown = {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}
    shown["terminal"] = done.stdout + done.stderr
    assert (done.returncode, len(tokens) > 3) == (1, True), done.stderr
    assert {"results.json", "report.html", "junit.xml", "summary.md", "badge.svg"} <= set(shown)
    assert "[token]" in shown["results.json"]
    assert [name for name, text in shown.items() if any(token in text for token in tokens)] == []


def test_a_connector_does_not_inherit_what_opens_the_mock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control token would let it ask for the truth instead of finding it."""
    monkeypatch.setenv("KUMA_HARNESS_CONTROL_TOKEN", "control-secret")
    monkeypatch.setenv("MOCK_KUMA_CONTROL_TOKEN", "control-secret")
    monkeypatch.setenv("ACME_SETTING", "kept")
    (stderr := tmp_path / "stderr").touch()
    script = "import os, sys; sys.stderr.write(repr(dict(os.environ)))"
    connector = read(described(tmp_path, [sys.executable, "-c", script]), requirements=frozenset()).connector

    process = connector_process(connector, tmp_path, stderr=stderr, environment={})

    assert isinstance(process, StdioProcess)
    environment = process._environment
    assert ("control-secret" in environment.values(), environment["ACME_SETTING"]) == (False, "kept")
