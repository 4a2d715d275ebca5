"""The command line: what is printed, what is not, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from connector import cli
from tests.connector.fake_kuma import TOKEN, FakeKuma, connect

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from connector.settings import Settings
    from connector.sync import Sync


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> FakeKuma:
    """A KUMA that every command meets."""
    fake = FakeKuma()

    def make(settings: Settings) -> Sync:
        return connect(fake, settings.state_dir)

    monkeypatch.setattr(cli, "Sync", make)
    return fake


def run(folder: Path, *arguments: str, **environment: str) -> Result:
    """Run a command with a good settings file."""
    file = folder / "kuma.toml"
    file.write_text('url = "kuma.example.com"\n', encoding="utf-8")
    return CliRunner().invoke(
        cli.main, ["--config", str(file), *arguments], env={"KUMA_TOKEN": TOKEN, **environment}
    )


def test_a_cycle_tells_what_it_did(tmp_path: Path, kuma: FakeKuma) -> None:
    """And a listing for people and for machines shows it."""
    kuma.add("a", 1)

    polled, listed, machine = (
        run(tmp_path, *words) for words in (["poll"], ["incidents"], ["incidents", "--json"])
    )

    assert (polled.exit_code, polled.stdout) == (0, "created 1, updated 0\n")
    assert "Brute force" in listed.stdout
    assert [one["alert_id"] for one in json.loads(machine.stdout)] == ["a"]


def test_no_control_character_of_an_alert_reaches_the_terminal(tmp_path: Path, kuma: FakeKuma) -> None:
    """Names are chosen by whoever is attacked."""
    kuma.add("a\x1b[2J", 1, extra={"name": "\x1b[31m<img src=x>\r\n", "priority": "high\x07"})
    run(tmp_path, "poll")

    listed = run(tmp_path, "incidents")

    assert listed.exit_code == 0
    assert not [c for c in listed.stdout.replace("\n", "") if not c.isprintable()]
    assert len(listed.stdout.splitlines()) == 1
    assert "<img src=x>" in listed.stdout


@pytest.mark.parametrize("reason", ["Bad data", "incorrect data"])
def test_a_closing_takes_the_soars_words_and_kumas(tmp_path: Path, kuma: FakeKuma, reason: str) -> None:
    """Both mean the same."""
    kuma.add("a", 1)
    run(tmp_path, "poll")

    closed = run(tmp_path, "close", "a", "--reason", reason)

    assert (closed.exit_code, kuma.alerts["a"].status) == (0, "closed")
    assert json.loads(kuma.requests[-1].content)["reason"] == "incorrect data"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["close", "a", "--reason", "because"], "unknown reason 'because'"),
        (["close", "nobody", "--reason", "responded"], "no incident for alert 'nobody'"),
        (["close", "a"], "Missing option '--reason'"),
        (["nonsense"], "No such command"),
        (["--config", "nowhere.toml", "poll"], "cannot read nowhere.toml"),
    ],
)
def test_bad_usage_is_one_line_and_asks_for_a_person(
    tmp_path: Path, kuma: FakeKuma, arguments: list[str], told: str
) -> None:
    """No traceback, and exit code 2."""
    ended = run(tmp_path, *arguments)

    assert ended.exit_code == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert kuma.requests == []


@pytest.mark.parametrize(("status", "code"), [(503, 1), (403, 2)])
def test_the_exit_code_says_whether_to_try_again(
    tmp_path: Path, kuma: FakeKuma, status: int, code: int
) -> None:
    """1 for what may heal, 2 for what a person must mend."""
    kuma.before = lambda _: httpx.Response(status, json={"message": "no"})

    ended = run(tmp_path, "poll")

    assert (ended.exit_code, ended.stdout) == (code, "")
    assert ended.stderr.count("Error:") == 1
    assert TOKEN not in ended.stderr


def test_a_reason_may_come_from_the_environment(tmp_path: Path, kuma: FakeKuma) -> None:
    """As every option may."""
    kuma.add("a", 1)
    run(tmp_path, "poll")

    ended = run(tmp_path, "close", "a", KUMA_CONNECTOR_CLOSE_REASON="responded")

    assert ended.exit_code == 0


def test_the_adapter_keeps_standard_output_for_answers(tmp_path: Path) -> None:
    """One line for one request."""
    spoken = CliRunner().invoke(cli.main, ["adapter"], input='{"id": 1, "method": "shutdown"}\n')

    assert json.loads(spoken.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert spoken.exit_code == 0


def test_help_shows_examples() -> None:
    """With the settings file."""
    shown = CliRunner().invoke(cli.main, ["--help"])

    assert "kuma-connector --config kuma.toml poll" in shown.stdout
    assert 'token_env = "KUMA_TOKEN"' in shown.stdout


def test_commands_without_pages_load_neither_scheduler_nor_web_framework() -> None:
    """Nor a keyring: they start in a fraction of the time."""
    heavy = {"flask", "werkzeug", "apscheduler", "keyring", "jinja2"}
    program = f"import sys, connector.cli; print(sorted(set(sys.modules) & {heavy}))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"
