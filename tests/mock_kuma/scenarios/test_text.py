"""A scenario's file, read: every mistake is named with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from mock_kuma import scenarios
from mock_kuma.cli import main
from mock_kuma.commands.watch import Watch
from mock_kuma.scenarios.text import duration

if TYPE_CHECKING:
    from pathlib import Path

    from mock_kuma.scenarios import Scenario

HEAD = 'title = "T"\n\n[[step]]\n'


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("title = ", 1, "Invalid value"),
        ('title = "T"\nsteps = []\n', 1, "unknown field `steps`"),
        ('title = "T"\ntechniques = ["1110"]\n', 1, "Expected `str` matching regex"),
        (HEAD + 'at = "soon"\ngenerate = { count = 1 }\n', 3, "step 1: at: 'soon' is no duration"),
        (HEAD + 'at = "+1m"\n', 3, "step 1: expected exactly one of"),
        (HEAD + "generate = 5\n", 4, "step 1: generate: Expected `object | null`"),
        (HEAD + "generate = {}\n[[step]]\nat = 3\n", 6, "step 2: at: Expected `str`"),
        (HEAD + 'grow = { alert = "a", event = 2 }\n', 4, "step 1: grow: Object contains unknown field"),
        (HEAD + 'control = { method = "POST", path = "agenda" }\n', 3, "cannot ask for 'agenda'"),
    ],
)
def test_a_mistake_is_found_where_it_is(tmp_path: Path, text: str, line: int, problem: str) -> None:
    """File, line, step and what is wrong."""
    path = tmp_path / "story.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(scenarios.WrongScenario) as caught:
        scenarios.read(path)

    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "line", "problem"),
    [
        ('[[step]]\ngrow = { alert = "x" }\n', 2, "no earlier step raises an alert as 'x'"),
        ('[[step]]\nalert = { name = "{nobody}" }\n', 2, "nothing is called {nobody}"),
        (
            '[[step]]\ngenerate = { count = 1 }\n[[step]]\nalert = { priority = "huge" }\n',
            4,
            "alerts[0].priority",
        ),
        ('[[step]]\nfault = { action = { kind = "explode" } }\n', 2, "action"),
    ],
)
def test_the_command_tells_what_the_mock_would_refuse(
    tmp_path: Path, steps: str, line: int, problem: str
) -> None:
    """It tells the story to a mock of its own; exit code 1."""
    path = tmp_path / "story.toml"
    path.write_text('title = "T"\n' + steps, encoding="utf-8")

    result = CliRunner().invoke(main, ["scenarios", str(path)])

    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}:{line}: step ")
    assert problem in result.stderr


def test_the_command_checks_what_is_shipped() -> None:
    """All of it is sound, and listed."""
    result = CliRunner().invoke(main, ["scenarios"])

    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines() if line[0] != " "] == scenarios.names()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+5m", 300), ("+1h30m", 5_400), ("90s", 90), ("+250ms", 0.25), ("+1d2h3m4s5ms", 93_784.005)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """In microseconds."""
    assert duration(text) == round(seconds * 1_000_000)


@pytest.mark.parametrize("text", ["", "+", "5", "+5x", "-5m", "+5m 3s", "+1.5h"])
def test_what_is_no_duration_is_none(text: str) -> None:
    """And is never guessed."""
    assert duration(text) is None


def test_a_changed_file_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong one is named on stderr, and not told."""
    path = tmp_path / "story.toml"
    path.write_text('title = "first"', encoding="utf-8")
    watch, told = Watch(str(path)), list[str]()

    def tell(scenario: Scenario) -> None:
        told.append(scenario.title)

    for text in ('title = "first"', 'title = "the second"', "title =", 'title = "3"'):
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        watch.look(tell)
        watch.look(tell)

    assert told == ["the second", "3"]
    assert f"{path}:1: Invalid value; the world stays as it was" in capsys.readouterr().err
