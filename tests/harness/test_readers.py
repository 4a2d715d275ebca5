"""Runs read again: compared, merged, split and replayed, as far as no mock is needed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from harness.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _results(folder: Path, name: str, verdicts: dict[str, str], **more: Any) -> str:
    """Write a results.json; return its path."""
    checks = [
        {"id": key, "title": "A | title", "level": "MUST", "verdict": verdict, "summary": f"{key} told"}
        for key, verdict in verdicts.items()
    ]
    who = {"name": "Acme", "version": "2.3"}
    document = {"schema": 1, "exit_code": 0, "seed": 7, "connector": who, "checks": checks, **more}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_compare_tells_what_broke_and_what_was_fixed(tmp_path: Path) -> None:
    """What broke comes first, and is exit 1."""
    old = _results(tmp_path, "old", {"FETCH-01": "pass", "FETCH-02": "fail", "FETCH-03": "pass"})
    new = _results(tmp_path, "new", {"FETCH-01": "fail", "FETCH-02": "pass", "FETCH-03": "pass"})

    result = _run("compare", old, new)

    lines = [line.split() for line in result.output.splitlines()]
    assert [line[:5] for line in lines[:2]] == [
        ["broken", "FETCH-01", "pass", "->", "fail"],
        ["fixed", "FETCH-02", "fail", "->", "pass"],
    ]
    assert result.output.splitlines()[-1] == "1 broken, 1 fixed, 1 the same"
    assert result.exit_code == 1


def test_compare_of_a_run_with_itself_is_quiet(tmp_path: Path) -> None:
    """An old failure is no news."""
    path = _results(tmp_path, "old", {"FETCH-01": "fail"})

    result = _run("compare", path, path)

    assert (result.exit_code, result.output) == (0, "0 broken, 0 fixed, 1 the same\n")


def test_compare_of_two_sets_of_requirements_says_so(tmp_path: Path) -> None:
    """A requirement that only the newer set has, and that fails, is news, and no exit 1."""
    old = _results(tmp_path, "old", {"FETCH-01": "pass", "FETCH-02": "pass"})
    new = _results(tmp_path, "new", {"FETCH-01": "pass", "FETCH-03": "fail"}, requirement_set=2)

    result = _run("compare", old, new)

    first, *lines = result.output.splitlines()
    assert first.startswith("The runs were judged by different sets of requirements, 1 and then 2: ")
    assert [line.split()[:5] for line in lines[:2]] == [
        ["new", "FETCH-03", "not", "there", "->"],
        ["gone", "FETCH-02", "pass", "->", "not"],
    ]
    assert lines[-1] == "0 broken, 0 fixed, 1 the same"
    assert result.exit_code == 0


def test_merge_joins_the_parts_of_a_run_and_sets_others_beside(tmp_path: Path) -> None:
    """One column for both parts, one for the other version; a failed MUST is exit 1."""
    one = _results(tmp_path, "one", {"FETCH-01": "pass"})
    two = _results(tmp_path, "two", {"FETCH-02": "fail"}, exit_code=1)
    other = _results(tmp_path, "other", {"FETCH-01": "warn"}, connector={"name": "Acme", "version": "2.4"})
    out = tmp_path / "matrix.md"

    result = _run("merge", one, two, other, "--out", str(out))

    rows = [line for line in result.output.splitlines() if line.startswith("| FETCH")]
    assert [row.split(" | ")[-2:] for row in rows] == [["pass", "warn |"], ["fail", " |"]]
    assert out.read_text(encoding="utf-8") == result.output
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [({"exit_code": 3}, 3), ({"exit_code": 5}, 5), ({"stale_waivers": ["old"]}, 7), ({}, 0)],
)
def test_merge_forgets_no_trouble_of_a_part(tmp_path: Path, more: dict[str, Any], code: int) -> None:
    """A part that could not be run is not made good by the others."""
    good = _results(tmp_path, "good", {"FETCH-01": "pass"})
    part = _results(tmp_path, "part", {"FETCH-02": "pass"}, **more)

    assert _run("merge", good, part).exit_code == code


def test_shards_are_disjoint_and_leave_nothing_out(tmp_path: Path) -> None:
    """Together they are the whole suite."""
    file = tmp_path / "acme.toml"
    file.write_text('[connector]\nname = "Acme"\ncommand = ["no-such-adapter"]\n', encoding="utf-8")
    played = []
    for part in ("1/3", "2/3", "3/3"):
        _run("run", str(file), "--shard", part, "--out", str(tmp_path / part[0]))
        document = json.loads((tmp_path / part[0] / "results.json").read_text(encoding="utf-8"))
        played += [check["id"] for check in document["checks"]]

    listed = [item["id"] for item in json.loads(_run("list", "--json").output)]
    assert sorted(played) == sorted(listed)


def test_replay_repeats_seed_examples_and_file(tmp_path: Path) -> None:
    """What a run has written is enough to make it again."""
    file = tmp_path / "acme.toml"
    file.write_text('[connector]\nname = "Acme"\ncommand = ["no-such-adapter"]\n', encoding="utf-8")
    first, again = tmp_path / "first", tmp_path / "again"
    _run("run", str(file), "--seed", "41", "--examples", "5", "--out", str(first))

    result = _run("replay", str(first), "fetch-03", "--out", str(again))

    document = json.loads((again / "results.json").read_text(encoding="utf-8"))
    assert result.exit_code == 3
    assert (document["seed"], document["run"]) == (41, {"file": str(file), "examples": 5})
    assert [check["id"] for check in document["checks"]] == ["FETCH-03"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["compare", "nowhere.json", "nowhere.json"], "nowhere.json: cannot be read"),
        (["merge", "BROKEN"], "is no results.json of kuma-harness"),
        (["replay", "OLD", "FETCH-03"], "does not say how the run was made"),
        (["replay", "NEW", "FETCH-3"], "there is no requirement 'FETCH-3'"),
        (["run", "FILE", "--shard", "4/3"], "--shard 4/3: expected I/N"),
        (["run", "FILE", "--only", "FETCH-03", "--shard", "2/2"], "only 1 requirements to split"),
    ],
)
def test_bad_usage_is_one_clear_line_and_exit_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    """No traceback for a mistake of the user's."""
    file = tmp_path / "acme.toml"
    file.write_text('[connector]\nname = "Acme"\ncommand = ["acme"]\n', encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text("{}", encoding="utf-8")
    places = {
        "FILE": str(file),
        "BROKEN": str(broken),
        "OLD": _results(tmp_path, "old", {}),
        "NEW": _results(tmp_path, "new", {}, run={"file": str(file), "examples": 1}),
    }

    result = _run(*(places.get(word, word) for word in arguments))

    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output
