"""FETCH: whether an incident holds what its alert holds: odd records, names, facts, events, affected ones.

Rule: what is compared is what KUMA holds with what the SOAR claims to hold; whether a record that nobody
expects is itself imported is left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.oracle import affected, each, events_wrong, exactly, lost, misshown, missing
from harness.plugin import requirement
from harness.scene import SETTLING
from harness.verdict import demand, reached
from harness.world import ago

if TYPE_CHECKING:
    from harness.protocol import Incident
    from harness.scene import Scene

_NULLABLE = ("tenantName", "assignee", "closingReason", "affectedAssets", "affectedAccounts")
#: More than any round number at which events are cut.
_MANY = 2_001
NAMES = {
    "cyrillic": "Подозрительная активность: вход в нерабочее время — ёжик",
    "emoji": "Ransomware 🔥 on host 👩\u200d💻 café e\u0301 ﬁ",
    "formula": '=HYPERLINK("http://example.com";"Sign in")',
    "html": "<img src=x onerror=alert(1)> & \"quoted\" 'single' </script>",
    # The vendor's resources have names of up to 128 characters.
    "long": "Цепочка: " + "вход, повышение прав, вывоз данных; " * 3 + "конец цепи.",
    "regex": r"C&C (stage #2) [50%+] ^a.b*c?$ \d+ {x|y} /path\to",
}


def _settled(scene: Scene, ids: list[str]) -> None:
    """Let the connector settle, and demand exactly these incidents."""
    record = scene.settle(until=lambda record: not missing(record, ids))
    demand(exactly(record, new=ids, known=scene.world.made))


@requirement("FETCH-11")
@pytest.mark.parametrize(
    "odd", ["nulls", "unknown priority", "unknown status", "missing fields", "more fields"]
)
def check_odd_record(scene: Scene, odd: str) -> None:
    """Put a record that nobody expects between healthy ones."""
    oddities: dict[str, dict[str, Any]] = {
        "nulls": {"sent_as": dict.fromkeys((*_NULLABLE, "events"))},
        "unknown priority": {"sent_as": {"priority": "informational"}},
        "unknown status": {"sent_as": {"status": "under investigation"}},
        "more fields": {"sent_as": {"mitre": [{"tactic": "TA0001"}], "score": 71.5, "note": None}},
        "missing fields": {"omit": ["assignee", "closingReason", "overflow", "events", "tenantName"]},
    }
    newer = scene.world.generate(3, last_seen=ago(minutes=5))
    [strange] = scene.world.add({"lastSeen": ago(minutes=6), "name": "Odd record", **oddities[odd]})
    older = scene.world.generate(3, last_seen=ago(minutes=7))
    scene.note("KUMA", f"one of seven alerts is odd: {odd}")

    # Whether the odd one is imported, refused or told as an error of the cycle is left open.
    for _ in range(SETTLING):
        scene.poll()

    record = scene.look()
    demand(lost(record, [*newer, *older]))
    reached(strange in record.seen, "the odd record was in no answer")


@requirement("FETCH-12")
def check_events(scene: Scene) -> None:
    """Have an alert without events, one with one, and one with many."""
    ids = [
        scene.world.generate(1, events=count, last_seen=ago(minutes=5 + count))[0] for count in (0, 1, 120)
    ]

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), events_wrong))


@requirement("FETCH-18", lasts=6)
def check_thousands_of_events(scene: Scene) -> None:
    """Have one alert with more events than anybody reads."""
    [alert] = scene.world.generate(1, events=_MANY, last_seen=ago(minutes=5))
    [other] = scene.world.generate(1, last_seen=ago(minutes=4))
    truth = scene.world.truth(alert)
    reached(len(truth.events) == _MANY, "KUMA does not hold so many events")

    _settled(scene, [alert, other])

    demand(each([truth], scene.look(), events_wrong))


@requirement("FETCH-13")
@pytest.mark.parametrize("kind", sorted(NAMES))
def check_names(scene: Scene, kind: str) -> None:
    """Use a name that breaks careless code."""
    ids = scene.world.add({"name": NAMES[kind], "lastSeen": ago(minutes=5)})

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), misshown))


@requirement("FETCH-15")
def check_facts(scene: Scene) -> None:
    """Have four alerts that share nothing."""
    priorities = ("low", "medium", "high", "critical")
    tenant = scene.world.add_tenant("Branch office")
    ids = scene.world.add(
        *(
            {
                "name": f"Rule of {priority} priority",
                "priority": priority,
                "firstSeen": ago(hours=5 + place, minutes=7 * place),
                "lastSeen": ago(minutes=20 + 13 * place, seconds=17 * place),
                "tenantID": tenant if place % 2 else scene.world.tenant,
                "overflow": priority == "critical",
            }
            for place, priority in enumerate(priorities)
        )
    )

    _settled(scene, ids)

    demand(each(scene.world.truths(ids), scene.look(), misshown))


@requirement("FETCH-16")
def check_affected(scene: Scene) -> None:
    """Have an alert with assets and an account, and one without."""
    assets = [{"id": f"5e1f0a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2{last}", "name": f"host-{last}"} for last in "01"]
    account = {"displayName": "Anna Kim", "upn": "a.kim@example.com", "sAMAccountName": "a.kim"}
    ids = scene.world.add(
        {"lastSeen": ago(minutes=5), "affectedAssets": assets, "affectedAccounts": [account]},
        {"lastSeen": ago(minutes=6), "affectedAssets": [], "affectedAccounts": []},
    )
    _settled(scene, ids)

    record = scene.look()
    wanted = {asset["id"] for asset in assets}
    for alert, some in zip(ids, (True, False), strict=True):
        [incident] = record.held(alert)
        held = set(incident.assets or [])
        demand(
            affected(alert, "assets", wanted if some else set(), held),
            # Which of an account's names is its name is left open.
            affected(alert, "accounts", {"one"} if some else set(), _accounts(incident, account)),
        )


def _accounts(incident: Incident, account: dict[str, str]) -> set[str]:
    return {"one" if name in account.values() else name for name in incident.accounts or []}
