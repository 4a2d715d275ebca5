"""Replays every golden exchange of ``fixtures/exchanges`` against the mock, by the rules of its README."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "exchanges"
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def plays() -> list[Any]:
    """Return each exchange that can be sent, once for each of its versions."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        exchange = json.loads(path.read_text(encoding="utf-8"))
        if exchange.get("replay", True):
            found += [pytest.param(exchange, one, id=f"{path.stem}-{one}") for one in exchange["versions"]]
    return found


def filled(value: Any, tenants: dict[str, str], token: str = "") -> Any:
    """Return the value with its placeholders replaced."""
    text = json.dumps(value).replace("$token", token)
    return json.loads(re.sub(r"\$tenant:(\w+)", lambda match: tenants[match[1]], text))


def matches(expected: Any, actual: Any) -> bool:
    """Tell whether an answer's value is what the exchange wants; an absent one is ``...``."""
    if isinstance(expected, str) and expected.startswith("$"):
        return placeholder(expected, actual)
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            matches(value, actual.get(key, ...)) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list) and len(actual) == len(expected) and all(map(matches, expected, actual))
        )
    return type(expected) is type(actual) and bool(expected == actual)


def placeholder(name: str, actual: Any) -> bool:
    """Tell whether a value is what a placeholder stands for; an unknown placeholder is an error."""
    if name.startswith("$starts:"):
        prefix = name.removeprefix("$starts:")
        return isinstance(actual, str) and actual.startswith(prefix) and actual != prefix
    stands_for: dict[str, bool] = {
        "$uuid": isinstance(actual, str) and UUID.fullmatch(actual) is not None,
        "$time": isinstance(actual, str) and TIME.fullmatch(actual) is not None,
        "$text": isinstance(actual, str),
        "$number": isinstance(actual, int | float) and not isinstance(actual, bool),
        "$empty": actual is None or actual is ... or actual == "",
        "$null_or_list": actual is None or isinstance(actual, list),
        "$any": True,
        "$none": actual == b"",
    }
    return stands_for[name]


def prepared(world: World, state: dict[str, Any]) -> tuple[World, dict[str, str]]:
    """Bring the world into the state; return it as the caller sees it, and its tenants by name."""
    tenants = {"Main": world.tenant, "Shared": "00000000-0000-0000-0000-000000000000"}
    for tenant in state.get("tenants", ()):
        tenants[tenant["name"]] = world.control("POST", "tenants", tenant, status=201)["id"]
    seen = world
    if "caller" in state:
        given = dict(state["caller"])
        roles = [
            role | {"tenants": [tenants[name] for name in role.get("tenants", ())]}
            for role in given.pop("roles", ())
        ]
        disabled = given.pop("disabled", False)
        user = world.control("POST", "users", {**given, "roles": roles}, status=201)["id"]
        seen = replace(world, token=world.control("POST", f"users/{user}/token", {}, status=201)["token"])
        if disabled:
            world.control("PATCH", f"users/{user}", {"disabled": True}, status=200)
    if state.get("alerts"):
        world.raise_alerts(*filled(state["alerts"], tenants))
    return seen, tenants


@pytest.mark.parametrize(("exchange", "version"), plays())
def test_the_mock_answers_as_the_exchange_says(world: World, exchange: Any, version: str) -> None:
    """Status, headers and body, for each version that the exchange names."""
    caller, tenants = prepared(world, exchange.get("state", {}))
    request = filled(exchange["request"], tenants, caller.token)
    expected = filled(exchange["response"], tenants)
    body = request["body"]

    response = world.kuma.vendor_client.open(
        request["path"].replace("{version}", version),
        method=request["method"],
        headers=request["headers"],
        data=None if body is None else json.dumps(body).encode(),
    )

    assert response.status_code == expected["status"], response.text
    for name, value in expected.get("headers", {}).items():
        assert response.headers.get(name, "").partition(";")[0] == value
    answer = response.data if expected["body"] == "$none" else response.json
    assert matches(expected["body"], answer), response.text
