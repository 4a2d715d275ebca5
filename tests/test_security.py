"""What SECURITY.md says holds a promise is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_test_that_is_named_exists() -> None:
    """A promise without a test is a bug."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/.]+)`", text))

    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).is_file()} == set()


def test_every_requirement_and_command_that_is_named_exists() -> None:
    """Of the harness, and of make."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    requirements = (ROOT / "harness/requirements/auth.toml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert set(re.findall(r"AUTH-\d\d", text)) <= set(re.findall(r'id = "([\w-]+)"', requirements))
    assert set(re.findall(r"`make (\w+)`", text)) <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
