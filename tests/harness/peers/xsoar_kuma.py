"""KUMA alerts for Cortex XSOAR: a right integration, in the shape that such scripts have.

It decides: a fetch reads the whole `status=new` list in passes and makes an incident of each alert that the
last run does not name; mirroring reads the list of all statuses and asks again for what differs from the
digest of the last reading; closing goes out by update-remote-system. The rule that must stay true: the last
run names an alert only together with its incident, and a digest is kept only with what it stands for.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from email.utils import mktime_tz, parsedate_tz
from typing import Any

import demistomock as demisto
from CommonServerPython import (
    BaseClient,
    DemistoException,
    GetMappingFieldsResponse,
    GetModifiedRemoteDataResponse,
    GetRemoteDataArgs,
    GetRemoteDataResponse,
    IncidentSeverity,
    IncidentStatus,
    SchemeTypeMapping,
    UpdateRemoteSystemArgs,
    arg_to_datetime,
    argToBoolean,
    get_integration_context,
    return_error,
    return_results,
    set_integration_context,
)

#: What an analyst picks when closing, and what KUMA is told.
REASONS = {
    "Resolved": "responded",
    "False Positive": "incorrect correlation rule",
    "Other": "incorrect data",
}
SEVERITIES = {
    "low": IncidentSeverity.LOW,
    "medium": IncidentSeverity.MEDIUM,
    "high": IncidentSeverity.HIGH,
    "critical": IncidentSeverity.CRITICAL,
}
PAGE_SIZE = 250
PASSES = 8
#: Seconds for one request; KUMA that says nothing must not hold the server's worker.
PATIENCE = 6


class Client(BaseClient):
    """One KUMA. While a Retry-After lasts nothing is asked, from command to command."""

    def ask(self, method: str, suffix: str, *, params: Any = None, body: Any = None) -> Any:
        """Return the answer's content; raises DemistoException."""
        context = get_integration_context()
        left = context.get("quiet_until", 0) - time.time()
        if left > 0:
            raise DemistoException(f"KUMA wants {left:.0f} s more of silence")
        try:
            answer = self._http_request(
                method, suffix, params=params, json_data=body, resp_type="response", timeout=PATIENCE
            )
        except DemistoException as error:
            wait = "" if error.res is None else error.res.headers.get("Retry-After", "")
            set_integration_context({**context, "quiet_until": quiet_until(wait)})
            raise
        return json.loads(answer.text) if answer.text else None

    def page(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Return one page of alerts, with their events."""
        rows = self.ask("GET", "/alerts/", params={"withEvents": "", **params})
        if not isinstance(rows, list):
            raise DemistoException("KUMA's answer is not a list of alerts")
        return [row for row in rows if row.get("id") and row.get("firstSeen") and row.get("lastSeen")]

    def pages(self, params: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """One pass over a list."""
        number = 1
        while rows := self.page({**params, "page": number}):
            yield rows
            number += 1

    def everything(self, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return a list that may move while it is read: pass after pass, until one brings nothing new."""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(PASSES):
            before = len(found)
            for rows in self.pages(params):
                found.update({row["id"]: row for row in rows})
            if len(found) == before:
                break
        return found

    def close(self, alert_id: str, reason: str) -> None:
        """Close an alert; one that is closed already keeps its reason."""
        try:
            self.ask("POST", "/alerts/close", body={"id": alert_id, "reason": reason})
        except DemistoException:
            if [row["status"] for row in self.page({"id": alert_id})] != ["closed"]:
                raise


def quiet_until(wait: str) -> float:
    """Return the moment that a Retry-After names, in seconds or as a date; 0 where it names none."""
    if wait.isdecimal():
        return time.time() + int(wait)
    moment = parsedate_tz(wait)
    return 0 if moment is None else mktime_tz(moment)


def digest(alert: dict[str, Any]) -> str:
    """Return what differs whenever an alert does."""
    return hashlib.sha256(json.dumps(alert, sort_keys=True).encode()).hexdigest()[:16]


def remember(alerts: list[dict[str, Any]]) -> None:
    """Keep the digests of alerts whose content goes to the server with this command."""
    context = get_integration_context()
    seen = {**context.get("seen", {}), **{alert["id"]: digest(alert) for alert in alerts}}
    set_integration_context({**context, "seen": seen})


def window(first_fetch: str) -> dict[str, str]:
    """Return the time from which alerts count: fixed at the first command that asks for alerts."""
    context = get_integration_context()
    if "since" not in context:
        since = arg_to_datetime(first_fetch, required=True).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The last run is there for fetching alone, and mirroring reads the same window.
        set_integration_context({**context, "since": since})
    return {"timestampField": "lastSeen", "from": get_integration_context()["since"]}


def fetch_incidents(client: Client, *, first_fetch: str, direction: str) -> None:
    """Hand over what no earlier fetch did."""
    imported = demisto.getLastRun().get("imported", [])
    known = set(imported)
    fresh = [
        row
        for row in client.everything({"status": "new", **window(first_fetch)}).values()
        if row["id"] not in known
    ]
    remember(fresh)
    demisto.setLastRun({"imported": imported + [row["id"] for row in fresh]})
    demisto.incidents([incident(row, direction) for row in fresh])


def incident(alert: dict[str, Any], direction: str) -> dict[str, Any]:
    """Return an alert as an item of `demisto.incidents`."""
    raw = {**alert, "mirror_id": alert["id"], "mirror_direction": direction}
    return {
        "name": alert["name"],
        "occurred": alert["firstSeen"],
        "severity": SEVERITIES.get(alert["priority"], IncidentSeverity.UNKNOWN),
        "rawJSON": json.dumps(raw),
    }


def get_modified(client: Client, *, first_fetch: str) -> GetModifiedRemoteDataResponse:
    """Return the ids that differ from what was handed over: a status moves no time that KUMA tells."""
    seen = get_integration_context().get("seen", {})
    rows = client.everything(window(first_fetch))
    return GetModifiedRemoteDataResponse(
        [key for key, row in rows.items() if seen.get(key) not in {None, digest(row)}]
    )


def get_remote(client: Client, args: dict[str, Any]) -> GetRemoteDataResponse:
    """Return an alert as it is now, and that it is closed."""
    alert_id = GetRemoteDataArgs(args).remote_incident_id
    rows = client.page({"id": alert_id})
    if not rows:
        raise DemistoException(f"KUMA has no alert {alert_id}")
    remember(rows)
    entries = []
    if rows[0]["status"] == "closed":
        contents = {
            "dbotIncidentClose": True,
            "closeReason": rows[0].get("closingReason") or "closed in KUMA",
        }
        entries = [{"Type": 1, "ContentsFormat": "json", "Contents": contents}]
    return GetRemoteDataResponse(rows[0], entries)


def update_remote(client: Client, args: dict[str, Any]) -> str:
    """Close in KUMA what was closed here; nothing else goes out."""
    update = UpdateRemoteSystemArgs(args)
    if update.inc_status == IncidentStatus.DONE and update.delta:
        client.close(update.remote_incident_id, REASONS[update.delta["closeReason"]])
    return str(update.remote_incident_id)


def mapping_fields() -> GetMappingFieldsResponse:
    """Return what may be changed from here."""
    kind = SchemeTypeMapping("KUMA alert")
    kind.add_field("closeReason", "why the alert is closed")
    return GetMappingFieldsResponse([kind])


def main() -> None:
    params, args, command = demisto.params(), demisto.args(), demisto.command()
    first_fetch = params.get("first_fetch") or "7 days"
    try:
        client = Client(
            f"{params['url'].rstrip('/')}/api/v1",
            verify=not argToBoolean(params.get("insecure", False)),
            proxy=argToBoolean(params.get("proxy", False)),
            headers={"Authorization": f"Bearer {params['credentials']['password']}"},
        )
        if command == "test-module":
            client.page({"page": 1})
            return_results("ok")
        elif command == "fetch-incidents":
            fetch_incidents(
                client, first_fetch=first_fetch, direction=params.get("mirror_direction") or "Both"
            )
        elif command == "get-modified-remote-data":
            return_results(get_modified(client, first_fetch=first_fetch))
        elif command == "get-remote-data":
            return_results(get_remote(client, args))
        elif command == "update-remote-system":
            return_results(update_remote(client, args))
        elif command == "get-mapping-fields":
            return_results(mapping_fields())
        else:
            return_error(f"{command} is not a command of this integration")
    except Exception as error:  # noqa: BLE001 -- the edge of the script: whatever went wrong is the command's answer
        return_error(f"Failed to execute {command}: {error}")


if __name__ in {"__main__", "__builtin__", "builtins"}:
    main()
