"""The parts of the connector package as this desk has them: TOML texts, first those that are shipped.

Rule: a text is stored only when its reader understands it; what is there before is kept until then.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from sqlalchemy import delete, insert, select

from connector.desk.accounts import Wrong
from connector.desk.tables import documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store import Store

#: The files of a package.
NAMES: Final = ("manifest", "commands", "handler", "schedule", "worker")
_LARGEST: Final = 256 * 1024
_T = TypeVar("_T")


class Documents:
    """The texts of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, name: str) -> str:
        """Return a document's text: as it was edited, else as it is shipped; else nothing."""
        with self._store.begin() as connection:
            found = connection.execute(select(documents.c.text).where(documents.c.name == name)).scalar()
        if found is not None:
            return str(found)
        return shipped(name) if name in NAMES else ""

    def write(self, texts: Mapping[str, str]) -> None:
        """Store documents, all of them or none."""
        with self._store.begin() as connection:
            for name, text in texts.items():
                connection.execute(delete(documents).where(documents.c.name == name))
                connection.execute(insert(documents).values(name=name, text=text))


def shipped(name: str) -> str:
    """Return a document as it comes with the desk."""
    file = resources.files("connector.desk") / "package" / f"{name}.toml"
    return file.read_text(encoding="utf-8")


def table(text: str) -> dict[str, Any]:
    """Return a TOML text as a table; raises ``Wrong`` with the line that cannot be read."""
    if len(text) > _LARGEST:
        raise Wrong("text", "The text is too long.")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Wrong("text", "This is not TOML: {why}", why=error) from error


def fitted(value: object, kind: type[_T]) -> _T:
    """Return a decoded TOML value as a struct; raises ``Wrong`` with the place that does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Wrong("text", "This does not fit: {why}", why=error) from error
