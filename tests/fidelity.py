"""The table of fidelity in ``fixtures/README.md``: each operation by version, its mark, and what holds it.

``python -m tests.fidelity`` writes it from the operations' data and the tests that there are; a test says
when it is out of date. Rule: nothing in it is empty.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mock_kuma import operations
from mock_kuma.openapi.document import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_kuma.operations import Operation

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "fixtures" / "README.md"
BEGIN: Final = "<!-- fidelity: python -m tests.fidelity -->\n"
END: Final = "<!-- end of fidelity -->\n"
#: Holds each operation in each version, and each of its error rows.
EVERY: Final = "test_error_rows.py"


def table() -> str:
    """Return the whole passage, between its marks."""
    played = Counter(
        json.loads(path.read_text(encoding="utf-8"))["operation"]
        for path in (ROOT / "fixtures" / "exchanges").glob("*.json")
    )
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests" / "mock_kuma" / "api").glob("test_*.py"))
    }
    lines = [
        f"| operation | {' | '.join(VERSIONS)} | error rows | exchanges | held by |",
        f"| --- | {'--- | ' * len(VERSIONS)}--- | --- | --- |",
        *(_line(one, played[one.name], texts) for one in operations.every().values()),
    ]
    marks = Counter(mark for one in operations.every().values() for mark in one.versions.values())
    total = ", ".join(f"{count} {mark}" for mark, count in marks.most_common())
    rows = sum(len(one.errors) for one in operations.every().values())
    summary = (
        f"{len(lines) - 2} operations, {marks.total()} with their versions: {total}; {rows} error rows.\n"
    )
    return f"{BEGIN}{summary}\n" + "\n".join(lines) + f"\n{END}"


def _line(one: Operation, played: int, texts: dict[str, str]) -> str:
    marks = [
        one.versions[version].value if version in one.versions else "not offered" for version in VERSIONS
    ]
    held = ", ".join(f"`{name}`" for name in _tests(one, texts))
    return f"| `{one.name}` | {' | '.join(marks)} | {len(one.errors)} | {played} | {held} |"


def _tests(one: Operation, texts: dict[str, str]) -> Iterator[str]:
    """Return the test files of the vendor surface that send the operation's path."""
    yield EVERY
    parts = re.split(r"\{\w+\}", one.route)
    path = r"[^\"/]+".join(re.escape(part) for part in parts)
    sent = re.compile(rf"/(?:v[\d.]+|\{{version\}}){path}[\"?]")
    yield from (name for name, text in texts.items() if name != EVERY and sent.search(text))


def replaced(text: str) -> str:
    """Return the file's text with the passage as it is now."""
    before, _, rest = text.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


if __name__ == "__main__":
    README.write_text(replaced(README.read_text(encoding="utf-8")), encoding="utf-8")
