"""``make wheel``: builds the wheel twice, installs it as a stranger would, and runs its commands.

``python -m tests.wheel`` leaves the wheel in ``dist/``. Decides what the wheel must hold: what the packages
have in the repository, and the fixtures. Rule: the commands run in an environment that has nothing but the
wheel and what it asks for, outside the checkout.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
DIST: Final = ROOT / "dist"
#: What a fresh installation runs, without any extra.
COMMANDS: Final = (
    ("mock-kuma", "--help"),
    ("mock-kuma", "scenarios"),
    ("mock-kuma", "guesses", "--json"),
    ("kuma-harness", "list"),
    ("kuma-connector", "--help"),
)
_MB: Final = 1_000_000


def build(folder: Path) -> Path:
    """Build the wheel into a folder and return it; the commit's time stands for the clock."""
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    environment = {**os.environ, "SOURCE_DATE_EPOCH": shown.stdout.strip() or "1767225600"}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


def expected() -> set[str]:
    """Return the paths that the wheel must hold beside its metadata."""
    kept = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard",
         "mock_kuma", "connector", "harness", "fixtures"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    there = (path for path in kept if (ROOT / path).exists())
    return {f"mock_kuma/{path}" if path.startswith("fixtures/") else path for path in there}


def install(built: Path, folder: Path, *, extra: str = "") -> Path:
    """Install the wheel into a new environment; return the environment's programs."""
    venv.create(folder, with_pip=False)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet",
         "--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt"), f"{built}{extra}"],
        check=True,
    )  # fmt: skip
    return folder / "bin"


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Do it all, telling each step."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        outside = Path(scratch)
        built, again = build(DIST), build(outside / "again")
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (built, again)]
        print(f"{built.relative_to(ROOT)}: {built.stat().st_size / _MB:.2f} MB, sha256 {digests[0]}")
        if digests[0] != digests[1]:
            print(f"built again it is another: {digests[1]}", file=sys.stderr)
            return 1
        print("built again: the same")
        programs = install(built, outside / "base")
        print(f"installed without extras: {size(outside / 'base') / _MB:.0f} MB")
        for command, *arguments in COMMANDS:
            subprocess.run(
                [programs / command, *arguments], cwd=outside, check=True, stdout=subprocess.DEVNULL
            )
            print(f"ok  {command} {' '.join(arguments)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
