"""Mutants of the reference connector that read the list, or what stands in it, wrongly.

Each function is given the package, all its modules loaded, and breaks one decision; the table says what
it stands for and which requirements must notice. The rule that must stay true: a mutant goes wrong where
it is said to and works in everything else, so that its failures point at a requirement.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any


def reads_one_page(connector: Any) -> None:
    connector.paging.Sweep.after = lambda _sweep, _seconds, _ids, *, size: None


def reads_by_page_number(connector: Any) -> None:
    """Ends its window where the first page begins, and reads it by page numbers, as if it stood still."""
    paging = connector.paging

    def after(self: Any, seconds: list[int], ids: list[str], *, size: int) -> Any:
        if size < paging.PAGE_SIZE:
            return None
        until = max(seconds) if self.ask.until is None else self.ask.until
        return dataclasses.replace(self, ask=paging.Ask(self.start, until, self.ask.page + 1))

    paging.Sweep.after = after


def reads_two_pages(connector: Any) -> None:
    after = connector.paging.Sweep.after

    def second_is_last(self: Any, seconds: Any, ids: Any, *, size: int) -> Any:
        return None if self.ask.until is not None else after(self, seconds, ids, size=size)

    connector.paging.Sweep.after = second_is_last


def steps_over_a_full_second(connector: Any) -> None:
    """Leaves a second that fills a page by time, with what is left in it."""
    paging = connector.paging
    after = paging.Sweep.after

    def stepping(self: Any, seconds: Any, ids: Any, *, size: int) -> Any:
        following = after(self, seconds, ids, size=size)
        if following is not None and following.crowded:
            return paging.Sweep(paging.Ask(self.start, following.ask.since - 1), self.start)
        return following

    paging.Sweep.after = stepping


def edge_without_fractions(connector: Any) -> None:
    """Ends a window at the whole second that KUMA prints, not at the end of that second."""
    connector.moments.end = connector.moments.begin


def begins_after_the_mark(connector: Any) -> None:
    start = connector.window.start

    def later(mark: int | None, *, now: int, lookback: float, overlap: float) -> Any:
        return start(mark, now=now, lookback=lookback, overlap=-1)

    connector.window.start = later


def marks_the_clock(connector: Any) -> None:
    """Takes the time of the poll for the time up to which everything was read."""
    start = connector.window.start

    def exact(mark: int | None, *, now: int, lookback: float, overlap: float) -> Any:
        return start(mark, now=now, lookback=lookback, overlap=0)

    connector.window.start = exact
    connector.window.advance = lambda _mark, *, newest, now: now + 1


def looks_back_a_day(connector: Any) -> None:
    start = connector.window.start

    def a_day(mark: int | None, *, now: int, lookback: float, overlap: float) -> Any:
        return start(mark, now=now, lookback=86_400, overlap=overlap)

    connector.window.start = a_day


def writes_local_time(connector: Any) -> None:
    """Formats a window's edges in the host's zone, and puts a Z behind."""

    def text(seconds: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))

    connector.moments._text = text


def spoiled_by_one_record(connector: Any) -> None:
    """Has no place for an alert without an assignee's text, or of an unknown priority."""
    alert = connector.models.alert

    def strict(raw: Any, *, now: Any) -> Any:
        if raw["assignee"] is None or raw["priority"] not in {"low", "medium", "high", "critical"}:
            raise connector.errors.BadAnswer("GET /alerts", "an alert of an unknown kind")
        return alert(raw, now=now)

    connector.models.alert = strict


def mangles_cyrillic(connector: Any) -> None:
    decode = connector.client.wire.decode

    def latin(what: str, response: Any) -> Any:
        body = response.body.decode("latin-1").encode()
        return decode(what, dataclasses.replace(response, body=body))

    connector.client.wire.decode = latin


def keeps_first_event(connector: Any) -> None:
    """Takes the first event alone: the rest seemed to be repetitions."""
    events = connector.models._events

    def first(value: Any) -> Any:
        found = events(value)
        return found and dict(list(found.items())[:1])

    connector.models._events = first


def lifts_priority(connector: Any) -> None:
    """Knows three priorities, and shows a low one as medium."""
    fields_of = connector.incidents.fields_of

    def lifted(alert: Any, before: Any) -> Any:
        fields = fields_of(alert, before)
        return fields | {"priority": fields["priority"].replace("low", "medium")}

    connector.incidents.fields_of = lifted


def follows_the_future(connector: Any) -> None:
    """Lets its mark run ahead of KUMA's clock, after an alert with a wrong date."""
    connector.window.advance = lambda mark, *, newest, now: mark if newest is None else max(newest, mark or 0)
    connector.window.was_put_back = lambda *_, **__: False


def names_nobody_affected(connector: Any) -> None:
    understand = connector.models.alert

    def without(*args: Any, **named: Any) -> Any:
        return dataclasses.replace(understand(*args, **named), assets=[], accounts=[])

    connector.models.alert = without


def moves_its_start(connector: Any) -> None:
    """Takes what it has read for the start of its window, while it is still reading."""
    paging = connector.paging
    after = paging.Sweep.after

    def moving(self: Any, seconds: list[int], ids: Any, *, size: int) -> Any:
        following = after(self, seconds, ids, size=size)
        if following is None or following.crowded:
            return following
        ask = dataclasses.replace(following.ask, since=min(seconds))
        return dataclasses.replace(following, ask=ask, start=min(seconds))

    paging.Sweep.after = moving
