"""What commands print of files and servers that others wrote: it moves no terminal."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
from click.testing import CliRunner

from mock_kuma.cli import main
from mock_kuma.commands import terminal
from mock_kuma.recording import exchange
from mock_kuma.recording.exchange import Body, Recorded

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

#: Clears the screen, titles the window, begins a line anew, turns the direction; by 7-bit and 8-bit controls.
HOSTILE = "\x1b[2Jcleared\x1b]0;title\x07\rforged\u202egnp\x9b31m\x7f"
SIGNS = "\x1b\x07\r\u202e\x9b\x7f"


def run(*arguments: str) -> tuple[str, int]:
    """Run a command; return all that it printed, and its exit code."""
    ended = CliRunner().invoke(main, list(arguments))
    return ended.output + ended.stderr, ended.exit_code


def test_differences_from_a_recording_are_told_harmlessly(tmp_path: Path) -> None:
    """Path, content type and keys are a stranger's words; as text and for machines."""
    file = tmp_path / "kuma.jsonl"
    recorded = Recorded(
        method="GET", path=f"/api/v1/{HOSTILE}", query=[], token=True, sent=Body(), status=404,
        content_type=HOSTILE, answered=Body(json={HOSTILE: 1, "a": 2}),
    )  # fmt: skip
    file.write_bytes(exchange.line(recorded))

    said = [run("drift", str(file), *more) for more in ((), ("--json",))]

    assert [code for _, code in said] == [1, 1]
    for text, _ in said:
        assert "forged" in text
        assert [sign for sign in SIGNS if sign in text] == []


def test_a_scenario_is_told_harmlessly(tmp_path: Path) -> None:
    """Its title where it is right, and what is wrong where it is not; from the list and from the server."""
    file = tmp_path / "story.toml"
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in HOSTILE)
    file.write_text(f'title = "{escaped}"\n[[step]]\nat = "0s"\n"{escaped}" = 1\n', encoding="utf-8")

    listed, code = run("scenarios", str(file))
    serve = [sys.executable, "-m", "mock_kuma.cli", "serve", "--port", "0", "--console-port", "0"]
    refused = subprocess.run(
        [*serve, "--scenario", str(file), "--data-folder", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (code, refused.returncode) == (1, 2)
    assert [sign for sign in SIGNS if sign in listed + refused.stdout + refused.stderr] == []
    assert "forged" in listed


def test_what_a_server_says_is_told_harmlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers in the mock's place writes the error."""
    token = tmp_path / "token"
    token.write_text("secret", encoding="utf-8")
    answer = httpx.Response(404, text=HOSTILE, request=httpx.Request("POST", "http://mock"))
    monkeypatch.setattr(httpx.Client, "request", lambda *_args, **_more: answer)

    said, code = run("load", "--url", "http://127.0.0.1:1", "--control-token-file", str(token))

    assert (code, "forged" in said) == (1, True)
    assert [sign for sign in SIGNS if sign in said] == []


def test_lines_letters_and_signs_of_writing_stay() -> None:
    """Only what is not seen is changed."""
    assert terminal.plain("Вход, 登录\n✓ a\x00b") == "Вход, 登录\n✓ a\\x00b"
