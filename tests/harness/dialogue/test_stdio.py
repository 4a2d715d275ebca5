"""Processes that answer on stdout, and everything that they may do instead."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness.dialogue.calls import Calls
from harness.dialogue.stdio import DeadlineMissed, Died, StdioProcess
from harness.protocol import BadAnswer, NotStarted, Refusal
from harness.verdict import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Reads one request, and answers what follows.
READ = "import json, sys, time\nrequest = json.loads(sys.stdin.readline())\n"
LATER = "time.sleep(60)\n"


def _process(folder: Path, code: str) -> StdioProcess:
    return StdioProcess(
        [sys.executable, "-c", code],
        folder=folder,
        environment=dict(os.environ),
        stderr=folder / "stderr.txt",
    )


@contextmanager
def _running(folder: Path, code: str) -> Iterator[StdioProcess]:
    process = _process(folder, code)
    process.start()
    try:
        yield process
    finally:
        process.kill()


def test_a_request_gets_its_answer(tmp_path: Path) -> None:
    """Empty lines between answers are no mistake."""
    code = READ + "print(); print(json.dumps({'id': request['id'], 'result': request['params']}))"
    with _running(tmp_path, code) as process:
        assert process.request("poll", {"a": 1}, deadline=10) == {"a": 1}


def test_an_answer_may_be_longer_than_a_pipe_holds(tmp_path: Path) -> None:
    """A thousand incidents are one long line."""
    code = READ + "print(json.dumps({'id': request['id'], 'result': ['x' * 1000] * 1000}))"
    with _running(tmp_path, code) as process:
        assert process.request("incidents", {}, deadline=10) == ["x" * 1000] * 1000


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """The folder is told, because relative commands start there."""
    process = StdioProcess(
        ["no-such-adapter"], folder=tmp_path, environment={}, stderr=tmp_path / "stderr.txt"
    )

    with pytest.raises(
        NotStarted, match=r"'no-such-adapter' could not be started: there is no such file in "
    ):
        process.start()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('no licence')", "ended with exit status 1 .*'no licence'"),
        (READ + "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "was ended by SIGSEGV"),
        (
            READ + "sys.stdout.write('{\"id\"'); sys.stdout.flush(); sys.exit(3)",
            "exit status 3 .*broke off after",
        ),
        (
            READ + "sys.stdout.close(); import os; os.close(1); " + LATER,
            "closed its stdout, and kept running",
        ),
    ],
)
def test_a_process_that_ends_tells_how(tmp_path: Path, code: str, told: str) -> None:
    """Exit status or signal, and the last word on stderr."""
    with _running(tmp_path, code) as process, pytest.raises(Died, match=told):
        process.request("poll", {}, deadline=10)


def test_a_process_that_hangs_misses_its_deadline(tmp_path: Path) -> None:
    """The wait is as long as the deadline, and no longer."""
    with _running(tmp_path, READ + LATER) as process:
        began = time.monotonic()
        with pytest.raises(DeadlineMissed, match=r"did not answer poll within 0\.3 seconds"):
            process.request("poll", {}, deadline=0.3)

    assert time.monotonic() - began < 5


def test_rubbish_on_stdout_is_shown(tmp_path: Path) -> None:
    """A log line among the answers is the usual mistake of a first adapter."""
    with (
        _running(tmp_path, READ + "print('Connected!'); " + LATER) as process,
        pytest.raises(BadAnswer, match="'Connected!' on stdout"),
    ):
        process.request("hello", {}, deadline=10)


def test_what_is_said_on_stderr_neither_blocks_nor_is_lost(tmp_path: Path) -> None:
    """More than a pipe holds, and its end is what is shown."""
    code = READ + (
        "sys.stderr.write('x' * 500_000 + 'the end'); sys.stderr.flush()\n"
        "print(json.dumps({'id': request['id'], 'result': {}}), flush=True)"
    )
    with _running(tmp_path, code) as process:
        process.request("poll", {}, deadline=10)
        said = process.stderr_text(most=100)

    assert said.endswith("the end")
    assert len(said) == 100


def test_killing_ends_the_children_too(tmp_path: Path) -> None:
    """A wrapper's child does not survive its wrapper."""
    code = READ + (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(json.dumps({'id': request['id'], 'result': child.pid}), flush=True)\n" + LATER
    )
    with _running(tmp_path, code) as process:
        child = process.request("poll", {}, deadline=10)

    assert isinstance(child, int)
    assert _gone(child)


def test_shutdown_wants_a_clean_end(tmp_path: Path) -> None:
    """Status 0, soon."""
    answer = READ + "print(json.dumps({'id': request['id'], 'result': {}}), flush=True)\n"
    with _running(tmp_path, answer) as process:
        Calls(process, deadline=10, harness_version="1").shutdown()
    with (
        _running(tmp_path, answer + "sys.exit(4)") as process,
        pytest.raises(BadAnswer, match="left with exit status 4 after shutdown"),
    ):
        Calls(process, deadline=10, harness_version="1").shutdown()


def test_an_unknown_method_is_unsupported_where_it_is_optional(tmp_path: Path) -> None:
    """Everybody must know poll; close is a feature."""
    code = READ + (
        "print(json.dumps({'id': request['id'], 'error': {'code': -32601, 'message': '?'}}), flush=True)\n"
    )
    with _running(tmp_path, code) as process, pytest.raises(Unsupported, match="method close"):
        Calls(process, deadline=10, harness_version="1").close("a1", "responded")
    with _running(tmp_path, code) as process, pytest.raises(BadAnswer, match="method poll, which all must"):
        Calls(process, deadline=10, harness_version="1").poll()


def test_a_refused_poll_is_an_answer_and_a_refused_hello_is_not(tmp_path: Path) -> None:
    """KUMA may be down for a poll; a greeting has nothing to do with KUMA."""
    code = READ + (
        "print(json.dumps({'id': request['id'], 'error': {'code': 1, 'message': 'down'}}), flush=True)\n"
    )
    with _running(tmp_path, code) as process:
        assert Calls(process, deadline=10, harness_version="1").poll() == Refusal(1, "down")
    with (
        _running(tmp_path, code) as process,
        pytest.raises(BadAnswer, match="hello was answered with error 1"),
    ):
        Calls(process, deadline=10, harness_version="1").hello()


def _gone(pid: int) -> bool:
    """Say whether a process has ended; one that init has not buried yet counts as ended."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 -- not a file of ours
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False
