"""Same seed and same calls: same bytes. What an alert is made of, and that ids never repeat."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from mock_kuma.generate import Soc
from mock_kuma.generate.catalogue import catalogue

if TYPE_CHECKING:
    from mock_kuma.generate import DraftAlert
    from mock_kuma.generate.people import Names

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NOW = 1_760_000_000_000

SAMPLE = """
import hashlib, sys
import msgspec
import mock_kuma.generate
loaded = [name for name in sys.modules if name.startswith(("faker", "mock_kuma."))]
soc = mock_kuma.generate.Soc("across processes")
alert = soc.alert(3)
events = soc.events(alert.name, alert.correlation_rule_id, n=3, first=0, timestamps=[1_760_000_000_000])
digest = hashlib.sha256(msgspec.json.encode([alert, events])).hexdigest()
print(digest, *(name for name in loaded if not name.startswith("mock_kuma.generate")))
"""


def events_of(soc: Soc, alert: DraftAlert, n: int, count: int = 3) -> list[dict[str, object]]:
    times = [NOW + place for place in range(count)]
    return soc.events(alert.name, alert.correlation_rule_id, n=n, first=n * count, timestamps=times)


def test_a_sample_has_the_bytes_it_always_had(fixed_names: Names) -> None:
    """Whoever changes what a seed gives has to change this digest, and so knows it."""
    soc = Soc(2024)

    alerts = [soc.alert(n) for n in range(200)]
    sample = [(alert, events_of(soc, alert, n)) for n, alert in enumerate(alerts)]
    ids = [soc.uuid("tenant", 0), soc.uuid("user", 1)]

    digest = hashlib.sha256(msgspec.json.encode((sample, ids))).hexdigest()
    assert digest == "5b70691903308182563242221b9b45e3e95faedb047b969a9eb0b7babaa2dc0e"


def test_another_process_gives_the_same_and_needs_no_faker_to_start() -> None:
    """Neither the order of sets nor Python's hash seed shows, and importing the package is cheap."""
    outputs = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", SAMPLE],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert len(outputs) == 1
    (output,) = outputs
    assert re.fullmatch(r"[0-9a-f]{64}\n", output), "nothing but the digest: nothing else was imported"


def test_order_and_repetition_do_not_matter() -> None:
    """The n-th alert is the same alone, again, or after others."""
    alone = Soc("x").alert(5)
    crowd = Soc("x")

    later = [crowd.alert(n) for n in (9, 5, 0, 5)]

    assert alone == later[1] == later[3]


def test_events_may_be_asked_for_in_pieces(soc: Soc) -> None:
    """Events number 0 to 5 are the same as 0 to 2 and then 3 to 5."""
    alert = soc.alert(1)
    times = [NOW + 1_000 * place for place in range(6)]

    whole = soc.events(alert.name, alert.correlation_rule_id, n=1, first=0, timestamps=times)
    pieces = [
        event
        for first in (0, 3)
        for event in soc.events(
            alert.name, alert.correlation_rule_id, n=1, first=first, timestamps=times[first : first + 3]
        )
    ]

    assert whole == pieces


def test_a_seed_may_be_a_number_or_a_text() -> None:
    """7 and "7" are one seed, 8 is another."""
    assert Soc("7").alert(0) == Soc(7).alert(0)
    assert Soc("8").alert(0) != Soc(7).alert(0)


def test_half_a_surrogate_pair_is_a_seed() -> None:
    """A strange seed is a seed like any other."""
    assert Soc("\ud800").alert(0).id != Soc("\ud801").alert(0).id


def test_ten_thousand_events_and_all_their_ids_differ() -> None:
    """No id comes twice: alerts, correlation events, base events, and what the caller asks for."""
    soc = Soc("unique")
    ids: list[object] = []

    for n in range(2_000):
        alert = soc.alert(n)
        ids.append(alert.id)
        for event in events_of(soc, alert, n, count=5):
            ids.append(event["ID"])
            ids += [base["ID"] for base in nested(event)]
    ids += [soc.uuid(kind, n) for kind in ("alert", "event", "host", "tenant") for n in range(100)]

    assert len(ids) > 30_000
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not UUID4.fullmatch(str(one))] == []


def test_one_rule_has_one_id_in_one_organisation(soc: Soc) -> None:
    """The rule's id follows from its name and the seed, not from the alert."""
    alerts = [soc.alert(n) for n in range(300)]

    ids = {(alert.name, alert.correlation_rule_id) for alert in alerts}

    assert len(ids) == len({alert.name for alert in alerts})
    assert len({rule_id for _, rule_id in ids}) == len(ids)
    other = Soc("another").alert(0, name=alerts[0].name)
    assert other.correlation_rule_id != alerts[0].correlation_rule_id


def test_a_console_shows_every_priority_and_most_rules(soc: Soc) -> None:
    """Three hundred alerts are not all alike, and the critical ones are few."""
    alerts = [soc.alert(n) for n in range(300)]

    by_priority = {word: [one for one in alerts if one.priority == word] for word in ("low", "critical")}

    assert {alert.priority for alert in alerts} == {"low", "medium", "high", "critical"}
    assert len(by_priority["critical"]) < len(by_priority["low"])
    assert len({alert.name for alert in alerts}) > 40


def test_a_name_chooses_the_rule(soc: Soc) -> None:
    """An alert asked for by the name of a rule has that rule's priority; hosts come from the number."""
    rule = catalogue().rules["DNS tunnelling suspected"]

    alert = soc.alert(4, name=rule.name)

    assert (rule.name, rule.priority) == (alert.name, alert.priority)
    assert soc.alert(4).id == alert.id
    by_itself = next(n for n in range(1_000) if soc.alert(n).name == rule.name)
    assert soc.alert(by_itself) == soc.alert(by_itself, name=rule.name)


@pytest.mark.parametrize("name", ["Моё правило", "{user.__class__}", "{", "%s", ""])
def test_an_unknown_name_gets_events_under_that_name(soc: Soc, name: str) -> None:
    """Any name will do, and a name is never read as a template."""
    alert = soc.alert(7, name=name)

    (event,) = events_of(soc, alert, 7, count=1)

    assert (name, name, name) == (event["Name"], event["CorrelationRuleName"], event["Message"])
    assert alert.correlation_rule_id == event["CorrelationRuleID"]


def test_what_was_handed_out_may_be_changed(soc: Soc) -> None:
    """Writing into an answer changes no later answer."""
    before = msgspec.json.encode([soc.alert(0), events_of(soc, soc.alert(0), 0)])

    alert = soc.alert(0)
    (event, *_) = events_of(soc, alert, 0)
    for asset in alert.affected_assets:
        asset["tenantID"] = "changed"
        for value in asset.values():
            if isinstance(value, list):
                value.append("changed")
    event["Message"] = "changed"
    nested(event).clear()
    grouped = event["GroupedBy"]
    assert isinstance(grouped, list)
    grouped.append("changed")

    assert before == msgspec.json.encode([soc.alert(0), events_of(soc, soc.alert(0), 0)])


def nested(event: dict[str, object]) -> list[dict[str, object]]:
    base_events = event["BaseEvents"]
    assert isinstance(base_events, list)
    return base_events
