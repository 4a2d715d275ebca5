"""``serve --scenario --watch`` as a process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from tests.e2e.conftest import running
from tests.e2e.test_serve import failing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server

STORY = 'title = "T"\n[[step]]\ngenerate = { count = %s }\n'


def count(server: Server) -> int:
    """Return how many alerts the default world's connector sees."""
    response = httpx.get(f"{server.api}/api/v1/alerts", headers={"Authorization": f"Bearer {server.token}"})
    return len(response.json())


def test_a_changed_scenario_is_told_anew(tmp_path: Path) -> None:
    """With the same token; a wrong file leaves the world as it was."""
    story = tmp_path / "story.toml"
    story.write_text(STORY % 2, encoding="utf-8")

    with running(tmp_path, "--no-tls", "--scenario", str(story), "--watch") as server:
        counts = [count(server)]
        story.write_text(STORY % "'many'", encoding="utf-8")
        time.sleep(1.2)
        counts.append(count(server))
        story.write_text(STORY % 33, encoding="utf-8")
        end = time.monotonic() + 10
        while count(server) == 2 and time.monotonic() < end:
            time.sleep(0.05)
        counts.append(count(server))

    assert counts == [2, 2, 33]


def test_a_wrong_scenario_is_named_and_nothing_starts(tmp_path: Path) -> None:
    """One line with the file and the line, exit code 2."""
    story = tmp_path / "story.toml"
    story.write_text(STORY % "'many'", encoding="utf-8")

    code, said = failing("--port", "0", "--console-port", "0", "--scenario", str(story))

    assert (code, f"{story}:2: step 1: " in said, "Traceback" in said) == (2, True, False)


def test_an_unknown_scenario_is_named_with_those_there_are() -> None:
    """The same for a name."""
    code, said = failing("--port", "0", "--console-port", "0", "--scenario", "nowhere")

    assert (code, "brute-force" in said, "Traceback" in said) == (2, True, False)
