"""Listeners that are not KUMA, and certificates that do not fit."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING

import pytest

from harness import decoy

if TYPE_CHECKING:
    from pathlib import Path


def _ask(port: int, context: ssl.SSLContext) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    try:
        connection.request("GET", "/api/v1/alerts", headers={"Authorization": "Bearer secret"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_decoy_notes_what_is_said_to_it() -> None:
    """A redirected client that brings its token is heard."""
    with decoy.listening() as other:
        connection = http.client.HTTPConnection("127.0.0.1", other.port, timeout=5)
        connection.request("GET", "/login", headers={"Authorization": "Bearer secret"})
        answer = connection.getresponse()
        page = answer.read()
        connection.close()

    assert (answer.status, b"Sign in" in page) == (200, True)
    assert other.visits == 1
    assert b"Bearer secret" in other.heard[0]


def test_a_fitting_certificate_is_accepted(tmp_path: Path) -> None:
    """The wrong ones are refused for what is wrong with them, and for nothing else."""
    authority = decoy.Authority(tmp_path)
    with decoy.listening(authority.context()) as other:
        status = _ask(other.port, ssl.create_default_context(cafile=str(authority.file)))

    assert (status, len(other.heard)) == (200, 1)


@pytest.mark.parametrize(
    ("how", "why"), [({"expired": True}, "expired"), ({"host": "other.example"}, "IP address mismatch")]
)
def test_a_wrong_certificate_is_refused_before_a_word_is_said(
    tmp_path: Path, how: dict[str, object], why: str
) -> None:
    """A careful client hangs up, and the visit is counted."""
    authority = decoy.Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.file))
    with (
        decoy.listening(authority.context(**how)) as other,  # type: ignore[arg-type]  # the table's values fit
        pytest.raises(ssl.SSLCertVerificationError, match=why),
    ):
        _ask(other.port, trusting)

    assert (other.visits, other.heard) == (1, [])


def test_another_authority_vouches_for_nothing(tmp_path: Path) -> None:
    """Two authorities of ours do not trust each other."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = decoy.Authority(tmp_path / "one"), decoy.Authority(tmp_path / "two")
    with (
        decoy.listening(one.context()) as other,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        _ask(other.port, ssl.create_default_context(cafile=str(two.file)))

    assert other.heard == []
