"""The requirements, as data: what is asked of a connector, why, and where the vendor says so.

Decides what a well-formed requirement is. Does not know which check plays it. Rule: ids are unique,
every defect class that a requirement names is described, and nothing is loaded before it is asked for.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from harness.protocol import Feature  # noqa: TC001 -- msgspec reads it at run time
from harness.verdict import Level, Profile  # noqa: TC001 -- msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Text = Annotated[str, Meta(min_length=1)]


class Certainty(StrEnum):
    """How well the vendor clause behind a requirement is known."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    RECALLED = "recalled"
    INFERRED = "inferred"


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement. ``features`` are those that it needs; ``defects`` stand likeliest first.

    ``since`` is the set of requirements that it entered with. One that is not ``scored`` is played and shown,
    and counts for nothing.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Z]+-\d\d$")]
    title: _Text
    level: Level
    profile: Profile
    statement: _Text
    rationale: _Text
    defects: Annotated[list[int], Meta(min_length=1)]
    clause: _Text
    certainty: Certainty
    evidence: _Text
    features: list[Feature] = []
    since: int = 1
    scored: bool = True


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of requirements."""

    area: _Text
    title: _Text
    requirement: Annotated[list[Requirement], Meta(min_length=1)]


class Defect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of defects that real connectors had, with a case of it."""

    number: int
    name: _Text
    case: _Text


class Absent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class of defects that no requirement asks about, and the reason in one sentence."""

    number: int
    why: _Text


class Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which set of requirements this is; ``digest`` is of what it asks."""

    version: Annotated[int, Meta(ge=1)]
    digest: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All areas in reading order, the defect classes by number, and the version of the set."""

    areas: tuple[Area, ...]
    defects: Mapping[int, Defect]
    version: int

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Every requirement, area by area."""
        return tuple(requirement for area in self.areas for requirement in area.requirement)

    def find(self, requirement_id: str) -> Requirement | None:
        """Return a requirement by its id, or None."""
        return next((item for item in self.requirements if item.id == requirement_id), None)

    def ids(self) -> frozenset[str]:
        """Return all ids."""
        return frozenset(requirement.id for requirement in self.requirements)

    def unscored(self) -> frozenset[str]:
        """Return the ids of the requirements that count for nothing yet."""
        return frozenset(requirement.id for requirement in self.requirements if not requirement.scored)

    def select(self, *, profiles: Iterable[str] = (), only: Iterable[str] = ()) -> tuple[Requirement, ...]:
        """Return the requirements of the profiles, or those named; all where neither is given."""
        chosen, named = set(profiles), set(only)
        return tuple(
            requirement
            for requirement in self.requirements
            if (not chosen or requirement.profile in chosen) and (not named or requirement.id in named)
        )


class BadCatalog(Exception):
    """The shipped requirements contradict themselves."""


#: In reading order; the files of an area bear its name.
AREAS = ("fetch", "dedup", "update", "close", "auth", "net", "story")


def load() -> Catalog:
    """Return the shipped catalog."""
    areas = tuple(msgspec.convert(_read(name), Area) for name in AREAS)
    described = msgspec.convert(_read("defects")["defect"], list[Defect])
    return checked(areas, described, version=current().version)


def of_servers() -> Catalog:
    """Return what is asked of a KUMA server, instead of a connector."""
    differs = Defect(0, "The server differs from the documented API", "Connectors trust the documents.")
    return checked((msgspec.convert(_read("api"), Area),), [differs], version=current().version)


def current() -> Set:
    """Return which set of requirements is shipped."""
    return msgspec.convert(_read("set"), Set)


def absent() -> dict[int, str]:
    """Return why each class of defects that is not covered is not, by its number."""
    return {item.number: item.why for item in msgspec.convert(_read("absent")["absent"], list[Absent])}


def checked(areas: tuple[Area, ...], defects: list[Defect], *, version: int) -> Catalog:
    """Return a catalog in which every reference leads somewhere; raises BadCatalog."""
    numbers = [defect.number for defect in defects]
    if len(set(numbers)) < len(numbers):
        raise BadCatalog("a defect class is described twice")
    seen: set[str] = set()
    for area in areas:
        for requirement in area.requirement:
            if requirement.id in seen:
                raise BadCatalog(f"{requirement.id} stands in the catalog twice")
            if not requirement.id.startswith(area.area + "-"):
                raise BadCatalog(f"{requirement.id} stands in the area {area.area}")
            unknown = [number for number in requirement.defects if number not in numbers]
            if unknown:
                raise BadCatalog(f"{requirement.id} names a defect class without description: {unknown[0]}")
            if requirement.since > version:
                raise BadCatalog(f"{requirement.id} is of set {requirement.since}; this is {version}")
            seen.add(requirement.id)
    return Catalog(areas, {defect.number: defect for defect in defects}, version)


def _read(name: str) -> dict[str, Any]:
    text = (resources.files("harness") / "requirements" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
