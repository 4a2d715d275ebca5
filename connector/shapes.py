"""What msgspec knows of a struct, found out while there is one thread.

It looks at a struct when one is first read, and keeps what it finds at the class before it has found all of
it: a second thread that reads one meanwhile brings the process down. Knows no struct by name. Rule: the desk
serves nothing before the package's structs were learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


def learn(package: str) -> None:
    """Have msgspec look at every struct of a package's modules that are imported by now."""
    for kind in _below(msgspec.Struct):
        if kind.__module__.partition(".")[0] == package:
            msgspec.json.Decoder(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
