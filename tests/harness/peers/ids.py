"""A right connector that reads which alerts are open first, and what is in them after, by id.

It decides: the list is read without events, page by page over all open statuses, until two passes
agree on the ids; then every open alert is asked for by `id=`, a batch at a time, with its events
and what it affects. So a change that leaves `lastSeen` in its second is not missed either.
It keeps nothing on disk, and says so: it does not claim `persist`.

The rule that must stay true: an incident is made or changed only from an answer by id, and a close
whose answer was lost is not called failed before KUMA was asked what became of it.
"""

import asyncio
import email.utils
import json
import ssl
import sys
import time
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx

OPEN: Final = [("status", "new"), ("status", "assigned"), ("status", "escalated")]
WHOLE: Final = [("withEvents", "true"), ("withAffected", "true")]
REASONS: Final = ("responded", "incorrect data", "incorrect correlation rule")
FEATURES: Final = ("events", "update", "close", "affected")
PAGE_SIZE: Final = 250
#: So many ids make a request line of 2 KB.
BATCH: Final = 40
#: A list whose ids still change after so many passes is read on at the next poll.
PASSES: Final = 6
#: A Retry-After up to so many seconds is waited out; a longer one is answered with an error.
PATIENCE: Final = 5.0
LONGEST_SILENCE: Final = 86_400

Pairs = list[tuple[str, str]]
Result = TypeVar("Result")


class AnswerError(Exception):
    """What a call is answered with instead of a result; code 1 is KUMA's trouble."""

    def __init__(self, message: str, *, code: int = 1, **data: bool | int) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


class LostAnswerError(AnswerError):
    """No whole answer came back: the request may have taken effect."""


class Kuma:
    """The API v2 of one KUMA, as one user."""

    def __init__(self, *, url: str, token: str, ca_file: str | None) -> None:
        if not token.isascii() or not token.isprintable():
            raise AnswerError("kuma.token fits no header", code=-32602)
        self.url, self.token = str(httpx.URL(url)).rstrip("/"), token
        self.trust = ssl.create_default_context(cafile=ca_file)
        self.silent_until = 0.0

    async def alerts(self, pairs: Pairs) -> list[dict[str, Any]]:
        status, alerts = await self._ask("GET", "/api/v2/alerts", params=httpx.QueryParams(tuple(pairs)))
        if status != HTTPStatus.OK or not isinstance(alerts, list):
            raise AnswerError("KUMA's answer is not a list of alerts", retryable=True)
        return [alert for alert in alerts if isinstance(alert, dict)]

    async def close(self, alert_id: str, reason: str) -> None:
        """Close the alert; an alert that is closed already is closed."""
        body = {"id": alert_id, "reason": reason}
        status, said = await self._ask("POST", "/api/v2/alerts/close", json=body)
        message = str(said.get("message")) if isinstance(said, dict) else ""
        if (status, message.lower()) not in {(204, ""), (406, "alert already closed")}:
            raise AnswerError(f"not closed: {message}", retryable=False, http_status=status)

    async def _ask(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        """Status, and body (None where it is not JSON), of a success or a 406; silent when told."""
        while True:
            left = self.silent_until - time.monotonic()
            if left > PATIENCE:
                raise AnswerError(f"KUMA wants {left:.0f} s more of silence", retryable=True)
            await asyncio.sleep(max(left, 0.0))
            response = await self._exchange(method, path, **content)
            wait = seconds_of(response.headers.get("Retry-After", ""))
            if response.status_code not in {429, 503} or not wait:
                break
            self.silent_until = time.monotonic() + wait
        said = decoded(response.content)
        if response.status_code not in {200, 204, 406}:
            message = said.get("message") if isinstance(said, dict) else ""
            text = f"{method} {path}: {response.status_code} {message}".replace(self.token, "***")
            retryable = response.is_server_error or response.status_code in {408, 429}
            raise AnswerError(text, retryable=retryable, http_status=response.status_code)
        return response.status_code, said

    async def _exchange(self, method: str, path: str, **content: Any) -> httpx.Response:
        # The time-out is the whole call's, in `within`: one a socket would start anew with each byte.
        client = httpx.AsyncClient(verify=self.trust, timeout=None, trust_env=False)
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with client:
                return await client.request(method, self.url + path, headers=headers, **content)
        except httpx.RequestError as error:
            text = f"{method} {path}: {type(error).__name__}: {error}".replace(self.token, "***")
            distrust = "CERTIFICATE_VERIFY_FAILED" in text
            raise LostAnswerError(text, retryable=not distrust) from None


def seconds_of(retry_after: str) -> float:
    """A Retry-After in seconds: either of its forms, and 0 for anything else."""
    if retry_after.isdecimal():
        return float(min(int(retry_after[:9]), LONGEST_SILENCE))
    try:
        at = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return 0.0
    return min(max(at - time.time(), 0.0), LONGEST_SILENCE)


def decoded(body: bytes) -> Any:
    """The body as JSON, and None for one that is not: no answer of KUMA's is `null`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work; if it is not done in time, a lost answer."""

    async def limited() -> Result:
        async with asyncio.timeout(seconds):
            return await work

    try:
        return asyncio.run(limited())
    except TimeoutError:
        raise LostAnswerError(f"no answer in {seconds:.0f} s", retryable=True) from None


class Connector:
    """The incidents, in memory, and what the protocol's methods do to them."""

    def __init__(self) -> None:
        self.state_dir: str | None = None
        self.incidents: dict[str, dict[str, Any]] = {}
        self.kuma: Kuma | None = None
        self.budget = 0.0

    def configure(self, params: dict[str, Any]) -> dict[str, Any]:
        kuma = params["kuma"]
        former = self.kuma
        self.kuma = Kuma(url=kuma["url"], token=kuma["token"], ca_file=kuma["ca_file"])
        if params["state_dir"] != self.state_dir:
            self.incidents = {}
        elif former is not None:
            self.kuma.silent_until = former.silent_until
        self.state_dir = params["state_dir"]
        self.budget = params["deadline_seconds"] * 0.75
        return {}

    def poll(self) -> dict[str, Any]:
        changes: dict[str, bool] = {}
        within(self.budget, self._receive(self._kuma(), changes))
        made = sum(changes.values())
        return {"created": made, "updated": len(changes) - made}

    def close(self, alert_id: str, reason: str) -> dict[str, Any]:
        incident = self.incidents.get(alert_id)
        if incident is None or reason not in REASONS:
            raise AnswerError(f"no incident of {alert_id}, or no reason {reason!r}", code=-32602)
        kuma = self._kuma()
        try:
            if incident["status"] == "open":
                within(self.budget * 0.6, kuma.close(alert_id, reason))
        except LostAnswerError as lost:
            found = within(self.budget * 0.4, kuma.alerts([("id", alert_id)]))
            if [alert.get("status") for alert in found] != ["closed"]:
                raise lost from None
        incident["status"] = "closed"
        return {}

    def _kuma(self) -> Kuma:
        if self.kuma is None:
            raise AnswerError("configure comes first", code=-32600)
        return self.kuma

    async def _receive(self, kuma: Kuma, changes: dict[str, bool]) -> None:
        """Fill `changes`: alert ids, true where an incident was made."""
        ids = sorted(await open_ids(kuma))
        for start in range(0, len(ids), BATCH):
            batch = [("id", alert_id) for alert_id in ids[start : start + BATCH]]
            for alert in filter(is_whole, await kuma.alerts(batch + WHOLE)):
                former = self.incidents.get(alert["id"])
                number = len(self.incidents) + 1
                incident = merge(former or {"id": f"{number}", "status": "open"}, alert)
                if incident != former:
                    changes[alert["id"]] = former is None
                    self.incidents[alert["id"]] = incident


async def open_ids(kuma: Kuma) -> set[str]:
    """The ids of all open alerts: passes over the list until two agree."""
    known: set[str] = set()
    former: set[str] | None = None
    for _ in range(PASSES):
        found: set[str] = set()
        full, page = True, 1
        while full:
            alerts = await kuma.alerts([*OPEN, ("page", str(page))])
            found.update(alert["id"] for alert in alerts if isinstance(alert.get("id"), str))
            full, page = len(alerts) >= PAGE_SIZE, page + 1
        known |= found
        if found == former:
            break
        former = found
    return known


def is_whole(alert: dict[str, Any]) -> bool:
    """Whether an incident can be made of it; one that cannot must not take its neighbours with it."""
    return all(isinstance(alert.get(key), str) for key in ("id", "firstSeen", "lastSeen"))


def merge(former: dict[str, Any], alert: dict[str, Any]) -> dict[str, Any]:
    """The incident after this reading; the events that it held are held still."""
    served = [event.get("ID") for event in alert.get("events") or []]
    assets = [asset.get("id") for asset in alert.get("affectedAssets") or []]
    accounts = [account.get("displayName") for account in alert.get("affectedAccounts") or []]
    return {
        "id": former["id"],
        "status": former["status"],
        "alert_id": alert["id"],
        "name": alert.get("name") or "",
        "priority": alert.get("priority") or "",
        "first_seen": alert.get("firstSeen") or "",
        "last_seen": alert.get("lastSeen") or "",
        "tenant_id": alert.get("tenantID") or "",
        "overflow": bool(alert.get("overflow")),
        "event_ids": list(dict.fromkeys([*former.get("event_ids", []), *filter(None, served)])),
        "assets": [asset for asset in assets if asset],
        "accounts": [account for account in accounts if account],
    }


def call(connector: Connector, method: str, params: dict[str, Any]) -> dict[str, Any]:
    match method:
        case "hello":
            return {"protocol": 1, "name": "ids", "version": "1", "features": FEATURES}
        case "configure":
            return connector.configure(params)
        case "poll":
            return connector.poll()
        case "incidents":
            return {"incidents": list(connector.incidents.values())}
        case "close":
            return connector.close(params["alert_id"], params["reason"])
        case "shutdown":
            return {}
    raise AnswerError(f"no method {method}", code=-32601)


def main() -> None:
    connector = Connector()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = call(connector, request["method"], request.get("params") or {})
        except AnswerError as trouble:
            reply["error"] = trouble.error
        except (KeyError, OSError, httpx.InvalidURL) as error:
            reply["error"] = {"code": -32602, "message": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
        if request["method"] == "shutdown":
            return


if __name__ == "__main__":
    main()
