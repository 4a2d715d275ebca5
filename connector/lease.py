"""Who may run a cycle on a database that several instances share: one row, with an end.

A holder that ends gives the lease back. One that was killed cannot: on the same machine the others see that
its process is gone and take over at once, elsewhere when the lease runs out. Rule: one holder at a time, by
the database's own locking; whoever goes on beyond the end does no harm: delivering twice changes nothing.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select, update

from connector.errors import Busy
from connector.store import into
from connector.store import leases as table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.store import Store

_PROC: Final = Path("/proc")
#: States of a process that is dead and not yet buried, as /proc tells them.
_DEAD: Final = frozenset("ZXx")


class Lease:
    """One instance's claim to what ``name`` stands for."""

    def __init__(self, store: Store, name: str, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._name = name
        self._clock = clock
        self.holder = _holder()

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold the lease for at most so long; raises ``Busy`` while another instance has it."""
        self.take(seconds)
        try:
            yield
        finally:
            self.give_back()

    def take(self, seconds: float) -> None:
        """Take the lease, or prolong it; raises ``Busy``."""
        with self._store.begin() as connection:
            nobody = {"name": self._name, "holder": "", "until": 0.0}
            connection.execute(into(connection, table).values(nobody).on_conflict_do_nothing())
            row = connection.execute(select(table).where(table.c.name == self._name).with_for_update()).one()
            now = _now(connection, self._clock)
            if row.holder not in {"", self.holder} and now < row.until and not _is_gone(row.holder):
                raise Busy(row.until - now)
            values = {"holder": self.holder, "until": now + seconds}
            connection.execute(update(table).where(table.c.name == self._name).values(values))

    def give_back(self) -> None:
        """Let others have it; what was taken over meanwhile stays theirs."""
        mine = (table.c.name == self._name, table.c.holder == self.holder)
        with self._store.begin() as connection:
            connection.execute(update(table).where(*mine).values(holder="", until=0.0))


def _now(connection: Connection, clock: Callable[[], float]) -> float:
    # Instances on one PostgreSQL may be on machines whose clocks differ: the database's counts for all.
    if connection.dialect.name == "postgresql":
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return clock()


def _holder() -> str:
    """Return a name that no other has: machine, process, when that began, and a word for this one in it."""
    pid = os.getpid()
    began = (_stat(pid) or [""])[-1]
    return "/".join((_machine(), str(pid), began, uuid.uuid4().hex))


def _machine() -> str:
    """Return what process numbers are unique in: this boot of this kernel, and the container, if any."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.stat(_PROC / 'self/ns/pid').st_ino}"  # noqa: PTH116 -- a link that leads to no path
    except OSError:
        return ""


def _is_gone(holder: str) -> bool:
    """Say whether a holder is known to be dead; of another machine's nothing is known."""
    machine, pid, began, _ = (holder.split("/") + [""] * 4)[:4]
    if not machine or machine != _machine() or not pid.isdigit():
        return False
    stat = _stat(int(pid))
    # A number may be another process's by now: that one began later.
    return stat is None or stat[0] in _DEAD or stat[-1] != began


def _stat(pid: int) -> list[str] | None:
    """Return a process's state and its beginning, in ticks since the boot; None where there is none."""
    try:
        # The name stands in brackets and may hold anything, brackets, too.
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return [fields[0], fields[19]]
