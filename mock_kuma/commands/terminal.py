"""What a command prints of other people's text: files, recordings, servers.

Knows nothing of what is said. Rule: nothing that was written elsewhere moves the terminal or turns the
writing direction; what cannot be seen is shown as an escape.
"""

from __future__ import annotations

import click


def plain(text: str) -> str:
    """Return a text whose unseen signs are escapes; its lines stay lines."""
    return "\n".join(
        "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
        for line in text.split("\n")
    )


def say(text: str, *, err: bool = False) -> None:
    """Print a text that may hold other people's."""
    click.echo(plain(text), err=err)
