"""RFC 3339 and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_kuma.domain import moments


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    """To the microsecond, over the whole calendar, years before 1000 included."""
    text = moment.isoformat().replace("+00:00", "Z")

    assert moments.parse(moments.render_exact(moments.parse(text))) == moments.parse(text)
    assert moments.render(moments.parse(text)) == moment.isoformat(timespec="seconds")[:19] + "Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01.5z", 1_500_000),
        ("1970-01-01T03:00:00+03:00", 0),
        ("1969-12-31T20:30:00-03:30", 0),
        ("1970-01-01T00:00:00.1234569Z", 123_456),
        ("2021-09-06T00:00:00Z+00:00 (MSK)", 1_630_886_400_000_000),
    ],
)
def test_spellings(text: str, expected: int) -> None:
    """Fractions are cut to microseconds, offsets are taken off."""
    assert moments.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00 03:00", "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00+25:00", "٢٠٢٦-01-01T00:00:00Z ", "1" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    """With a short sentence, however long the text."""
    with pytest.raises(moments.NotAMoment) as caught:
        moments.parse(text)

    assert len(str(caught.value)) < 150


def test_the_date_header_is_english() -> None:
    """As RFC 9110 wants it."""
    assert moments.render_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
