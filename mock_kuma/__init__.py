"""A fake Kaspersky KUMA. In a test: ``from mock_kuma import running``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_kuma.testing import running

__all__ = ["running"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the server, which needs none of it, starts sooner without.
    if name != "running":
        raise AttributeError(f"module 'mock_kuma' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 -- as above

    return import_module("mock_kuma.testing").running
