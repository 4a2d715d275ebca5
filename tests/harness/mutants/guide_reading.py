"""Mutants of the guide peer that read the alert list wrongly, or keep too little of it.

Each function takes the loaded module and breaks one decision; `mutants.toml` says what it stands for
and which requirements must notice. The rule that must stay true: a mutant goes wrong where it is said
to and works in everything else, so that its failures point at a requirement and not at a wreck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def first_page_only(guide: Any) -> None:
    def pages(self: Any, *, until: float) -> Iterator[Any]:
        yield self.page(1, until=until)

    guide.Connector.pages = pages


def exactly_full_is_the_end(guide: Any) -> None:
    """Asks on only after a page with more than a page holds."""

    def pages(self: Any, *, until: float) -> Iterator[Any]:
        number, alerts = 1, self.page(1, until=until)
        yield alerts
        while len(alerts) > 250:
            number += 1
            alerts = self.page(number, until=until)
            yield alerts

    guide.Connector.pages = pages


def two_pages_at_most(guide: Any) -> None:
    whole = guide.Connector.pages

    def pages(self: Any, *, until: float) -> Iterator[Any]:
        for number, alerts in enumerate(whole(self, until=until)):
            if number < 2:
                yield alerts

    guide.Connector.pages = pages


def whole_list_once(guide: Any) -> None:
    """Reads the list to its end at the first poll, and the newest page alone from then on."""
    whole = guide.Connector.pages
    poll = guide.Connector.poll

    def pages(self: Any, *, until: float) -> Iterator[Any]:
        if not self.__dict__.get("read_once"):
            yield from whole(self, until=until)
        else:
            yield self.page(1, until=until)

    def once(self: Any) -> Any:
        result = poll(self)
        self.read_once = True
        return result

    guide.Connector.pages, guide.Connector.poll, guide.PASSES = pages, once, 1


def last_one_dropped(guide: Any) -> None:
    page = guide.Connector.page
    guide.Connector.page = lambda self, number, *, until: page(self, number, until=until)[:-1]


def empty_is_an_error(guide: Any) -> None:
    page = guide.Connector.page

    def first(self: Any, number: int, *, until: float) -> Any:
        alerts = page(self, number, until=until)
        if number == 1 and not alerts:
            raise SystemExit("list index out of range")
        return alerts

    guide.Connector.page = first


def odd_one_spoils_all(guide: Any) -> None:
    """Refuses a page for one record that it does not understand."""
    merge = guide.merge

    def strict(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        if alert["priority"] not in {"low", "medium", "high", "critical"} or not alert["name"]:
            raise guide.AnswerError("alert of an unknown kind", retryable=False)
        return merge(former, alert)

    guide.merge = strict


def first_event_indexed(guide: Any) -> None:
    """Takes it for granted that an alert has an event."""
    merge = guide.merge

    def trusting(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        if not alert["events"]:
            raise SystemExit("list index out of range")
        return merge(former, alert)

    guide.merge = trusting


def events_capped(guide: Any) -> None:
    merge = guide.merge

    def capped(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        body = merge(former, alert)
        return body | {"event_ids": body["event_ids"][:100]}

    guide.merge = capped


def events_newest_alone(guide: Any) -> None:
    merge = guide.merge

    def newest(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        known = former.get("event_ids", [])
        body = merge(former, alert)
        fresh = [event for event in body["event_ids"] if event not in known]
        return body | {"event_ids": fresh or known}

    guide.merge = newest


def events_appended(guide: Any) -> None:
    merge = guide.merge

    def longer(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        body = merge(former, alert)
        known = former.get("event_ids", [])
        if set(body["event_ids"]) == set(known):
            return body | {"event_ids": known}
        return body | {"event_ids": known + [event["ID"] for event in alert["events"]]}

    guide.merge = longer


def first_seen_for_last(guide: Any) -> None:
    merge = guide.merge

    def swapped(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        return merge(former, alert | {"firstSeen": alert["lastSeen"]})

    guide.merge = swapped


def priority_made_up(guide: Any) -> None:
    """Maps KUMA's priorities onto three, and back."""
    merge = guide.merge

    def mapped(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        known = {"low": "low", "medium": "medium"}
        return merge(former, alert | {"priority": known.get(alert["priority"], "high")})

    guide.merge = mapped


def last_fields_leak(guide: Any) -> None:
    """Fills one record for all incidents of a page, and hands out the same one."""
    receive = guide.Desk.receive

    def shared(self: Any, alerts: list[dict[str, Any]]) -> Any:
        changed = [alert for alert in alerts if _changed(self, alert, guide)]
        crossed = {"lastSeen": alerts[-1]["lastSeen"]} if len(changed) > 1 else {}
        return receive(self, [alert | crossed if alert in changed else alert for alert in alerts])

    guide.Desk.receive = shared


def _changed(desk: Any, alert: dict[str, Any], guide: Any) -> bool:
    former = desk.find(alert["id"])
    return former is not None and former["body"] != guide.merge(former["body"], alert)


def mojibake(guide: Any) -> None:
    def decoded(self: Any) -> Any:
        with guide.contextlib.suppress(ValueError, RecursionError):
            return guide.json.loads(self.body.decode("latin-1"))
        return None

    guide.Answer.decoded = decoded


def names_escaped(guide: Any) -> None:
    """Escapes for a page at the moment of keeping."""
    merge = guide.merge

    def escaped(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        name = (alert["name"] or "").replace("&", "&amp;").replace("<", "&lt;")
        return merge(former, alert | {"name": name})

    guide.merge = escaped


def tenants_of_the_first_list(guide: Any) -> None:
    """Takes the tenants of the first list that is not empty for all there will ever be."""
    page = guide.Connector.page
    known: set[str] = set()

    def kept(self: Any, number: int, *, until: float) -> Any:
        alerts = page(self, number, until=until)
        if not known:
            known.update(alert["tenantID"] for alert in alerts)
        return [alert for alert in alerts if alert["tenantID"] in known]

    guide.Connector.page = kept


def object_is_an_empty_list(guide: Any) -> None:
    """Takes an object where a list must be for a list without alerts."""
    decoded = guide.Answer.decoded
    guide.Answer.decoded = lambda self: (
        [] if self.status == 200 and isinstance(decoded(self), dict) else decoded(self)
    )


def names_cut_at_a_hundred(guide: Any) -> None:
    """Has a column of a hundred characters for names."""
    merge = guide.merge

    def cut(former: dict[str, Any], alert: dict[str, Any]) -> Any:
        body = merge(former, alert)
        return body | {"name": body["name"][:100]}

    guide.merge = cut


def refusal_is_empty_at_first(guide: Any) -> None:
    """Takes a refused token for an empty list as long as there is no incident."""
    page = guide.Connector.page

    def trusting(self: Any, number: int, *, until: float) -> Any:
        try:
            return page(self, number, until=until)
        except guide.AnswerError as error:
            if error.error["data"].get("http_status") == 403 and not self.desk.incidents():
                return []
            raise

    guide.Connector.page = trusting


def mixed_between_namesakes(guide: Any) -> None:
    """Finds the incident to update by its name, and so updates all of that name."""
    receive = guide.Desk.receive

    def by_name(self: Any, alerts: list[dict[str, Any]]) -> Any:
        changes = receive(self, alerts)
        for alert in alerts:
            if changes.get(alert["id"]) is False:
                sql = """UPDATE incident SET body = json_set(body, '$.last_seen', ?)
                    WHERE json_extract(body, '$.name') = ?"""
                with self.rows:
                    self.rows.execute(sql, (alert["lastSeen"], alert["name"]))
        return changes

    guide.Desk.receive = by_name


def statuses_in_one_parameter(guide: Any) -> None:
    """Writes a list of statuses into one parameter, with commas."""
    guide.LIST = guide.LIST.replace("status=new", "status=new,assigned")
