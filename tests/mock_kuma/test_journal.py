"""Secrets taken out of texts before they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_kuma import ids
from mock_kuma.journal import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN, OTHER, STRANGE = "a1" * 16, "b2" * 16, "c3" * 16


def known(digests: Iterable[str]) -> set[str]:
    """Two tokens belong to somebody."""
    return set(digests) & {ids.digest(OWN), ids.digest(OTHER)}


def test_every_known_token_goes_and_nothing_else() -> None:
    """A hash that looks like a token stays, it is data."""
    texts = Redactor(OWN, known).texts([f"token={OTHER}&md5={STRANGE}", f'{{"key": "{OWN}"}}', "plain"])

    assert texts == [f"token=[redacted]&md5={STRANGE}", '{"key": "[redacted]"}', "plain"]


def test_a_short_credential_goes_too() -> None:
    """Whatever came as a bearer token is a secret, known or not."""
    assert Redactor("short", known).texts(["a short word"]) == ["a [redacted] word"]


def test_secret_headers_keep_their_scheme() -> None:
    """A cookie is redacted whole."""
    headers = [
        ("Authorization", f"Basic {STRANGE}"),
        ("Cookie", "s=1"),
        ("Accept", "*/*"),
        ("Authorization", "x"),
    ]

    assert Redactor("", known).headers(headers) == [
        ("Authorization", "Basic [redacted]"),
        ("Cookie", "[redacted]"),
        ("Accept", "*/*"),
        ("Authorization", "[redacted]"),
    ]
