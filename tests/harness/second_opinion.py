"""A second opinion on the oracle: generated histories, judged once more by somebody who knows nothing of it.

Run `python -m tests.harness.second_opinion 1000`. `history` makes up what happened in KUMA, what a poll was
served and what a SOAR with one to three mistakes holds. The first opinion is the oracle's, on facts as the
harness reads them. The second walks through the bare steps anew for every single question, without a join,
an index or a type of the harness. The rule that must stay true: the two share nothing but the history.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from harness.facts import Change, Exchange, Query, Served, Truth, sightings
from harness.oracle import Record, closed_by_itself, doubled, events_wrong, invented, lost, misshown, stale
from harness.protocol import Incident

if TYPE_CHECKING:
    from collections.abc import Callable

START: Final = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
STATUSES: Final = ("new", "new", "new", "assigned", "escalated", "closed")
#: What is said of an alert, or of something else by its name: pairs of it and the kind of a finding.
Opinion = set[tuple[str, str]]


@dataclass
class History:
    """Steps, oldest first, each a kind with its values; and what the SOAR holds in the end."""

    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: str, **values: Any) -> None:
        """Write down what happens next."""
        self.steps.append((kind, values))


def history(seed: int) -> History:
    """Make up a history."""
    dice, made = random.Random(seed), History()
    alerts: list[str] = []
    second = 0
    for place in range(dice.randint(1, 14)):
        second += dice.choice((0, 1, 7))
        kind = dice.choice(("appear", "grow", "grow", "change", "serve", "serve")) if alerts else "appear"
        match kind:
            case "appear":
                alerts.append(f"alert-{len(alerts)}")
                events = [f"{alerts[-1]}-event-{place}-{n}" for n in range(dice.randint(0, 3))]
                made.add("appear", alert=alerts[-1], second=second, events=events, name=f"Rule {place % 3}")
            case "grow":
                events = [f"event-{place}-{n}" for n in range(dice.randint(1, 2))]
                made.add("grow", alert=dice.choice(alerts), second=second, events=events)
            case "change":
                made.add("change", alert=dice.choice(alerts), status=dice.choice(STATUSES), second=second)
            case _:
                some = [alert for alert in alerts if dice.random() < 0.8]
                made.add("serve", alerts=some, arrived=dice.random() < 0.8)
    made.held = [_shown(made, alert, upto=len(made.steps)) for alert in alerts]
    for mistake in dice.choices(MISTAKES, k=dice.randint(1, 3)):
        _mistake(made, mistake, dice)
    return made


def _shown(made: History, alert: str, *, upto: int) -> dict[str, Any]:
    """What a right SOAR holds of an alert after so many steps."""
    told = [values for kind, values in made.steps[:upto] if kind in {"appear", "grow"}]
    steps = [values for values in told if values["alert"] == alert]
    return {
        "id": f"incident of {alert}",
        "alert_id": alert,
        "status": "open",
        "name": steps[0]["name"],
        "priority": "high",
        "first_seen": START + dt.timedelta(seconds=steps[0]["second"]),
        "last_seen": START + dt.timedelta(seconds=steps[-1]["second"]),
        "event_ids": [event for step in steps for event in step["events"]],
    }


#: What a mistake changes in an incident.
_CHANGES: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "drop event": lambda row: {"event_ids": row["event_ids"][1:]},
    "foreign event": lambda row: {"event_ids": [*row["event_ids"], "nobody's event"]},
    "double event": lambda row: {"event_ids": [*row["event_ids"], *row["event_ids"][:1]]},
    "wrong name": lambda row: {"name": row["name"] + "?"},
    "wrong priority": lambda _: {"priority": "low"},
    "close": lambda _: {"status": "closed"},
    "invent": lambda _: {"alert_id": "nobody's alert"},
}
MISTAKES: Final = ("none", "none", "miss", "double", "same id", "old", "old time", *_CHANGES)


def _mistake(made: History, mistake: str, dice: random.Random) -> None:
    if not made.held or mistake == "none":
        return
    victim = dice.choice(made.held)
    match mistake:
        case "miss":
            made.held.remove(victim)
        case "double":
            made.held.append({**victim, "id": f"another {victim['id']}"})
        case "same id":
            dice.choice(made.held)["id"] = victim["id"]
        case "old" | "old time":
            alert = victim["alert_id"]
            places = [n for n, (_, values) in enumerate(made.steps, 1) if values.get("alert") == alert]
            older = _shown(made, alert, upto=dice.choice(places)) if places else victim
            victim.update(older if mistake == "old" else {"last_seen": older["last_seen"]})
        case _:
            victim.update(_CHANGES[mistake](victim))


def first_opinion(made: History) -> Opinion:
    """The oracle's."""
    truths, exchanges, polls = _facts(made)
    incidents = [Incident(**row) for row in made.held]
    record = Record(incidents, exchanges, sightings(exchanges), polls)
    said: Opinion = set()
    for alert, truth in truths.items():
        if truth.status == "new":
            said |= {(alert, finding.kind) for finding in lost(record, [alert])}
            said |= {(alert, finding.kind) for finding in closed_by_itself(record, [alert])}
        for finding in stale(record, truth, with_events=True):
            said |= {(alert, finding.kind), (alert, _served(finding.sentence))}
        for incident in record.held(alert):
            said |= {(alert, finding.kind) for finding in events_wrong(truth, incident)}
            said |= {(alert, finding.kind) for finding in misshown(truth, incident)}
    said |= {("all", finding.kind) for finding in (*doubled(record), *invented(record, truths))}
    return said


def _served(sentence: str) -> str:
    """What a sentence says of when an alert was served, in short."""
    found = re.search(r"was served last at poll (\d+) in version (\d+)", sentence)
    return f"served at {found[1]} in {found[2]}" if found else "never served"


def _facts(made: History) -> tuple[dict[str, Truth], list[tuple[int, Exchange]], int]:
    """Fold the steps into what the control API and the journal would tell."""
    changes: dict[str, list[Change]] = {}
    about: dict[str, dict[str, Any]] = {}
    exchanges: list[tuple[int, Exchange]] = []
    for kind, step in made.steps:
        if kind == "serve":
            served = [Served(alert, len(changes[alert])) for alert in step["alerts"]]
            number, fault = len(exchanges) + 1, None if step["arrived"] else {"kind": "truncate"}
            answer = Exchange(number, START, "GET", "/api/v1/alerts", Query("", []), [], 200, served)
            exchanges.append((number, msgspec.structs.replace(answer, fault=fault)))
            continue
        alert, moment = step["alert"], START + dt.timedelta(seconds=step["second"])
        known = about.setdefault(alert, {"first": moment, "status": "new", "events": []})
        known.update({key: step[key] for key in ("name", "status") if key in step})
        if "events" in step:
            known["last"] = moment
            known["events"] += step["events"]
        mine = changes.setdefault(alert, [])
        mine.append(Change(len(mine) + 1, START, kind, None, step.get("events", []), moment))
    truths = {
        alert: Truth(
            alert, known["name"], known["status"], len(changes[alert]), "high", "", False,
            [{"ID": event} for event in known["events"]], changes[alert],
            tenant="t", first_seen=known["first"], last_seen=known["last"], closing_reason="",
        )
        for alert, known in about.items()
    }  # fmt: skip
    return truths, exchanges, len(exchanges)


def second_opinion(made: History) -> Opinion:
    """Somebody's who reads the steps from the beginning for every question."""
    said: Opinion = set()
    for kind, step in made.steps:
        if kind == "appear":
            said |= {(step["alert"], what) for what in _of_alert(made, step["alert"])}
    ids = [row["id"] for row in made.held]
    alerts = [row["alert_id"] for row in made.held]
    if len(ids) != len(set(ids)) or len(alerts) != len(set(alerts)):
        said.add(("all", "doubled"))
    if any(not any(step.get("alert") == alert for _, step in made.steps) for alert in alerts):
        said.add(("all", "leaked"))
    return said


def _of_alert(made: History, alert: str) -> set[str]:
    """What is wrong with what the SOAR holds of one alert."""
    mine = [row for row in made.held if row["alert_id"] == alert]
    own = [step for _, step in made.steps if step.get("alert") == alert]
    is_new = [step["status"] for step in own if "status" in step][-1:] in ([], ["new"])
    events = {event for step in own for event in step.get("events", [])}
    seconds = [step["second"] for step in own if "events" in step]
    ends = [seconds[0], seconds[-1]]
    wrong = {"lost"} if is_new and not mine else set()
    for number, row in enumerate(mine):
        times = [(row[key] - START).total_seconds() for key in ("first_seen", "last_seen")]
        held = set(row["event_ids"])
        said = {
            "closed": is_new and row["status"] == "closed",
            "wrong": (row["name"], row["priority"]) != (own[0]["name"], "high") or times != ends,
            # Of several incidents the first is looked at: the others are too many anyhow.
            "stale": number == 0 and (times[1] != seconds[-1] or not events <= held),
            "lost events": not events <= held,
            "foreign events": not held <= events,
            "doubled events": len(held) < len(row["event_ids"]),
        }
        wrong |= {kind for kind, holds in said.items() if holds}
    return wrong | ({_last_served(made, alert)} if "stale" in wrong else set())


def _last_served(made: History, alert: str) -> str:
    """When an alert was last in an answer that arrived, and after how many of its own steps."""
    poll = version = 0
    told = "never served"
    for kind, step in made.steps:
        poll += kind == "serve"
        version += step.get("alert") == alert
        if alert in step.get("alerts", []) and step["arrived"]:
            told = f"served at {poll} in {version}"
    return told


def disagreements(count: int) -> tuple[list[str], Counter[str]]:
    """Where the two opinions on the first `count` histories differ, and how often each kind was found."""
    different, kinds = [], Counter[str]()
    for seed in range(count):
        made = history(seed)
        first, second = first_opinion(made), second_opinion(made)
        kinds.update({kind for _, kind in first if "served" not in kind} or {"nothing wrong"})
        if first != second:
            different.append(f"history {seed}: the oracle alone says {first - second}, not {second - first}")
    return different, kinds


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    different, kinds = disagreements(count)
    for kind, times in kinds.most_common():
        print(f"{times:6} histories: {kind}")
    print("\n".join(different) or f"The two opinions agree on {count} histories.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
