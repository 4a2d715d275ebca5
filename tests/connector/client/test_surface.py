"""The library as its users meet it: documented, typed, lazy lists, one tree of errors."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from connector import Client, errors
from connector.errors import ConnectorError, NotFound, Refused
from connector.transport import Transport
from tests.connector.fake_kuma import TOKEN, URL, FakeKuma

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = [name for name, _ in inspect.getmembers(Client, callable) if not name.startswith("_")]
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ConnectorError)]


@pytest.fixture
def kuma() -> FakeKuma:
    """A KUMA of a few lines."""
    return FakeKuma()


@pytest.fixture
def client(kuma: FakeKuma) -> Iterator[Client]:
    """A client of it, for as long as the test lasts."""
    transport = Transport(URL, token=TOKEN, transport=httpx.MockTransport(kuma.handle))
    with Client(URL, token=TOKEN, transport=transport) as found:
        yield found


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_documented_and_typed(name: str) -> None:
    """In a sentence, down to what it returns."""
    operation = getattr(Client, name)

    assert re.match(r"[A-Z].+[.:]", operation.__doc__ or "")
    hints = inspect.get_annotations(operation)
    assert {*inspect.signature(operation).parameters} - {"self"} == {*hints} - {"return"}
    assert "return" in hints


def test_the_tree_of_errors_names_every_class_under_its_own() -> None:
    """The docstring draws what the classes are."""
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^( +)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE):
        above = [one for one in above if one[0] < len(indent)]
        drawn[name] = above[-1][1] if above else "Exception"
        above.append((len(indent), name))

    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in KINDS if kind.__base__}


def test_a_page_is_asked_for_when_the_one_before_is_used_up(client: Client, kuma: FakeKuma) -> None:
    """Whoever stops early has asked once."""
    for number in range(300):
        kuma.add(f"a{number:03}", number)
    alerts = client.alerts()
    before = len(kuma.requests)

    first = next(alerts)
    asked = len(kuma.requests)
    rest = list(alerts)

    assert (before, first["id"], asked) == (0, "a299", 1)
    assert (len(rest), len(kuma.requests)) == (299, 2)


def test_what_has_no_method_is_sent_all_the_same(client: Client, kuma: FakeKuma) -> None:
    """With the same errors, and to no other version than was said."""
    kuma.add("a", 1)
    kuma.before = lambda request: (
        httpx.Response(404, json={"message": "no"}) if "x" in request.url.path else None
    )

    body = client.request("GET", "/api/v2.1/alerts/", query=[("id", "a")], headers={"X-Own": "yes"})
    with pytest.raises(NotFound) as missing:
        client.request("POST", "/api/v3/x", body=b"{}")

    assert b'"id":"a"' in body.replace(b" ", b"")
    assert (kuma.requests[0].url.path, kuma.requests[0].headers["X-Own"]) == ("/api/v2.1/alerts/", "yes")
    assert isinstance(missing.value, Refused)
    assert (missing.value.status, missing.value.retryable) == (404, False)
