"""Where ``kuma-connector`` begins: its modules are imported with as little work as can be.

A connector may be started anew for each question, so that a start is what it costs. Rule: nothing is decided
here.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    # Nothing of what is imported is garbage: the collector need not look.
    gc.disable()
    # httpx's own command line, which would bring Rich along; httpx does without what it cannot import.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # so Python says that there is none
    from connector.cli import main as command  # noqa: PLC0415 -- as said

    gc.enable()
    command(arguments)


if __name__ == "__main__":
    main()
