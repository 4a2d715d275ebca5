"""``make wheel``: builds the wheel twice, installs it as a stranger would, weighs it, and runs its commands.

``python -m tests.wheel`` leaves the wheel in ``dist/``. Decides what the wheel must hold: what the packages
have in the repository, and the fixtures. Rule: the commands run in an environment that has nothing but the
wheel and what it asks for, outside the checkout, and what is installed is no heavier than was agreed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.weight import MB, elsewhere, table, weigh

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).parent.parent
DIST: Final = ROOT / "dist"
#: What a fresh installation runs, without any extra.
COMMANDS: Final = (
    ("mock-kuma", "--help"),
    ("mock-kuma", "scenarios"),
    ("mock-kuma", "guesses", "--json"),
    ("kuma-connector", "--help"),
    ("kuma-connector", "package", "build", "kuma.zip"),
)
#: What a fresh installation without extras may bring, in bytes: to site-packages, that with what pip
#: compiles of it, and everything that an empty environment has not.
MOST: Final = 55_000_000
MOST_COMPILED: Final = 82_000_000
MOST_IN_ALL: Final = 109_000_000
_SECONDS: Final = 60
_PIP: Final = (sys.executable, "-m", "pip", "--python", "{python}", "install", "--quiet",
               "--disable-pip-version-check")  # fmt: skip


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


def install(built: Path, folder: Path, *, installer: Sequence[str] = _PIP, more: Sequence[str] = ()) -> Path:
    """Install the wheel into a new environment; return the environment's programs."""
    venv.create(folder, with_pip=False)
    command = [word.format(python=folder / "bin" / "python") for word in installer]
    subprocess.run([*command, *more, "--constraint", str(ROOT / "constraints.txt"), str(built)], check=True)
    return folder / "bin"


def heavy(site: Path) -> bool:
    """Print what an installation weighs, in site-packages and beside it; return whether that is too much."""
    found, beside = weigh(site), elsewhere(site)
    print(table(found))
    files, compiled = (sum(part) for part in zip(*found.values(), strict=True))
    both, apart = files + compiled, sum(beside.values())
    most = max(beside, key=beside.__getitem__)
    print(f"pip: {both / MB:.1f} MB in site-packages, {compiled / MB:.1f} of it compiled by pip")
    print(f"elsewhere: {apart / MB:.1f} MB, {beside[most] / MB:.1f} of it by {most}; "
          f"in all {(both + apart) / MB:.1f} MB more than an empty environment")  # fmt: skip
    bounds = {"site-packages": (files, MOST), "with what is compiled": (both, MOST_COMPILED),
              "in all": (both + apart, MOST_IN_ALL)}  # fmt: skip
    over = [name for name, (weight, bound) in bounds.items() if weight > bound]
    for name in over:
        print(f"{name}: that is more than {bounds[name][1] / MB:.0f} MB", file=sys.stderr)
    return bool(over)


def compare(built: Path, folder: Path) -> None:
    """Print what other ways to install leave in site-packages: pip without compiling, and uv where it is."""
    for name, installer in (("pip --no-compile", _PIP), ("uv", _uv())):
        if installer is None:
            print("uv is not here: it compiles nothing, so it leaves what pip --no-compile does")
            continue
        more = ("--no-compile",) if installer is _PIP else ()
        programs = install(built, folder / name.partition(" ")[0], installer=installer, more=more)
        print(f"{name}: {sum(map(sum, weigh(packages(programs)).values())) / MB:.1f} MB in site-packages")


def _uv() -> tuple[str, ...] | None:
    found = shutil.which("uv")
    return None if found is None else (found, "pip", "install", "--quiet", "--python", "{python}")


def packages(programs: Path) -> Path:
    """Return the folder of packages of an environment by the folder of its programs."""
    (site,) = (programs.parent / "lib").glob("python*/site-packages")
    return site


def main() -> int:
    """Do it all, telling each step."""
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        outside = Path(scratch)
        built, again = build(DIST), build(outside / "again")
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (built, again)]
        print(f"{built.relative_to(ROOT)}: {built.stat().st_size / MB:.2f} MB, sha256 {digests[0]}")
        if digests[0] != digests[1]:
            print(f"built again it is another: {digests[1]}", file=sys.stderr)
            return 1
        print("built again: the same; installed without extras:")
        programs = install(built, outside / "base")
        is_heavy = heavy(packages(programs))
        compare(built, outside)
        if is_heavy:
            return 1
        for command, *arguments in COMMANDS:
            subprocess.run(
                [programs / command, *arguments], cwd=outside, check=True, stdout=subprocess.DEVNULL
            )
            print(f"ok  {command} {' '.join(arguments)}")
        return serve(programs / "mock-kuma", outside) or refuse(programs / "kuma-harness")


def serve(command: Path, folder: Path) -> int:
    """Start the mock until it says that it is ready; return 0, or 1 where it never is."""
    ready = folder / "ready.json"
    arguments = ["serve", "--port", "0", "--console-port", "0", "--data-folder", str(folder / "data")]
    with subprocess.Popen(
        [command, *arguments, "--scenario", "quiet", "--ready-file", str(ready)], stdout=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + _SECONDS
        while process.poll() is None and not ready.exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.terminate()
    print(f"{'ok ' if ready.exists() else 'BAD'} mock-kuma serve")
    return 0 if ready.exists() else 1


def refuse(command: Path) -> int:
    """Start the harness, which needs its extra; return 0 where it says so."""
    told = subprocess.run([command, "list"], capture_output=True, text=True, check=False)
    is_said = told.returncode == 2 and told.stderr.count("\n") == 1 and "pip install" in told.stderr
    print(f"{'ok ' if is_said else 'BAD'} kuma-harness list: {told.stderr.strip()}")
    return 0 if is_said else 1


if __name__ == "__main__":
    sys.exit(main())
