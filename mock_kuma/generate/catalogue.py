"""What the simulated correlator watches for: rules, and the base events that make them fire.

Both are data (``data/*.toml``); this module reads them, resolves each source's vendor and host, and
sorts its fields into constants, references and texts, so that making an event is quick. It knows no
host, user or time. Rule: a rule's affected assets and accounts are exactly those its events name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES: Final = ("windows.toml", "windows_rules.toml", "network.toml", "hosts.toml")
_REFERENCE: Final = re.compile(r"\{(\w+)\}")
_ACCOUNT_FIELDS: Final = ("SourceUserName", "DestinationUserName")
_ACCOUNTS: Final = ("user", "admin")

#: Event priority 1 to 4 of each word (event data model; the words are the alert's).
PRIORITIES: Final[Mapping[str, int]] = {"low": 1, "medium": 2, "high": 3, "critical": 4}
#: A console shows many small things and few great ones: how often a rule of each priority is drawn.
_FREQUENCY: Final[Mapping[str, int]] = {"low": 6, "medium": 5, "high": 3, "critical": 1}

#: A placeholder and what it may stand for; a text may have placeholders of its own.
Choice = tuple[str, tuple[str | int, ...]]


class Usual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sources of a file have in common: vendor and product, and what frames the raw text."""

    vendor: str
    product: str
    head: str
    tail: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"event_class": "class"}):
    """One kind of base event, as a file describes it."""

    device: str
    event_class: str
    name: str
    raw: str
    fields: dict[str, str | int]
    vendor: str = ""
    product: str = ""


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A correlation rule, as a file describes it."""

    name: str
    priority: str
    tactic: str
    techniques: tuple[str, ...]
    grouped_by: tuple[str, ...]
    events: tuple[str, ...]
    message: str
    words: dict[str, tuple[str | int, ...]] = {}
    each: dict[str, tuple[str | int, ...]] = {}


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the catalogue."""

    usual: Usual | None = None
    source: dict[str, Source] = {}
    rule: tuple[RuleText, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of base event, ready to be filled in."""

    constants: dict[str, object]
    references: tuple[tuple[str, str], ...]  # field and placeholder; the value keeps its type
    texts: tuple[tuple[str, str], ...]  # field and text with placeholders in it


@dataclass(frozen=True, slots=True)
class Rule:
    """A correlation rule; ``assets`` and ``accounts`` are the roles that its events name."""

    name: str
    priority: str
    tactic: str
    technique: str
    grouped_by: tuple[str, ...]
    message: str
    templates: tuple[Template, ...]
    words: tuple[Choice, ...]  # drawn once for an alert
    each: tuple[Choice, ...]  # drawn anew for every base event
    assets: tuple[str, ...]
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every rule by name, and the wheel from which an alert's rule is drawn."""

    rules: Mapping[str, Rule]
    wheel: tuple[Rule, ...]


@cache
def catalogue() -> Catalogue:
    """Read the catalogue. It is part of the package, so once is enough."""
    books = [_read(name) for name in _FILES]
    templates = {
        key: _template(source, book.usual)
        for book in books
        if book.usual is not None
        for key, source in book.source.items()
    }
    rules = {text.name: _rule(text, templates) for book in books for text in book.rule}
    wheel = tuple(rule for rule in rules.values() for _ in range(_FREQUENCY[rule.priority]))
    return Catalogue(rules=rules, wheel=wheel)


def _read(name: str) -> Book:
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=Book)


def _template(source: Source, usual: Usual) -> Template:
    raw = f"{usual.head}{source.raw}{usual.tail}".replace("{class}", source.event_class)
    fields: dict[str, str | int] = {
        "Type": 1,
        "Name": source.name,
        "DeviceVendor": source.vendor or usual.vendor,
        "DeviceProduct": source.product or usual.product,
        "DeviceEventClassID": source.event_class,
        "DeviceHostName": "{device_host}",
        "DeviceAssetID": "{device_asset}",
        **source.fields,
        "Raw": raw,
    }
    constants: dict[str, object] = {}
    references: list[tuple[str, str]] = []
    texts: list[tuple[str, str]] = []
    for field, value in fields.items():
        if not isinstance(value, str) or "{" not in value:
            constants[field] = value
            continue
        text = value.replace("{device_", f"{{{source.device}_")
        whole = _REFERENCE.fullmatch(text)
        if whole is None:
            texts.append((field, text))
        else:
            references.append((field, whole[1]))
    return Template(constants, tuple(references), tuple(texts))


def _rule(text: RuleText, known: Mapping[str, Template]) -> Rule:
    templates = tuple(known[key] for key in text.events)
    references = [one for template in templates for one in template.references]
    roles = [name.removesuffix("_asset") for _, name in references if name.endswith("_asset")]
    accounts = [name for field, name in references if field in _ACCOUNT_FIELDS and name in _ACCOUNTS]
    return Rule(
        name=text.name,
        priority=text.priority,
        tactic=text.tactic,
        # GUESS: several techniques stand in the one field with commas between; the model says "MITRE".
        technique=", ".join(text.techniques),
        grouped_by=text.grouped_by,
        message=text.message,
        templates=templates,
        words=tuple(text.words.items()),
        each=tuple(text.each.items()),
        # dict, not set: its order is that of the events, the same in every process.
        assets=tuple(dict.fromkeys(roles)),
        accounts=tuple(dict.fromkeys(accounts)),
    )
