"""Adapters to start from, one folder a language, and what ``kuma-harness init`` makes of them.

Decides which files a new folder gets. Does not know what is in them. Rule: what is there already is never
written over.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import click

from harness.readers import Usage

#: For each language, what starts its adapter.
LANGUAGES: Final = {"python": ("python3", "adapter.py"), "javascript": ("node", "adapter.mjs")}
_FILE: Final = """\
# A connector for kuma-harness. Try it: kuma-harness smoke connector.toml
[connector]
name = "{name}"
transport = "stdio"
command = ["{runtime}", "{adapter}"]   # run in this file's folder
deadline_seconds = 30                  # for one request
"""


@click.command(name="init", epilog="Example: kuma-harness init --language javascript acme")
@click.option(
    "--language", type=click.Choice(sorted(LANGUAGES)), default="python", show_default=True,
    envvar="KUMA_HARNESS_LANGUAGE",
)  # fmt: skip
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init_command(*, language: str, folder: Path) -> None:
    """Write a working adapter and its connector file into DIR, to be changed into yours."""
    runtime, adapter = LANGUAGES[language]
    kit = resources.files("harness") / "kits" / language / adapter
    name = "".join(letter for letter in folder.resolve().name if letter.isalnum() or letter in " -_.")
    files = {
        adapter: kit.read_text(encoding="utf-8"),
        "connector.toml": _FILE.format(name=name or "connector", runtime=runtime, adapter=adapter),
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
