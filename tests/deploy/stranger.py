"""``make stranger``: from nothing to a verdict on one's own connector, by the README alone, in a bare Debian.

The Debian has python3, make and git, and what the README says to install; a plain user clones the project,
runs the README's commands as they stand there, replaces the adapter by a connector of another hand, and asks
for the verdict. Rule: no command comes from elsewhere than the README, but for those that stand for the
stranger's own hand, and each is told with its time.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tests.deploy.container import CHROOT, ROOT, debian, mounts

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMIT: Final = 600.0
_HAS: Final = "python3 make git ca-certificates"


def commands(readme: str) -> list[str]:
    """Return the commands of the section on judging one's connector, comments taken off."""
    section = readme.partition("## Judge your connector\n")[2].partition("\nComplete connectors")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    lines = [line.partition("   #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def packages(readme: str) -> list[str]:
    """Return what the section says to install on Debian."""
    section = readme.partition("## Judge your connector\n")[2].partition("\n## ")[0]
    (found,) = re.findall(r"`apt-get install ([\w. -]+)`", section)
    return list(shlex.split(found))


def run(root: Path, script: str, carried: Sequence[Path], *, user: str = "0") -> int:
    """Run a script in the Debian, its output shown; return the exit code."""
    pips = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/home/stranger", "LANG": "C.UTF-8"}
    step = shlex.join([CHROOT, f"--userspec={user}:{user}", str(root), "/bin/bash", "-c", script])
    mounted = f"{mounts(root, (Path('/etc/resolv.conf'), *carried))}\nexec {step}"
    ended = subprocess.run(["unshare", "--mount", "sh", "-c", mounted], env=environment | pips, check=False)
    return ended.returncode


def session(lines: Sequence[str]) -> str:
    """Return a shell script that runs lines one after the other in one shell, each with its time."""
    told = [
        f"printf '\\n[%4d s] $ %s\\n' $SECONDS {shlex.quote(line)}\n{line}\ncode=$?\n"
        f'if [ $code -gt 1 ]; then echo "ended with $code"; exit $code; fi'
        for line in lines
    ]
    return "\n".join(["cd ~", *told, "printf '\\n[%4d s] a verdict\\n' $SECONDS"])


@click.command()
@click.option(
    "--carry", multiple=True, type=click.Path(exists=True, path_type=Path), help="Also seen; repeatable."
)
@click.option(
    "--bare", type=click.Path(exists=True, path_type=Path), help="A bare Debian that is there already."
)
def main(*, carry: tuple[Path, ...], bare: Path | None) -> None:
    """Try the README as a stranger would."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="mock-kuma-stranger-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        root = folder / "root"
        subprocess.run(["cp", "--archive", bare or debian(folder / "bare"), root], check=True)
        wanted = f"{_HAS} {' '.join(packages(readme))}"
        prepared = (
            f"apt-get update -qq && apt-get install -qq --yes --no-install-recommends {wanted} >/dev/null"
        )
        if run(root, f"{prepared} && useradd --create-home --uid 1000 stranger", carry) != 0:
            raise click.ClickException("the bare Debian could not be prepared")
        subprocess.run(["git", "clone", "--quiet", "--bare", ROOT, root / "srv/mock-kuma.git"], check=True)
        subprocess.run(["chown", "--recursive", "1000:1000", root / "srv/mock-kuma.git"], check=True)
        # The stranger's own connector: one that the harness did not bring, in two files of its own.
        shutil.copy(ROOT / "tests/harness/peers/guide.py", root / "srv/adapter.py")
        own = ["cp /srv/adapter.py acme/adapter.py"]
        first, *others = commands(readme)
        shown = [line for line in others if line.startswith("kuma-harness")]
        clone = ["git clone --quiet /srv/mock-kuma.git", "cd mock-kuma"]
        lines = [*clone, first, *(line for line in others if line not in shown), *shown[:2], *own, *shown[1:]]
        began = time.monotonic()
        code = run(root, session(lines), carry, user="1000")
        seconds = time.monotonic() - began
    print(f"\nfrom a clone to a verdict: {seconds:.0f} seconds, exit {code}; allowed are {_LIMIT:.0f}")
    sys.exit(0 if code == 0 and seconds <= _LIMIT else 1)


if __name__ == "__main__":
    main()
