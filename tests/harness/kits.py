"""Every kit as `kuma-harness init` writes it, judged by the whole core: `python -m tests.harness.kits`.

Decides which kits can be judged on this machine. The rule that must stay true: a kit whose runtime is
missing is named, and no kit passes because it was left out.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from harness.cli import main as harness_main
from harness.kits import KITS
from tests.e2e.conftest import running
from tests.harness.matrix import Judged, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.conftest import Server


def runnable() -> list[str]:
    """The languages whose runtime is installed here."""
    # The shell's kit needs jq beside bash and curl; the others their runtime alone.
    needs = {language: [kit.command[0]] for language, kit in KITS.items()} | {"shell": ["bash", "curl", "jq"]}
    return sorted(language for language, tools in needs.items() if all(map(shutil.which, tools)))


def written(language: str, folder: Path) -> Path:
    """Have `init` write a kit; return its connector file."""
    done = CliRunner().invoke(harness_main, ["init", "--language", language, str(folder)])
    assert done.exit_code == 0, done.output
    return folder / "connector.toml"


def judged(language: str, *, folder: Path, server: Server, only: Sequence[str] = ()) -> Judged:
    """Judge a kit by the whole core, or by some requirements."""
    file = written(language, folder / language)
    return judge(file, out=folder / "report", server=server, only=only, profile="" if only else "core")


def main() -> int:
    missing = sorted(set(KITS) - set(runnable()))
    wrong = False
    for language in runnable():
        with tempfile.TemporaryDirectory() as scratch, running(Path(scratch), "--wire") as server:
            found = judged(language, folder=Path(scratch), server=server)
        wrong = wrong or found.exit_code != 0 or bool(found.not_right())
        passed = list(found.verdicts.values()).count("pass")
        print(f"{language:11} {passed} of {len(found.verdicts)} pass, exit {found.exit_code}", flush=True)
        for where, why in found.not_right().items():
            print(f"  {where}: {why}")
        if not found.verdicts:
            print(found.printed)
    if missing:
        print(f"Not judged, since their runtime is missing: {', '.join(missing)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
