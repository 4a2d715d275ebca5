"""``make container``: executes each step of ``deploy/Containerfile`` in bare Debian folders.

For machines without a container engine: a stage is a folder made by debootstrap, RUN is a chroot, COPY a
copy. The result is started as the image says: as its user, on a read-only root, with only /tmp and /data to
write to; the health check runs inside, and so does a meeting of the harness with a connector. Needs root and
debootstrap. What of this machine the steps need (a package index on disk, an authority) is named with
``--carry``, and pip's variables are passed on. Rule: an instruction that this module does not know stops it,
and nothing outside the folders can be written to: what is carried is read-only, and all mounts end with the
step.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).parents[2]
CONTAINERFILE: Final = ROOT / "deploy" / "Containerfile"
BASE: Final = "docker.io/library/debian:bookworm-slim"
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHROOT: Final = "/usr/sbin/chroot"
_MB: Final = 1_000_000


@dataclass
class Stage:
    """One folder on its way to an image, and what was said of it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    folder: str = "/"
    user: str = "0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def instructions(text: str) -> list[tuple[str, str]]:
    """Return each instruction's word and the rest of its line; a comment is none."""
    lines = (line.strip() for line in text.splitlines())
    return [
        (word, rest) for line in lines if line and line[0] != "#" for word, _, rest in [line.partition(" ")]
    ]


def mounts(root: Path, carried: Sequence[Path] = ()) -> str:
    """Return the shell's text that mounts what a step sees, in a namespace that ends with the step."""
    there = shlex.quote(str(root))
    lines = [
        "set -e",
        "mount --make-rprivate /",
        f"mount -t proc proc {there}/proc",
        f"mount -t tmpfs tmpfs {there}/dev",
        f"mkdir -m 1777 {there}/dev/shm",
    ]
    for device in ("null", "zero", "random", "urandom"):
        lines += [f"touch {there}/dev/{device}", f"mount --bind /dev/{device} {there}/dev/{device}"]
    for source in carried:
        target = shlex.quote(str(root / source.relative_to("/")))
        above = shlex.quote(str((root / source.relative_to("/")).parent))
        made = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p {above}; touch {target}"
        lines += [
            made,
            f"mount --bind {shlex.quote(str(source))} {target}",
            f"mount -o remount,bind,ro {target}",
        ]
    return "\n".join(lines)


def execute(word: str, rest: str, stage: Stage, stages: dict[str, Stage], carried: Sequence[Path]) -> None:
    """Execute one instruction in its stage; FROM is not one of them."""
    match word:
        case "RUN":
            pips = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
            environment = stage.environment | pips | {"DEBIAN_FRONTEND": "noninteractive"}
            step = shlex.join(
                [CHROOT, str(stage.root), "/bin/sh", "-c", f"cd {shlex.quote(stage.folder)} && {rest}"]
            )
            script = f"{mounts(stage.root, (Path('/etc/resolv.conf'), *carried))}\nexec {step}"
            subprocess.run(["unshare", "--mount", "sh", "-c", script], env=environment, check=True)
        case "COPY":
            copy(shlex.split(rest), stage, stages)
        case "WORKDIR":
            stage.folder = rest
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "ENV":
            name, _, value = rest.partition("=")
            stage.environment[name] = value
        case "USER":
            stage.user = rest
        case "ENTRYPOINT":
            stage.entry = json.loads(rest)
        case "CMD":
            stage.command = json.loads(rest)
        case "HEALTHCHECK":
            stage.health = json.loads(rest.partition("CMD ")[2])
        case "VOLUME" | "EXPOSE":
            pass  # said for the engine that runs the image
        case _:
            raise click.ClickException(f"{CONTAINERFILE.name}: {word} is not known here")


def copy(words: list[str], stage: Stage, stages: dict[str, Stage]) -> None:
    """Copy files of the checkout, or of another stage, into the stage."""
    source = ROOT
    if words[0].startswith("--from="):
        source = stages[words.pop(0).removeprefix("--from=")].root
    *names, target = words
    into = (
        (stage.root / stage.folder.lstrip("/") / target.lstrip("/"))
        if target[0] != "/"
        else (stage.root / target.lstrip("/"))
    )
    for name in names:
        path = source / name.lstrip("/")
        if path.is_dir():
            shutil.copytree(path, into, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, into)


def debian(folder: Path) -> Path:
    """Make a bare Debian in a new folder."""
    print("debootstrap --variant=minbase bookworm", flush=True)
    subprocess.run(
        ["debootstrap", "--variant=minbase", "bookworm", folder], check=True, stdout=subprocess.DEVNULL
    )
    return folder


def build(folder: Path, bare: Path, carried: Sequence[Path]) -> Stage:
    """Execute all steps; return the last stage."""
    stages: dict[str, Stage] = {}
    for number, (word, rest) in enumerate(instructions(CONTAINERFILE.read_text(encoding="utf-8")), 1):
        began = time.monotonic()
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            if image != BASE:
                raise click.ClickException(f"{image}: only {BASE} can stand in a folder")
            root = folder / f"stage-{len(stages)}"
            subprocess.run(["cp", "--archive", "--reflink=auto", bare, root], check=True)
            stage = stages[name or "last"] = Stage(root)
        else:
            execute(word, rest, stage, stages, carried)
        print(f"step {number:2}  {time.monotonic() - began:5.1f} s  {word} {rest[:70]}", flush=True)
    return stage


def inside(stage: Stage, words: Sequence[str], script: str = 'exec "$@"') -> list[str]:
    """Return the command that runs words as the image's user, on a read-only root, in mounts of its own."""
    root = shlex.quote(str(stage.root))
    before = (
        f"mount --bind {root} {root}\nmount -o remount,bind,ro {root}\n{mounts(stage.root)}\n"
        f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp\n"
        f"mount -t tmpfs -o uid={stage.user},mode=700 tmpfs {root}/data"
    )
    user = [CHROOT, f"--userspec={stage.user}:{stage.user}", str(stage.root), "/bin/sh", "-ec",
            f"cd {shlex.quote(stage.folder)}; {script}", "sh", *words]  # fmt: skip
    return ["unshare", "--mount", "sh", "-ec", f"{before}\nexec {shlex.join(user)}"]


#: Runs in the image: it serves, is asked for its health until it is well, judges, and stops cleanly.
_TRIAL: Final = """
echo "runs as $(id -u)"
if touch /opt/written 2>/dev/null; then echo "the root can be written to" >&2; exit 1; fi
"$@" --ready-file ready.json > served.txt & served=$!
tries=0; until [ -f ready.json ]; do tries=$((tries + 1)); [ $tries -lt 300 ]; sleep 0.1; done
health; echo "health check: well"
kill -TERM $served; wait $served; echo "stopped by SIGTERM with $?"
kuma-harness init --language python acme
kuma-harness smoke acme/connector.toml
"""


@click.command()
@click.option(
    "--carry",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Also seen by RUN; repeatable.",
)
@click.option(
    "--bare", type=click.Path(exists=True, path_type=Path), help="A bare Debian that is there already."
)
def main(*, carry: tuple[Path, ...], bare: Path | None) -> None:
    """Execute the Containerfile, and try what came of it."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise click.ClickException("needs root and debootstrap; on Debian: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(prefix="mock-kuma-container-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # the image's user has to pass
        bare = bare or debian(folder / "bare")
        stage = build(folder, bare, carry)
        said = subprocess.run(
            ["du", "-sb", "--one-file-system", stage.root], capture_output=True, text=True, check=True
        )
        empty = subprocess.run(["du", "-sb", bare], capture_output=True, text=True, check=True)
        sizes = [int(one.stdout.split()[0]) / _MB for one in (said, empty)]
        print(f"image {sizes[0]:.0f} MB; it began as {sizes[1]:.0f} MB, package files included")
        health = f"health() {{ {shlex.join(stage.health)}; }}"
        trial = inside(stage, [*stage.entry, *stage.command], f"{health}\n{_TRIAL}")
        sys.exit(subprocess.run(trial, env=stage.environment, check=False).returncode)


if __name__ == "__main__":
    main()
