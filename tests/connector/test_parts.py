"""The connector's parts on the command line: the package, commands, the schedule."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from connector import cli
from connector.desk import engine
from connector.transport import Transport
from tests.connector.fake_kuma import TOKEN, FakeKuma

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from connector.settings import Settings


def run(folder: Path, *arguments: str) -> Result:
    """Run a command with a good settings file."""
    file = folder / "kuma.toml"
    file.write_text('url = "kuma.example.com"\n', encoding="utf-8")
    return CliRunner().invoke(cli.main, ["--config", str(file), *arguments], env={"KUMA_TOKEN": TOKEN})


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> FakeKuma:
    """A KUMA that commands meet."""
    fake = FakeKuma()

    def dial(settings: Settings) -> Transport:
        return Transport(settings.url, token=settings.token, transport=httpx.MockTransport(fake.handle))

    monkeypatch.setattr(engine, "_dial", dial)
    return fake


def test_a_package_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """And can be checked, imported, and exported as it was."""
    first, again, out = (tmp_path / name for name in ("first.zip", "again.zip", "out.zip"))

    done = [
        run(tmp_path, "package", *words)
        for words in (
            ["build", str(first)],
            ["build", str(again)],
            ["check", str(first)],
            ["import", str(first)],
            ["export", str(out)],
        )
    ]

    assert [one.exit_code for one in done] == [0] * 5
    assert first.read_bytes() == again.read_bytes() == out.read_bytes()
    assert "can be imported" in done[2].stdout


@pytest.mark.parametrize("name", ["../handler.toml", "/etc/cron.d/handler.toml", "more\x1b[2J.toml"])
def test_a_file_that_does_not_belong_into_a_package_is_refused(tmp_path: Path, name: str) -> None:
    """In one line, with no traceback and no control character; nothing is written beside it."""
    file = tmp_path / "bad.zip"
    run(tmp_path, "package", "build", str(file))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "")
    before = sorted(tmp_path.rglob("*"))

    done = run(tmp_path, "package", "import", str(file))

    assert done.exit_code == 2
    assert "does not belong into a package" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_no_archive_and_what_is_not_there_are_told(tmp_path: Path) -> None:
    """A person must choose another file."""
    (tmp_path / "text.zip").write_text("no archive", encoding="utf-8")

    text, missing = (
        run(tmp_path, "package", "check", str(tmp_path / name)) for name in ("text.zip", "none.zip")
    )

    assert (text.exit_code, missing.exit_code) == (2, 2)
    assert "not a ZIP archive" in text.stderr
    assert "No such file" in missing.stderr


def test_a_command_shows_request_and_answer_without_the_token(tmp_path: Path, kuma: FakeKuma) -> None:
    """And does what it says."""
    kuma.add("a", 1)

    done = run(tmp_path, "command", "run", "Close incident (Responded)", "--alert", "a")

    assert done.exit_code == 0, done.output
    assert kuma.alerts["a"].status == "closed"
    assert "POST https://kuma.example.com:7223/api/v1/alerts/close" in done.stdout
    assert '{"id": "a", "reason": "responded"}' in done.stdout
    assert "\n204\n" in done.stdout
    assert TOKEN not in done.output


def test_a_command_that_is_not_there_or_lacks_its_alert_is_told(tmp_path: Path, kuma: FakeKuma) -> None:
    """Nothing is sent."""
    listed, unknown, lacking = (
        run(tmp_path, "command", *words)
        for words in (["list"], ["run", "Nothing"], ["run", "Close incident (Responded)"])
    )

    assert "Receive incidents  GET api/v1/alerts/?withEvents&status=new" in listed.stdout
    assert "there is no command “Nothing”" in unknown.stderr
    assert "needs --alert" in lacking.stderr
    assert kuma.requests == []
