"""The templates for CI: they fit their schemas, and what they would run does what they say.

Each script runs here in bash as it stands in its file, with the values that the CI's own expressions would
give; a stand-in for the harness says what it was called with.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    "action.yml": "vendor.github-actions",
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    "deploy/ci/gitlab.yml": "vendor.gitlab-ci",
    "deploy/compose.yml": "vendor.compose-spec",
}
#: What a connector's repository could hold to get its text run by the script.
HOSTILE = "$(touch ran).toml; touch ran #"


def parsed(name: str) -> Any:
    """Return what a YAML file says."""
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


def harness(folder: Path, *, code: int, verdict: str = "fail") -> Path:
    """Write a stand-in that keeps its arguments, leaves a report with one failure, and ends with a code."""
    program = folder / "kuma-harness" / "bin" / "kuma-harness"
    program.parent.mkdir(parents=True)
    found = {
        "verdict": verdict,
        "checks": [
            {"id": "FETCH-03", "verdict": "fail", "summary": "Lost 3 %\nof them."},
            {"id": "NET-01", "verdict": "warn", "summary": "Slow."},
            {"id": "NET-02", "verdict": "pass", "summary": "Fine."},
        ],
    }
    program.write_text(
        f"""#!{sys.executable}
import json, pathlib, sys
pathlib.Path("called.json").write_text(json.dumps(sys.argv[1:]))
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1]); out.mkdir(exist_ok=True)
(out / "results.json").write_text({json.dumps(json.dumps(found))})
(out / "summary.md").write_text("# Judged\\n")
sys.exit({code})
""",
        encoding="utf-8",
    )
    program.chmod(0o700)
    (program.parent / "python").symlink_to(sys.executable)
    return folder


def run(script: str, folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's shell ``bash`` does, with files for its outputs."""
    files = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), **files, **values},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def judge(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's judging step with its default inputs and these."""
    action = parsed("action.yml")
    (step,) = (step for step in action["runs"]["steps"] if step.get("id") == "judge")
    values = {name: str(given.get("default", "")) for name, given in action["inputs"].items()} | inputs
    environment = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], text)
        for name, text in step["env"].items()
    }
    return run(step["run"], folder, **environment | {"RUNNER_FOLDER": str(folder)})


def checked(schema: str, file: Path) -> tuple[int, str]:
    """Check a file against a published schema; return the exit code and what was said."""
    ended = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", schema, str(file)])
    return ended.exit_code, ended.output


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_template_fits_its_schema(name: str) -> None:
    """As the CI's maker publishes it."""
    assert checked(SCHEMAS[name], ROOT / name) == (0, "ok -- validation done\n")


def test_the_schemas_notice_a_mistake(tmp_path: Path) -> None:
    """A misspelt word of a job is an error, so the former test can fail."""
    wrong = tmp_path / "wrong.yml"
    text = (ROOT / "deploy/ci/gitlab.yml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("    when: always", "    when: allways"), encoding="utf-8")

    code, said = checked("vendor.gitlab-ci", wrong)

    assert (code, "allways" in said) == (1, True)


def test_the_action_judges_a_right_connector(tmp_path: Path) -> None:
    """With the real harness: verdict, exit code, and the summary for the page."""
    folder = tmp_path / "kuma-harness" / "bin"
    folder.mkdir(parents=True)
    for name in ("kuma-harness", "python"):
        (folder / name).symlink_to(Path(sys.executable).parent / name)
    connector = str(ROOT / "tests/harness/peers/guide.toml")

    ended = judge(tmp_path, connector=connector, only="AUTH-02", examples="1")

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "GITHUB_OUTPUT").read_text().splitlines() == ["exit-code=0", "verdict=pass"]
    assert "passes" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert (tmp_path / "kuma-report" / "junit.xml").exists()


def test_the_action_tells_what_failed(tmp_path: Path) -> None:
    """Failures become annotations of one line each, and the step itself goes on to publish them."""
    ended = judge(harness(tmp_path, code=1), connector="acme.toml")

    annotations = [line for line in ended.stdout.splitlines() if line.startswith("::")]
    assert annotations == ["::error title=FETCH-03::Lost 3 %25%0Aof them.", "::warning title=NET-01::Slow."]
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "GITHUB_OUTPUT").read_text().splitlines() == ["exit-code=1", "verdict=fail"]


def test_the_action_passes_every_input_on(tmp_path: Path) -> None:
    """Lists become repeated options; a hostile file name stays a file name."""
    ended = judge(
        harness(tmp_path, code=0),
        connector=HOSTILE,
        profiles="core data",
        only="NET-01",
        seed="7",
        examples="3",
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads((tmp_path / "called.json").read_text()) == [
        "run", "--examples", "3", "--out", "kuma-report", "--profile", "core", "--profile", "data",
        "--only", "NET-01", "--seed", "7", "--", HOSTILE,
    ]  # fmt: skip
    assert not (tmp_path / "ran").exists()


def test_the_actions_scripts_hold_no_expression() -> None:
    """An expression inside a script would be text of the script; inputs come as variables only."""
    scripts = [step.get("run", "") for step in parsed("action.yml")["runs"]["steps"]]

    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("code", [0, 1])
def test_gitlab_runs_the_harness(tmp_path: Path, code: int) -> None:
    """The job ends with the harness's code; its file names stay file names."""
    job = parsed("deploy/ci/gitlab.yml")["kuma-harness"]
    script = job["script"][-1].replace("/tmp/", f"{harness(tmp_path, code=code)}/")

    ended = run(script, tmp_path, KUMA_CONNECTOR=HOSTILE, KUMA_OPTIONS="--seed 7")

    called = json.loads((tmp_path / "called.json").read_text())
    assert (ended.returncode, called) == (code, ["run", "--out", "kuma-report", "--seed", "7", "--", HOSTILE])
    assert (job["artifacts"]["when"], (tmp_path / "ran").exists()) == ("always", False)


def test_jenkins_runs_the_harness(tmp_path: Path) -> None:
    """Its shell steps are single-quoted, so that Groovy puts nothing in; the judging one runs here."""
    text = (ROOT / "deploy/ci/Jenkinsfile").read_text(encoding="utf-8")
    (script,) = re.findall(r"sh\(returnStatus: true, script: '''(.*?)'''\)", text, re.DOTALL)
    local = script.replace(".kuma-harness/", f"{harness(tmp_path, code=1)}/kuma-harness/")

    ended = run(local, tmp_path, KUMA_CONNECTOR=HOSTILE, KUMA_OPTIONS="")

    called = json.loads((tmp_path / "called.json").read_text())
    assert (ended.returncode, called) == (1, ["run", "--out", "kuma-report", "--", HOSTILE])
    assert re.findall(r'sh "|"""', text) == []
