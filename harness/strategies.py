"""Generated stories: what may happen in a SOC, as data.

Decides which steps there are and how they are mixed. Pure: nothing happens here. Rule: a story is made
for the features that a connector claims, so that every step of it is the connector's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from harness.protocol import Feature

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

#: A burst that needs a second page.
_BURST: Final = 251
_LONGEST: Final = 12
_FIRST: Final = 4
#: How far KUMA's clock is set ahead of ours, in seconds. Not far behind: how late an alert may appear, the
#: vendor does not say, and nobody has to look back for hours.
_AHEAD: Final = (3600, 300, 0, -300)
#: What a poll may meet; all of it may pass or fail, and none of it may lose anything.
TROUBLES: Final[dict[str, dict[str, Any]]] = {
    "500": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    "reset": {"kind": "reset"},
    "garbage": {"kind": "garbage"},
}


class Raise(msgspec.Struct, frozen=True, tag="raise"):
    """New alerts appear."""

    count: int


class Grow(msgspec.Struct, frozen=True, tag="grow"):
    """The rule of an alert fires again; ``pick`` chooses the alert."""

    pick: int


class Change(msgspec.Struct, frozen=True, tag="change"):
    """A KUMA user changes an alert's status."""

    pick: int
    status: str


class CloseHere(msgspec.Struct, frozen=True, tag="close"):
    """A SOAR analyst closes an incident; ``reason`` chooses the reason."""

    pick: int
    reason: int


class Poll(msgspec.Struct, frozen=True, tag="poll"):
    """The connector polls."""


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """The connector polls, and requests fail: after the first ``after``, ``times`` of them."""

    kind: str
    after: int
    times: int


class Restart(msgspec.Struct, frozen=True, tag="restart"):
    """The connector is killed, idle or in a poll, and started again."""

    in_poll: bool


class Clock(msgspec.Struct, frozen=True, tag="clock"):
    """KUMA's clock is set; ``ahead`` of ours in seconds, behind it where negative."""

    ahead: int


Step = Raise | Grow | Change | CloseHere | Poll | Trouble | Restart | Clock
Story = tuple[Step, ...]

_SENTENCES: Final[dict[type, Callable[[Any], str]]] = {
    Raise: lambda step: f"{step.count} new alerts appear" if step.count > 1 else "a new alert appears",
    Grow: lambda step: f"alert {step.pick} gets a new event",
    Change: lambda step: f"alert {step.pick} becomes {step.status} in KUMA",
    CloseHere: lambda step: f"an analyst closes alert {step.pick} in the SOAR",
    Poll: lambda _: "poll",
    Trouble: lambda step: f"poll, while {step.times} requests after the first {step.after} meet {step.kind}",
    Clock: lambda step: f"KUMA's clock is set {_beside(step.ahead)}",
    Restart: lambda step: "kill in a poll, and start again" if step.in_poll else "kill, and start again",
}


def _beside(ahead: int) -> str:
    if not ahead:
        return "right"
    return f"{abs(ahead) // 60} minutes {'ahead' if ahead > 0 else 'behind'}"


def sentence(step: Step) -> str:
    """Return a step in words."""
    return _SENTENCES[type(step)](step)


def stories(features: frozenset[str]) -> SearchStrategy[Story]:
    """Return stories for a connector with these features."""
    picks = st.integers(0, 7)
    steps: list[SearchStrategy[Step]] = [
        st.just(Poll()),
        st.builds(Raise, st.sampled_from([1, 1, 2, 3, _BURST])),
        # Twice: alerts that go on growing are what stories are about, and closes end them.
        st.builds(Grow, picks),
        st.builds(Grow, picks),
        st.builds(Change, picks, st.sampled_from(["assigned", "escalated", "closed"])),
        st.builds(Trouble, st.sampled_from(sorted(TROUBLES)), st.integers(0, 1), st.integers(1, 2)),
    ]
    if Feature.CLOSE in features:
        steps.append(st.builds(CloseHere, picks, st.integers(0, 5)))
    if Feature.PERSIST in features:
        steps.append(st.builds(Restart, st.booleans()))
    rest = st.lists(st.one_of(steps), min_size=2, max_size=_LONGEST)
    # Something must be there before anything can happen to it, and more than one: not all of it ends closed.
    return rest.map(lambda drawn: (Raise(_FIRST), Poll(), *drawn))


def of_clocks() -> SearchStrategy[Story]:
    """Return stories of a clock that moves while alerts appear and grow; nothing else goes wrong in them."""
    steps: list[SearchStrategy[Step]] = [
        st.just(Poll()),
        st.builds(Raise, st.integers(1, 3)),
        st.builds(Grow, st.integers(0, 7)),
        st.builds(Clock, st.sampled_from(_AHEAD)),
    ]
    rest = st.lists(st.one_of(steps), min_size=2, max_size=_LONGEST)
    return st.builds(
        lambda ahead, rest: (
            Raise(_FIRST),
            Poll(),
            Clock(ahead),
            Raise(1),
            Poll(),
            *rest,
            Clock(0),
            Raise(1),
        ),
        st.sampled_from(_AHEAD),
        rest,
    )


def drawn(kind: SearchStrategy[Story], *, seed: int, count: int) -> list[Story]:
    """Return so many stories; the same seed draws the same ones."""
    found: list[Story] = []

    @seeded(seed)
    @settings(
        max_examples=count + 1,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(kind)
    def draw(story: Story) -> None:
        found.append(story)

    draw()
    # The first one that is drawn is the simplest there is.
    return found[1:]
