"""What was read and still holds: values made from the data, kept in memory until the data change.

A value belongs to the revision of the data that stood before it was read (``Database.revision``); at the next
one it is forgotten. Rule: nothing kept is given out after a change that was answered before it was asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

#: So many bytes are kept by a process: a dozen of the largest pages, or some ten thousand small answers.
_MOST_BYTES: Final = 32 * 1024 * 1024
#: What a value takes beside its own bytes: its key, its place.
_OVERHEAD: Final = 1_024


class Kept:
    """Values of one revision, the oldest forgotten first where they are too many."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(
        self,
        revision: int | None,
        key: Hashable,
        make: Callable[[], T],
        size: Callable[[T], int] = lambda _: 0,
    ) -> T:
        """Return the value of a key, made now where none is kept; ``size`` tells its bytes.

        None as the revision: the database cannot say when it changes, so nothing is kept.
        """
        if revision is None:
            return make()
        if revision == self._revision:
            found = self._values.get(key)
            if found is not None:
                value: T = found[0]
                return value
        value = make()
        self._keep(revision, key, value, size(value) + _OVERHEAD)
        return value

    def _keep(self, revision: int, key: Hashable, value: object, size: int) -> None:
        with self._lock:
            if revision != self._revision:
                # Of two threads the one that has read less may come last; then its values are asked for anew.
                self._revision, self._values, self._bytes = revision, OrderedDict(), 0
            if size > self._most or key in self._values:
                return
            self._values[key] = value, size
            self._bytes += size
            while self._bytes > self._most:
                _, (_, oldest) = self._values.popitem(last=False)
                self._bytes -= oldest
