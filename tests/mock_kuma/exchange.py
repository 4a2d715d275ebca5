"""Plays a golden exchange of ``fixtures/exchanges`` by the rules of its README.

Brings a world into the state that the exchange names, sends what comes before, the request, and what comes
then; tells whether an answer is the one that is expected. Knows no operation by name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.mock_kuma.conftest import World

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: What the control API calls a list of things, by the key of ``state`` whose things are given one by one.
ONE_BY_ONE: Final = ("services", "lists")
TOGETHER: Final = ("resources", "reports", "assets", "events", "alerts")


@dataclass
class Play:
    """One exchange being played in a world, as its caller sees it."""

    world: World
    version: str
    names: dict[str, str] = field(default_factory=dict)
    tenants: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    def answers(self, exchange: dict[str, Any]) -> Iterator[tuple[dict[str, Any], TestResponse]]:
        """Yield each expected answer with the one that came, in order."""
        self._prepare(exchange.get("state", {}))
        for earlier in exchange.get("before", ()):
            response = self._send(earlier["request"])
            assert response.status_code < 300, response.text
            for name, key in earlier.get("keep", {}).items():
                if key:
                    self.names[name] = (response.json or {})[key]
                else:
                    self.kept[name] = response.data
        for step in (exchange, *exchange.get("then", ())):
            yield self._filled(step["response"]), self._send(step["request"])

    def _prepare(self, state: dict[str, Any]) -> None:
        known = {
            service["kind"]: service["id"] for service in self.world.vendor("GET", "/v1/services").json or ()
        }
        (cluster,) = self.world.vendor("GET", "/v1/events/clusters").json or [{}]
        self.names |= {**known, "cluster": cluster["id"]}
        self.tenants |= {"Main": self.world.tenant, "Shared": "00000000-0000-0000-0000-000000000000"}
        for tenant in state.get("tenants", ()):
            self.tenants[tenant["name"]] = self._made("tenants", tenant)["id"]
        for user in state.get("users", ()):
            self._user(user)
        if "caller" in state:
            self._call(state["caller"])
        if "custom_fields" in state:
            fields = {"fields": state["custom_fields"]}
            self.names["custom_fields"] = self.world.control("PUT", "custom-fields", fields, status=200)["id"]
        for noun in ONE_BY_ONE:
            for thing in self._filled(state.get(noun, [])):
                self._name([thing], self._made(noun, bare(thing))["ids"])
        for noun in TOGETHER:
            if things := self._filled(state.get(noun, [])):
                self._name(things, self._made(noun, {noun: list(map(bare, things))})["ids"])

    def _made(self, noun: str, body: Any) -> Any:
        return self.world.control("POST", noun, body, status=201)

    def _name(self, things: list[dict[str, Any]], keys: list[str]) -> None:
        self.names |= {thing["as"]: key for thing, key in zip(things, keys, strict=True) if "as" in thing}

    def _user(self, given: dict[str, Any]) -> str:
        body = bare(given)
        body["roles"] = [
            role | {"tenants": [self.tenants[name] for name in role.get("tenants", ())]}
            for role in given.get("roles", ())
        ]
        user: str = self._made("users", body)["id"]
        self._name([given], [user])
        return user

    def _call(self, given: dict[str, Any]) -> None:
        user = self._user({key: value for key, value in given.items() if key != "disabled"})
        token = self._made(f"users/{user}/token", {})["token"]
        if given.get("disabled"):
            self.world.control("PATCH", f"users/{user}", {"disabled": True}, status=200)
        self.world = replace(self.world, token=token)

    def _filled(self, value: Any) -> Any:
        text = json.dumps(value).replace("$token", self.world.token).replace("{version}", self.version)
        text = re.sub(r"\$tenant:(\w+)", lambda match: self.tenants[match[1]], text)
        return json.loads(re.sub(r"\$id:(\w+)", lambda match: self.names.get(match[1], match[0]), text))

    def _send(self, request: dict[str, Any]) -> TestResponse:
        sent = self._filled(request)
        body = sent["body"]
        if isinstance(body, str) and body.startswith("$id:"):
            data = self.kept[body.removeprefix("$id:")]
        elif isinstance(body, str):
            data = body.encode()
        else:
            data = b"" if body is None else json.dumps(body).encode()
        return self.world.kuma.vendor_client.open(
            sent["path"], method=sent["method"], headers=sent["headers"], data=data or None
        )


def bare(thing: dict[str, Any]) -> dict[str, Any]:
    """Return a thing of ``state`` as it is given to the server."""
    return {key: value for key, value in thing.items() if key != "as"}


def matches(expected: Any, actual: Any) -> bool:
    """Tell whether an answer's value is what the exchange wants; an absent one is ``...``."""
    if isinstance(expected, str) and expected.startswith("$"):
        return placeholder(expected, actual)
    if isinstance(expected, dict) and "$has" in expected:
        return isinstance(actual, list) and all(
            any(matches(wanted, one) for one in actual) for wanted in expected["$has"]
        )
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
        "$bytes": isinstance(actual, bytes) and actual != b"",
    }
    return stands_for[name]
