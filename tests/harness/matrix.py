"""The suite judged by connectors whose verdict is known: right ones pass, mutants fail where they must.

Run `python -m tests.harness.matrix`, all of it or some names; one that was stopped goes on with `--resume`,
and shards (`--shard I/N`, one folder) are joined by it. A right connector is played everything; a mutant what
the table names for it, and with `--all` everything, too, which takes ten times as long. Decides what "judged
rightly" means: a right connector passes whatever it claims; a mutant fails every requirement that the table
names for it, and is no wreck that fails most of them; every requirement is failed by a mutant. Knows the
harness by its command line and its catalog alone. The rule that must stay true: a verdict that is neither
pass nor fail proves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness import catalog
from tests.e2e.conftest import running
from tests.harness.mutants.launch import HERE, NURSERY, Mutant, table
from tests.harness.mutants.nursery import serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.e2e.conftest import Server

ROOT: Final = HERE.parents[2]
PEERS: Final = HERE.parent / "peers"
RIGHT: Final = ("guide", "ids", "window", "outbox", "reference")
#: The exit codes of a run that came to verdicts: passed, failed, flaky.
JUDGED: Final = frozenset({0, 1, 4})
#: Shorter than a user's: a mutant that waits for ever is waited for this long, twice.
MUTANT_SECONDS: Final = 20
#: Finding the shortest of many failing stories takes a minute: played where the table asks for it.
LONG: Final = frozenset({"STORY-01", "STORY-02"})
#: One connector that is judged for longer than this is not judged, in seconds.
LONGEST: Final = 1_800
#: A mutant that fails more than this share of what applies to it is a wreck.
WRECK: Final = 0.6

Verdicts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the harness said of one connector: verdicts and summaries by requirement, and what it printed."""

    exit_code: int
    verdicts: Verdicts
    summaries: Mapping[str, str]
    printed: str = ""

    def failed(self) -> set[str]:
        """The requirements that it fails; of a SHOULD that is a warning."""
        return {name for name, verdict in self.verdicts.items() if verdict in {"fail", "warn"}}

    def not_right(self) -> dict[str, str]:
        """What a right connector must not have: anything but a pass, or a feature that it does not claim."""
        return {
            name: f"{verdict}: {self.summaries[name]}"
            for name, verdict in self.verdicts.items()
            if verdict not in {"pass", "unsupported"}
        }


def judge(file: Path, *, out: Path, server: Server, only: Sequence[str] = (), profile: str = "") -> Judged:
    """Have the harness judge the connector that `file` describes against a running mock."""
    command = [sys.executable, "-m", "harness.cli", "run", str(file), "--out", str(out)]
    command += ["--against", server.console, "--api", server.api, "--jobs", "4"]
    command += ["--profile", profile] if profile else []
    command += [part for name in only for part in ("--only", name)]
    # A connector file says python3: let it be this one, which has what the connectors need.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    secrets = {"KUMA_HARNESS_CONTROL_TOKEN": server.control_token}
    if server.ca_file:
        secrets["KUMA_HARNESS_CA_FILE"] = server.ca_file
    environment = {**os.environ, **secrets, "PATH": path}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return Judged(-1, {}, {}, f"the harness took longer than {LONGEST} s")
    if done.returncode not in JUDGED:
        return Judged(done.returncode, {}, {}, done.stdout + done.stderr)
    return replace(read(out), printed=done.stdout + done.stderr)


def read(out: Path) -> Judged:
    """What the harness has written about a connector into its folder."""
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    played = [check for check in found["checks"] if check["verdict"] != "skipped"]
    verdicts = {check["id"]: check["verdict"] for check in played}
    return Judged(found["exit_code"], verdicts, {check["id"]: check["summary"] for check in played})


def right_file(name: str, *, folder: Path) -> Path:
    """The connector file of a right connector."""
    if name != "reference":
        return PEERS / f"{name}.toml"
    command = [sys.executable, "-m", "connector.cli", "adapter"]
    return _write(folder, name, command=command, seconds=30, env={})


def mutant_file(
    mutant: Mutant, *, folder: Path, nursery: Path | None = None, seconds: int = MUTANT_SECONDS
) -> Path:
    """A connector file for a mutant; one of the reference connector is forked where there is a nursery."""
    command = [sys.executable, str(HERE / "launch.py"), mutant.name]
    env = {NURSERY: str(nursery)} if nursery is not None and mutant.of == "connector" else {}
    return _write(folder, mutant.name, command=command, seconds=seconds, env=env)


def _write(folder: Path, name: str, *, command: list[str], seconds: int, env: Mapping[str, str]) -> Path:
    file = folder / f"{name}.toml"
    # JSON strings and lists are TOML's as well.
    lines = [f"name = {json.dumps(name)}", f"command = {json.dumps(command)}"]
    lines += [f"deadline_seconds = {seconds}", "[connector.env]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in {"PYTHONPATH": str(ROOT), **env}.items()]
    file.write_text("\n".join(["[connector]", *lines, ""]), encoding="utf-8")
    return file


def wrongly_judged(judged: Mapping[str, Judged], *, mutants: Mapping[str, Mutant]) -> list[str]:
    """What the harness got wrong, in sentences; for a whole run this includes idle requirements."""
    wrong = []
    for name, found in judged.items():
        if found.exit_code not in JUDGED:
            wrong.append(f"{name} was not judged, exit {found.exit_code}: {found.printed}")
        elif name not in mutants or mutants[name].is_right:
            wrong += [f"{name} is right, but {where}: {why}" for where, why in found.not_right().items()]
        else:
            wrong += _mutant_wrongly_judged(mutants[name], found)
    return wrong


def _mutant_wrongly_judged(mutant: Mutant, found: Judged) -> list[str]:
    survives = [where for where in mutant.fails if where not in found.failed()]
    told = {where: found.summaries.get(where, "not played") for where in survives}
    wrong = [f"{mutant.name} ({mutant.breaks}) survives {where}: {told[where]}" for where in survives]
    applied = [verdict for verdict in found.verdicts.values() if verdict != "unsupported"]
    played_more = set(found.verdicts) > set(mutant.fails)
    if played_more and len(found.failed()) > WRECK * len(applied):
        wrong.append(f"{mutant.name} is a wreck: it fails {len(found.failed())} of {len(applied)}")
    return wrong


def idle(judged: Mapping[str, Judged], *, mutants: Mapping[str, Mutant]) -> list[str]:
    """Requirements that no mutant fails."""
    everything = {name for found in judged.values() for name in found.verdicts}
    failed = {where for name, found in judged.items() if name in mutants for where in found.failed()}
    return [f"{name} is failed by no mutant" for name in sorted(everything - failed)]


def show(judged: Mapping[str, Judged], *, mutants: Mapping[str, Mutant]) -> None:
    """Print requirement by requirement which mutants fail it; those that fail nothing else are marked."""
    for where in sorted({name for found in judged.values() for name in found.verdicts}):
        killed = [name for name, found in judged.items() if name in mutants and where in found.failed()]
        names = [f"{name}*" if len(judged[name].failed()) == 1 else name for name in sorted(killed)]
        print(f"{where:9} {len(killed):3}  {', '.join(names)}")
    print("* fails nothing else")


def judged_before(out: Path) -> Judged | None:
    """What an earlier run of the matrix came to, where it came to verdicts."""
    if not (out / "results.json").exists():
        return None
    found = read(out)
    return found if found.exit_code in JUDGED else None


def judge_all(names: Sequence[str], options: argparse.Namespace) -> dict[str, Judged]:
    """Judge connectors, some at the same time, telling each on stderr as it ends."""
    mutants, ids = table(), catalog.load().ids()
    done = 0
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running(scratch, "--wire"))
        nursery = stack.enter_context(serving(scratch))

        def fresh(name: str, out: Path) -> Judged:
            mutant = mutants.get(name)
            if mutant is None:
                return judge(right_file(name, folder=scratch), out=out, server=server)
            only = (
                mutant.fails
                if not options.all and not mutant.is_right
                else sorted(ids - LONG | set(mutant.fails))
            )
            file = mutant_file(mutant, folder=scratch, nursery=nursery)
            return judge(file, out=out, server=server, only=only)

        def one(name: str) -> Judged:
            nonlocal done
            began, out = time.monotonic(), options.out / name
            found = (judged_before(out) if options.resume else None) or fresh(name, out)
            done += 1
            told = f"{len(found.failed())} of {len(found.verdicts)} failed"
            print(f"{done}/{len(names)} {name}: {told}, {time.monotonic() - began:.0f} s", file=sys.stderr)
            return found

        pool = ThreadPoolExecutor(options.jobs)
        try:
            return dict(zip(names, pool.map(one, names), strict=True))
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Judge the harness by right connectors and by mutants.")
    parser.add_argument("names", nargs="*", help="connectors; all where none is named")
    parser.add_argument("--all", action="store_true", help="play mutants everything, too")
    parser.add_argument("--jobs", type=int, default=2, help="connectors judged at the same time")
    parser.add_argument("--out", type=Path, default=Path("kuma-matrix"), help="folder for their reports")
    parser.add_argument("--resume", action="store_true", help="keep the verdicts that the folder holds")
    parser.add_argument("--shard", metavar="I/N", default="1/1", help="every Nth connector, from the Ith on")
    options = parser.parse_args()
    mutants = table()
    unknown = set(options.names) - {*RIGHT, *mutants}
    if unknown:
        parser.error(f"no connector is called {', '.join(sorted(unknown))}")
    part, parts = map(int, options.shard.split("/"))
    names = (options.names or [*RIGHT, *mutants])[part - 1 :: parts]
    judged = judge_all(names, options)
    show(judged, mutants=mutants)
    wrong = wrongly_judged(judged, mutants=mutants)
    if not options.names and parts == 1:
        wrong += idle(judged, mutants=mutants)
    print("\n".join(wrong) or "Every connector is judged rightly.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
