"""Where every generated id, choice and number comes from: a seed and the path to the thing.

A digest of the path stands for a draw of chance, so that each thing can be made alone, in any order,
and comes out the same. Python's own ``hash`` differs from run to run, and an unseeded generator from
call to call; neither is used. Rule: the same path gives the same bytes, on every machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
#: Keeps ("a", "bc") and ("ab", "c") apart; no kind of thing has it in its name.
_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Seed:
    """The text that a simulated organisation grows from; ``7`` and ``"7"`` are the same seed."""

    text: str

    def digest(self, *path: str | int) -> bytes:
        """Return 32 bytes that belong to this path and to no other."""
        name = _SEPARATOR.join([self.text, *map(str, path)])
        # A seed from JSON may hold half a surrogate pair; it is a seed like any other.
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()

    def uuid(self, *path: str | int) -> str:
        """Return an id of the shape of a UUID version 4 for this path."""
        return uuid_from(self.digest(*path))

    def random(self, *path: str | int) -> Random:
        """Return a generator of chance for this path, for things that draw many times."""
        return Random(self.digest(*path))  # noqa: S311 -- repeatable on purpose, no secret


def choose(random: Random, of: Sequence[T]) -> T:
    """Return one of some things, as ``random.choice`` does in half of its time."""
    count = len(of)
    bits = count.bit_length()
    place = random.getrandbits(bits)
    while place >= count:
        place = random.getrandbits(bits)
    return of[place]


def uuid_from(digest: bytes) -> str:
    """Return the first 16 bytes as a UUID version 4: its version and variant bits are set."""
    text = digest[:16].hex()
    variant = "89ab"[digest[8] & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
