"""Patterns in texts: LIKE, ILIKE and RE2, which ClickHouse uses for ``match``, ``extract`` and the like.

RE2 takes time that grows with the text and not faster, whatever the pattern, and reads UTF-8. A dot means any
character, line breaks too. Knows no columns. Rule: a pattern that ClickHouse would not compile raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import re2  # type: ignore[import-untyped] # the package has no types

from mock_kuma.domain.query_problems import InvalidSql

if TYPE_CHECKING:
    from collections.abc import Callable

# GUESS: a pattern whose program is larger is refused; it could take seconds on one long text.
PROGRAM: Final = 10_000
#: For each compiled pattern; the package keeps the last 128 of them.
_MEMORY: Final = 2 << 20

#: What makes a pattern more than a text.
_SPECIAL: Final = re.compile(r"[\^$.\[|()?*+{]|\\")
_WILDCARD: Final = re.compile(r"\\(.)|([%_])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LikeShape:
    """What a LIKE pattern comes to: a text that is contained, if it is no more than that, or RE2."""

    contained: str | None
    pattern: str
    ignore_case: bool


def like_shape(pattern: str, *, ignore_case: bool) -> LikeShape:
    """Return what the pattern comes to."""
    parts = _like_parts(pattern)
    texts = [part[1:] for part in parts if part not in ("%", "_")]
    contained = None
    if "_" not in parts and parts[:1] == ["%"] == parts[-1:] and len(texts) <= 1:
        contained = texts[0] if texts else ""
    source = "".join({"%": ".*", "_": "."}.get(part) or re2.escape(part[1:]) for part in parts)
    return LikeShape(contained, f"(?i)^{source}$" if ignore_case else f"^{source}$", ignore_case)


def like(pattern: str, *, ignore_case: bool) -> Callable[[str], bool]:
    """Return the test for a LIKE pattern."""
    shape = like_shape(pattern, ignore_case=ignore_case)
    if shape.contained is not None:
        return _contains(shape.contained, ignore_case=ignore_case) if shape.contained else lambda _: True
    parts = _like_parts(pattern)
    texts = [part[1:] for part in parts if part != "%"]
    if "_" not in parts and len(texts) <= 1 and not ignore_case:
        return _at_an_end(texts[0] if texts else "", parts)
    compiled = _compile(shape.pattern)
    return lambda value: compiled.search(value.encode()) is not None


def _like_parts(pattern: str) -> list[str]:
    """Return ``%``, ``_``, and texts with a mark before them that keeps the three apart."""
    parts: list[str] = []
    text, end = "", 0
    for found in _WILDCARD.finditer(pattern):
        text += pattern[end : found.start()]
        end = found.end()
        if found[1] is not None:
            # A backslash before anything else than a wildcard or itself is only a backslash.
            text += found[1] if found[1] in "%_\\" else found[0]
            continue
        parts += [f"={text}", found[2]] if text else [found[2]]
        text = ""
    text += pattern[end:]
    if pattern[end:].endswith("\\"):
        raise InvalidSql("a LIKE pattern ends in a backslash")
    return [*parts, f"={text}"] if text else parts


def _contains(text: str, *, ignore_case: bool) -> Callable[[str], bool]:
    if not ignore_case:
        return lambda value: text in value
    lowered = _lower(text)
    return lambda value: lowered in _lower(value)


def _lower(text: str) -> str:
    # Letter by letter, as ClickHouse's searcher does: no letter becomes two, none depends on the next.
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _at_an_end(text: str, parts: list[str]) -> Callable[[str], bool]:
    if parts[:1] == ["%"]:
        return lambda value: value.endswith(text)
    if parts[-1:] == ["%"]:
        return lambda value: value.startswith(text)
    return lambda value: value == text


def match(pattern: str) -> Callable[[str], bool]:
    """Return the test whether the pattern is found anywhere in a text."""
    compiled = _compile(pattern)
    return lambda value: compiled.search(value.encode()) is not None


def extract(pattern: str) -> Callable[[str], str]:
    """Return what finds the first group of the first match (all of it without groups), or ""."""
    compiled = _compile(pattern)
    group = 1 if compiled.groups else 0

    def first(value: str) -> str:
        found = compiled.search(value.encode())
        return (found[group] or b"").decode() if found is not None else ""

    return first


def replace_one(pattern: str, replacement: str) -> Callable[[str], str]:
    r"""Return what replaces the first match; ``\0`` to ``\9`` in the replacement are its groups."""
    compiled = _compile(pattern)
    pieces = _pieces(replacement)
    highest = max((piece for piece in pieces if isinstance(piece, int)), default=0)
    if highest > compiled.groups:
        raise InvalidSql(f"\\{highest} in the replacement, and the pattern has {compiled.groups} groups")
    if is_plain(pattern):
        # ClickHouse takes such a pattern for a text, and the replacement then, too, as it stands.
        return lambda value: value.replace(pattern, replacement, 1) if pattern else value

    def replaced(value: str) -> str:
        encoded = value.encode()
        found = compiled.search(encoded)
        if found is None:
            return value
        middle = b"".join((found[one] or b"") if isinstance(one, int) else one for one in pieces)
        start, end = found.span()
        return (encoded[:start] + middle + encoded[end:]).decode()

    return replaced


def is_plain(pattern: str) -> bool:
    """Tell whether a pattern is no more than a text."""
    return not _SPECIAL.search(pattern)


def cost(pattern: str) -> int:
    """Return how many steps of the evaluation one search takes, about."""
    return 40 + int(_compile(pattern).programsize) // 8


def _pieces(replacement: str) -> list[int | bytes]:
    """Return texts and group numbers."""
    pieces: list[int | bytes] = []
    end = 0
    for found in re.finditer(r"\\(.)", replacement, re.DOTALL):
        pieces.append(replacement[end : found.start()].encode())
        pieces.append(int(found[1]) if found[1] in "0123456789" else found[1].encode())
        end = found.end()
    return [*pieces, replacement[end:].encode()]


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidSql(f"cannot compile re2: {text}") from error
    if compiled.programsize > PROGRAM:
        raise InvalidSql("a pattern is too large")
    return compiled
