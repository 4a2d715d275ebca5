"""Many generated histories: ``python -m tests.connector.histories 1000``.

Prints what was wrong in each, and at the end how many things were lost, doubled or stale.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.connector.fake_kuma import disconnect_all
from tests.connector.history import History

#: What can be wrong, by the first word of its sentence.
KINDS: Final = ("lost", "doubled", "stale", "overwritten", "pending", "waiting")


def lived(number: int) -> tuple[list[str], Counter[str]]:
    """Let one history happen; return what was wrong at its end, and what it did."""
    with tempfile.TemporaryDirectory() as folder:
        history = History(number, Path(folder))
        try:
            return history.run(), history.counts
        finally:
            disconnect_all()


def main(count: int) -> int:
    """Run histories 0 to ``count`` on all cores; return an exit code."""
    counts: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    bad = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, (sentences, did) in enumerate(pool.map(lived, range(count))):
            counts += did
            bad += bool(sentences)
            wrong.update(sentence.split(":")[0].split()[0] for sentence in sentences)
            for sentence in sentences:
                print(f"history {number}: {sentence}", flush=True)
            if (number + 1) % 100 == 0:
                print(f"{number + 1} of {count}", flush=True)
    print(f"{count} histories, {bad} of them wrong: " + ", ".join(f"{wrong[kind]} {kind}" for kind in KINDS))
    print(", ".join(f"{name}: {counts[name]}" for name in sorted(counts)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
