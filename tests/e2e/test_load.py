"""``mock-kuma load`` against a running mock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from mock_kuma.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server


def run(server: Server, tmp_path: Path, world: str, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    token = tmp_path / "token.txt"
    token.write_text(server.control_token + "\n", encoding="utf-8")
    command = ["load", "--url", server.console, "--control-token-file", str(token), "--world", world]
    result = CliRunner().invoke(main, [*command, *arguments])
    return result.exit_code, result.output


def test_alerts_arise_grow_and_are_closed(server: Server, tmp_path: Path) -> None:
    """As many happenings as asked for, each said in a line."""
    world, _ = server.new_world()

    code, said = run(server, tmp_path, world, "--rate", "60000", "--count", "60")

    counts = server.control("GET", f"/worlds/{world}")["alerts"]
    lines = said.splitlines()
    assert (code, len(lines)) == (0, 60)
    assert sum(counts.values()) >= sum("raised" in line for line in lines) > 20
    assert any("more events" in line for line in lines)
    assert counts["closed"] > 0


def test_what_stands_in_the_way_is_one_line(server: Server, tmp_path: Path) -> None:
    """A world that is not there, a server that is not there."""
    code, said = run(server, tmp_path, "nowhere", "--count", "1")
    gone, silence = run(server, tmp_path, "default", "--url", "http://127.0.0.1:9", "--count", "1")

    assert (code, "not found" in said) == (1, True)
    assert (gone, "http://127.0.0.1:9" in silence, "Traceback" in silence) == (1, True, False)
