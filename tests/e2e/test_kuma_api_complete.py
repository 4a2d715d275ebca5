"""No public method of ``kuma-api`` is left out: each is called by a test of this folder.

The list is made from the client's classes, so that a method of its next release fails here until a test
calls it. ``kuma.private`` is no part of it: that is the web interface's own API, with a cookie and another
port, which the mock does not have.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from kuma.rest import KumaRestAPI
from kuma.rest._base import KumaRestAPIBase, KumaRestAPIModule

TESTS = sorted(Path(__file__).parent.glob("test_kuma_api*.py"))


def public(owner: type, *, without: type) -> set[str]:
    """Return the names of a class's public methods that ``without`` does not have."""
    names = {name for name, _ in inspect.getmembers(owner, callable) if not name.startswith("_")}
    return names - {name for name in dir(without) if getattr(owner, name, None) is getattr(without, name)}


METHODS = sorted(
    f"{module}.{name}"
    for module, owner in KumaRestAPI._module_classes.items()
    for name in public(owner, without=KumaRestAPIModule)
) + sorted(public(KumaRestAPIBase, without=object))


def called() -> set[str]:
    """Return what the tests call on a client: ``module.method``, or a method of the client itself."""
    found = set()
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(value=ast.Name(), attr=module), attr=method)
                ):
                    found.add(f"{module}.{method}")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="client"), attr=method)):
                    found.add(method)
    return found


CALLED = called()


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_called_by_a_test(method: str) -> None:
    """Somewhere in ``test_kuma_api*.py``."""
    assert method in CALLED


def test_the_list_is_that_of_the_client() -> None:
    """Sixteen modules, and nothing of them is private."""
    assert len(KumaRestAPI._module_classes) == 16
    assert len(METHODS) > 60
    assert {"alerts.link_event", "incidents.unlink_alert", "system.restore", "format_time"} <= set(METHODS)
