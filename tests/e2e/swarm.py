"""``make swarm``: the connectors of ``deploy/locustfile.py`` against a mock that is started for them.

Locust is not among the dependencies; it comes into an environment of its own. Exit code 1 where any request
failed. Arguments are passed on to Locust.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mock_kuma import running

FILE = Path(__file__).parents[2] / "deploy" / "locustfile.py"


def main() -> int:
    """Run the swarm; the first argument is the locust command."""
    locust, *arguments = sys.argv[1:]
    with running() as kuma:
        places = ["--host", kuma.url, "--console", kuma.console, "--ca-file", str(kuma.ca_file)]
        command = [locust, "-f", str(FILE), "--headless", "--only-summary", *places, *arguments]
        environment = {**os.environ, "MOCK_KUMA_CONTROL_TOKEN": kuma.control_token}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
