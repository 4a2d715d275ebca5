"""How long making a world takes: the median over many, in one process, without the network.

    python tests/bench/worlds.py

Prints milliseconds and exits 1 above the limit of the specification, 5 ms. Run on a machine with nothing
else to do: a figure from a busy one says nothing.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from werkzeug.test import Client

from mock_kuma import app, installation
from mock_kuma.settings import Settings

LIMIT_MS = 5.0
ROUNDS = 300


def main() -> int:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            host="127.0.0.1",
            port=0,
            console_port=0,
            tls=False,
            store=f"sqlite:///{folder}/bench.db",
            data_folder=Path(folder),
            control_digest=None,
            workers=1,
            wire=False,
            kuma_version="3.2",
            seed="1",
        )
        installation.prepare(settings, None)
        core = app.core(settings.store)
        client = Client(app.console_app(settings, core))
        took = []
        for number in range(ROUNDS):
            start = time.perf_counter()
            response = client.post("/control/v1/worlds", json={"seed": number})
            took.append((time.perf_counter() - start) * 1_000)
            assert response.status_code == 201
        core.database.close()
    median = statistics.median(took)
    print(f"POST /worlds: median {median:.2f} ms, 95 % below {statistics.quantiles(took, n=20)[-1]:.2f} ms")
    return int(median > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
