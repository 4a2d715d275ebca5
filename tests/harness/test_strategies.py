"""Generated stories."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocol import Feature
from harness.strategies import (
    Clock,
    CloseHere,
    Grow,
    Poll,
    Raise,
    Restart,
    Story,
    drawn,
    of_clocks,
    sentence,
    stories,
)

ALL = frozenset(Feature)


@given(stories(ALL))
@settings(max_examples=30, deadline=None)
def test_a_story_begins_with_an_alert_that_was_imported(story: Story) -> None:
    """Otherwise its steps would have nothing to happen to."""
    assert story[:2] == (Raise(4), Poll())
    assert len(story) <= 14


@given(stories(frozenset()))
@settings(max_examples=30, deadline=None)
def test_a_story_asks_for_nothing_that_was_not_claimed(story: Story) -> None:
    """No close without the feature close, no restart without persist."""
    assert not [step for step in story if isinstance(step, CloseHere | Restart)]


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_every_step_can_be_told(data: st.DataObject) -> None:
    """A timeline is made of sentences."""
    assert all(sentence(step) for step in data.draw(stories(ALL)))


def test_the_same_seed_draws_the_same_stories() -> None:
    """A run can be repeated, and another seed tells other stories."""
    first = drawn(stories(ALL), seed=7, count=6)

    assert len(first) == 6
    assert drawn(stories(ALL), seed=7, count=6) == first
    assert drawn(stories(ALL), seed=8, count=6) != first


@given(of_clocks())
@settings(max_examples=30, deadline=None)
def test_a_story_of_clocks_moves_one_and_asks_for_nothing(story: Story) -> None:
    """Its clock moves between two polls, and every step of it is any connector's business."""
    assert isinstance(story[2], Clock)
    assert {type(step) for step in story} <= {Raise, Poll, Clock, Grow}
    assert "KUMA's clock is set " in sentence(story[2])
