"""Where ``kuma-harness`` begins: whether what it needs is installed, then the command itself.

The harness is an extra, so that a mock or a connector alone stays small. Knows no command. Rule: whoever has
not installed it reads one sentence with what to do, and no traceback.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Modules of the extra ``harness``; without one of them no command starts.
NEEDED: Final = ("hypothesis", "jinja2", "pytest", "requests", "rich")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leaves with 2 where the extra is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"Error: kuma-harness needs {', '.join(missing)}: pip install 'mock-kuma[harness]'\n"
        )
        raise SystemExit(2)
    from harness.cli import main as command  # noqa: PLC0415 -- it needs what was looked for

    command(arguments)


if __name__ == "__main__":
    main()
