"""STORY: whether any mixture of events ends well.

A generated story is played in a scene of its own and judged once at its end, when the faults are over and
the connector has had three polls. Rule: a story that fails is made as short as it can be, and played three
times more before it is believed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from harness.oracle import MIRRORED, closed_by_itself, doubled, each, invented, lost, misshown, stale
from harness.plugin import requirement
from harness.protocol import ConnectorBroken, Feature
from harness.scene import Scene
from harness.strategies import (
    TROUBLES,
    Change,
    Clock,
    CloseHere,
    Grow,
    Poll,
    Raise,
    Restart,
    Step,
    Story,
    Trouble,
    drawn,
    of_clocks,
    sentence,
    stories,
)
from harness.verdict import Failure, Finding, Flaky, NotReached
from harness.world import LISTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.facts import Truth
    from harness.oracle import Record

_REPEATS: Final = 3
#: The stories are shared out, so that they are played side by side.
_EVENINGS: Final = 3
#: Alerts beyond these are not picked, so that a burst costs no questions.
_PICKED: Final = 8
_ORDER: Final = ("new", "assigned", "escalated", "closed")
_KUMA_REASONS: Final = {name: name for name in ("responded", "incorrect data", "incorrect correlation rule")}


@requirement("STORY-01", lasts=60)
@pytest.mark.parametrize("evening", range(_EVENINGS))
def check_stories(scene: Scene, evening: int) -> None:
    """Play a share of the generated stories, and tell the first one that fails in its shortest form."""
    share = -(-scene.run.examples // _EVENINGS)
    _tell(scene, drawn(stories(scene.features), seed=scene.run.seed + evening, count=share))


@requirement("STORY-02", lasts=30)
def check_clocks(scene: Scene) -> None:
    """Play some generated stories of a clock that moves."""
    share = -(-scene.run.examples // _EVENINGS)
    _tell(scene, drawn(of_clocks(), seed=scene.run.seed, count=share))


def _tell(scene: Scene, told: Sequence[Story]) -> None:
    """Play stories up to the first one that fails, which is told in its shortest form."""
    for story in told:
        if _played(scene, story):
            shortest = _shortened(scene, story)
            failures = _again(scene, shortest)
            if len(failures) < _REPEATS:
                # Leaving steps out has made it a matter of luck: then the whole story is told.
                shortest, failures = story, _again(scene, story)
            _blame(shortest, failures)


def _shortened(scene: Scene, story: Story) -> Story:
    """Leave out step by step what is not needed for the failure, the last steps first."""
    for place in reversed(range(len(story))):
        shorter = (*story[:place], *story[place + 1 :])
        if shorter and _played(scene, shorter):
            story = shorter
    return story


def _again(scene: Scene, story: Story) -> list[list[Finding]]:
    """Play a story that failed three times more; return the findings of those that failed again."""
    again = [_played(scene, story) for _ in range(_REPEATS)]
    return [found for found in again if found]


def _blame(story: Story, failures: Sequence[list[Finding]]) -> None:
    """Raise what follows from the failures of a story that was played three times more."""
    told = "; ".join(sentence(step) for step in story)
    if len(failures) < _REPEATS:
        findings = [finding for found in failures for finding in found]
        raise Flaky(f"one story failed {len(failures)} of {_REPEATS} more times: {told}", findings)
    first, *rest = failures[-1]
    raise Failure(
        [msgspec.structs.replace(first, sentence=f"{first.sentence}. The story: {told}"), *rest],
        confirmed=True,
    )


def _played(outer: Scene, story: Story) -> list[Finding]:
    """Play a story in a scene of its own; the record of one that fails is kept."""
    with Scene(outer.run, name="STORY-01") as scene:
        act = _Act(scene)
        try:
            for step in story:
                scene.note("story", sentence(step))
                act.play(step)
            found = act.judge()
        except ConnectorBroken as broken:
            found = [Finding("broken", str(broken))]
        except Failure as failure:
            found = list(failure.findings)
        outer.besides += scene.reached()
        if found:
            outer.adopt(scene)
    return found


class _Act:
    """One story on stage. ``asked`` are the closes that were asked for, ``granted`` those that succeeded."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._world = scene, scene.world
        self._reasons = list((scene.reasons or _KUMA_REASONS).items())
        self._asked: dict[str, set[str]] = {}
        self._granted: set[str] = set()
        self._closed_in_kuma: set[str] = set()
        self._grown: list[str] = []

    def play(self, step: Step) -> None:
        """Carry out one step; one that makes no sense at this point does nothing."""
        if not self._world.made and isinstance(step, Grow | Change | CloseHere):
            return
        match step:
            case Raise(count=count):
                self._world.generate(count, last_seen=self._world.now(), spacing_ms=5)
            case Grow(pick=pick):
                self._grown.append(self._world.grow(self._pick(pick), self._world.now()).alert)
            case Change(pick=pick, status=status):
                self._change(self._pick(pick), status)
            case CloseHere(pick=pick, reason=reason):
                self._close(self._pick(pick), *self._reasons[reason % len(self._reasons)])
            case Poll():
                self._scene.poll()
            case Trouble(kind=kind, after=after, times=times):
                self._world.fault(LISTS, TROUBLES[kind], after=after, times=times)
                self._scene.poll()
                self._world.lift()
            case Clock(ahead=ahead):
                self._world.set_clock(ahead=ahead)
            case Restart(in_poll=in_poll):
                self._restart(in_poll=in_poll)

    def judge(self) -> list[Finding]:
        """Let the connector settle, and compare everything with what KUMA holds."""
        record = self._scene.settle()
        # The other alerts were never touched: they are as they came.
        touched = dict.fromkeys([*self._world.made[:_PICKED], *self._grown])
        truths = {truth.id: truth for truth in self._world.truths(list(touched))}
        new = [a for a in self._world.made if a not in truths or truths[a].status == "new"]
        return [
            *lost(record, new),
            *doubled(record),
            *invented(record, self._world.made),
            *closed_by_itself(record, [alert for alert in new if alert not in self._asked]),
            *self._echoes(),
            *self._old(record, list(truths.values())),
            *(finding for truth in truths.values() for finding in self._closes(truth)),
        ]

    def _old(self, record: Record, truths: list[Truth]) -> list[Finding]:
        features = self._scene.features
        found: list[Finding] = []
        # What an analyst has closed, or tried to, need not follow its alert any more.
        followed = [truth for truth in truths if truth.id not in self._asked]
        if Feature.UPDATE in features:
            events = Feature.EVENTS in features
            for truth in followed:
                if truth.status == "new":
                    found += stale(record, truth, with_events=events)
        if Feature.MIRROR in features:
            found += each(followed, record, partial(misshown, only=MIRRORED))
        return found

    def _closes(self, truth: Truth) -> list[Finding]:
        """Judge that KUMA closed exactly what was to be closed, once and with a reason that was meant."""
        alert, closed = truth.id, truth.status == "closed"
        if alert in self._granted and not closed:
            told = f"close of alert {alert} was answered with success, but it is {truth.status} in KUMA"
            return [Finding("claimed closed", told, "closed", truth.status, 56)]
        if closed and alert not in self._asked and alert not in self._closed_in_kuma:
            told = f"alert {alert} was closed in KUMA, and nobody had asked for it"
            return [Finding("closed", told, defect=53)]
        if closed and alert in self._asked and alert not in self._closed_in_kuma:
            wanted = self._asked[alert]
            if truth.closing_reason not in wanted:
                told = f"alert {alert} was closed as {truth.closing_reason!r}"
                return [Finding("wrong reason", told, " or ".join(sorted(wanted)), truth.closing_reason, 49)]
        if truth.times_closed > 1:
            return [Finding("closed twice", f"KUMA closed alert {alert} {truth.times_closed} times")]
        return []

    def _echoes(self) -> list[Finding]:
        """Find closes that were sent for alerts whose incidents nobody closed."""
        sent = [exchange for _, exchange in self._scene.exchanges if exchange.is_close]
        unasked = [item for item in sent if not any(alert in (item.body or "") for alert in self._asked)]
        return [
            Finding(
                "echo", f"a close was sent to KUMA, and nobody had asked for it: {item.body or ''}", defect=52
            )
            for item in unasked[:1]
        ]

    def _pick(self, number: int) -> str:
        candidates = self._world.made[:_PICKED]
        return candidates[number % len(candidates)]

    def _change(self, alert: str, status: str) -> None:
        # KUMA leads an alert onward only.
        if _ORDER.index(status) <= _ORDER.index(self._world.truth(alert).status):
            return
        if status == "closed":
            self._closed_in_kuma.add(alert)
        self._world.change(alert, status=status)

    def _close(self, alert: str, ours: str, theirs: str) -> None:
        if not any(incident.alert_id == alert for incident in self._scene.look().incidents):
            # An analyst closes what the SOAR shows.
            return
        self._asked.setdefault(alert, set()).add(theirs)
        if self._scene.close(alert, ours) is None:
            self._granted.add(alert)

    def _restart(self, *, in_poll: bool) -> None:
        if not in_poll:
            self._scene.restart()
            return
        fault = self._world.fault(LISTS, {"kind": "silence"})
        try:
            self._scene.kill_during_poll(lambda: self._world.fired(fault) > 0)
        except NotReached:
            # The poll asked for nothing: killed idle, then.
            self._scene.kill()
        self._world.lift()
        self._scene.restart()
