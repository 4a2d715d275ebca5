"""The command ``mock-kuma openapi``."""

from __future__ import annotations

import json
from pathlib import Path

import click

API_VERSIONS = ("v1", "v2", "v2.1", "v2.2", "v3")


@click.command(epilog="Example: mock-kuma openapi --version v3 > kuma-v3.json")
@click.option(
    "--version", "name", type=click.Choice(API_VERSIONS), help="One API version, to standard output."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the documents of all API versions.",
)
def openapi(*, name: str | None, out: Path | None) -> None:
    """Write the vendor API's OpenAPI 3.1 documents, one for each API version."""
    from mock_kuma.openapi import document  # noqa: PLC0415 -- so that --help answers at once

    if (name is None) == (out is None):
        raise click.UsageError("give either --version or --out")
    for version in API_VERSIONS if name is None else (name,):
        text = json.dumps(document.build(version), indent=2, ensure_ascii=False)
        if out is None:
            click.echo(text)
            continue
        try:
            out.mkdir(parents=True, exist_ok=True)
            file = out / f"kuma-{version}.json"
            file.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"cannot write to {out}: {error.strerror or error}") from error
        click.echo(file, err=True)
