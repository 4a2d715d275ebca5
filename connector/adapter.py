"""The connector protocol on standard input and output, for a harness that drives this connector.

JSON-RPC 2.0, one object a line. Standard output carries answers and nothing else. Rule: whatever comes in,
one answer goes out, and the process lives on.
"""

from __future__ import annotations

import json
import logging
import math
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.errors import ConnectorError, UnknownIncident, UnknownReason
from connector.settings import DAY, Settings, base_url, checked_token
from connector.sync import Sync

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from connector.incidents import Incident

log = logging.getLogger("connector.adapter")

FEATURES: Final = ("events", "update", "close", "mirror", "edit", "persist", "affected")
#: The SOAR's own reasons, and what each means to KUMA.
REASONS: Final[Mapping[str, str]] = {
    "Resolved": "responded",
    "False positive": "incorrect correlation rule",
    "Bad data": "incorrect data",
}
#: What an incident keeps for people, and the protocol does not know.
_OWN_FIELDS: Final = frozenset({"tenant_name", "asset_names"})
#: A request line longer than this is refused; none of the protocol's comes near.
_LONGEST_LINE: Final = 1024 * 1024

_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS = -32700, -32600, -32601, -32602
_INTERNAL_ERROR: Final = -32603
_KUMA_ERROR: Final = 1


class Invalid(Exception):
    """The request is wrong: a JSON-RPC code and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Adapter:
    """Answers requests by driving one connector instance."""

    def __init__(self, make: Callable[[Settings], Sync] = Sync) -> None:
        self._make = make
        self._sync: Sync | None = None
        self.done = False

    def serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """Answer line by line until ``shutdown`` or the end of the input."""
        while not self.done:
            line = incoming.readline(_LONGEST_LINE)
            if not line:
                break
            if not line.strip():
                continue
            rest = line
            while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
                rest = incoming.readline(_LONGEST_LINE)  # of a line that is too long; one answer, not several
            answer = json.dumps(self.answer(line), ensure_ascii=True)
            outgoing.write(answer.encode() + b"\n")
            outgoing.flush()
        self._stop()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one line."""
        request_id: Any = None
        try:
            request = _request(line)
            request_id = request.get("id")
            return _result(request_id, self._call(request))
        except Invalid as error:
            return _error(request_id, error.code, error.message)
        except (UnknownIncident, UnknownReason) as error:
            return _error(request_id, _INVALID_PARAMS, str(error))
        except ConnectorError as error:
            log.warning("%s", error)
            data = {"retryable": error.retryable, "http_status": error.status}
            return _error(request_id, _KUMA_ERROR, str(error), data)
        except Exception:
            # The process boundary: a defect of ours is answered and logged, and the next request served.
            log.exception("an error that should not have happened")
            return _error(request_id, _INTERNAL_ERROR, "internal error; see the log")

    def _call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        method, params = request.get("method"), request.get("params") or {}
        if not isinstance(method, str):
            raise Invalid(_INVALID_REQUEST, "method: expected text")
        if not isinstance(params, dict):
            raise Invalid(_INVALID_PARAMS, "params: expected an object")
        if method in {"hello", "configure", "shutdown"}:
            return {"hello": _hello, "configure": self._configure, "shutdown": self._shutdown}[method](params)
        known = {"poll": self._poll, "incidents": self._incidents, "close": self._close, "edit": self._edit}
        if method not in known:
            raise Invalid(_NO_METHOD, f"unknown method {method[:64]!r}")
        if self._sync is None:
            raise Invalid(_INVALID_REQUEST, f"{method}: configure comes first")
        return known[method](self._sync, params)

    def _configure(self, params: Mapping[str, Any]) -> dict[str, Any]:
        settings = _settings(params)
        fresh = self._make(settings)
        self._stop()
        self._sync = fresh
        return {}

    def _shutdown(self, _params: Mapping[str, Any]) -> dict[str, Any]:
        self.done = True
        return {}

    @staticmethod
    def _poll(sync: Sync, _params: Mapping[str, Any]) -> dict[str, Any]:
        counts = sync.poll()
        return {"created": counts.created, "updated": counts.updated}

    @staticmethod
    def _incidents(sync: Sync, _params: Mapping[str, Any]) -> dict[str, Any]:
        return {"incidents": [shown(incident) for incident in sync.incidents.every()]}

    @staticmethod
    def _close(sync: Sync, params: Mapping[str, Any]) -> dict[str, Any]:
        given = _text(params, "reason")
        if given not in REASONS:
            raise UnknownReason(given, tuple(REASONS))
        sync.close(_text(params, "alert_id"), REASONS[given])
        return {}

    @staticmethod
    def _edit(sync: Sync, params: Mapping[str, Any]) -> dict[str, Any]:
        fields = params.get("fields")
        if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
            raise Invalid(_INVALID_PARAMS, "fields: expected an object of texts")
        known = {key: value for key, value in fields.items() if key in {"owner", "notes"}}
        sync.incidents.edit(_text(params, "alert_id"), known)
        return {}

    def _stop(self) -> None:
        if self._sync is not None:
            self._sync.stop()
            self._sync = None


def shown(incident: Incident) -> dict[str, Any]:
    """Return an incident as the protocol describes it."""
    return {
        "id": incident.id,
        "alert_id": incident.alert_id,
        "status": incident.status,
        **{name: value for name, value in incident.alert.items() if name not in _OWN_FIELDS},
        "owner": incident.local.get("owner", ""),
        "notes": incident.local.get("notes", ""),
        "event_ids": list(incident.event_ids),
    }


def _hello(_params: Mapping[str, Any]) -> dict[str, Any]:
    try:
        own_version = version("mock-kuma")
    except PackageNotFoundError:
        own_version = "unknown"
    return {
        "protocol": 1,
        "name": "KUMA reference connector",
        "version": own_version,
        "features": list(FEATURES),
        "reasons": dict(REASONS),
    }


def _settings(params: Mapping[str, Any]) -> Settings:
    kuma = params.get("kuma")
    if not isinstance(kuma, dict):
        raise Invalid(_INVALID_PARAMS, "kuma: expected an object")
    ca_file = kuma.get("ca_file")
    deadline = _number(params, "deadline_seconds", 30)
    return Settings(
        url=base_url(_text(kuma, "url")),
        token=checked_token(_text(kuma, "token"), where="kuma.token"),
        ca_file=None if ca_file is None else Path(_text(kuma, "ca_file")),
        state_dir=Path(_text(params, "state_dir")),
        lookback_seconds=_number(params, "lookback_seconds", 7 * DAY),
        deadline_seconds=deadline,
        # Two tries must fit, so that a server that once keeps silent does not cost the whole cycle.
        request_seconds=max(1.0, deadline / 3),
    )


def _text(params: Mapping[str, Any], key: str) -> str:
    value = params.get(key)
    if not isinstance(value, str) or not value:
        raise Invalid(_INVALID_PARAMS, f"{key}: expected text")
    return value


def _number(params: Mapping[str, Any], key: str, default: float) -> float:
    value = params.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise Invalid(_INVALID_PARAMS, f"{key}: expected a number of seconds")
    return float(value)


def _request(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n") and len(line) >= _LONGEST_LINE:
        raise Invalid(_PARSE_ERROR, "the line is too long")
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid(_PARSE_ERROR, "the line is not JSON") from error
    if not isinstance(request, dict):
        raise Invalid(_INVALID_REQUEST, "expected an object")
    return request


def _result(request_id: Any, result: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def _error(request_id: Any, code: int, message: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": request_id, "error": error}
