"""The connector protocol, version 1: what is said, and whether an answer keeps to it.

Decides what a well-formed answer is and says in plain words what is wrong with any other. Does not
know how lines travel (see ``dialogue``) or whether an answer is true (see ``oracle``). Rule: unknown
fields are ignored; what the protocol leaves open is never called wrong.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

PROTOCOL: Final = 1
#: JSON-RPC's code for a method that the other side does not know.
UNKNOWN_METHOD: Final = -32601

Moment = Annotated[dt.datetime, Meta(tz=True)]
_T = TypeVar("_T")


class Feature(StrEnum):
    """What a connector may claim beyond fetching alerts."""

    EVENTS = "events"
    UPDATE = "update"
    CLOSE = "close"
    MIRROR = "mirror"
    EDIT = "edit"
    PERSIST = "persist"
    AFFECTED = "affected"


class Hello(msgspec.Struct, frozen=True):
    """Who the connector is and what it claims."""

    protocol: int
    name: str
    version: str
    features: list[str] = []
    reasons: dict[str, str] = {}


class Polled(msgspec.Struct, frozen=True):
    """One complete receive cycle."""

    created: Annotated[int, Meta(ge=0)]
    updated: Annotated[int, Meta(ge=0)]


class Incident(msgspec.Struct, frozen=True):
    """An incident as the SOAR claims to hold it; None is "not told"."""

    id: str
    alert_id: str
    status: Literal["open", "closed"]
    name: str
    priority: str
    first_seen: Moment
    last_seen: Moment
    event_ids: list[str] | None = None
    tenant_id: str | None = None
    assignee: str | None = None
    overflow: bool | None = None
    kuma_status: str | None = None
    close_reason: str | None = None
    owner: str | None = None
    notes: str | None = None
    assets: list[str] | None = None
    accounts: list[str] | None = None


class Incidents(msgspec.Struct, frozen=True):
    """Every incident that the SOAR holds."""

    incidents: list[Incident]


class Refusal(msgspec.Struct, frozen=True):
    """An error answer. ``retryable`` and ``http_status`` are None where they were not told."""

    code: int
    message: str
    retryable: bool | None = None
    http_status: int | None = None

    def __str__(self) -> str:
        told = "" if self.http_status is None else f", KUMA answered {self.http_status}"
        return f"error {self.code} ({self.message!r}{told})"


class ConnectorBroken(Exception):
    """The connector cannot be talked to: it died, hangs, or does not keep to the protocol."""


class NotStarted(ConnectorBroken):
    """The connector's process could not be started."""


class BadAnswer(ConnectorBroken):
    """What came back is no answer of the protocol."""


def encode_request(number: int, method: str, params: dict[str, Any]) -> bytes:
    """Return one request as a line."""
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return msgspec.json.encode(request) + b"\n"


def read_answer(line: bytes, *, number: int, method: str) -> Any | Refusal:
    """Return the result, or the refusal, that a line answers request ``number`` with.

    Raises BadAnswer with what to mend in the adapter.
    """
    try:
        answer = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(
            f"instead of the answer to {method} the connector printed {_excerpt(line)} on stdout, which "
            f"is not JSON ({error}); only answers belong on stdout, everything else on stderr"
        ) from error
    if not isinstance(answer, dict):
        raise BadAnswer(f"the answer to {method} is {_excerpt(line)}, not a JSON object")
    return _unwrap(answer, number=number, method=method)


def _unwrap(answer: dict[str, Any], *, number: int, method: str) -> Any | Refusal:
    if "id" not in answer:
        raise BadAnswer(f'the answer to {method} has no "id"; repeat the id of the request, {number}')
    given = answer["id"]
    # JSON-RPC answers id null to a request that could not be read; that is an error, not another id.
    if given != number and not (given is None and answer.get("error") is not None):
        raise BadAnswer(
            f"the answer to {method} has the id {_short(given)}, but the request had {number}; "
            "repeat the id unchanged"
        )
    if answer.get("error") is not None:
        return _refusal(answer["error"], method=method)
    if "result" not in answer:
        raise BadAnswer(f'the answer to {method} has neither "result" nor "error"')
    return answer["result"]


def read_hello(result: Any) -> Hello:
    """Return the greeting; raises BadAnswer where it is malformed or of another protocol."""
    hello = _convert(result, Hello, method="hello")
    if hello.protocol != PROTOCOL:
        raise BadAnswer(f"hello answers protocol {hello.protocol}; this harness speaks protocol {PROTOCOL}")
    return hello


def read_polled(result: Any) -> Polled:
    """Return what a poll claims."""
    return _convert(result, Polled, method="poll")


def read_incidents(result: Any, *, features: frozenset[str]) -> list[Incident]:
    """Return the incidents; what a claimed feature makes mandatory must be there."""
    incidents = _convert(result, Incidents, method="incidents").incidents
    needed = [name for feature, names in _NEEDED.items() if feature in features for name in names]
    for place, incident in enumerate(incidents):
        for name in needed:
            if getattr(incident, name) is None:
                raise BadAnswer(
                    f"incidents[{place}] (alert {_short(incident.alert_id)}) has no {name}, which the "
                    "features that the connector claims make mandatory"
                )
    return incidents


#: Fields that a claimed feature makes mandatory.
_NEEDED: Final[dict[Feature, tuple[str, ...]]] = {
    Feature.EVENTS: ("event_ids",),
    Feature.MIRROR: ("assignee", "kuma_status"),
    Feature.EDIT: ("owner", "notes"),
    Feature.AFFECTED: ("assets", "accounts"),
}


def read_nothing(result: Any, *, method: str) -> None:
    """Accept the empty answer of a method that only does something."""
    if result is not None and not isinstance(result, dict):
        raise BadAnswer(f"the result of {method} is {_short(result)}; expected {{}}")


def _refusal(error: Any, *, method: str) -> Refusal:
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        raise BadAnswer(
            f'the error of {method} is {_short(error)}; expected {{"code": number, "message": text}}'
        )
    data = error.get("data")
    told = data if isinstance(data, dict) else {}
    retryable, status = told.get("retryable"), told.get("http_status")
    return Refusal(
        code=error["code"],
        message=str(error.get("message", "")),
        retryable=retryable if isinstance(retryable, bool) else None,
        http_status=status if isinstance(status, int) else None,
    )


def _convert(result: Any, kind: type[_T], *, method: str) -> _T:
    try:
        return msgspec.convert(result, kind)
    except msgspec.ValidationError as error:
        raise BadAnswer(f"the result of {method} is malformed: {_plain(str(error))}") from error


def _plain(problem: str) -> str:
    """Turn msgspec's "Expected `str`, got `int` - at `$.a[...].b`" into words with a usual path."""
    what, _, path = problem.partition(" - at ")
    place = path.strip("`").removeprefix("$").removeprefix(".")
    what = what.replace("`", "").replace("Object missing", "missing")
    what = what[:1].lower() + what[1:]
    return f"{place}: {what}" if place else what


def _short(value: Any) -> str:
    return _excerpt(msgspec.json.encode(value))


def _excerpt(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 120 else text[:117] + "...")  # noqa: PLR2004 -- one line's worth
