"""The handler KUMA (Incidents): how an alert's fields become an incident's, and what is done with an alert.

Read from TOML. Pure. Rule: a rule that finds nothing gives an empty field, never an error; what an analyst
wrote is no field of the handler's.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from connector import models
from connector.desk import shown
from connector.desk.accounts import Wrong
from connector.desk.documents import fitted, table
from connector.incidents import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_MOST: Final = 60
#: The alert's fields in KUMA's spelling, and where an incident keeps them.
SOURCES: Final[Mapping[str, str]] = {
    "name": "name",
    "priority": "priority",
    "status": "kuma_status",
    "firstSeen": "first_seen",
    "lastSeen": "last_seen",
    "assignee": "assignee",
    "closingReason": "close_reason",
    "overflow": "overflow",
    "tenantID": "tenant_id",
    "tenantName": "tenant_name",
    "affectedAssets": "assets",
    "affectedAccounts": "accounts",
}
#: As a SOAR counts severity: 1 is the worst.
_SEVERITIES: Final = {
    "critical": "1 – critical",
    "high": "2 – high",
    "medium": "3 – medium",
    "low": "4 – low",
}


class Transform(StrEnum):
    """What becomes of a value."""

    TEXT = "text"
    TIME = "time"
    PRIORITY = "priority"
    LIST = "list"
    COUNT = "count"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One field of the incident."""

    field: str
    source: str
    transform: Transform = Transform.TEXT


class Actions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with a new alert, with new data, with an alert that is closed in KUMA."""

    create: bool = True
    type: str = "Incident (2 lines)"
    update: bool = True
    close: bool = True


class Handler(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    actions: Actions = Actions()
    rules: list[Rule] = []

    def fields(self, alert: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the incident's fields, made of an alert as an incident keeps it."""
        return [(rule.field, _value(rule, _source(alert, rule.source))) for rule in self.rules]


def read(text: str) -> Handler:
    """Return the handler of a TOML text; raises ``Wrong``."""
    handler = fitted(table(text), Handler)
    if len(handler.rules) > _MOST:
        raise Wrong("text", "At most {most} rules.", most=_MOST)
    for rule in handler.rules:
        if rule.source not in SOURCES:
            known = ", ".join(SOURCES)
            raise Wrong(
                "text", "The alert has no field “{name}”; known are {known}", name=rule.source, known=known
            )
    return handler


def tried(handler: Handler, sample: str, *, now: datetime) -> list[tuple[str, str]]:
    """Return what the handler makes of an alert in JSON; raises ``Wrong`` for a sample that is none."""
    try:
        raw = json.loads(sample)
    except (ValueError, RecursionError) as error:
        raise Wrong("sample", "This is not JSON: {why}", why=error) from error
    try:
        alert = models.alert(raw[0] if isinstance(raw, list) and raw else raw, now=now)
    except models.OddAlert as error:
        raise Wrong("sample", "This alert cannot become an incident: {why}", why=error) from error
    return handler.fields(fields_of(alert, None))


def _source(alert: Mapping[str, Any], source: str) -> object:
    """Return an alert's field; a tenant without a name, and assets, are called what they are known by."""
    value = alert.get(SOURCES[source])
    if source == "tenantName":
        return value or alert.get("tenant_id")
    if source == "affectedAssets" and isinstance(value, list):
        names = alert.get("asset_names", {})
        return [names.get(asset, asset) for asset in value]
    return value


def _value(rule: Rule, value: object) -> str:
    if value is None:
        return ""
    several = value if isinstance(value, list) else [value]
    match rule.transform:
        case Transform.TIME:
            return shown.time(value)
        case Transform.PRIORITY:
            return _SEVERITIES.get(str(value), str(value))
        case Transform.LIST:
            return ", ".join(map(str, several))
        case Transform.COUNT:
            return str(len(several))
        case Transform.TEXT:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def written(handler: Handler) -> str:
    """Return a handler as a TOML text."""
    actions = handler.actions
    lines = [
        "[actions]",
        f"create = {str(actions.create).lower()}",
        f"type = {_quoted(actions.type)}",
        f"update = {str(actions.update).lower()}",
        f"close = {str(actions.close).lower()}",
    ]
    for rule in handler.rules:
        lines += ["", "[[rules]]", f"field = {_quoted(rule.field)}", f"from = {_quoted(rule.source)}"]
        lines += [f"transform = {_quoted(rule.transform.value)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
