"""The documented API against the mock as it is, and against the mock with faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from harness.catalog import of_servers
from harness.cli import main
from harness.server_checks.documented import READING, WRITING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server


def _judge(kuma: Server, token: str, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; return exit code, verdicts and output."""
    (folder / "token.txt").write_text(token, encoding="utf-8")
    out = folder / "report"
    arguments = ["server", "--url", kuma.api, "--token-file", str(folder / "token.txt"), "--out", str(out)]
    result = CliRunner().invoke(main, [*arguments, "--ca", kuma.ca_file or "", *more])
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert token not in (out / "report.html").read_text(encoding="utf-8")
    return result.exit_code, {row["id"]: row["verdict"] for row in document["checks"]}, result.output


def _filled(kuma: Server) -> tuple[str, str, list[str]]:
    world, token = kuma.new_world()
    made = kuma.control("POST", f"/worlds/{world}/alerts", {"generate": {"count": 3, "spacing_ms": 60_000}})
    return world, token, made["ids"]


def test_every_requirement_has_its_check() -> None:
    """None is without a function, and no function without one."""
    assert of_servers().ids() == {*READING, *WRITING}


def test_the_mock_keeps_to_the_documents(kuma: Server, tmp_path: Path) -> None:
    """All of it, with a close of the alert that was named."""
    _, token, ids = _filled(kuma)

    code, verdicts, output = _judge(kuma, token, tmp_path, "--write", "--alert", ids[0])

    assert (code, set(verdicts.values())) == (0, {"pass"}), output


def test_without_write_nothing_is_changed(kuma: Server, tmp_path: Path) -> None:
    """What could change the server is skipped, and said to be."""
    world, token, _ = _filled(kuma)

    code, verdicts, _ = _judge(kuma, token, tmp_path)

    posts = [
        row for row in kuma.control("GET", f"/worlds/{world}/journal")["exchanges"] if row["method"] != "GET"
    ]
    assert (code, posts) == (0, [])
    assert {name for name, verdict in verdicts.items() if verdict == "skipped"} == {*WRITING}


@pytest.mark.parametrize("status", [200, 500])
def test_a_server_with_faults_fails(kuma: Server, tmp_path: Path, status: int) -> None:
    """Whatever it answers instead of alerts is not what the documents say."""
    world, token, _ = _filled(kuma)
    fault = {"match": {"path": "/api/*/alerts"}, "action": {"kind": "status", "status": status}}
    kuma.control("POST", f"/worlds/{world}/faults", fault)

    code, verdicts, _ = _judge(kuma, token, tmp_path)

    assert (code, verdicts["API-04"], verdicts["API-03"]) == (1, "fail", "pass")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--token-file or --token-env"),
        (["--token-file", "nowhere"], "--token-file nowhere: cannot be read"),
        (["--token-env", "KUMA_NO_SUCH_VARIABLE"], "holds no token"),
    ],
)
def test_a_missing_token_is_one_clear_line(arguments: list[str], told: str) -> None:
    """Exit 2, before anything is asked."""
    result = CliRunner().invoke(main, ["server", "--url", "https://127.0.0.1:9", *arguments])

    assert result.exit_code == 2
    assert told in result.stderr
