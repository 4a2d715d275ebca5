"""What ``kuma-connector`` imports before it answers, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

import connector


def imported(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after some code."""
    told = f"{code}\nimport sys\nprint(*[name for name, module in sys.modules.items() if module])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_start_brings_nothing_that_is_not_needed() -> None:
    """Another database's driver, a web framework, what draws tables on terminals."""
    found = imported(
        "import contextlib\nfrom connector import start\n"
        "with contextlib.suppress(SystemExit):\n    start.main(['--version'])"
    )

    assert "connector.cli" in found
    assert not found & {"sqlalchemy.dialects.postgresql", "flask", "rich"}


def test_the_client_is_imported_when_it_is_asked_for() -> None:
    """By its name in the package, as ever."""
    assert "httpx" not in imported("import connector")
    assert "httpx" in imported("from connector import Client")


def test_another_name_is_unknown() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'connector' has no attribute 'Server'"):
        connector.Server  # noqa: B018 -- asked for
