"""The command line, as far as no mock is needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

from harness import start
from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def _file(folder: Path, command: str, more: str = "") -> str:
    path = folder / "acme.toml"
    path.write_text(f'[connector]\nname = "Acme"\ncommand = {command}\n{more}', encoding="utf-8")
    return str(path)


def test_list_shows_every_requirement() -> None:
    """With its id, level and profile, one a line."""
    result = _run("list")

    assert result.exit_code == 0
    assert "FETCH-03" in result.output
    assert len(result.output.splitlines()) > 40


def test_list_is_json_for_programs() -> None:
    """The requirements as they stand in the catalog."""
    requirements = msgspec.json.decode(_run("list", "--json").output)

    assert requirements[0]["id"] == "FETCH-01"
    assert set(requirements[0]) >= {"id", "title", "level", "profile", "statement", "features"}


def test_list_says_what_nothing_asks_about() -> None:
    """Each class of defects that is left out, with its reason."""
    assert "class 38: The harness sends one request at a time" in _run("list", "--absent").output


def test_explain_tells_all_of_a_requirement() -> None:
    """What, why, where the vendor says so, and who got it wrong before."""
    output = " ".join(_run("explain", "close-03").output.split())

    for words in (
        "A close whose answer was lost",
        "needs close",
        "406",
        "documented",
        "softonic/axios-retry#66",
    ):
        assert words in output


def test_explain_tells_what_is_asked_of_a_server() -> None:
    """The ids of `kuma-harness server` are explained as well."""
    output = " ".join(_run("explain", "api-02").output.split())

    assert "An unknown token is refused" in output
    assert "403, access denied" in output
    assert "Where it went wrong before" not in output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain", "FETCH-3"], "there is no requirement 'FETCH-3'; did you mean 'FETCH-"),
        (["run", "nowhere.toml"], "nowhere.toml: cannot be read: no such file or directory"),
        (["run", "FILE", "--only", "FETCH-99"], "--only: there is no requirement 'FETCH-99'"),
        (["run", "FILE", "--only", "AUTH-01", "--profile", "data"], "leave nothing to check"),
        (["run", "FILE", "--profile", "fast"], "'fast' is not one of"),
        (["run", "FILE", "--examples", "0"], "--examples"),
        (["run", "FILE", "--against", "http://127.0.0.1:7220"], "in the variable KUMA_HARNESS_CONTROL_TOKEN"),
        (["run", "FILE", "--out", "/dev/null/report"], "--out /dev/null/report: "),
        (["smoke", "nowhere.toml"], "cannot be read"),
        (["frobnicate"], "No such command"),
    ],
)
def test_bad_usage_is_one_clear_line_and_exit_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    """No traceback for a mistake of the user's."""
    file = _file(tmp_path, '["acme"]')

    result = _run(*(file if word == "FILE" else word for word in arguments))

    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_command_that_does_not_exist_is_exit_3_with_reports(tmp_path: Path) -> None:
    """The connector could not be run; the reports say why."""
    out = tmp_path / "report"

    result = _run("run", _file(tmp_path, '["no-such-adapter"]'), "--out", str(out))

    document = msgspec.json.decode((out / "results.json").read_bytes())
    assert result.exit_code == 3
    assert "'no-such-adapter' could not be started" in result.output
    assert (document["verdict"], document["exit_code"]) == ("error", 3)
    assert {check["verdict"] for check in document["checks"]} == {"skipped"}
    assert {path.name for path in out.iterdir()} == {
        "results.json",
        "junit.xml",
        "report.html",
        "summary.md",
        "badge.svg",
    }


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('Welcome to Acme')", "'Welcome to Acme' on stdout, which is not JSON"),
        ("import sys; sys.exit('no licence')", "exit status 1 instead of answering hello"),
        ('print(\'{"id": 7, "result": {}}\')', "has the id '7', but the request had 1"),
        ('print(\'{"id": 1, "result": {"protocol": 1}}\')', "missing required field name"),
        ("import time; time.sleep(30)", "did not answer hello within 0.5 seconds"),
    ],
)
@pytest.mark.parametrize("command", ["run", "smoke"])
def test_an_adapter_s_first_mistake_is_explained(tmp_path: Path, command: str, code: str, told: str) -> None:
    """Rubbish, death, a wrong id, a missing field and silence end with 3 before a mock is started."""
    file = _file(
        tmp_path, msgspec.json.encode([sys.executable, "-c", code]).decode(), "deadline_seconds = 0.5\n"
    )
    if "sleep" not in code:
        file = _file(tmp_path, msgspec.json.encode([sys.executable, "-c", code]).decode())
    extra = ["--out", str(tmp_path / "report")] if command == "run" else []

    result = _run(command, file, *extra)

    assert result.exit_code == 3
    assert told in " ".join(result.output.split())


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wheel alone is a mock and a connector; the harness comes with its own packages."""
    monkeypatch.setattr(start, "find_spec", lambda name: None if name in {"rich", "pytest"} else name)

    with pytest.raises(SystemExit) as left:
        start.main(["list"])

    told = "Error: kuma-harness needs pytest, rich: pip install 'mock-kuma[harness]'\n"
    assert (left.value.code, capsys.readouterr().err) == (2, told)


def test_with_the_extra_the_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """All of its packages are here."""
    with pytest.raises(SystemExit) as left:
        start.main(["--version"])

    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("kuma-harness, version ")
