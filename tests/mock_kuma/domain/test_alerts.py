"""The life of an alert, decided without storage or time."""

from __future__ import annotations

import pytest

from mock_kuma.domain import alerts as life
from mock_kuma.domain.alerts import Filling, Growth, Status
from mock_kuma.domain.filling import policy
from mock_kuma.domain.releases import RELEASES

HOUR = 3_600_000_000
MB = 1024 * 1024


@pytest.mark.parametrize("release", list(RELEASES))
@pytest.mark.parametrize("status", list(Status))
def test_only_a_new_alert_grows(release: str, status: Status) -> None:
    """In every release's default, anything else makes the next firing open a new alert."""
    filling = Filling(status, created=0, overflow=False, event_count=1, event_bytes=1)

    decision = life.growth(filling, policy=policy(RELEASES[release], None), now=HOUR, coming=1)

    assert decision is (Growth.GROWS if status is Status.NEW else Growth.OPENS)


@pytest.mark.parametrize(
    ("release", "filling", "coming", "expected"),
    [
        ("3.2", Filling("new", 0, overflow=False, event_count=1, event_bytes=16 * MB - 10), 10, Growth.GROWS),
        (
            "3.2",
            Filling("new", 0, overflow=False, event_count=1, event_bytes=16 * MB - 10),
            11,
            Growth.OVERFLOWS,
        ),
        ("3.2", Filling("new", 0, overflow=True, event_count=1, event_bytes=1), 1, Growth.OVERFLOWS),
        ("3.2", Filling("new", 0, overflow=False, event_count=50_000, event_bytes=1), 1, Growth.GROWS),
        ("4.0", Filling("new", 0, overflow=False, event_count=9_999, event_bytes=99 * MB), 1, Growth.GROWS),
        ("4.0", Filling("new", 0, overflow=False, event_count=10_000, event_bytes=1), 1, Growth.OPENS),
    ],
)
def test_each_release_has_its_limit(release: str, filling: Filling, coming: int, expected: Growth) -> None:
    """16 MB up to 3.4, ten thousand events in 4.0."""
    decision = life.growth(filling, policy=policy(RELEASES[release], None), now=HOUR, coming=coming)

    assert decision is expected


def test_nothing_leaves_closed() -> None:
    """And staying is no move."""
    assert [life.may_move("closed", status) for status in Status] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("responded", life.Reason.RESPONDED),
        ("Incorrect Data", life.Reason.INCORRECT_DATA),
        ("INCORRECT CORRELATION RULE", life.Reason.INCORRECT_RULE),
        ("incorrect  data", None),
        ("falsePositive", None),
    ],
)
def test_reasons(text: str, expected: life.Reason | None) -> None:
    """Three of them, in any case."""
    assert life.reason(text) is expected


def test_last_seen_never_goes_back() -> None:
    """An event from the past is added, the alert's time stays."""
    assert [life.last_seen(5_000, stamps) for stamps in ([], [4], [6, 4])] == [5_000, 5_000, 6_000]
