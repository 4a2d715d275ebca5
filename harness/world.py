"""One simulated KUMA, steered through the control API.

Decides how stimuli, faults and questions are worded. Does not know who answers (see ``stage``) or who is
tested. Rule: an answer that is not the contract's is trouble of the harness, never of the connector.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
import msgspec

from harness.facts import Exchange, Truth
from harness.verdict import HarnessTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PREFIX: Final = "/control/v1"
#: The release that is imitated; it answers every API version.
_RELEASE: Final = "3.2"
#: The requests that ask for alerts, in any API version.
LISTS: Final = {"method": "GET", "path": "/api/*/alerts"}
CLOSES: Final = {"method": "POST", "path": "/api/*/alerts/close"}
ANY: Final[dict[str, Any]] = {}
_T = TypeVar("_T")


class _Made(msgspec.Struct, frozen=True):
    world: str
    token: str
    tenant: str


class _Ids(msgspec.Struct, frozen=True):
    ids: list[str]


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Token(msgspec.Struct, frozen=True):
    token: str


class _Journal(msgspec.Struct, frozen=True):
    exchanges: list[Exchange]
    lost: int = 0


class _Fault(msgspec.Struct, frozen=True):
    fired: int


class Growth(msgspec.Struct, frozen=True):
    """Where new correlation data went: into the alert, or into a new one (``opened``)."""

    alert: str
    opened: bool
    event_ids: list[str]


@dataclass(frozen=True, slots=True)
class Control:
    """The control API of a running mock."""

    client: httpx.Client

    def send(self, method: str, path: str, body: Any = None) -> bytes:
        """Send one request, ``path`` below the prefix; return the answer's body."""
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = self.client.request(method, PREFIX + path, content=content)
        except httpx.HTTPError as error:
            raise HarnessTrouble(f"the mock does not answer: {method} {path}: {error!r}") from error
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            said = answer.text[:300]
            raise HarnessTrouble(f"the control API refused {method} {path} with {answer.status_code}: {said}")
        return answer.content

    def ask(self, method: str, path: str, kind: type[_T], body: Any = None) -> _T:
        """Send one request and read its answer."""
        content = self.send(method, path, body)
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            raise HarnessTrouble(f"the control API's answer to {method} {path} is odd: {error}") from error

    def new_world(self, *, seed: int) -> World:
        """Return a fresh, empty world."""
        made = self.ask("POST", "/worlds", _Made, {"seed": seed, "kuma_version": _RELEASE})
        return World(self, made.world, made.token, made.tenant)


class World:
    """One installation. ``made`` are the ids of all alerts that came into it, oldest first."""

    def __init__(self, control: Control, world_id: str, token: str, tenant: str) -> None:
        self._control = control
        self.id, self.token, self.tenant = world_id, token, tenant
        self.made: list[str] = []
        self._ahead = dt.timedelta()
        #: Told in words what comes into the world; a scene writes it into its timeline.
        self.tell: Callable[[str], None] = lambda _: None

    def generate(self, count: int, **how: Any) -> list[str]:
        """Add generated alerts, newest first; ``how`` as in the contract (``last_seen``, ...)."""
        return self._add({"generate": {"count": count, **_texts(how)}})

    def add(self, *alerts: dict[str, Any]) -> list[str]:
        """Add given alerts, in the vendor's spelling; what is not given is generated."""
        return self._add({"alerts": [_texts(alert) for alert in alerts]})

    def grow(self, alert: str, *stamps: dt.datetime) -> Growth:
        """Let the alert's rule fire at the given moments."""
        events = [{"Timestamp": round(stamp.timestamp() * 1_000)} for stamp in stamps]
        growth = self._ask("POST", f"/alerts/{alert}/events", Growth, {"events": events})
        if growth.opened:
            self.made.append(growth.alert)
        return growth

    def change(self, alert: str, **values: str) -> None:
        """Do what a KUMA user does: ``status``, ``assignee``, ``priority``, ``closing_reason``."""
        self._send("PATCH", f"/alerts/{alert}", values)

    def truth(self, alert: str) -> Truth:
        """Return the whole truth about an alert."""
        return self._ask("GET", f"/alerts/{alert}", Truth)

    def truths(self, alerts: Sequence[str]) -> list[Truth]:
        """Return the whole truth about some alerts."""
        return [self.truth(alert) for alert in alerts]

    def add_tenant(self, name: str) -> str:
        """Return the id of a new tenant."""
        return self._ask("POST", "/tenants", _Id, {"name": name}).id

    def disable_tenant(self, tenant: str) -> None:
        """Disable a tenant."""
        self._send("PATCH", f"/tenants/{tenant}", {"disabled": True})

    def add_user(self, name: str, *tenants: str) -> str:
        """Return the id of a new analyst of the tenants."""
        return self._ask("POST", "/users", _Id, {"name": name, "roles": _roles(tenants)}).id

    def give_roles(self, user: str, *tenants: str) -> None:
        """Leave a user the role in these tenants alone."""
        self._send("PATCH", f"/users/{user}", {"roles": _roles(tenants)})

    def give_token(self, user: str) -> str:
        """Return a new token; the former one stops working."""
        return self._ask("POST", f"/users/{user}/token", _Token, {}).token

    def revoke_token(self, user: str) -> None:
        """Take a user's token away."""
        self._send("DELETE", f"/users/{user}/token")

    def fault(
        self, match: dict[str, Any], action: dict[str, Any], *, after: int = 0, times: int | None = None
    ) -> str:
        """Set a fault and return its id; ``times`` None is until it is lifted."""
        body: dict[str, Any] = {"match": match, "action": action, "after": after}
        if times is not None:
            body["times"] = times
        return self._ask("POST", "/faults", _Id, body).id

    def fired(self, fault: str) -> int:
        """Return how often a fault has fired."""
        return self._ask("GET", f"/faults/{fault}", _Fault).fired

    def lift(self) -> None:
        """Remove all faults."""
        self._send("DELETE", "/faults")

    def set_clock(self, *, ahead: float) -> None:
        """Set the clock so many seconds ahead of ours, or behind; it runs on from there."""
        self._ahead = dt.timedelta(seconds=ahead)
        self._send("PUT", "/clock", {"now": rfc3339(self.now()), "frozen": False})

    def now(self) -> dt.datetime:
        """Return what the world's clock shows."""
        return now() + self._ahead

    def journal(self, *, since: int = 0, wait_for: int = 0, timeout_ms: int = 0) -> list[Exchange]:
        """Return the exchanges after ``since``; a journal with a hole in it is trouble."""
        query = f"since={since}"
        if wait_for:
            query += f"&wait_for={wait_for}&timeout_ms={timeout_ms}"
        journal = self._ask("GET", f"/journal?{query}", _Journal)
        if journal.lost:
            raise HarnessTrouble(f"the mock's journal lost {journal.lost} exchanges")
        return journal.exchanges

    def delete(self) -> None:
        """Forget the world."""
        self._control.send("DELETE", f"/worlds/{self.id}")

    def _add(self, body: dict[str, Any]) -> list[str]:
        ids = self._ask("POST", "/alerts", _Ids, body).ids
        self.made.extend(reversed(ids))
        if ids:
            self.tell(f"alert {ids[0]} appears" + (f", and {len(ids) - 1} more" if len(ids) > 1 else ""))
        return ids

    def _send(self, method: str, path: str, body: Any = None) -> None:
        self._control.send(method, f"/worlds/{self.id}{path}", body)

    def _ask(self, method: str, path: str, kind: type[_T], body: Any = None) -> _T:
        return self._control.ask(method, f"/worlds/{self.id}{path}", kind, body)


def now() -> dt.datetime:
    """Return the present moment; worlds run on the same clock."""
    return dt.datetime.now(dt.UTC)


def ago(**time: float) -> dt.datetime:
    """Return the moment so long before now: ``ago(minutes=5)``."""
    return now() - dt.timedelta(**time)


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: rfc3339(value) if isinstance(value, dt.datetime) else value for name, value in values.items()
    }


def rfc3339(moment: dt.datetime) -> str:
    """Return a moment with milliseconds, in UTC."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _roles(tenants: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": "Tier 2 analyst", "tenants": list(tenants)}]
