"""Settings that the API tells or takes: custom fields of assets, and fields of the extended event schema.

Sources: 244979 (v1) and 269939 (v2) for custom fields, complete with their error row; 294885 and 294887 (3.4)
for what an extended field may be; a public client for their import and export (REST API, 5.9). Knows neither
storage nor HTTP. Rule: a field's name is there once in an installation, upper and lower case apart.

GUESS: the words of every refusal of an import; that a field which is there already takes the new description
and state, and cannot change its kind.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from mock_kuma.domain.problems import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

#: GUESS: the kind of the setting; the page shows the field and no value of it.
CUSTOM_FIELDS: Final = "customFields"
#: Latin and Cyrillic letters, numerals and the low line; the page lists what is not allowed.
#: GUESS: as long as other names.
_NAME: Final = re.compile(r"[A-Za-zА-Яа-яЁё0-9_]{1,128}")
_MAX_DESCRIPTION: Final = 4_000


class SettingNotFound(Problem):
    """There is no setting of this id; the vendor has words of its own for it."""

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting

    def __str__(self) -> str:
        return f"setting {self.setting!r} not found"


class Kind(StrEnum):
    """Types of extended fields: text, whole number, number, and lists of these."""

    TEXT = "S"
    INTEGER = "N"
    FLOAT = "F"
    TEXTS = "SA"
    INTEGERS = "NA"
    FLOATS = "FA"


class CustomField(msgspec.Struct, frozen=True):
    """A field of text that users have given to assets, as the vendor sends it."""

    id: str
    name: str
    default: str
    mask: str


class ExtendedField(msgspec.Struct, frozen=True):
    """A field of the extended event schema, as a client imports it and the server exports it."""

    kind: str = ""
    name: str = ""
    description: str = ""
    disabled: bool = False


def check(fields: Sequence[ExtendedField]) -> None:
    """Raise unless every field may be in the schema, and none of them twice."""
    kinds = {kind.value for kind in Kind}
    names: set[str] = set()
    for place, field in enumerate(fields):
        if field.kind not in kinds:
            raise BadInput("invalid value", f"[{place}].kind")
        if _NAME.fullmatch(field.name) is None or field.name in names:
            raise BadInput("invalid value", f"[{place}].name")
        # A NUL is what no PostgreSQL takes.
        if len(field.description) > _MAX_DESCRIPTION or "\0" in field.description:
            raise BadInput("invalid value", f"[{place}].description")
        names.add(field.name)
