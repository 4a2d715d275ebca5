"""The number that tells whether the data have changed: SQLite keeps it for its user in the file's header.

Its lowest bits count changes of alerts alone, the others all other changes. Rule: it is counted in the
transaction that changes, so that whoever sees the number sees the change, and the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mock_kuma.store.lean import Lean

#: What asks for it, outside of a transaction too.
REVISION: Final = "PRAGMA user_version"
_ALERTS_BITS: Final = 8
#: The number has 31 bits.
_MOST: Final = 2**31


def lasting(revision: int | None) -> int | None:
    """Return the part of a revision that stands while only alerts change: for callers, worlds, tenants."""
    return None if revision is None else revision >> _ALERTS_BITS


def seen_by(lean: Lean) -> int:
    """Return the revision of the data that a transaction sees."""
    return int(lean.say(REVISION)[0][0])


def count(revision: int, *, alerts_alone: bool) -> str:
    """Return what makes SQLite keep the revision that follows."""
    step = 1 if alerts_alone else 1 << _ALERTS_BITS
    # Rounded down, so that a change of alerts counts nothing but itself.
    return f"PRAGMA user_version = {(revision // step + 1) * step % _MOST}"
