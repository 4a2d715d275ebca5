"""Strict reading of what a test sends: our own API forgives nothing.

Rule: broken JSON is 400; an unknown field, a wrong type or a wrong value is 422 with its path.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import request

from mock_kuma.domain import moments

T = TypeVar("T")


class BrokenJson(Exception):
    """The body is not JSON."""


class Invalid(Exception):
    """A field is wrong: ``path`` where, ``problem`` why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem


def body(kind: type[T]) -> T:
    """Return the request's body as ``kind``; an absent body is an empty object."""
    data = request.get_data() or b"{}"
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenJson(str(error)) from error
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        raise Invalid(path.strip("`").removeprefix("$").removeprefix(".") or "body", problem) from error


def moment(text: str, path: str) -> int:
    """Return an RFC 3339 time in microseconds."""
    try:
        return moments.parse(text)
    except moments.NotAMoment as error:
        raise Invalid(path, str(error)) from error


def number(name: str, default: int, *, most: int) -> int:
    """Return a whole number of the query string."""
    text = request.args.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and int(text) <= most:
        return int(text)
    raise Invalid(name, f"expected a whole number up to {most}, got {text[:32]!r}")
