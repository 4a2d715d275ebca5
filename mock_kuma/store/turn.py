"""Whose turn it is to write in SQLite's file: one thread of one process.

SQLite lets those who wait sleep and try again, longer each time; who waits here is woken when its turn has
come. A lock in the process comes first, then the kernel's on an empty file beside the database. Rule: this is
for order only; that no two write at once is SQLite's own lock's to see to.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading


class Turn:
    """The turn of one open database; ``beside`` is the database's file, None where it has none."""

    def __init__(self, beside: str | None) -> None:
        self._name = None if beside is None else f"{beside}-turn"
        self._here = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        self._here.acquire()
        if self._file is None and self._name is not None:
            # Where no file can be made SQLite keeps the order alone, or says in its own words what is wrong.
            with contextlib.suppress(OSError):
                self._file = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._file is not None:
            # A file system without such locks: likewise.
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)
        self._here.release()

    def close(self) -> None:
        """Close the file, which stays."""
        with self._here:
            if self._file is not None:
                os.close(self._file)
                self._file = None
