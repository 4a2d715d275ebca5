"""Adapters to start from, one folder a language, and what ``kuma-harness init`` makes of them.

Decides which files a new folder gets. Does not know what is in them. Rule: what is there already is never
written over.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import click

from harness.readers import Usage


class Kit(NamedTuple):
    """A language's adapter: its file, what starts it, and whether anybody here could run it."""

    adapter: str
    command: tuple[str, ...]
    tried: bool = True


KITS: Final = {
    "go": Kit("adapter.go", ("go", "run", "adapter.go")),
    "java": Kit("Adapter.java", ("java", "-XX:TieredStopAtLevel=1", "Adapter.java")),
    "javascript": Kit("adapter.mjs", ("node", "adapter.mjs")),
    # No package index that this project may use has a PowerShell: the grammar is checked, nothing more.
    "powershell": Kit("adapter.ps1", ("pwsh", "-NoProfile", "-File", "adapter.ps1"), tried=False),
    "python": Kit("adapter.py", ("python3", "adapter.py")),
    "shell": Kit("adapter.sh", ("bash", "adapter.sh")),
}
_FILE: Final = """\
# A connector for kuma-harness. Try it: kuma-harness smoke connector.toml
[connector]
name = "{name}"
transport = "stdio"
command = {command}   # run in this file's folder
deadline_seconds = 30   # for one request
"""
_UNTRIED: Final = "This adapter has never run: its author had no {runtime}. Begin with smoke."


@click.command(name="init", epilog="Example: kuma-harness init --language javascript acme")
@click.option(
    "--language", type=click.Choice(sorted(KITS)), default="python", show_default=True,
    envvar="KUMA_HARNESS_LANGUAGE",
)  # fmt: skip
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init_command(*, language: str, folder: Path) -> None:
    """Write a working adapter and its connector file into DIR, to be changed into yours."""
    adapter, command, tried = KITS[language]
    kit = resources.files("harness") / "kits" / language / adapter
    name = "".join(letter for letter in folder.resolve().name if letter.isalnum() or letter in " -_.")
    files = {
        adapter: kit.read_text(encoding="utf-8"),
        # A JSON list of plain words is TOML's as well.
        "connector.toml": _FILE.format(name=name or "connector", command=json.dumps(command)),
    }
    for there in files:
        if (folder / there).exists():
            raise Usage(f"{folder / there} is there already; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for there, text in files.items():
            (folder / there).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Usage(f"{folder}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    click.echo(f"{folder}: {', '.join(files)}. Next: kuma-harness smoke {folder / 'connector.toml'}")
    if not tried:
        click.echo(_UNTRIED.format(runtime=command[0]))
