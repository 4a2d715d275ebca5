"""Runs as a user has them: a process, a mock, reports, an exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.conftest import Server

HERE = Path(__file__).parent
GUIDE = HERE / "peers" / "guide.py"
QUIET = HERE / "miniatures" / "quiet.py"
SLEEPER = HERE / "miniatures" / "sleeper.py"


def _described(folder: Path, adapter: Path, more: str = "") -> Path:
    path = folder / "acme.toml"
    command = json.dumps([sys.executable, str(adapter)])
    path.write_text(f'[connector]\nname = "Acme"\ncommand = {command}\n{more}', encoding="utf-8")
    return path


def _environment(kuma: Server) -> Mapping[str, str]:
    return {
        **os.environ,
        "KUMA_HARNESS_AGAINST": kuma.console,
        "KUMA_HARNESS_API": kuma.api,
        "KUMA_HARNESS_CONTROL_TOKEN": kuma.control_token,
        "KUMA_HARNESS_CA_FILE": kuma.ca_file or "",
    }


def _run(kuma: Server, file: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the suite against the shared mock; return exit code, results and output."""
    out = file.parent / "report"
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", str(file), "--out", str(out), *arguments],
        env=_environment(kuma),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, json.loads((out / "results.json").read_text(encoding="utf-8")), done.stdout


def test_a_right_connector_passes(kuma: Server, tmp_path: Path) -> None:
    """Exit 0, and what it does not claim is unsupported."""
    code, results, _ = _run(kuma, _described(tmp_path, GUIDE), "--only", "FETCH-03", "--only", "CLOSE-07")

    verdicts = {check["id"]: check["verdict"] for check in results["checks"]}
    assert (code, results["verdict"]) == (0, "pass")
    assert verdicts == {"FETCH-03": "pass", "CLOSE-07": "unsupported"}
    assert results["connector"]["features"] == ["events", "update", "close", "persist"]


def test_a_connector_that_only_says_that_all_is_well_fails(kuma: Server, tmp_path: Path) -> None:
    """Its word is a claim; what crossed the wire is not."""
    code, results, output = _run(kuma, _described(tmp_path, QUIET), "--only", "FETCH-02")

    [check] = results["checks"]
    assert (code, check["verdict"]) == (1, "fail")
    assert "no incident after poll 3" in check["summary"]
    assert "was in no answer that arrived" in output


def test_what_did_not_happen_is_not_a_pass(kuma: Server, tmp_path: Path) -> None:
    """A connector that sends nothing cannot show how it bears a refusal to answer."""
    code, results, _ = _run(kuma, _described(tmp_path, QUIET), "--only", "AUTH-04")

    [check] = results["checks"]
    assert (code, check["verdict"]) == (0, "not-reached")
    assert check["summary"] == "no request reached KUMA"


@pytest.mark.parametrize(
    ("adapter", "until", "code", "verdict"),
    [
        (QUIET, "2999-01-01", 0, "waived"),
        (QUIET, "2001-01-01", 7, "waived"),
        (GUIDE, "2999-01-01", 7, "pass"),
    ],
)
def test_a_waiver_holds_until_its_day_or_until_it_is_not_needed(
    kuma: Server, tmp_path: Path, adapter: Path, until: str, code: int, verdict: str
) -> None:
    """A known failure does not fail the run; an old waiver does."""
    waiver = f'[[waiver]]\nrequirement = "FETCH-02"\nreason = "fixed in 2.3"\nuntil = {until}\n'

    ended, results, _ = _run(kuma, _described(tmp_path, adapter, waiver), "--only", "FETCH-02")

    assert (ended, results["checks"][0]["verdict"]) == (code, verdict)


def test_a_connector_that_never_answers_a_poll_could_not_be_run(kuma: Server, tmp_path: Path) -> None:
    """Every deadline was missed, and one more meeting fails as well: exit 3."""
    file = _described(tmp_path, SLEEPER, "deadline_seconds = 1\n")

    code, results, _ = _run(kuma, file, "--only", "FETCH-01")

    assert (code, results["verdict"]) == (3, "error")
    assert "did not answer poll within 1 seconds" in results["checks"][0]["summary"]


def test_a_mock_that_is_not_there_is_trouble_of_the_harness(tmp_path: Path) -> None:
    """Exit 5, and nothing is said against the connector."""
    file = _described(tmp_path, QUIET)
    command = [sys.executable, "-m", "harness.cli", "run", str(file), "--out", str(tmp_path / "report")]

    done = subprocess.run(
        [*command, "--against", "http://127.0.0.1:9"],
        env={**os.environ, "KUMA_HARNESS_CONTROL_TOKEN": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 5
    assert "the mock does not answer" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The mock, the connectors and their folders are gone; the reports are there."""
    shutil.copy(SLEEPER, tmp_path / "sleeper.py")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file = _described(tmp_path, tmp_path / "sleeper.py", "deadline_seconds = 60\n")
    run = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "run", str(file), "--out", str(tmp_path / "report")],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        # As a terminal starts it: a suite in the background has SIGINT ignored, and so have its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 -- it takes no lock
    )
    _wait_for(lambda: _commands("sleeper.py", str(tmp_path)) > 1)

    run.send_signal(number)

    assert run.wait(30) == 130
    assert _commands(str(tmp_path)) == 0
    assert list(scratch.iterdir()) == []
    assert (tmp_path / "report" / "report.html").exists()


def test_smoke_walks_an_adapter_through_the_protocol(kuma: Server, tmp_path: Path) -> None:
    """Step by step, from hello to shutdown."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "smoke", str(_described(tmp_path, GUIDE))],
        env=_environment(kuma),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    steps = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("ok")]
    assert done.returncode == 0
    assert steps == ["hello", "configure", "poll", "incidents", "close", "shutdown"]


def test_smoke_says_what_an_adapter_forgot(kuma: Server, tmp_path: Path) -> None:
    """The alert that was not imported, in a sentence."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "smoke", str(_described(tmp_path, QUIET))],
        env=_environment(kuma),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "the alert has no incident after poll 1" in done.stdout


def _commands(*words: str) -> int:
    """Return how many processes have all these words in their command lines."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        found += all(word in command for word in words) and "harness.cli" not in command
    return found


def _wait_for(holds: Any) -> None:
    ends = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < ends, "what was waited for did not happen in 40 seconds"
        time.sleep(0.05)


def test_a_python_class_needs_no_adapter(kuma: Server, tmp_path: Path) -> None:
    """It is found beside the connector file, and judged like any other."""
    (tmp_path / "acme.py").write_text(
        "class Acme:\n"
        "    def hello(self, protocol, harness):\n"
        "        print('to stderr')\n"
        "        return {'protocol': 1, 'name': 'acme', 'version': '1', 'features': []}\n"
        "    def configure(self, **settings): pass\n"
        "    def poll(self): return {'created': 0, 'updated': 0}\n"
        "    def incidents(self): return {'incidents': []}\n",
        encoding="utf-8",
    )
    file = tmp_path / "acme.toml"
    file.write_text('[connector]\nname = "Acme"\npython = "acme:Acme"\n', encoding="utf-8")

    code, results, _ = _run(kuma, file, "--only", "FETCH-02")

    [check] = results["checks"]
    assert (code, check["verdict"]) == (1, "fail")
    assert "no incident after poll 3" in check["summary"]
