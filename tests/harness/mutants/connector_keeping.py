"""Mutants of the reference connector that keep incidents wrongly: doubled, stale, mixed up, lost.

The rule that must stay true is that of `connector_reading`.
"""

from __future__ import annotations

import dataclasses
from typing import Any


def ignores_updates(connector: Any) -> None:
    def once(connection: Any, alert: Any, held: Any) -> Any:
        return connector.incidents.Outcome.UNCHANGED

    connector.incidents._update = once


def compares_last_seen(connector: Any) -> None:
    """Looks at an alert again only when its lastSeen has changed."""
    update = connector.incidents._update

    def lazy(connection: Any, alert: Any, held: Any) -> Any:
        if f'"last_seen":"{alert.last_seen}"' in held.alert:
            return connector.incidents.Outcome.UNCHANGED
        return update(connection, alert, held)

    connector.incidents._update = lazy


def makes_one_of_each_version(connector: Any) -> None:
    """Makes the key of what changes: id and lastSeen."""
    deliver = connector.incidents.Incidents.deliver
    every = connector.incidents.Incidents.every

    def versioned(self: Any, alerts: Any) -> Any:
        keyed = [dataclasses.replace(one, id=f"{one.id} {one.last_seen}") for one in alerts]
        return deliver(self, keyed)

    def shown(self: Any) -> Any:
        return [dataclasses.replace(one, alert_id=one.alert_id.split()[0]) for one in every(self)]

    connector.incidents.Incidents.deliver = versioned
    connector.incidents.Incidents.every = shown


def merges_by_name(connector: Any) -> None:
    deliver = connector.incidents.Incidents.deliver

    def by_name(self: Any, alerts: Any) -> Any:
        taken = {one.alert["name"]: one.alert_id for one in self.every()}
        kept = [one for one in alerts if taken.setdefault(one.name, one.id) == one.id]
        return deliver(self, kept)

    connector.incidents.Incidents.deliver = by_name


def keeps_newest_events(connector: Any) -> None:
    """Replaces the events by those that the incident did not have."""
    add = connector.incidents._add_events
    table = connector.store.incident_events

    def replaced(connection: Any, alert: Any) -> Any:
        highest = connector.incidents.func.max(table.c.place)
        ours = table.c.alert_id == alert.id
        last = connection.execute(connector.incidents.select(highest).where(ours)).scalar()
        grown = add(connection, alert)
        if grown and last is not None:
            connection.execute(table.delete().where(ours, table.c.place <= last))
        return grown

    connector.incidents._add_events = replaced


def overwrites_analysts(connector: Any) -> None:
    """An update writes the whole incident, owner and notes with it."""
    write = connector.incidents._write

    def whole(connection: Any, alert_id: str, **values: Any) -> None:
        if "alert" in values and "local" not in values:
            values["local"] = "{}"
        write(connection, alert_id, **values)

    connector.incidents._write = whole


def leaks_between_incidents(connector: Any) -> None:
    """Fills one dictionary for all incidents, and forgets to empty it."""
    fields_of = connector.incidents.fields_of
    shared: dict[str, Any] = {}

    def mixed(alert: Any, before: Any) -> Any:
        for key, value in fields_of(alert, before).items():
            if key == "last_seen" and before and value != before["last_seen"]:
                shared.setdefault(key, value)
        return fields_of(alert, before) | (shared if before else {})

    connector.incidents.fields_of = mixed


def forgets_status(connector: Any) -> None:
    _sticks(connector, "kuma_status")


def forgets_assignee(connector: Any) -> None:
    _sticks(connector, "assignee")


def forgets_priority(connector: Any) -> None:
    _sticks(connector, "priority")


def _sticks(connector: Any, field: str) -> None:
    """Keep a field as the first reading had it."""
    fields_of = connector.incidents.fields_of

    def sticking(alert: Any, before: Any) -> Any:
        fields = fields_of(alert, before)
        return fields | {field: before[field]} if before else fields

    connector.incidents.fields_of = sticking


def opens_again(connector: Any) -> None:
    """Every update opens the incident."""
    update = connector.incidents._update
    module = connector.incidents

    def reopening(connection: Any, alert: Any, held: Any) -> Any:
        outcome = update(connection, alert, held)
        module._write(connection, alert.id, status=module.OPEN)
        return outcome

    connector.incidents._update = reopening


def remembers_in_memory(connector: Any) -> None:
    """Claims persist, and keeps its database in the process."""
    init = connector.store.Store.__init__
    connector.store.Store.__init__ = lambda self, _url: init(self, "sqlite://")


def stays_with_first_state(connector: Any) -> None:
    init = connector.store.Store.__init__
    urls: list[str] = []

    def stuck(self: Any, url: str) -> None:
        urls.append(url)
        init(self, urls[0])

    connector.store.Store.__init__ = stuck


def forgets_when_empty(connector: Any) -> None:
    """An empty list wipes the memory of what was imported; the incidents stay."""
    page = connector.client.Client.page
    every = connector.incidents.Incidents.every
    deliver = connector.incidents.Incidents.deliver
    wiped: list[bool] = []

    def watched(self: Any, query: Any) -> Any:
        found = page(self, query)
        if not found and not any(key == "id" for key, _ in query):
            wiped.append(True)
        return found

    def anew(self: Any, alerts: Any) -> Any:
        known = {one.alert_id for one in every(self)}
        again = [
            dataclasses.replace(one, id=f"{one.id} {len(wiped)}")
            for one in alerts
            if wiped and one.id in known
        ]
        return deliver(self, [*alerts, *again])

    def shown(self: Any) -> Any:
        return [dataclasses.replace(one, alert_id=one.alert_id.split()[0]) for one in every(self)]

    connector.client.Client.page = watched
    connector.incidents.Incidents.deliver = anew
    connector.incidents.Incidents.every = shown


def keeps_the_last_assignee(connector: Any) -> None:
    """Takes no assignee for no news."""
    fields_of = connector.incidents.fields_of

    def sticking(alert: Any, before: Any) -> Any:
        fields = fields_of(alert, before)
        return fields | {"assignee": fields["assignee"] or before["assignee"]} if before else fields

    connector.incidents.fields_of = sticking


def makes_the_assignee_owner(connector: Any) -> None:
    """Writes KUMA's assignee over the owner that an analyst chose."""
    write = connector.incidents._write

    def owned(connection: Any, alert_id: str, **values: Any) -> None:
        assignee = connector.incidents.json.loads(values.get("alert", "{}")).get("assignee")
        if assignee:
            local = connector.incidents.json.loads(connector.incidents._row(connection, alert_id).local)
            values["local"] = connector.incidents._json({**local, "owner": assignee})
        write(connection, alert_id, **values)

    connector.incidents._write = owned


def edits_them_all(connector: Any) -> None:
    """Writes what an analyst wrote into every incident."""
    edit = connector.incidents.Incidents.edit

    def everywhere(self: Any, _alert_id: str, fields: Any) -> None:
        for one in list(self.every()):
            edit(self, one.alert_id, fields)

    connector.incidents.Incidents.edit = everywhere
