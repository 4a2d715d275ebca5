"""The decisions without I/O: window, moments, retry, paging."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import moments, retry, window
from connector.errors import (
    BadAnswer,
    ConnectorError,
    OutOfTime,
    RateLimited,
    Redirected,
    Refused,
    ServerTrouble,
    StoreTrouble,
    TooLarge,
    Unreachable,
    Untrusted,
)
from connector.paging import PAGE_SIZE, Ask, Sweep

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(
    mark=st.none() | st.integers(0, 10**10),
    newest=st.none() | st.integers(-(10**11), 10**11),
    now=st.integers(0, 10**10),
)
def test_the_mark_neither_goes_back_nor_passes_kumas_clock(
    mark: int | None, newest: int | None, now: int
) -> None:
    """Whatever was served."""
    reached = window.advance(mark, newest=newest, now=now)

    assert mark is None or (reached is not None and reached >= mark)
    assert reached is None or reached == mark or reached <= now
    assert reached in {None, mark, newest, now}


@pytest.mark.parametrize(
    ("mark", "now", "expected"),
    [(1_000, 401, False), (1_000, 400, False), (1_000, 399, True)],
)
def test_a_clock_was_put_back_where_a_window_would_miss_it(mark: int, now: int, *, expected: bool) -> None:
    """What a window reads twice anyway covers less."""
    assert window.was_put_back(mark, now=now, overlap=600) == expected


@pytest.mark.parametrize(
    ("mark", "lookback", "expected"),
    [(None, 500, 500), (None, 10**15, 0), (900, 500, 300), (100, 500, 0)],
)
def test_a_window_begins_before_the_mark(mark: int | None, lookback: float, expected: int) -> None:
    """Or looks back; and never before 1970."""
    assert window.start(mark, now=1_000, lookback=lookback, overlap=600) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T00:00:00.000Z", NOW),
        ("2026-01-01T03:00:00.000000000+03:00", NOW),
        ("2025-12-31T20:30:00-03:30", NOW),
        ("2026-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+03:00", None),
        ("9999-12-31T23:59:59-03:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_767_225_600, None),
    ],
)
def test_a_time_is_an_instant_or_nothing(text: object, expected: datetime | None) -> None:
    """Never a guess, never an exception."""
    assert moments.parse(text) == expected


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 -- bounds have no zone
def test_a_second_is_held_from_its_first_instant_to_its_last(moment: datetime) -> None:
    """Both ends of a filter are inclusive."""
    second = moments.second(moment)

    first, last = moments.parse(moments.begin(second)), moments.parse(moments.end(second))

    assert first is not None
    assert last is not None
    assert first <= moment <= last
    assert (last - first).total_seconds() < 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("Thu, 01 Jan 2026 00:00:09 GMT", 9),
        ("Thu, 01 Jan 2026 00:00:09 +0300", 0),
        ("Wed, 31 Dec 2025 23:59:59 GMT", 0),
        ("Mon, 01 Jan 9999 00:00:00 GMT", retry.LONGEST_WAIT_SECONDS),
        ("9" * 400, retry.LONGEST_WAIT_SECONDS),
        ("-1", None),
        ("soon", None),
        ("1.5", None),
        ("٧", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_has_two_forms(header: str | None, expected: float | None) -> None:
    """Seconds and an HTTP date; what is neither says nothing, and nobody is silenced for ever."""
    assert retry.asked_to_wait(header, now=NOW) == expected


@pytest.mark.parametrize("tries", [1, 2, 3])
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_waits_grow_with_jitter(tries: int, chance: float) -> None:
    """From nothing at all to twice the last at most."""
    seconds = retry.wait(ServerTrouble("x", 500, ""), tries=tries, left=100, random=lambda: chance)

    assert seconds == chance * 0.25 * 2 ** (tries - 1)


@pytest.mark.parametrize(
    ("error", "tries", "left"),
    [
        (ServerTrouble("x", 500, ""), 4, 100),
        (ServerTrouble("x", 500, ""), 1, 1),
        (RateLimited("x", 429, 60), 1, 60.5),
        (Refused("x", 404, ""), 1, 100),
        (Redirected("x", ""), 1, 100),
        (TooLarge("x", ""), 1, 100),
        (Untrusted("x", ""), 1, 100),
    ],
)
def test_what_will_not_help_is_not_tried(error: ConnectorError, tries: int, left: float) -> None:
    """Too often, too late, or refused."""
    assert retry.wait(error, tries=tries, left=left, random=lambda: 1.0) is None


def test_a_wait_that_is_asked_for_is_never_shortened() -> None:
    """And never turned into a storm by asking for none."""
    assert retry.wait(RateLimited("x", 429, 9), tries=1, left=100, random=lambda: 1.0) == 9
    assert retry.wait(RateLimited("x", 429, 0), tries=3, left=100, random=lambda: 1.0) == 1.0


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (Unreachable("x", "y"), True),
        (OutOfTime("x", "y", status=503), True),
        (BadAnswer("x", "y"), True),
        (StoreTrouble("locked"), True),
        (Redirected("x", "y"), False),
        (TooLarge("x", "y"), False),
        (Untrusted("x", "y"), False),
        (Refused("x", 404, "y"), False),
    ],
)
def test_an_error_says_whether_to_try_again(error: ConnectorError, *, retryable: bool) -> None:
    """In a field, and in one line."""
    assert error.retryable is retryable
    assert "\n" not in str(error)


def test_a_reading_walks_down_by_time() -> None:
    """After a full page it asks for everything up to the oldest second of it, the first page again."""
    sweep = Sweep.of(100)

    following = sweep.after([900, 800], ["a", "b"], size=PAGE_SIZE)

    assert following is not None
    assert following.ask == Ask(100, 800)
    assert following.after([800, 700], ["b", "c"], size=PAGE_SIZE - 1) is None


def test_a_second_that_fills_a_page_is_read_until_two_passes_agree() -> None:
    """By page number, within that second; then the reading goes on below it."""
    sweep: Sweep | None = Sweep(Ask(100, 800), 100)
    asked = []
    for size, ids in [(250, "ab"), (250, "ab"), (1, "c"), (250, "ab"), (0, ""), (250, "ab"), (0, "")]:
        assert sweep is not None
        asked.append((sweep.ask.since, sweep.ask.until, sweep.ask.page))
        sweep = sweep.after([800] * len(ids), list(ids), size=size)

    assert asked == [(100, 800, 1), (800, 800, 1), (800, 800, 2)] + [(800, 800, 1), (800, 800, 2)] * 2
    assert sweep == Sweep(Ask(100, 799), 100)


def test_a_full_page_without_times_is_no_end() -> None:
    """Nobody knows what lies behind it."""
    with pytest.raises(BadAnswer, match="no alert has a time"):
        Sweep.of(100).after([], [], size=PAGE_SIZE)


def test_a_question_has_no_page_number_where_it_is_the_first() -> None:
    """And its ends hold whole seconds."""
    assert Ask(0, 59, 2).query() == [
        ("from", "1970-01-01T00:00:00Z"),
        ("to", "1970-01-01T00:00:59.999999Z"),
        ("page", "2"),
    ]
    assert Ask(0).query() == [("from", "1970-01-01T00:00:00Z")]
