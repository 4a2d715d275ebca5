"""What every part of the mock is handed: the database, organisations, counts, what was read.

Built once by ``app``; there is no other way to reach the data. Rule: no module keeps one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from mock_kuma.store.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.generate import Soc
    from mock_kuma.measures import Measures
    from mock_kuma.store.clickhouse import ClickHouse
    from mock_kuma.store.database import Brief, Data


#: Callers and their headers are small, and a server has few at a time.
_LASTING_BYTES: Final = 8 * 1024 * 1024


class Quick(Protocol):
    """What a view needs that every connector asks again and again: ways in, and what still holds."""

    @property
    def database(self) -> Brief:
        """The data."""

    @property
    def kept(self) -> Kept:
        """What holds while nothing changes."""

    @property
    def lasting(self) -> Kept:
        """What holds while nothing but alerts does."""


@dataclass(frozen=True, slots=True)
class Core:
    """The database, the organisation of a seed (it takes a moment to make), the counts, what still holds.

    ``kept`` holds while nothing changes, ``lasting`` while nothing but alerts does.
    """

    database: Data
    soc: Callable[[str], Soc]
    measures: Measures
    kept: Kept = field(default_factory=Kept)
    lasting: Kept = field(default_factory=lambda: Kept(most_bytes=_LASTING_BYTES))
    clickhouse: ClickHouse | None = None  # what searches events in our stead
