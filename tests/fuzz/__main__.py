"""Generated requests against every API version: ``python -m tests.fuzz [CASES]``, 20,000 by default.

Starts a mock, gives it data, and lets Schemathesis try the documents that it publishes: all checks, stateful
links on. Says how many cases were tried, and ends with 1 if one of them found something.
"""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from mock_kuma import running

if TYPE_CHECKING:
    from mock_kuma.testing import World

HERE: Final = Path(__file__).parent
VERSIONS: Final = ("v3", "v1", "v2", "v2.1", "v2.2")
#: Examples for each operation at the first try; doubled until there are enough cases.
EXAMPLES: Final = 20


def fuzz(world: World, version: str, *, examples: int, seed: int = 1) -> tuple[int, int, str]:
    """Try one API version; return the number of cases, the exit code and what was printed."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"{world.kuma.console}/openapi/{version}.json",
            f"--url={world.url}/api/{version}",
            f"--header=Authorization: Bearer {world.token}",
            f"--tls-verify={world.ca_file or 'true'}",
            f"--max-examples={examples}",
            f"--seed={seed}",
            "--phases=coverage,fuzzing,stateful",
            "--continue-on-failure",
            "--no-color",
            "--warnings=off",
        ],
        env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", **known_ids(world)},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    cases = re.search(r"(\d[\d,]*) generated", printed)
    return (int(cases.group(1).replace(",", "")) if cases else 0), done.returncode, printed


def known_ids(world: World) -> dict[str, str]:
    """Give the world something to find; return ids by the names of the configuration."""
    world.generate(20, events=2)
    with httpx.Client(
        base_url=f"{world.url}/api/v3",
        headers={"Authorization": f"Bearer {world.token}"},
        verify=ssl.create_default_context(cafile=world.ca_file),
    ) as client:
        correlator = client.get("/services?kind=correlator").json()[0]["id"]
        asked = {
            "ACTIVE_LIST": f"/activeLists?correlatorID={correlator}",
            "CONTEXT_TABLE": f"/contextTables?correlatorID={correlator}",
            "DICTIONARY": "/resources?kind=dictionary",
        }
        ids = {f"FUZZ_{name}": client.get(path).json()[0]["id"] for name, path in asked.items()}
    return {"FUZZ_CORRELATOR": correlator, **ids}


def main(wanted: int) -> int:
    """Try until ``wanted`` cases were made; return the exit code."""
    total, failed, examples, seed = 0, False, EXAMPLES, 1
    with running() as kuma:
        while total < wanted:
            for version in VERSIONS:
                cases, code, printed = fuzz(kuma.world(seed=seed), version, examples=examples, seed=seed)
                total += cases
                print(f"{version}: {cases} cases, {'nothing found' if code == 0 else 'FAILED'}", flush=True)
                if code:
                    failed = True
                    print(printed)
            seed += 1
    print(f"{total} cases")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
