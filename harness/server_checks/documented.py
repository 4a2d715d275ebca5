"""The checks of a KUMA server: one function for each requirement of ``requirements/api.toml``.

Decides what the documents promise. Does not know whether the server is real. Rule: what is in ``READING``
changes nothing on the server; what is in ``WRITING`` may, and closes only the alert that was named for it.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

from harness.server_checks.api import Server, wrong
from harness.verdict import NotReached

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE: Final = 250
_STATUSES: Final = ("new", "assigned", "escalated", "closed")
_NOBODY: Final = "00000000-0000-4000-8000-000000000000"


def no_token(server: Server) -> None:
    """Ask without the header."""
    server.get("users/whoami", token=None).expect(400, "invalid authorization header")


def unknown_token(server: Server) -> None:
    """Ask with a token that nobody owns."""
    server.get("users/whoami", token="0" * 32).expect(403, "access denied")


def whoami(server: Server) -> None:
    """Ask for the token's owner."""
    answer = server.get("users/whoami")
    answer.expect(200)
    if not isinstance(answer.body, dict):
        raise wrong("users/whoami was not answered with an object", "{...}", answer.text[:80])


def list_of_alerts(server: Server) -> None:
    """Read the first page."""
    found = server.alerts()
    if len(found) > _PAGE:
        raise wrong(f"a page holds {len(found)} alerts", _PAGE, len(found))
    for alert in found:
        if not alert.get("id") or alert.get("status") not in _STATUSES:
            held = {key: alert.get(key) for key in ("id", "status")}
            raise wrong("an alert has no id or an unknown status", _STATUSES, held)


def bad_page(server: Server) -> None:
    """Ask for a page that is no number."""
    answer = server.get("alerts", [("page", "x")])
    answer.expect(400, "invalid query parameter value")


def page_beyond_the_end(server: Server) -> None:
    """Ask for a page that nothing can fill."""
    found = server.alerts(("page", "100000"))
    if found:
        raise wrong(f"page 100000 holds {len(found)} alerts", 0, len(found))


def newest_first(server: Server) -> None:
    """Read a page and look at its order."""
    times = [_instant(alert) for alert in server.alerts()]
    if len(set(times)) < 2:  # noqa: PLR2004 -- an order needs two
        raise NotReached("the server has no two alerts of different times")
    if times != sorted(times, reverse=True):
        raise wrong("alerts do not stand newest first", "descending lastSeen", "another order")


def status_filter(server: Server) -> None:
    """Ask for each status alone, and for two together."""
    server.some_alert()
    counts = {}
    for status in _STATUSES:
        found = server.alerts(("status", status))
        strange = [alert for alert in found if alert.get("status") != status]
        if strange:
            raise wrong(f"status={status} brought an alert that is {strange[0].get('status')}", status)
        counts[status] = len(found)
    both = server.alerts(("status", "new"), ("status", "closed"))
    wanted = min(_PAGE, counts["new"] + counts["closed"])
    if len(both) != wanted:
        raise wrong("status=new&status=closed is not both together", wanted, len(both))


def period(server: Server) -> None:
    """Ask for the very second of an alert."""
    alert = server.some_alert()
    first = _instant(alert).replace(microsecond=0)
    # Times are shown to the second, and may be kept more precisely.
    start, end = (_shown(first), _shown(first + dt.timedelta(milliseconds=999)))
    found = server.alerts(("from", start), ("to", end))
    if alert["id"] not in {row.get("id") for row in found}:
        raise wrong(f"from {start} to {end} leaves out an alert of that second", alert["id"], "not there")
    if any(_instant(row).replace(microsecond=0) != first for row in found):
        raise wrong(f"from {start} to {end} brings an alert of another second", start)


def presence_flag(server: Server) -> None:
    """Give the flag a value that must not matter."""
    alert = server.some_alert()
    [plain] = server.alerts(("id", alert["id"]), ("withEvents", ""))
    [false] = server.alerts(("id", alert["id"]), ("withEvents", "false"))
    if (plain.get("events") is None) != (false.get("events") is None):
        raise wrong("withEvents=false differs from withEvents", "events", false.get("events"))


def name_pattern(server: Server) -> None:
    """Look for an alert by its name in capitals."""
    alert = server.some_alert()
    found = server.alerts(("name", f"^{re.escape(str(alert['name'])).upper()}$"), ("id", alert["id"]))
    if alert["id"] not in {row.get("id") for row in found}:
        raise wrong("an alert is not found by its name in capitals", alert["name"], "not there")


def bad_status(server: Server) -> None:
    """Ask for a status that does not exist."""
    server.get("alerts", [("status", "nonsense")]).expect(400, "invalid status")


def close_without_id(server: Server) -> None:
    """Leave out the alert."""
    server.post("alerts/close", {"reason": "responded"}).expect(400, "id required")


def close_without_reason(server: Server) -> None:
    """Leave out the reason."""
    server.post("alerts/close", {"id": _NOBODY}).expect(400, "reason required")


def close_for_a_strange_reason(server: Server) -> None:
    """Give a reason that is not in the list."""
    server.post("alerts/close", {"id": _NOBODY, "reason": "bored"}).expect(400, "invalid reason")


def close_unknown(server: Server) -> None:
    """Close an alert that does not exist."""
    server.post("alerts/close", {"id": _NOBODY, "reason": "responded"}).expect(404, "alert not found")


def close_once(server: Server) -> None:
    """Close the alert that was named for it, twice."""
    if server.alert is None:
        raise NotReached("no alert was named that may be closed; see --alert")
    body = {"id": server.alert, "reason": "responded"}
    first = server.post("alerts/close", body)
    first.expect(204)
    if first.text:
        raise wrong("a close was answered with a body", "", first.text[:80])
    [alert] = server.alerts(("id", server.alert))
    held: Any = (alert.get("status"), alert.get("closingReason"))
    if held != ("closed", "responded"):
        raise wrong("a closed alert is not shown as closed", ("closed", "responded"), held)
    server.post("alerts/close", body).expect(406, "alert already closed")


READING: Final[dict[str, Callable[[Server], None]]] = {
    "API-01": no_token,
    "API-02": unknown_token,
    "API-03": whoami,
    "API-04": list_of_alerts,
    "API-05": bad_page,
    "API-06": page_beyond_the_end,
    "API-07": newest_first,
    "API-08": status_filter,
    "API-09": period,
    "API-10": presence_flag,
    "API-11": name_pattern,
    "API-12": bad_status,
}
WRITING: Final[dict[str, Callable[[Server], None]]] = {
    "API-13": close_without_id,
    "API-14": close_without_reason,
    "API-15": close_for_a_strange_reason,
    "API-16": close_unknown,
    "API-17": close_once,
}


def _instant(alert: dict[str, Any]) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(str(alert.get("lastSeen")))
    except ValueError as error:
        raise wrong("lastSeen is no time of RFC 3339", "a time", alert.get("lastSeen")) from error


def _shown(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
